"""Every sentence for people stands there in both languages, and says the same things."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = Path(__file__).resolve().parent.parent / "server"
FILLED_IN_OTHERWISE = {"name": "_AT[name]", "days": "in_german"}
"""What German writes in another way: where a period is closed, and a decimal comma."""
Pair = tuple[ast.expr | None, ast.expr | None]


def sentences(source: str) -> Iterator[Pair]:
    """The English and the German of every `Sentence(…)`, by position or by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Sentence":
            given: dict[str, ast.expr] = dict(zip(("en", "de"), node.args, strict=False))
            given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            yield given.get("en"), given.get("de")


def words(expression: ast.expr | None) -> str | None:
    """The text of a literal; None for what is put together elsewhere."""
    if isinstance(expression, ast.JoinedStr):
        return "".join(str(part.value) for part in expression.values if isinstance(part, ast.Constant))
    return str(expression.value) if isinstance(expression, ast.Constant) else None


def filled_in(expression: ast.expr | None) -> set[str]:
    """What is filled into a text, without the language and the form in which it is said."""
    parts = expression.values if isinstance(expression, ast.JoinedStr) else []
    names = [ast.unparse(part.value) for part in parts if isinstance(part, ast.FormattedValue)]
    names += re.findall(r"{(\w+)}", words(expression) or "")
    return {re.sub(r"\.(en|de)$", "", re.sub(r"'(none|keine)'", "", name)) for name in names}


def fault(pair: Pair) -> str | None:
    """What is wrong with a pair; None if nothing is."""
    english, german = map(words, pair)
    if english is None or german is None:
        return None
    said = {FILLED_IN_OTHERWISE.get(name, name) for name in filled_in(pair[0])}
    if said != {FILLED_IN_OTHERWISE.get(name, name) for name in filled_in(pair[1])}:
        return "fills in different things"
    if english == german and re.search("[A-Za-z]", english):
        return "is the same in both"
    if re.search("[äöüßÄÖÜ„]", english) or re.search(r"\b(the|is|not)\b", german):
        return "stands in the wrong place"
    if english[-1:] != german[-1:] and {english[-1:], german[-1:]} & {".", "?"}:
        return "ends differently"
    return None


def test_both_languages_say_the_same() -> None:
    pairs = [
        (f"{file.relative_to(SERVER)}: {words(pair[0])}", fault(pair))
        for file in sorted(SERVER.rglob("*.py"))
        for pair in sentences(file.read_text(encoding="utf-8"))
    ]
    assert len(pairs) > 100
    assert [(where, wrong) for where, wrong in pairs if wrong] == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('Sentence("Wrong.", "Wrong.")', "is the same in both"),
        ('errors.Sentence(en="Wrong.", de="Wrong.")', "is the same in both"),
        ('Sentence("Wrong.", de="Wrong.")', "is the same in both"),
        ('Sentence(f"{a} is wrong.", "Das stimmt nicht.")', "fills in different things"),
        ('Sentence(f"From {a} to {b}.", f"Von {a} bis {a}.")', "fills in different things"),
        ('Sentence("Das ist für später.", "This is for later.")', "stands in the wrong place"),
        ('Sentence("Wrong.", "Falsch")', "ends differently"),
        ('Sentence(f"{days:.1f} days.", f"{in_german} Tage.")', None),
    ],
)
def test_a_sentence_that_does_not_fit_is_found(source: str, wrong: str | None) -> None:
    assert [fault(pair) for pair in sentences(source)] == [wrong]
