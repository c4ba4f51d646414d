"""Resolvers stay thin: at most twelve lines, one call of a service, no SQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "server" / "resolvers"
LONGEST = 12
HANDS_IN_THE_GROUP = "create_tariff"
"""Prices stand below the fleet, so the resolver looks the group up and hands it to the tariff."""


CONVERSIONS = {"as_uuid", "only"}
"""Of an id to an id."""
OF_A_SESSION = {"rows", "value", "first", "all", "store", "refresh", "execute", "scalar"}


def functions(source: str) -> Iterator[ast.AsyncFunctionDef | ast.FunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            yield node


def services_of(source: str) -> set[str]:
    """The names under which a file knows services: modules, and functions of theirs."""
    named = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("server.services")
        for alias in node.names
    }
    return {name for name in named - CONVERSIONS if name.islower()}


def calls(function: ast.AST) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]


def lines_of(resolver: ast.AsyncFunctionDef | ast.FunctionDef) -> int:
    """The lines of the body, without its docstring."""
    first = resolver.body[1] if ast.get_docstring(resolver) and len(resolver.body) > 1 else resolver.body[0]
    return (resolver.end_lineno or 0) - first.lineno + 1


def faults(source: str) -> list[str]:
    services = services_of(source)
    found = []
    for resolver in functions(source):
        called = [name for name in calls(resolver) if name.split(".")[0] in services]
        if len(called) > 1 and resolver.name != HANDS_IN_THE_GROUP:
            found.append(f"{resolver.name} calls {called}")
        asked = [name for name in calls(resolver) if name.split(".")[0] not in services]
        found += [f"{resolver.name} asks for {name}" for name in asked if name.split(".")[-1] in OF_A_SESSION]
        if lines_of(resolver) > LONGEST:
            found.append(f"{resolver.name} has {lines_of(resolver)} lines")
    return [*found, *sorted(set(calls(ast.parse(source))) & {"select", "text"})]


def test_every_resolver_is_thin() -> None:
    files = sorted(set(FOLDER.glob("*.py")) - {FOLDER / "schema.py"})  # which puts them together
    assert sum(1 for file in files for _ in functions(file.read_text(encoding="utf-8"))) > 40
    assert [fault for file in files for fault in faults(file.read_text(encoding="utf-8"))] == []


def test_a_resolver_with_two_calls_and_a_long_one_are_found() -> None:
    source = "\n".join(
        [
            "from server.services.contract import contracts, notes",
            "@mutation",
            "async def two(session):",
            '    """Does too much."""',
            "    await contracts.get(session)",
            "    return await notes.add(session, select(1))",
            "@mutation",
            "async def long(session):",
            *["    session"] * 13,
            "async def hidden(session):",
            "    await gather(contracts.get(session), notes.add(session))",
            "    await session.rows('delete from contract')",
        ]
    )
    assert faults(source) == [
        "two calls ['contracts.get', 'notes.add']",
        "long has 13 lines",
        "hidden calls ['contracts.get', 'notes.add']",
        "hidden asks for session.rows",
        "select",
    ]
