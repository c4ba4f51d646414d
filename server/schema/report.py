"""Reports: what a station's days come to."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server import batches
from server.models import Station as StationRow
from server.schema.building import row_type, shown_as
from server.schema.fleet import Vehicle
from server.schema.instants import instant_of
from server.schema.related import later, related
from server.schema.shared import Money, Period, money, row_of
from server.schema.station import Station
from server.services.reports import ageing, conduct, due, fleet_use


@row_type(fleet_use.CarUse)
class CarUse:
    """How one car was used in the report's period, as far as that is over."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The car; it stands at the station now."""
    group_name: str
    """The name of its vehicle group."""
    rented_minutes: int
    """Minutes with customers, from hand-over to return."""
    blocked_minutes: int
    """Minutes in which it was blocked and not with a customer."""
    idle_days: int
    """Days of the station's calendar on which it was neither out nor blocked for a minute."""
    utilisation: float
    """Minutes with customers by minutes in which it could have been rented (not blocked): 0 to 1."""

    @strawberry.field
    def revenue_net(self) -> Money:
        """Net sum of the final invoices issued in the period for contracts with this car, cancellations deducted;
        without deposits and claims.
        """
        return money(row_of(self).net_cents)


@row_type(conduct.Reduction)
class Reduction:
    """A change of one contract's tariff by a person: another price, a discount, a waiver."""

    contract = related(later("contract.Contract"), batches.contract, by="contract_id")
    """The contract whose price was changed."""
    at = strawberry.field(resolver=instant_of("at"), graphql_type=datetime)
    """When, by the server's clock."""
    actor: str
    """Name of who did it."""
    approved_by: str | None
    """Name of the manager who approved it; null if nobody had to."""
    reason: str | None
    """Why, as it was typed."""
    before: str | None
    """The terms that were."""
    after: str | None
    """The terms that are."""


@row_type(conduct.Handovers)
class HandoverQuality:
    """How one person's hand-overs and returns at the station were done in the period."""

    staff: str
    """Name of the person."""
    protocols: int
    """How many protocols, without those that were taken back."""
    without_photos: int
    """How many lack one of the eight photos around the car."""
    unsigned: int
    """How many the customer has not signed."""
    overridden: int
    """How many went on with a reason against a rule."""
    minutes: int
    """Median minutes from the hand-over to the protocol's arrival at the server."""


@row_type(ageing.AgedOpen)
class AgedOpenItems:
    """What is owed to the station now, of one age."""

    items: int
    """How many open items."""

    @strawberry.field
    def from_days(self) -> int | None:
        """Days after the due date, the fewest of this age; null: not due yet."""
        first: int | None = row_of(self).age.first
        return first

    @strawberry.field
    def to_days(self) -> int | None:
        """The most of this age; null: without an end."""
        last: int | None = row_of(self).age.last
        return last

    @strawberry.field
    def open(self) -> Money:
        """Gross sum of what is owed."""
        return money(row_of(self).open_cents)


@row_type(due.StationReport)
class StationReport:
    """What a station's days come to: for who runs it."""

    cars: list[CarUse]
    """Each car that stands at the station now, by group and plate."""
    reductions: list[Reduction]
    """Who changed the price of which contract in the period, the latest first; 500 at most."""
    handovers: list[HandoverQuality]
    """How each person's hand-overs were done in the period."""
    open_items: list[AgedOpenItems]
    """What is owed now, by age."""
    inspections_due: list[Vehicle]
    """Cars whose main inspection is over or due within 60 days, the most urgent first; 200 at most."""

    @shown_as(Station)
    def station(self) -> StationRow:
        """The station that the report is about."""
        found: StationRow = row_of(self).span.station
        return found

    @strawberry.field
    def period(self) -> Period:
        """The period that was asked for, in the station's time zone; only what of it is over is counted."""
        span: fleet_use.Span = row_of(self).span
        return Period(start=span.start.astimezone(span.station.zone), end=span.end.astimezone(span.station.zone))
