"""Price lists."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from server import batches
from server.edge.paths import wire_path
from server.models import Tariff as TariffRow
from server.models import TariffChange as ChangeRow
from server.models.opening_times import Weekday
from server.models.tariff import Bundle as BundleTerm
from server.models.tariff import BundleUnit, EarlyReturnPolicy, TariffTerms
from server.models.tariff import Extra as ExtraTerm
from server.models.tariff import WeekMoment as MomentTerm
from server.schema.building import Info, api_type, row_type, shown_as
from server.schema.fleet import VehicleGroup
from server.schema.price import PriceBreakdown
from server.schema.related import related
from server.schema.scalars import LocalTime
from server.schema.shared import Money, Period, money, optional_money, row_of
from server.services.booking.tariff_preview import RentalPreview as RentalFound
from server.services.booking.tariff_preview import TariffPreview as PreviewFound
from server.services.pricing.tariff_history import TermChange as TermFound
from server.services.pricing.tariff_history import differences


@api_type
class WeekMoment:
    """A moment of every week, in station time."""

    weekday: Weekday
    """Day of the week, in station time."""
    time: LocalTime
    """Time of that day, in station time."""


@api_type
class TariffBundle:
    """A package of days. `includedKm` null: unlimited. A WEEKEND bundle is a closed window in station time."""

    unit: BundleUnit
    """What kind of package it is."""
    days: int
    """How many days it covers."""
    price: Money
    """Gross price of the package."""
    included_km: int | None
    """Kilometres included in the package; null: unlimited."""
    window_start: WeekMoment | None
    """From when a WEEKEND package applies; null for the others."""
    window_end: WeekMoment | None
    """Until when a WEEKEND package applies; the grace time comes on top. Null for the others."""


@api_type
class Extra:
    """Something that can be added to a rental."""

    code: str
    """Code by which it is asked for, for example CHILD_SEAT."""
    name: str
    """What the extra is called, as invoices show it."""
    per_day: Money | None
    """Gross price of a piece for each billed day; null if it has none."""
    maximum: Money | None
    """The most that a piece costs by the day; null: no limit. `perRental` comes on top."""
    per_rental: Money | None
    """Gross price of a piece for the whole rental; null if it has none."""


def extra_of(term: ExtraTerm) -> Extra:
    """An extra of the terms as the API shows it."""
    return Extra(
        code=term.code,
        name=term.name,
        per_day=optional_money(term.per_day_cents),
        maximum=optional_money(term.maximum_cents),
        per_rental=optional_money(term.per_rental_cents),
    )


def _bundle_of(term: BundleTerm) -> TariffBundle:
    return TariffBundle(
        unit=term.unit,
        days=term.days,
        price=money(term.price_cents),
        included_km=term.included_km,
        window_start=_moment(term.window_start),
        window_end=_moment(term.window_end),
    )


def _moment(term: MomentTerm | None) -> WeekMoment | None:
    return WeekMoment(weekday=term.weekday, time=LocalTime(term.time)) if term else None


def _terms(source: object) -> TariffTerms:
    row: TariffRow = row_of(source)
    return row.terms


@row_type(TermFound)
class TermChange:
    """One term of a tariff, before and after a change."""

    before: str
    """Value of the term before the change, as text; "–" for none."""
    after: str
    """Value of the term after the change, as text; "–" for none."""

    @strawberry.field
    def field(self) -> str:
        """Name of the term as the API calls it, for example extraKm."""
        return "".join(wire_path([row_of(self).term]) or [])


@row_type(ChangeRow)
class TariffChange:
    """A change of a tariff. Never changed itself."""

    version: int
    """The version that the change made."""
    at: datetime
    """When the tariff was changed, in UTC."""

    @strawberry.field
    def by(self) -> str:
        """Name of the user who changed it."""
        return str(row_of(self).actor)

    @shown_as(list[TermChange])
    def terms(self) -> list[TermFound]:
        """What was changed, term by term."""
        row: ChangeRow = row_of(self)
        return list(differences(row.before, row.after))


@row_type(RentalFound)
class RentalPreview:
    """A usual rental as it would be priced before and after a change."""

    before: PriceBreakdown
    """What it costs now."""
    after: PriceBreakdown
    """What it would cost."""

    @strawberry.field
    def period(self) -> Period:
        """From when to when, in the time zone of your first station."""
        found: RentalFound = row_of(self)
        return Period(start=found.starts_at, end=found.ends_at)


@row_type(PreviewFound)
class TariffPreview:
    """What a change of a tariff would mean. Nothing is written."""

    terms: list[TermChange]
    """What would change, term by term; empty if nothing would."""
    rentals: list[RentalPreview]
    """What is usually rented (one day, a weekend, three days, a week, a month) and what each package covers."""
    quotes_until: datetime | None
    """When the last quote ends that may have promised the terms of now; null if no term changes."""


def _unless_website(root: TariffRow, info: Info) -> UUID | None:
    return None if info.context.is_website else root.id


def _changes(_row: TariffRow, found: list[ChangeRow] | None) -> list[ChangeRow]:
    return found or []


@row_type(TariffRow)
class Tariff:
    """A price list for one group. All prices are gross."""

    id: strawberry.ID
    """The tariff's id; quotes and bookings take `code`."""
    code: str
    """Code by which it is asked for, for example KOMPAKT-2026."""
    name: str
    """What the tariff is called."""
    valid_from: date
    """First day on which it can be booked."""
    valid_until: date | None
    """Last day on which it can be booked; null: no end."""
    currency: str
    """Currency of its prices as its ISO 4217 code: EUR."""
    grace_minutes: int
    """How late a car may come back before another day begins, in minutes; the last one included."""
    early_return: EarlyReturnPolicy
    """What is paid for days that were booked and not used."""
    ended_at: datetime | None
    """Since when it cannot be booked any more because it was ended at once; null if it was not. In UTC."""
    free_cancellation_hours: int
    """Hours before the start until which cancelling is free; 0: until the start."""
    version: int
    """Send it with a change as `version`: it grows with each change, and an old one is refused."""

    group = related(VehicleGroup, batches.group, by="group_id")
    """The vehicle group that it is for."""

    @strawberry.field
    def vat_rate(self) -> Decimal:
        """VAT rate as a fraction: 0.19 is 19 per cent."""
        return Decimal(row_of(self).vat_rate_bp).scaleb(-4).normalize()

    @strawberry.field
    def bundles(self) -> list[TariffBundle]:
        """The packages of days; the cheapest combination is taken."""
        return [_bundle_of(bundle) for bundle in _terms(self).bundles]

    @strawberry.field
    def extras(self) -> list[Extra]:
        """What can be added. ADDITIONAL_DRIVER, ONE_WAY and AFTER_HOURS are added by themselves where they apply."""
        return [extra_of(extra) for extra in _terms(self).extras]

    @strawberry.field
    def extra_km(self) -> Money:
        """Price of each kilometre beyond those included."""
        return money(row_of(self).extra_km_cents)

    @strawberry.field
    def fuel_per_litre(self) -> Money:
        """Price of each litre of missing fuel."""
        return money(row_of(self).fuel_per_litre_cents)

    @strawberry.field
    def fuel_service(self) -> Money:
        """Fee for refuelling, once for each car that comes back with less fuel."""
        return money(row_of(self).fuel_service_cents)

    @strawberry.field
    def energy_per_kwh(self) -> Money:
        """Price of each kilowatt-hour of missing charge."""
        return money(row_of(self).energy_per_kwh_cents)

    @strawberry.field
    def charging_service(self) -> Money:
        """Fee for charging, once for each car that comes back with less charge."""
        return money(row_of(self).charging_service_cents)

    @strawberry.field
    def cleaning_heavy(self) -> Money:
        """Fee for a car that comes back HEAVY, inside or outside, and went out cleaner."""
        return money(row_of(self).cleaning_heavy_cents)

    @strawberry.field
    def cleaning_special(self) -> Money:
        """Fee for a car that comes back SPECIAL; of two fees only the higher one is billed."""
        return money(row_of(self).cleaning_special_cents)

    @strawberry.field
    def cancellation_fee(self) -> Money | None:
        """Fee for a cancellation that is not free any more, at most the total; null: the smaller of total and one day's
        price. A car that is free costs nothing.
        """
        return optional_money(row_of(self).cancellation_fee_cents)

    @strawberry.field
    def no_show_fee(self) -> Money | None:
        """Fee for a booking that is never picked up, at most the total; null: the smaller of total and one day's price.
        A car that is free costs nothing.
        """
        return optional_money(row_of(self).no_show_fee_cents)

    changes = related(list[TariffChange], batches.changes_of_tariff, by=_unless_website, shown=_changes)
    """Who changed the tariff and what, the oldest first. Shown to staff of stations that have cars of its group."""
