"""What is free in a period and what it costs: availability and quotes."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server.errors import DomainError
from server.models.contract import ChosenExtra, ContractKind
from server.schema.building import Info, api_input, row_type
from server.schema.fleet import VehicleGroup
from server.schema.price import PriceBreakdown
from server.schema.problems import OutsideOpeningHours, Problem, problem_of
from server.schema.shared import Money, Period, PeriodInput, money, row_of
from server.schema.station import Station
from server.services.booking.availability import Availability as AvailabilityFound
from server.services.booking.availability import GroupAvailability as GroupFound
from server.services.booking.quotes import Quote as QuoteFound
from server.services.booking.quotes import QuoteRequest
from server.services.lists.search import only
from server.services.validation import as_uuid


def _problem(refusal: DomainError | None, info: Info) -> Problem | None:
    return problem_of(refusal, {OutsideOpeningHours.__name__}, info.context.language) if refusal else None


@row_type(GroupFound)
class GroupAvailability:
    """What a group offers in a period."""

    group: VehicleGroup
    """The vehicle group that is offered."""
    free_count: int
    """How many vehicles can be booked for the whole period, with the turnaround after it; zero with a `problem`."""
    price: PriceBreakdown | None
    """What the period costs as a RENTAL without extras; null if the group has no tariff today."""

    @strawberry.field
    def problem(self, info: Info) -> Problem | None:
        """Why the group cannot be booked in this period: OutsideOpeningHours if the station is closed at an end of it,
        else NO_VEHICLE_AVAILABLE, or INVALID_INPUT without a tariff. Null: it can.
        """
        return _problem(row_of(self).problem, info)

    @strawberry.field
    def deposit(self) -> Money:
        """What is blocked on the customer's card; not debited."""
        return money(row_of(self).deposit_cents)

    @strawberry.field
    def due_now(self) -> Money:
        """What is debited at booking: the price of one day, or the total if that is less. Never null:
        0.00 where `price` is null, which then means that nothing is known, not that nothing is due.
        """
        return money(row_of(self).due_now_cents)

    @strawberry.field
    def next_free(self) -> datetime | None:
        """From when a car can be booked for as long: the start asked for if one can, null if none within 90 days."""
        row = row_of(self)
        next_free: datetime | None = row.next_free
        return next_free.astimezone(row.zone) if next_free else None


@row_type(AvailabilityFound)
class Availability:
    """A station's free vehicles in a period, group by group."""

    station: Station
    """The station that was asked for."""
    groups: list[GroupAvailability]
    """All vehicle groups, or the one that was asked for."""

    @strawberry.field
    def period(self) -> Period:
        """The period that was asked for, in the station's time zone."""
        row: AvailabilityFound = row_of(self)
        zone = row.station.zone
        return Period(start=row.start.astimezone(zone), end=row.end.astimezone(zone))


@row_type(QuoteFound)
class Quote:
    """What a rental would cost. Nothing is reserved by it, but its price is kept for whoever books with its id."""

    id: strawberry.ID
    """Give it as `quoteId` when you book: the quoted terms count until `validUntil`, whatever the price list says."""
    price: PriceBreakdown
    """The price, line by line."""
    grace_minutes: int
    """How late the car may come back before another day begins, in minutes."""
    valid_until: datetime
    """Until when the quoted terms are kept, 24 hours from now, in the station's time zone; a vehicle is not."""

    @strawberry.field
    def available(self) -> bool:
        """Whether it could be booked as asked right now: a vehicle is free and the stations are open at both ends."""
        return row_of(self).problem is None

    @strawberry.field
    def problem(self, info: Info) -> Problem | None:
        """Why it could not be booked as asked: NOT_ALLOWED for a kind that a website's policy does not name,
        OutsideOpeningHours, or NO_VEHICLE_AVAILABLE. Null: it could.
        """
        return _problem(row_of(self).problem, info)

    @strawberry.field
    def due_now(self) -> Money:
        """What is debited at booking: one day's price, or the total if that is less; zero unless `kind` is RENTAL."""
        return money(row_of(self).due_now_cents)

    @strawberry.field
    def deposit(self) -> Money:
        """What is blocked on the customer's card; not debited."""
        return money(row_of(self).deposit_cents)

    @strawberry.field
    def deductible(self) -> Money:
        """The most that a customer pays for one damage."""
        return money(row_of(self).deductible_cents)


@api_input
class ExtraInput:
    """An extra that is asked for."""

    code: str
    """Code of the extra, one of the tariff's `extras`; others are refused."""
    quantity: int = 1
    """How many pieces, 1 to 99."""

    def given(self) -> ChosenExtra:
        """As the services take it."""
        return ChosenExtra(self.code, self.quantity)


@api_input
class QuoteInput:
    """A rental that a price is asked for."""

    station_id: strawberry.ID
    """Station where the car is picked up."""
    return_station_id: strawberry.ID | None = None
    """Station where it comes back; the one of the pick-up if not given."""
    group_id: strawberry.ID
    """Vehicle group of the car."""
    period: PeriodInput
    """From the planned check-out to the planned check-in: starts within 365 days, lasts up to 365 days."""
    tariff_code: str | None = None
    """The tariff; the group's newest valid one if not given."""
    kind: ContractKind = ContractKind.RENTAL
    """What the car is rented for; the rental itself is free unless this is RENTAL."""
    extras: list[ExtraInput] = strawberry.field(default_factory=list)
    """Extras that are wanted; ADDITIONAL_DRIVER, ONE_WAY and AFTER_HOURS come by themselves where known."""

    def given(self) -> QuoteRequest:
        """As the services take it."""
        return QuoteRequest(
            station_id=as_uuid(self.station_id),
            return_station_id=only(self.return_station_id),
            group_id=as_uuid(self.group_id),
            start=self.period.start,
            end=self.period.end,
            kind=self.kind,
            tariff_code=self.tariff_code,
            extras=tuple(extra.given() for extra in self.extras),
        )
