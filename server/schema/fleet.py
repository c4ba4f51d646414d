"""Vehicle groups, vehicles, blocks, and who has a vehicle when."""

from __future__ import annotations

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
from server.schema.building import Info, api_enum, api_input, api_type, row_type, shown_as
from server.schema.paging import connection_type
from server.schema.related import later, later_list, related
from server.schema.shared import Money, Period, PeriodInput, money, period, row_of
from server.schema.station import Station
from server.security import Principal
from server.services.lists import search
from server.services.lists.listing import Listing
from server.services.lists.search import only

for _kind in (BlockReason, Cleanliness, Energy, VehicleStatus, OccupancyKind):
    api_enum(_kind)


@row_type(GroupRow)
class VehicleGroup:
    """A class of vehicles that are rented for the same price. The same at all stations."""

    id: strawberry.ID
    """The group's id."""
    code: str
    """Short code."""
    name: str
    """What customers call it."""
    acriss: str | None
    """The international code of four letters."""
    minimum_age: int
    """Minimum age of every driver, in years."""
    minimum_licence_months: int
    """For how many months every driver must have held the licence."""
    energy: Energy
    """How its vehicles are driven."""

    @strawberry.field
    def deposit(self) -> Money:
        """What is blocked on the card; not debited."""
        return money(row_of(self).deposit_cents)

    @strawberry.field
    def deductible(self) -> Money:
        """The most that a customer pays for one damage."""
        return money(row_of(self).deductible_cents)


@api_type
class ExpectedAccessory:
    """Something that belongs to a vehicle and is counted at every handover."""

    name: str
    """What it is."""
    expected: int
    """How many there should be."""


def _damages(
    root: VehicleRow,
    open: Annotated[  # noqa: A002  # the contract's name
        bool | None, strawberry.argument(description="Only those not repaired, or only those repaired.")
    ] = None,
) -> tuple[UUID, bool | None]:
    return root.id, open


def _blocks(
    root: VehicleRow,
    period: Annotated[PeriodInput | None, strawberry.argument(description="Only those that touch it.")] = None,
) -> tuple[UUID, tuple[datetime, datetime] | None]:
    return root.id, None if period is None else (period.start, period.end)


def _occupancy(
    root: VehicleRow, period: Annotated[PeriodInput, strawberry.argument(description="The period to look at.")]
) -> batches.InPeriod:
    return root.id, period.start, period.end


@row_type(VehicleRow)
class Vehicle:
    """A car."""

    id: strawberry.ID
    """The vehicle's id."""
    plate: str
    """Number plate in its usual form, for example HH-ZU 101."""
    vin: str | None
    """Vehicle identification number."""
    make: str
    """Maker."""
    model: str
    """Model."""
    colour: str | None
    """Colour."""
    odometer_km: int
    """The last reading, in kilometres."""
    fuel_eighths: int | None
    """Fuel level in eighths; null for a vehicle without a tank."""
    state_of_charge_percent: int | None
    """State of charge in per cent; null for a vehicle without a battery to charge."""
    tank_litres: int | None
    """Size of the tank in litres."""
    battery_wh: int | None
    """Size of the battery in watt-hours."""
    cleanliness: Cleanliness
    """How clean it was last seen."""
    first_registration: date | None
    """First registration."""
    inspection_due: date | None
    """Until when the inspection (HU) is valid; it is not rented out beyond."""
    registered_as_rental: bool
    """Whether it is registered as a self-drive rental vehicle."""
    status: VehicleStatus
    """Whether it is in service."""
    version: int
    """Give it with a change; it grows with each."""

    group = related(VehicleGroup, batches.group, by="group_id")
    """Its group."""

    @shown_as(Station)
    async def station(self, info: Info) -> StationRow:
        """Where it stands, or went out from. Of a car of yours that stands at a station which you may not see: where it
        belongs.
        """
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
        """What belongs to it: keys, papers, triangle, cable."""
        return [ExpectedAccessory(name=item["name"], expected=item["expected"]) for item in row_of(self).accessories]

    damages = related(later_list("damage.Damage"), batches.damages_of_vehicle, by=_damages)
    """Its damages, the oldest first. They stay with the vehicle when it moves to another station."""

    blocks = related(later_list("fleet.VehicleBlock"), batches.blocks_of_vehicle, by=_blocks)
    """When it is blocked."""

    occupancy = related(
        later_list("fleet.Occupancy"),
        batches.occupancy_of_vehicle,
        by=_occupancy,
    )
    """Who has it when, in a period."""


@row_type(BlockRow)
class VehicleBlock:
    """A time in which a vehicle cannot be rented."""

    id: strawberry.ID
    """The block's id."""
    reason: BlockReason
    """Why."""
    note: str | None
    """Anything else, for people."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The vehicle."""

    @strawberry.field
    async def period(self, info: Info) -> Period:
        """From when to when."""
        return await period(row_of(self).starts_at, row_of(self).ends_at, self, info)


@row_type(OccupancyRow)
class Occupancy:
    """One use of a vehicle that takes it out of availability."""

    kind: OccupancyKind
    """Why it is taken."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The vehicle."""

    @strawberry.field
    async def period(self, info: Info) -> Period:
        """From when to when, without the turnaround after it. A use of more than 60 days shows as several."""
        return await period(row_of(self).starts_at, row_of(self).ends_at, self, info)

    contract = related(later("contract.Contract") | None, batches.contract, by="contract_id")
    """The contract; null for a block, and where you may not see it."""

    block = related(VehicleBlock | None, batches.block, by="block_id")
    """The block, if it is one."""


VehicleConnection = connection_type(Vehicle)


@api_input
class VehicleFilter:
    """Narrows a list of vehicles."""

    station_id: strawberry.ID | None = None
    """Only those that stand there."""
    group_id: strawberry.ID | None = None
    """Only those of the group."""
    status: VehicleStatus | None = None
    """Only those in this state."""
    search: str | None = None
    """Part of plate, VIN, make or model."""

    def listing(self, principal: Principal) -> Listing[VehicleRow]:
        """The list that it asks for, as far as it is the caller's."""
        return search.vehicles(
            principal,
            station_id=only(self.station_id),
            group_id=only(self.group_id),
            status=self.status,
            search=self.search,
        )
