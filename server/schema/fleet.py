"""Vehicle groups, vehicles, blocks, and who has a vehicle when."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from server import batches
from server.errors import CallerError, CallerErrorCode, Sentence
from server.models import Occupancy as OccupancyRow
from server.models import Station as StationRow
from server.models import Vehicle as VehicleRow
from server.models import VehicleBlock as BlockRow
from server.models import VehicleGroup as GroupRow
from server.models.fleet import BlockReason, Cleanliness, Energy, VehicleStatus
from server.models.occupancy import OccupancyKind
from server.models.vehicle_body import VehicleBody, body_of
from server.schema.building import Info, api_enum, api_input, api_type, row_type, shown_as
from server.schema.paging import connection_type
from server.schema.related import later, later_list, related
from server.schema.shared import Money, Period, PeriodInput, money, period, period_found, row_of
from server.schema.station import Station
from server.security import Principal
from server.services.fleet import occupancies
from server.services.lists import search
from server.services.lists.listing import Listing
from server.services.lists.search import only

for _kind in (BlockReason, Cleanliness, Energy, VehicleBody, VehicleStatus, OccupancyKind):
    api_enum(_kind)


@row_type(GroupRow)
class VehicleGroup:
    """A class of vehicles that are rented for the same price. The same at all stations."""

    id: strawberry.ID
    """Id of the vehicle group."""
    code: str
    """Short code of the group, for example KOMPAKT."""
    name: str
    """What customers call the group."""
    acriss: str | None
    """International ACRISS code of four letters, for example CDMR; null if not given. Its second letter says in which
    shape the group's cars are drawn (`Vehicle.body`).
    """
    minimum_age: int
    """Minimum age of every driver, in years."""
    minimum_licence_months: int
    """For how many months every driver must have held the licence."""
    energy: Energy
    """How its cars are driven: it decides whether fuel or charge is recorded."""
    version: int
    """Send it with a change as `version`: it grows with each change, and an old one is refused."""

    @strawberry.field
    def deposit(self) -> Money:
        """What is blocked on the customer's card for a rental of the group; not debited."""
        return money(row_of(self).deposit_cents)

    @strawberry.field
    def deductible(self) -> Money:
        """The most that a customer pays for one damage."""
        return money(row_of(self).deductible_cents)


@api_type
class ExpectedAccessory:
    """Something that belongs to a car and is counted at every check-out and check-in."""

    name: str
    """What it is, for example Warndreieck."""
    expected: int
    """How many of it the car should have."""


def _damages(
    root: VehicleRow,
    open: Annotated[  # noqa: A002  # the contract's name
        bool | None, strawberry.argument(description="true: only those not repaired; false: only those repaired.")
    ] = None,
) -> tuple[UUID, bool | None]:
    return root.id, open


def _blocks(
    root: VehicleRow,
    period: Annotated[
        PeriodInput | None, strawberry.argument(description="Only blocks that touch this period.")
    ] = None,
) -> tuple[UUID, tuple[datetime, datetime] | None]:
    return root.id, None if period is None else (period.start, period.end)


def _body(_row: VehicleRow, group: GroupRow | None) -> VehicleBody:
    return body_of(group.acriss if group else None)


def _occupancy(
    root: VehicleRow,
    info: Info,
    period: Annotated[PeriodInput, strawberry.argument(description="Only uses that touch this period.")],
) -> batches.InPeriod:
    return root.id, period.start, period.end, info.context.now


@row_type(VehicleRow)
class Vehicle:
    """A car of the fleet."""

    id: strawberry.ID
    """Id of the car; people use its plate."""
    plate: str
    """Number plate in its usual form, for example HH-ZU 101."""
    vin: str | None
    """Vehicle identification number of 17 characters; null if not given."""
    make: str
    """Maker of the car, for example Volkswagen."""
    model: str
    """Model of the car, for example Golf."""
    colour: str | None
    """Colour of the car; null if not given."""
    odometer_km: int
    """Odometer in kilometres, as last recorded; a protocol with a lower reading does not lower it."""
    fuel_eighths: int | None
    """Fuel level in eighths of the tank, 0 to 8; null if none is recorded, as for an electric car."""
    state_of_charge_percent: int | None
    """State of charge in per cent, 0 to 100; null if none is recorded."""
    tank_litres: int | None
    """Size of the tank in litres; null if not known: missing fuel then stops the billing."""
    battery_wh: int | None
    """Size of the battery in watt-hours; null if not known: missing charge then stops the billing."""
    cleanliness: Cleanliness
    """How clean it was at its last protocol: the worse of inside and outside."""
    first_registration: date | None
    """Day of the first registration; null if not given."""
    inspection_due: date | None
    """Last day on which the inspection (HU) is valid; no rental may end later. Null: it is not looked at."""
    registered_as_rental: bool
    """Whether it is registered as a self-drive rental vehicle."""
    status: VehicleStatus
    """Whether the car is in service: only an ACTIVE one can be rented."""
    version: int
    """Send it with a change as `version`: it grows with each change, and an old one is refused."""

    group = related(VehicleGroup, batches.group, by="group_id")
    """The vehicle group as which it is rented."""

    body = related(VehicleBody, batches.group, by="group_id", shown=_body)
    """The shape in which protocols draw it, by the second letter of its group's ACRISS code; HATCHBACK where that says
    nothing. Draw it alike: then a damage's `x` and `y` mean the same place.
    """

    @shown_as(Station)
    async def station(self, info: Info) -> StationRow:
        """Where it stands, or was handed out. If you may not see that station: the one that it belongs to."""
        row, context = row_of(self), info.context
        station = await context.load(batches.station, row.station_id)
        station = station or await context.load(batches.station, row.home_station_id)
        if station is None:
            raise CallerError(
                CallerErrorCode.FORBIDDEN,
                Sentence(
                    "This vehicle stands at a station that you may not see.",
                    "Dieses Fahrzeug steht an einer Station, die Sie nicht sehen dürfen.",
                ),
            )
        return station

    @strawberry.field
    def accessories(self) -> list[ExpectedAccessory]:
        """What belongs to the car and is counted at check-out and check-in: keys, papers, triangle, cable."""
        return [ExpectedAccessory(name=item["name"], expected=item["expected"]) for item in row_of(self).accessories]

    damages = related(later_list("damage.Damage"), batches.damages_of_vehicle, by=_damages)
    """Its damages, the oldest first. They stay with the vehicle when it moves to another station."""

    blocks = related(later_list("fleet.VehicleBlock"), batches.blocks_of_vehicle, by=_blocks)
    """When it is blocked, the earliest first; blocks that were ended are left out."""

    occupancy = related(
        later_list("fleet.Occupancy"),
        batches.occupancy_of_vehicle,
        by=_occupancy,
    )
    """Who has it when, in a period, the earliest first: bookings, rentals and blocks. A rental that is late is named in
    every later period, until the car is back.
    """


@row_type(BlockRow)
class VehicleBlock:
    """A time in which a vehicle cannot be rented."""

    id: strawberry.ID
    """The block's id, for `unblockVehicle`."""
    reason: BlockReason
    """Why the car is blocked."""
    note: str | None
    """What staff wrote about it; null if nothing."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The car that is blocked."""

    @shown_as(Period)
    def period(self, info: Info) -> Period | Awaitable[Period]:
        """From when to when it is blocked."""
        return period(row_of(self).starts_at, row_of(self).ends_at, self, info)


@row_type(OccupancyRow)
class Occupancy:
    """One use of a vehicle that takes it out of availability."""

    kind: OccupancyKind
    """Why the car is taken: held, booked, with a customer, or blocked."""
    held_until: datetime | None
    """When a car hold ends by itself; null for every other use."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The car that is taken."""

    @strawberry.field
    async def period(self, info: Info) -> Period:
        """From when to when it is planned, without the turnaround after it. More than 60 days show as several uses. A
        car that is late is taken until now at least.
        """
        row, context = row_of(self), info.context
        vehicle = await context.load(batches.vehicle, row.vehicle_id)
        return await period_found(row.starts_at, occupancies.shown_end(row, vehicle, context.now), self, info)

    contract = related(later("contract.Contract") | None, batches.contract, by="contract_id")
    """The contract; null for a block, and where you may not see it."""

    block = related(VehicleBlock | None, batches.block, by="block_id")
    """The block; null if it is a contract that takes the car."""


VehicleConnection = connection_type(Vehicle)


@api_input
class VehicleFilter:
    """Narrows a list of vehicles."""

    station_id: strawberry.ID | None = None
    """Only cars that stand at this station."""
    group_id: strawberry.ID | None = None
    """Only cars of this group."""
    status: VehicleStatus | None = None
    """Only cars of this status."""
    search: str | None = None
    """Part of the plate (in any spelling), VIN, make or model."""

    def listing(self, principal: Principal) -> Listing[VehicleRow]:
        """The list that it asks for, as far as it is the caller's."""
        return search.vehicles(
            principal,
            station_id=only(self.station_id),
            group_id=only(self.group_id),
            status=self.status,
            search=self.search,
        )
