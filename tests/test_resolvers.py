"""Resolvers stay thin: at most twelve lines, one call of a service, no SQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "server" / "resolvers"
LONGEST = 12
HANDS_IN_THE_GROUP = "create_tariff"
"""Prices stand below the fleet, so the resolver looks the group up and hands it to the tariff."""


def resolvers(source: str) -> Iterator[ast.AsyncFunctionDef | ast.FunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef) and node.decorator_list:
            yield node


def services_of(source: str) -> set[str]:
    """The names under which a file knows services: modules, and functions of theirs that are awaited."""
    return {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("server.services")
        for alias in node.names
    }


def service_calls(resolver: ast.AST, services: set[str]) -> list[str]:
    """What a resolver awaits of services."""
    awaited = [node.value for node in ast.walk(resolver) if isinstance(node, ast.Await)]
    called = [ast.unparse(call.func) for call in awaited if isinstance(call, ast.Call)]
    return [name for name in called if name.split(".")[0] in services]


def lines_of(resolver: ast.AsyncFunctionDef | ast.FunctionDef) -> int:
    """The lines of the body, without its docstring."""
    first = resolver.body[1] if ast.get_docstring(resolver) and len(resolver.body) > 1 else resolver.body[0]
    return (resolver.end_lineno or 0) - first.lineno + 1


def faults(source: str) -> list[str]:
    services = services_of(source)
    found = []
    for resolver in resolvers(source):
        calls = service_calls(resolver, services)
        if len(calls) > 1 and resolver.name != HANDS_IN_THE_GROUP:
            found.append(f"{resolver.name} calls {calls}")
        if lines_of(resolver) > LONGEST:
            found.append(f"{resolver.name} has {lines_of(resolver)} lines")
    words = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    return [*found, *sorted(words & {"select", "text"})]


def test_every_resolver_is_thin() -> None:
    files = sorted(FOLDER.glob("*.py"))
    assert sum(1 for file in files for _ in resolvers(file.read_text(encoding="utf-8"))) > 40
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
        ]
    )
    assert faults(source) == ["two calls ['contracts.get', 'notes.add']", "long has 13 lines", "select"]
