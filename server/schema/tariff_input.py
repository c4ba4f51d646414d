"""A tariff as it is given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from server.models.opening_times import Weekday
from server.models.tariff import FREE_CANCELLATION_HOURS, BundleUnit, EarlyReturnPolicy, WeekMoment
from server.schema.building import api_input
from server.schema.scalars import LocalTime
from server.services.pricing.tariff_entry import NewBundle, NewExtra, NewTariff


@api_input
class WeekMomentInput:
    """A moment of every week, in station time."""

    weekday: Weekday
    """Day of the week, in station time."""
    time: LocalTime
    """Time of that day, in station time."""

    def given(self) -> WeekMoment:
        """As the services take it."""
        return WeekMoment(self.weekday, self.time)


@api_input
class TariffBundleInput:
    """A package of days for one price. A WEEKEND bundle is a closed window in station time."""

    unit: BundleUnit
    """What kind of package it is. A tariff has exactly one DAY bundle."""
    days: int
    """How many days it covers, 1 to 366; a DAY bundle covers one."""
    price: Decimal
    """Gross price of the package, in euros."""
    included_km: int | None = None
    """Kilometres included, 0 to 1,000,000; null: unlimited."""
    window_start: WeekMomentInput | None = None
    """For WEEKEND, which needs it: from when it applies."""
    window_end: WeekMomentInput | None = None
    """For WEEKEND, which needs it: until when it applies; the grace time comes on top."""

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
    """Its code, of capitals, digits and underscores. ADDITIONAL_DRIVER, ONE_WAY and AFTER_HOURS apply by themselves."""
    name: str
    """What the extra is called, as invoices show it; up to 200 characters."""
    per_day: Decimal | None = None
    """Gross price of a piece for each billed day, in euros; this or `perRental` is needed."""
    maximum: Decimal | None = None
    """The most that a piece costs by the day, in euros; not given: no limit."""
    per_rental: Decimal | None = None
    """Gross price of a piece for the whole rental, in euros; this or `perDay` is needed."""

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
    """A tariff with all its terms. All prices are gross, in euros."""

    code: str
    """Short code of 1 to 32 capitals, digits and hyphens; every tariff has another, and keeps it."""
    name: str
    """What the tariff is called, up to 200 characters."""
    group_id: strawberry.ID
    """The vehicle group that it is for; a tariff keeps it."""
    valid_from: date
    """First day on which it can be booked."""
    valid_until: date | None = None
    """Last day on which it can be booked, not before the first; null: no end."""
    vat_rate: Decimal = strawberry.field(default=Decimal("0.19"))
    """VAT rate as a fraction, 0 to 0.5: 0.19 is 19 per cent."""
    bundles: list[TariffBundleInput]
    """The packages of days, exactly one DAY among them."""
    grace_minutes: int = 60
    """How late a car may come back before another day begins, in minutes: 0 to 720."""
    extra_km: Decimal
    """Price of each kilometre beyond those included."""
    fuel_per_litre: Decimal
    """Price of each litre of missing fuel."""
    fuel_service: Decimal
    """Fee for refuelling, once for each car that comes back with less fuel."""
    energy_per_kwh: Decimal = strawberry.field(default=Decimal("0.00"))
    """Price of each kilowatt-hour of missing charge."""
    charging_service: Decimal = strawberry.field(default=Decimal("0.00"))
    """Fee for charging, once for each car that comes back with less charge."""
    cleaning_heavy: Decimal
    """Fee for a car that comes back HEAVY, inside or outside, and went out cleaner."""
    cleaning_special: Decimal
    """Fee for a car that comes back SPECIAL; of two fees only the higher one is billed."""
    extras: list[TariffExtraInput] = strawberry.field(default_factory=list)
    """The extras that can be added to a rental."""
    early_return: EarlyReturnPolicy = EarlyReturnPolicy.RECALCULATE
    """What is paid for days that were booked and not used."""
    free_cancellation_hours: int = FREE_CANCELLATION_HOURS
    """Hours before the start until which cancelling is free, 0 to 8760; 0: until the start."""
    cancellation_fee: Decimal | None = None
    """Fee for a cancellation after that, at most the total; null: the smaller of total and one day's price."""
    no_show_fee: Decimal | None = None
    """Fee for a booking that is never picked up, at most the total; null: the smaller of total and one day's price."""

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
            free_cancellation_hours=self.free_cancellation_hours,
            cancellation_fee=self.cancellation_fee,
            no_show_fee=self.no_show_fee,
        )
