"""Vehicle groups, vehicles, blocks, and who has a vehicle when."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.errors import CallerError, CallerErrorCode
from server.models import Occupancy as OccupancyRow
from server.models import Vehicle as VehicleRow
from server.models import VehicleBlock as BlockRow
from server.models import VehicleGroup as GroupRow
from server.models.damage import RepairState
from server.models.fleet import BlockReason, Cleanliness, Energy, VehicleStatus
from server.models.occupancy import OccupancyKind
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.paging import connection_type
from server.schema.problems import PeriodConflict, Rejection, VersionConflict
from server.schema.shared import Money, Period, PeriodInput, money, period, row_of
from server.schema.station import Station

if TYPE_CHECKING:
    from server.schema.contract import Contract
    from server.schema.damage import Damage

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

    @strawberry.field
    async def group(self, info: Info) -> VehicleGroup:
        """Its group."""
        return await (await info.context.loaders()).group.load(row_of(self).group_id)  # type: ignore[return-value]

    @strawberry.field
    async def station(self, info: Info) -> Station:
        """Where it stands, or went out from. Of a car of yours that stands at a station which you may not see: where it
        belongs.
        """
        loaders = await info.context.loaders()
        station = await loaders.station.load(row_of(self).station_id)
        station = station or await loaders.station.load(row_of(self).home_station_id)
        if station is None:
            raise CallerError(CallerErrorCode.FORBIDDEN, "This vehicle stands at a station that you may not see.")
        return station  # type: ignore[return-value]  # rows are the source

    @strawberry.field
    def accessories(self) -> list[ExpectedAccessory]:
        """What belongs to it: keys, papers, triangle, cable."""
        return [ExpectedAccessory(name=item["name"], expected=item["expected"]) for item in row_of(self).accessories]

    @strawberry.field
    async def damages(
        self,
        info: Info,
        open: Annotated[  # noqa: A002  # the contract's name
            bool | None, strawberry.argument(description="Only those not repaired, or only those repaired.")
        ] = None,
    ) -> list[Annotated[Damage, strawberry.lazy("server.schema.damage")]]:
        """Its damages, the oldest first. They stay with the vehicle when it moves to another station."""
        found = await (await info.context.loaders()).vehicle_damages.load(row_of(self).id)
        return [d for d in found if open is None or open == (d.repair is not RepairState.REPAIRED)]  # type: ignore[misc]

    @strawberry.field
    async def blocks(
        self,
        info: Info,
        period: Annotated[PeriodInput | None, strawberry.argument(description="Only those that touch it.")] = None,
    ) -> list[Annotated[VehicleBlock, strawberry.lazy("server.schema.fleet")]]:
        """When it is blocked."""
        found = await (await info.context.loaders()).blocks.load(row_of(self).id)
        active = [block for block in found if block.removed_at is None]
        if period is not None:
            active = [b for b in active if b.starts_at < period.end and b.ends_at > period.start]
        return active  # type: ignore[return-value]

    @strawberry.field
    async def occupancy(
        self, info: Info, period: Annotated[PeriodInput, strawberry.argument(description="The period to look at.")]
    ) -> list[Annotated[Occupancy, strawberry.lazy("server.schema.fleet")]]:
        """Who has it when, in a period."""
        key = (row_of(self).id, period.start, period.end)
        return await (await info.context.loaders()).occupancy.load(key)  # type: ignore[return-value]


@row_type(BlockRow)
class VehicleBlock:
    """A time in which a vehicle cannot be rented."""

    id: strawberry.ID
    """The block's id."""
    reason: BlockReason
    """Why."""
    note: str | None
    """Anything else, for people."""

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle:
        """The vehicle."""
        return await (await info.context.loaders()).vehicle.load(row_of(self).vehicle_id)  # type: ignore[return-value]

    @strawberry.field
    def period(self) -> Period:
        """From when to when."""
        return period(row_of(self).starts_at, row_of(self).ends_at, self)


@row_type(OccupancyRow)
class Occupancy:
    """One use of a vehicle that takes it out of availability."""

    kind: OccupancyKind
    """Why it is taken."""

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle:
        """The vehicle."""
        return await (await info.context.loaders()).vehicle.load(row_of(self).vehicle_id)  # type: ignore[return-value]

    @strawberry.field
    def period(self) -> Period:
        """From when to when, without the turnaround after it. A use of more than 60 days shows as several."""
        return period(row_of(self).starts_at, row_of(self).ends_at, self)

    @strawberry.field
    async def contract(self, info: Info) -> Annotated[Contract, strawberry.lazy("server.schema.contract")] | None:
        """The contract; null for a block, and where you may not see it."""
        contract_id = row_of(self).contract_id
        if contract_id is None:
            return None
        return await (await info.context.loaders()).contract.load(contract_id)  # type: ignore[return-value]

    @strawberry.field
    async def block(self, info: Info) -> VehicleBlock | None:
        """The block, if it is one."""
        block_id = row_of(self).block_id
        return None if block_id is None else await (await info.context.loaders()).block.load(block_id)  # type: ignore[return-value]


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


VehicleGroupResult = Annotated[
    VehicleGroup | Rejection, strawberry.union("VehicleGroupResult", description="The group, or why not.")
]
VehicleResult = Annotated[
    Vehicle | VersionConflict | Rejection, strawberry.union("VehicleResult", description="The vehicle, or why not.")
]
BlockVehicleResult = Annotated[
    VehicleBlock | PeriodConflict | Rejection,
    strawberry.union("BlockVehicleResult", description="The block, or what is in the way."),
]
