"""The reference tariff of domain 4.7 and short ways to write instants and facts."""

from datetime import datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from server.models.contract import ContractKind
from server.models.opening_times import Weekday
from server.models.price import PriceLine
from server.models.tariff import Bundle, BundleUnit, EarlyReturnPolicy, Extra, TariffTerms, WeekMoment
from server.services.pricing.price import Facts

BERLIN = ZoneInfo("Europe/Berlin")
DAY = Bundle(BundleUnit.DAY, 1, 5900, 150)
WEEK = Bundle(BundleUnit.WEEK, 7, 31900, 1050)
MONTH = Bundle(BundleUnit.MONTH, 30, 99900, 3000)
FRIDAY_FOUR = WeekMoment(Weekday.FRIDAY, time(16))
MONDAY_NINE = WeekMoment(Weekday.MONDAY, time(9))
WEEKEND = Bundle(BundleUnit.WEEKEND, 3, 12900, 450, FRIDAY_FOUR, MONDAY_NINE)

KOMPAKT = TariffTerms(
    code="KOMPAKT-2026",
    vat_rate_bp=1900,
    grace_minutes=60,
    extra_km_cents=25,
    fuel_per_litre_cents=210,
    fuel_service_cents=1500,
    energy_per_kwh_cents=69,
    charging_service_cents=1000,
    cleaning_heavy_cents=4900,
    cleaning_special_cents=14900,
    early_return=EarlyReturnPolicy.RECALCULATE,
    bundles=(DAY, WEEK, MONTH, WEEKEND),
    extras=(
        Extra("ADDITIONAL_DRIVER", "Zusatzfahrer", per_day_cents=500, maximum_cents=3500),
        Extra("ONE_WAY", "Einwegmiete", per_rental_cents=4900),
        Extra("AFTER_HOURS", "Übergabe außerhalb der Öffnungszeiten", per_rental_cents=2500),
        Extra("CHILD_SEAT", "Kindersitz", per_day_cents=400, maximum_cents=2800),
        Extra("SNOW_CHAINS", "Schneeketten", per_day_cents=100, per_rental_cents=1000),
    ),
)


def multiplies_out(line: PriceLine) -> bool:
    """Whether a customer who takes a calculator gets the amount of the line: half a cent is a cent."""
    product = (line.quantity * line.unit_cents).quantize(Decimal(1), ROUND_HALF_UP)
    return product == line.total_cents


def at(text: str, *, fold: int = 0) -> datetime:
    """A moment in Berlin, written as "2026-11-23 08:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def facts(start: str, end: str, **more: Any) -> Facts:
    """Facts of an ordinary rental in Berlin, unless told otherwise."""
    values: dict[str, Any] = {"kind": ContractKind.RENTAL, "zone": BERLIN} | more
    return Facts(starts_at=at(start), ends_at=at(end), **values)
