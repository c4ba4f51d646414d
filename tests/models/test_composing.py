"""What a text costs that is nothing but accents: its length, and not the square of it."""

from __future__ import annotations

import ast
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from server import security
from server.errors import InvalidInput
from server.models.composing import composed
from server.models.customer import email_key
from server.models.plate import plate_key, vin_key
from server.services import business_numbers, contact_data, validation
from server.services.people import matching

SERVER = Path(validation.__file__).resolve().parents[1]
ACCENTS = "\u0301\u0323" * 30_000
"""In the wrong order, which is what takes its time: 60,000 of them took almost three seconds at each of these doors."""
FIELD = ("input", "name")
DOORS: dict[str, Callable[[str], object]] = {
    "an account": email_key,
    "a mail address": lambda text: contact_data.email(f"e{text}@example.de", FIELD),
    "a domain": lambda text: contact_data.email(f"e@e{text}.example.de", FIELD),
    "a line": lambda text: validation.text(f"e{text}", FIELD),
    "a note": lambda text: validation.text(f"e{text}", FIELD, longest=4000, multiline=True),
    "a plate": lambda text: validation.plate(f"e{text}", FIELD),
    "the plate of another car": lambda text: validation.noted_plate(f"e{text}", FIELD),
    "a VIN": lambda text: validation.vin(f"e{text}", FIELD),
    "a search for plates": plate_key,
    "a search for VINs": vin_key,
    "an IBAN": lambda text: business_numbers.iban(f"e{text}", FIELD),
    "a phone number": lambda text: contact_data.phone(f"1{text}", FIELD, "DE"),
    "a name that is compared": lambda text: matching.agree(f"e{text}", "e"),
    "a password": lambda text: len(security.prepared(f"e{text}")),
}


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    with suppress(InvalidInput):
        work()
    return time.perf_counter() - began


@pytest.mark.parametrize("door", DOORS)
def test_a_run_of_accents_costs_no_more_than_reading_it(door: str) -> None:
    reading = min(seconds(lambda: [unicodedata.category(char) for char in ACCENTS]) for _ in range(3))
    assert seconds(lambda: DOORS[door](ACCENTS)) < 30 * reading


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("text", ["Müller", "Mu\u0308ller", "Ὀδυσσεύς ᾂ", "각 각", "ﬁn\u0323\u0301e", ""])
def test_what_people_write_is_in_its_normal_form(text: str, form: str) -> None:
    assert composed(text, 200, form) == unicodedata.normalize(form, text)  # type: ignore[arg-type]


@pytest.mark.parametrize("letter", ["ü", "u\u0308", "α\u0313\u0300\u0345", "a" * 4])
def test_what_is_too_long_stays_too_long_when_it_is_cut(letter: str) -> None:
    given = letter * 11
    assert len(composed(given, 10)) > 10


def test_what_is_long_and_sensible_is_not_changed() -> None:
    given = "Ein Kratzer über dem Radlauf, côté gauche. " * 90
    assert composed(unicodedata.normalize("NFD", given), 4000) == given


def test_a_run_is_broken_up_where_no_writing_has_one_so_long() -> None:
    given = "e" + "\u0323" * 900
    assert composed(given, 4000) == "ẹ" + "\u0323" * 29 + ("\u034f" + "\u0323" * 30) * 29


def test_nobody_else_asks_for_a_normal_form() -> None:
    calls = [
        f"{file.relative_to(SERVER)}:{node.lineno}"
        for file in SERVER.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"normalize", "is_normalized"}
        and "unicodedata" in ast.dump(node)
    ]
    assert [call.partition(":")[0] for call in calls] == ["models/composing.py"]
