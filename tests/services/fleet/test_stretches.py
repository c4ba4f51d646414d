"""A long use is cut into rows of at most sixty days that leave no gap."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.occupancy import LONGEST_ROW_DAYS
from server.services.fleet.occupancies import stretches

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "lengths"),
    [
        (0, []),
        (1, [1]),
        (60 * 1440, [60 * 1440]),
        (60 * 1440 + 1, [60 * 1440, 1]),
        (120 * 1440, [60 * 1440, 60 * 1440]),
        (130 * 1440, [60 * 1440, 60 * 1440, 10 * 1440]),
    ],
)
def test_lengths(minutes: int, lengths: list[int]) -> None:
    found = list(stretches(START, START + timedelta(minutes=minutes)))
    assert [end - start for start, end in found] == [timedelta(minutes=length) for length in lengths]


def test_backwards_is_nothing() -> None:
    assert list(stretches(START, START - timedelta(days=1))) == []


@given(st.integers(1, 400 * 1440))
def test_no_gap_and_no_overlap(minutes: int) -> None:
    end = START + timedelta(minutes=minutes)
    found = list(stretches(START, end))
    assert found[0][0] == START
    assert found[-1][1] == end
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert all(timedelta(0) < until - start <= timedelta(days=LONGEST_ROW_DAYS) for start, until in found)
