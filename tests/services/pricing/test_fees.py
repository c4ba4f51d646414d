"""What a cancellation and a no-show cost: by the terms, never more than the rental, free in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.contract import ContractKind
from server.models.tariff import TariffTerms, terms_json, terms_of
from server.services.pricing import fees
from tests.builders.rows import group, tariff
from tests.services.samples import KOMPAKT, at

START = at("2026-11-23 08:00")
MINUTE = timedelta(minutes=1)
FREE_OF_SMALL = replace(KOMPAKT, free_cancellation_hours=48, cancellation_fee_cents=2_000, no_show_fee_cents=4_500)


@pytest.mark.parametrize(
    ("terms", "now", "total", "fee"),
    [
        (KOMPAKT, START - timedelta(hours=48), 17_700, 0),  # D4
        (KOMPAKT, START - timedelta(hours=24) - MINUTE, 17_700, 0),
        (KOMPAKT, START - timedelta(hours=24), 17_700, 5_900),
        (KOMPAKT, START, 17_700, 5_900),
        (KOMPAKT, START, 3_000, 3_000),
        (KOMPAKT, START, 0, 0),
        (FREE_OF_SMALL, START - timedelta(hours=48) - MINUTE, 17_700, 0),
        (FREE_OF_SMALL, START - timedelta(hours=48), 17_700, 2_000),
        (FREE_OF_SMALL, START, 1_500, 1_500),
        (replace(KOMPAKT, free_cancellation_hours=0), START - MINUTE, 17_700, 0),
        (replace(KOMPAKT, cancellation_fee_cents=0), START, 17_700, 0),
    ],
)
def test_a_cancellation_costs_what_the_terms_say(terms: TariffTerms, now: datetime, total: int, fee: int) -> None:
    assert fees.cancellation_fee(terms, total, START, now) == fee


@pytest.mark.parametrize(
    ("agreed", "total", "fee"), [(None, 17_700, 5_900), (None, 3_000, 3_000), (None, 0, 0), (4_500, 17_700, 4_500)]
)
def test_who_never_comes_pays_what_the_terms_say(agreed: int | None, total: int, fee: int) -> None:
    assert fees.no_show_fee(replace(KOMPAKT, no_show_fee_cents=agreed), total) == fee


def test_the_deadline_counts_hours_that_pass_also_when_clocks_change() -> None:
    # Given: the night of 28 March 2027 has one hour less
    start = at("2027-03-28 12:00")
    # Then
    assert fees.free_until(KOMPAKT, start) == at("2027-03-27 11:00")


@pytest.mark.parametrize("kind", [ContractKind.COURTESY, ContractKind.TEST_DRIVE, ContractKind.INTERNAL])
def test_a_free_car_costs_nothing_even_with_extras(kind: ContractKind) -> None:
    assert fees.no_show_fee(KOMPAKT, fees.basis(kind, 4_900)) == 0
    assert fees.no_show_fee(KOMPAKT, fees.basis(ContractKind.RENTAL, 4_900)) == 4_900


@given(total=st.integers(0, 500_000), fee=st.none() | st.integers(0, 500_000), hours=st.integers(-9_000, 100))
def test_no_fee_is_below_zero_or_above_the_total(total: int, fee: int | None, hours: int) -> None:
    terms, now = replace(KOMPAKT, cancellation_fee_cents=fee, no_show_fee_cents=fee), START + timedelta(hours=hours)
    for cents in (fees.cancellation_fee(terms, total, START, now), fees.no_show_fee(terms, total)):
        assert 0 <= cents <= total


def test_a_snapshot_of_before_reads_as_24_hours_and_one_days_price() -> None:
    stored = tariff(group()).terms
    assert (stored.free_cancellation_hours, stored.cancellation_fee_cents, stored.no_show_fee_cents) == (24, None, None)


def test_a_snapshot_keeps_the_fees() -> None:
    row = tariff(group(), free_cancellation_hours=0, cancellation_fee_cents=0, no_show_fee_cents=2_500)
    read = terms_of(terms_json(row))
    assert (read.free_cancellation_hours, read.cancellation_fee_cents, read.no_show_fee_cents) == (0, 0, 2_500)
