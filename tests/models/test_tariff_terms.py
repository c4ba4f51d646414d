"""What is frozen on a contract reads back as it was."""

from datetime import date, time
from uuid import UUID

from server.models.contract import ALLOWED, ContractState
from server.models.fleet import Cleanliness
from server.models.opening_times import Weekday
from server.models.tariff import (
    Bundle,
    BundleUnit,
    EarlyReturnPolicy,
    Extra,
    Tariff,
    TariffTerms,
    WeekMoment,
    bundle_json,
    bundle_of,
    extra_json,
    terms_json,
    terms_of,
)

DAY = Bundle(BundleUnit.DAY, 1, 5900, 150)
WEEKEND = Bundle(
    BundleUnit.WEEKEND,
    3,
    12900,
    None,
    WeekMoment(Weekday.FRIDAY, time(16)),
    WeekMoment(Weekday.MONDAY, time(9, 30)),
)
CHILD_SEAT = Extra("CHILD_SEAT", "Kindersitz", per_day_cents=400, maximum_cents=2800)


def test_a_bundle_is_stored_and_read() -> None:
    assert bundle_json(WEEKEND) == {
        "unit": "WEEKEND",
        "days": 3,
        "price_cents": 12900,
        "included_km": None,
        "window_start": {"weekday": "FRIDAY", "time": "16:00"},
        "window_end": {"weekday": "MONDAY", "time": "09:30"},
    }
    assert bundle_of(bundle_json(WEEKEND)) == WEEKEND
    assert bundle_of(bundle_json(DAY)) == DAY


def test_terms_are_frozen_and_read() -> None:
    # Given
    row = Tariff(
        code="KOMPAKT-2026",
        name="Kompakt",
        group_id=UUID(int=1),
        valid_from=date(2026, 1, 1),
        vat_rate_bp=1900,
        bundles_json=[bundle_json(DAY), bundle_json(WEEKEND)],
        grace_minutes=60,
        extra_km_cents=25,
        fuel_per_litre_cents=210,
        fuel_service_cents=1500,
        energy_per_kwh_cents=69,
        charging_service_cents=1000,
        cleaning_heavy_cents=4900,
        cleaning_special_cents=14900,
        extras_json=[extra_json(CHILD_SEAT)],
        early_return=EarlyReturnPolicy.CHARGE_PLANNED,
    )
    # When
    terms = terms_of(terms_json(row))
    # Then
    assert terms == TariffTerms(
        "KOMPAKT-2026",
        1900,
        60,
        25,
        210,
        1500,
        69,
        1000,
        4900,
        14900,
        EarlyReturnPolicy.CHARGE_PLANNED,
        (DAY, WEEKEND),
        (CHILD_SEAT,),
    )
    assert terms.day is terms.bundles[0]
    assert terms.extra("CHILD_SEAT") == CHILD_SEAT
    assert terms.extra("ROOF_BOX") is None


def test_weekdays_count_like_the_calendar() -> None:
    assert Weekday.of(date(2026, 11, 23)) is Weekday.MONDAY
    assert [day.number for day in Weekday] == list(range(7))


def test_cleanliness_grows_worse() -> None:
    assert [state.rank for state in Cleanliness] == [0, 1, 2, 3]


def test_every_state_has_its_followers() -> None:
    assert set(ALLOWED) == set(ContractState)
    assert ALLOWED[ContractState.BILLED] == ALLOWED[ContractState.CANCELLED] == ()
