"""The tables of docs/domain.md say what the code does."""

import re
from pathlib import Path

import pytest

from server.models.contract import ALLOWED
from server.models.money import VatSplit, split_vat

DOMAIN = (Path(__file__).resolve().parent.parent / "docs" / "domain.md").read_text(encoding="utf-8")
AMOUNTS = r"(−?\d+) \((−?\d+)/(−?\d+)\)"
EXAMPLES = re.findall(rf"^\| (E\w+) \| .* \| {AMOUNTS} \| {AMOUNTS} \|$", DOMAIN, re.MULTILINE)


def test_the_states_are_those_of_the_model() -> None:
    written = re.findall(r"^\| \d+ \| ([A-Z_]+) \| ([A-Z_]+) \|", DOMAIN, re.MULTILINE)

    assert sorted(written) == sorted((before, after) for before, allowed in ALLOWED.items() for after in allowed)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_an_example_adds_up(example: tuple[str, ...]) -> None:
    name, *written = example
    amounts = [int(amount.replace("−", "-")) for amount in written]
    total, due = VatSplit(*amounts[:3]), VatSplit(*amounts[3:])
    advance = 0 if name == "E19" else 5900

    assert total == split_vat(total.gross, 1900)
    assert due == total.minus(split_vat(advance, 1900))


def test_no_example_is_left_out() -> None:
    assert len(EXAMPLES) == len(re.findall(r"^\| E\d", DOMAIN, re.MULTILINE)) > 0
