"""Tariffs, prices, availability and quotes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from server.models import Tariff as TariffRow
from server.models.contract import ContractKind
from server.models.station import Weekday
from server.models.tariff import BundleUnit, EarlyReturnPolicy, PriceLineKind
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.fleet import VehicleGroup
from server.schema.problems import Rejection
from server.schema.scalars import LocalTime
from server.schema.shared import Money, Period, PeriodInput, money, optional_money, zone_of
from server.schema.station import Station
from server.services.availability import Availability as AvailabilityFound
from server.services.availability import GroupAvailability as GroupFound
from server.services.pricing import PriceBreakdown as PriceFound
from server.services.pricing import PriceLine as LineFound
from server.services.quotes import Quote as QuoteFound

for _kind in (BundleUnit, EarlyReturnPolicy, PriceLineKind, ContractKind):
    api_enum(_kind)


@api_type
class WeekMoment:
    """A moment of every week, in station time."""

    weekday: Weekday
    """The day."""
    time: LocalTime
    """The time of day."""


@api_type
class TariffBundle:
    """A package of days. `includedKm` null: unlimited. A WEEKEND bundle is a closed window in station time."""

    unit: BundleUnit
    """What kind of package it is."""
    days: int
    """How many days it covers."""
    price: Money
    """Its gross price."""
    included_km: int | None
    """Kilometres included; null: unlimited."""
    window_start: WeekMoment | None
    """From when a weekend package applies."""
    window_end: WeekMoment | None
    """Until when; the grace time comes on top."""


@api_type
class Extra:
    """Something that can be added to a rental."""

    code: str
    """Ask for it by this code."""
    name: str
    """What it is."""
    per_day: Money | None
    """Price for each billed day."""
    maximum: Money | None
    """The most that the days cost, for each piece."""
    per_rental: Money | None
    """Price for the whole rental."""


def extra_of(stored: dict[str, Any]) -> Extra:
    """A stored extra as the API shows it."""
    return Extra(
        code=stored["code"],
        name=stored["name"],
        per_day=optional_money(stored["per_day_cents"]),
        maximum=optional_money(stored["maximum_cents"]),
        per_rental=optional_money(stored["per_rental_cents"]),
    )


def _moment(stored: dict[str, Any] | None) -> WeekMoment | None:
    return WeekMoment(weekday=Weekday(stored["weekday"]), time=stored["time"]) if stored else None


@row_type(TariffRow)
class Tariff:
    """A price list for one group. All prices are gross."""

    id: strawberry.ID
    """The tariff's id."""
    code: str
    """Ask for it by this code."""
    name: str
    """What it is called."""
    valid_from: date
    """First day on which it can be booked."""
    valid_until: date | None
    """Last day on which it can be booked; null: no end."""
    currency: str
    """ISO 4217 code."""
    grace_minutes: int
    """How late a car may come back before another day begins, in minutes; the last one included."""
    early_return: EarlyReturnPolicy
    """What is paid for days not used."""
    version: int
    """Grows with each change."""

    @strawberry.field
    async def group(self, info: Info) -> VehicleGroup:
        """The group that it is for."""
        return await (await info.context.loaders()).group.load(_any(self).group_id)  # type: ignore[return-value]

    @strawberry.field
    def vat_rate(self) -> Decimal:
        """VAT rate as a fraction: 0.19 is 19 per cent."""
        return Decimal(_any(self).vat_rate_bp).scaleb(-4).normalize()

    @strawberry.field
    def bundles(self) -> list[TariffBundle]:
        """The packages of days; the cheapest combination is taken."""
        return [
            TariffBundle(
                unit=BundleUnit(stored["unit"]),
                days=stored["days"],
                price=money(stored["price_cents"]),
                included_km=stored["included_km"],
                window_start=_moment(stored["window_start"]),
                window_end=_moment(stored["window_end"]),
            )
            for stored in _any(self).bundles
        ]

    @strawberry.field
    def extras(self) -> list[Extra]:
        """What can be added. ADDITIONAL_DRIVER, ONE_WAY and AFTER_HOURS are added by themselves where they apply."""
        return [extra_of(stored) for stored in _any(self).extras]

    @strawberry.field
    def extra_km(self) -> Money:
        """Each kilometre beyond those included."""
        return money(_any(self).extra_km_cents)

    @strawberry.field
    def fuel_per_litre(self) -> Money:
        """Missing fuel, for each litre."""
        return money(_any(self).fuel_per_litre_cents)

    @strawberry.field
    def fuel_service(self) -> Money:
        """Fee for refuelling, once."""
        return money(_any(self).fuel_service_cents)

    @strawberry.field
    def energy_per_kwh(self) -> Money:
        """Missing charge, for each kilowatt-hour."""
        return money(_any(self).energy_per_kwh_cents)

    @strawberry.field
    def charging_service(self) -> Money:
        """Fee for charging, once."""
        return money(_any(self).charging_service_cents)

    @strawberry.field
    def cleaning_heavy(self) -> Money:
        """Cleaning of a heavily soiled car."""
        return money(_any(self).cleaning_heavy_cents)

    @strawberry.field
    def cleaning_special(self) -> Money:
        """Special cleaning."""
        return money(_any(self).cleaning_special_cents)


@row_type(LineFound)
class PriceLine:
    """One line of a price."""

    kind: PriceLineKind
    """What it is for."""
    text: str
    """What it is called."""
    quantity: Decimal
    """How much of it."""
    taxable: bool
    """Whether it bears VAT."""
    explanation: str
    """How the amount came about, in words that a customer understands."""

    @strawberry.field
    def unit_price(self) -> Money:
        """Price of one."""
        return money(_any(self).unit_cents)

    @strawberry.field
    def total(self) -> Money:
        """Gross amount of the line."""
        return money(_any(self).total_cents)


@row_type(PriceFound)
class PriceBreakdown:
    """A price, line by line, with the reason for each line in words. Net and VAT are per document, not per line."""

    lines: list[PriceLine]
    """The lines."""
    days: int
    """Billed days."""
    included_km: int | None
    """Kilometres included; null: unlimited."""

    @strawberry.field
    def total(self) -> Money:
        """Gross total."""
        return money(_any(self).total_cents)

    @strawberry.field
    def net(self) -> Money:
        """Net amount."""
        return money(_any(self).net_cents)

    @strawberry.field
    def vat(self) -> Money:
        """VAT: gross minus net, to the cent."""
        return money(_any(self).vat_cents)


@row_type(GroupFound)
class GroupAvailability:
    """What a group offers in a period."""

    group: VehicleGroup
    """The group."""
    free_count: int
    """How many vehicles are free for the whole period and the turnaround after it."""
    price: PriceBreakdown | None
    """What the period costs; null if the group has no tariff today."""

    @strawberry.field
    def deposit(self) -> Money:
        """What is blocked on the card; not debited."""
        return money(_any(self).deposit_cents)

    @strawberry.field
    def due_now(self) -> Money:
        """What is debited at booking: the price of one day, or the total if that is less."""
        return money(_any(self).due_now_cents)

    @strawberry.field
    def next_free(self) -> datetime | None:
        """When a vehicle is next free for as long; null if not within 90 days."""
        row = _any(self)
        next_free: datetime | None = row.next_free
        return next_free.astimezone(row.zone) if next_free else None


@row_type(AvailabilityFound)
class Availability:
    """A station's free vehicles in a period, group by group."""

    station: Station
    """The station."""
    groups: list[GroupAvailability]
    """The groups."""

    @strawberry.field
    def period(self) -> Period:
        """The period that was asked for."""
        row = _any(self)
        zone = zone_of(_OfStation(row.station.id))
        return Period(start=row.start.astimezone(zone), end=row.end.astimezone(zone))


class _OfStation:
    """Stands for anything that belongs to a station."""

    def __init__(self, station_id: object) -> None:
        self.station_id = station_id


@row_type(QuoteFound)
class Quote:
    """What a rental would cost. Nothing is reserved by it."""

    price: PriceBreakdown
    """The price, line by line."""
    grace_minutes: int
    """How late the car may come back before another day begins, in minutes."""
    available: bool
    """Whether it could be booked as asked right now: a vehicle is free and the station is open at both ends."""
    valid_until: datetime
    """Until when this price is promised."""

    @strawberry.field
    def due_now(self) -> Money:
        """What is debited at booking: one day's price, or the total if that is less; nothing for a courtesy car."""
        return money(_any(self).due_now_cents)

    @strawberry.field
    def deposit(self) -> Money:
        """What is blocked on the card; not debited."""
        return money(_any(self).deposit_cents)

    @strawberry.field
    def deductible(self) -> Money:
        """The most that a customer pays for one damage."""
        return money(_any(self).deductible_cents)


@api_input
class ExtraInput:
    """An extra that is asked for."""

    code: str
    """Its code in the tariff."""
    quantity: int = 1
    """How many."""


@api_input
class QuoteInput:
    """What to quote."""

    station_id: strawberry.ID
    """Where the car is picked up."""
    return_station_id: strawberry.ID | None = None
    """Where it comes back, if elsewhere."""
    group_id: strawberry.ID
    """The vehicle group."""
    period: PeriodInput
    """From pick-up to return."""
    tariff_code: str | None = None
    """The tariff; the group's newest valid one if not given."""
    kind: ContractKind = ContractKind.RENTAL
    """What the contract is for."""
    extras: list[ExtraInput] = strawberry.field(default_factory=list)
    """What is added."""


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


TariffResult = Annotated[Tariff | Rejection, strawberry.union("TariffResult", description="The tariff, or why not.")]


def _any(source: Any) -> Any:
    return source
