"""Every sentence for people stands there in both languages, and says the same things."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).resolve().parent.parent / "server"


def sentences(source: str) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Sentence" and len(node.args) == 2:
            yield node.args[0], node.args[1]


def words(expression: ast.expr) -> str:
    """The text of a literal, with `{}` for what is filled in."""
    if isinstance(expression, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in expression.values)
    return str(expression.value) if isinstance(expression, ast.Constant) else "{}"


def fault(english: str, german: str) -> str | None:
    """What is wrong with a pair; None if nothing is."""
    if english == german and english != "{}":
        return "is the same in both"
    if english.count("{}") != german.count("{}"):
        return "fills in different things"
    if english.endswith(".") != german.endswith(".") or english.endswith("?") != german.endswith("?"):
        return "ends differently"
    return None


def test_both_languages_say_the_same() -> None:
    pairs = [
        (f"{file.relative_to(SERVER)}: {words(english)}", fault(words(english), words(german)))
        for file in sorted(SERVER.rglob("*.py"))
        for english, german in sentences(file.read_text(encoding="utf-8"))
    ]
    assert len(pairs) > 100
    assert [(where, wrong) for where, wrong in pairs if wrong] == []


def test_a_sentence_that_was_not_translated_is_found() -> None:
    source = 'Sentence("Wrong.", "Wrong.")\nSentence(f"{a} is wrong.", "Falsch.")\nSentence("Wrong.", "Falsch")\n'
    assert [fault(words(english), words(german)) for english, german in sentences(source)] == [
        "is the same in both",
        "fills in different things",
        "ends differently",
    ]
