"""A new tariff as it is given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from server.models.opening_times import Weekday
from server.models.tariff import BundleUnit, EarlyReturnPolicy, WeekMoment
from server.schema.building import api_input
from server.schema.scalars import LocalTime
from server.services.pricing.tariffs import NewBundle, NewExtra, NewTariff


@api_input
class WeekMomentInput:
    """A moment of every week, in station time."""

    weekday: Weekday
    """The day."""
    time: LocalTime
    """The time of day."""

    def given(self) -> WeekMoment:
        """As the services take it."""
        return WeekMoment(self.weekday, self.time)


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

    def given(self) -> NewBundle:
        """As the services take it."""
        return NewBundle(
            unit=self.unit,
            days=self.days,
            price=self.price,
            included_km=self.included_km,
            window_start=self.window_start.given() if self.window_start else None,
            window_end=self.window_end.given() if self.window_end else None,
        )


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

    def given(self) -> NewExtra:
        """As the services take it."""
        return NewExtra(
            code=self.code,
            name=self.name,
            per_day=self.per_day,
            maximum=self.maximum,
            per_rental=self.per_rental,
        )


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

    def given(self) -> NewTariff:
        """As the services take it."""
        return NewTariff(
            code=self.code,
            name=self.name,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            vat_rate=self.vat_rate,
            bundles=tuple(bundle.given() for bundle in self.bundles),
            grace_minutes=self.grace_minutes,
            extra_km=self.extra_km,
            fuel_per_litre=self.fuel_per_litre,
            fuel_service=self.fuel_service,
            energy_per_kwh=self.energy_per_kwh,
            charging_service=self.charging_service,
            cleaning_heavy=self.cleaning_heavy,
            cleaning_special=self.cleaning_special,
            extras=tuple(extra.given() for extra in self.extras),
            early_return=self.early_return,
        )
