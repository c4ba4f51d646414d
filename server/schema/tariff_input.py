"""A new tariff as it is given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from server.models.station import Weekday
from server.models.tariff import BundleUnit, EarlyReturnPolicy
from server.schema.building import api_input
from server.schema.scalars import LocalTime


@api_input
class WeekMomentInput:
    """A moment of every week, in station time."""

    weekday: Weekday
    """The day."""
    time: LocalTime
    """The time of day."""


@api_input
class TariffBundleInput:
    """A package of days."""

    unit: BundleUnit
    """What kind of package it is. A tariff has exactly one DAY bundle."""
    days: int
    """How many days it covers."""
    price: Decimal
    """Its gross price."""
    included_km: int | None = None
    """Kilometres included; null: unlimited."""
    window_start: WeekMomentInput | None = None
    """For WEEKEND: from when it applies."""
    window_end: WeekMomentInput | None = None
    """For WEEKEND: until when."""


@api_input
class TariffExtraInput:
    """An extra of a tariff: a price per day, per rental, or both."""

    code: str
    """Its code. ADDITIONAL_DRIVER, ONE_WAY and AFTER_HOURS are added by themselves where they apply."""
    name: str
    """What it is."""
    per_day: Decimal | None = None
    """Price for each billed day."""
    maximum: Decimal | None = None
    """The most that the days cost, for each piece."""
    per_rental: Decimal | None = None
    """Price for the whole rental."""


@api_input
class TariffInput:
    """A new tariff. All prices are gross."""

    code: str
    """Short code in capitals, digits and hyphens."""
    name: str
    """What it is called."""
    group_id: strawberry.ID
    """The group that it is for."""
    valid_from: date
    """First day on which it can be booked."""
    valid_until: date | None = None
    """Last day on which it can be booked; null: no end."""
    vat_rate: Decimal = strawberry.field(default=Decimal("0.19"))
    """VAT rate as a fraction: 0.19 is 19 per cent."""
    bundles: list[TariffBundleInput]
    """The packages of days."""
    grace_minutes: int = 60
    """How late a car may come back before another day begins, in minutes."""
    extra_km: Decimal
    """Each kilometre beyond those included."""
    fuel_per_litre: Decimal
    """Missing fuel, for each litre."""
    fuel_service: Decimal
    """Fee for refuelling, once."""
    energy_per_kwh: Decimal = strawberry.field(default=Decimal("0.00"))
    """Missing charge, for each kilowatt-hour."""
    charging_service: Decimal = strawberry.field(default=Decimal("0.00"))
    """Fee for charging, once."""
    cleaning_heavy: Decimal
    """Cleaning of a heavily soiled car."""
    cleaning_special: Decimal
    """Special cleaning."""
    extras: list[TariffExtraInput] = strawberry.field(default_factory=list)
    """What can be added."""
    early_return: EarlyReturnPolicy = EarlyReturnPolicy.RECALCULATE
    """What is paid for days not used."""
