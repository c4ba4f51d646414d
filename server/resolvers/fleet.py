"""Vehicle groups, vehicles and blocks."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server.models import Vehicle, VehicleBlock, VehicleGroup, VehicleLeg
from server.models.fleet import BlockReason
from server.schema.board import PlanningBoard
from server.schema.building import Info
from server.schema.contract_parts import VehicleUse
from server.schema.fleet import Vehicle as VehicleType
from server.schema.fleet import VehicleConnection, VehicleFilter
from server.schema.fleet import VehicleGroup as VehicleGroupType
from server.schema.fleet_input import VehicleGroupInput, VehicleGroupUpdate, VehicleInput, VehicleUpdate
from server.schema.paging import Page, page
from server.schema.results import BlockVehicleResult, VehicleGroupResult, VehicleResult
from server.schema.root_fields import ADMINS, EVERYBODY, OFFICE, STAFF, mutation, query
from server.schema.shared import PeriodInput
from server.services.fleet import board, groups, uses, vehicles
from server.services.fleet.board import Board
from server.services.validation import as_uuid


@strawberry.type
class FleetQuery:
    """Vehicle groups and vehicles."""

    @query(allow=EVERYBODY, graphql_type=list[VehicleGroupType])
    async def vehicle_groups(self, info: Info) -> list[VehicleGroup]:
        """All vehicle groups of the company, by code."""
        return await groups.all_of_company(await info.context.session())

    @query(allow=STAFF, graphql_type=VehicleConnection)
    async def vehicles(
        self,
        info: Info,
        filter: VehicleFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Page[Vehicle]:
        """Vehicles of your stations, by plate."""
        return await page(info, (filter or VehicleFilter()).listing(info.context.principal), first, after)

    @query(allow=STAFF, graphql_type=VehicleType | None)
    async def vehicle(self, info: Info, id: strawberry.ID | None = None, plate: str | None = None) -> Vehicle | None:  # noqa: A002
        """One of your vehicles, by id or by plate; null if there is no such vehicle."""
        return await vehicles.find(await info.context.session(), info.context.principal, as_uuid(id), plate)

    @query(allow=STAFF, graphql_type=PlanningBoard)
    async def planning_board(
        self, info: Info, station_id: strawberry.ID, period: PeriodInput, group_id: strawberry.ID | None = None
    ) -> Board:
        """A station's cars, all or those of one group, and who has them in a period of at most 92 days. More than 1,000
        cars, or 5,000 uses of them, are refused: ask for one group, or a shorter period.
        """
        session, wanted = await info.context.session(), as_uuid(station_id)
        return await board.of(session, wanted, period.start, period.end, group_id, info.context.now)

    @query(allow=OFFICE, graphql_type=VehicleUse | None)
    async def vehicle_use(self, info: Info, plate: str, at: datetime) -> VehicleLeg | None:
        """Who had a car at a moment, by its plate in any spelling; null if nobody had it, or nobody you may know of."""
        return await uses.at_moment(await info.context.session(), plate, at)


@strawberry.type
class FleetMutation:
    """Creating, changing and blocking vehicles."""

    @mutation(allow=ADMINS, graphql_type=VehicleGroupResult)
    async def create_vehicle_group(self, info: Info, input: VehicleGroupInput) -> VehicleGroup:  # noqa: A002
        """Creates a vehicle group, for all stations of the company."""
        async with info.context.write() as session:
            return await groups.create(session, input.given())

    @mutation(allow=ADMINS, graphql_type=VehicleGroupResult)
    async def update_vehicle_group(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002
        version: int,
        input: VehicleGroupUpdate,  # noqa: A002
    ) -> VehicleGroup:
        """Changes a vehicle group, for all stations of the company. Contracts keep deposit and deductible."""
        async with info.context.write() as session:
            return await groups.update(session, as_uuid(id), version, input.given())

    @mutation(allow=OFFICE, graphql_type=VehicleResult)
    async def create_vehicle(self, info: Info, input: VehicleInput) -> Vehicle:  # noqa: A002
        """Creates a vehicle at one of your stations; it can be booked at once."""
        async with info.context.write() as session:
            return await vehicles.create_vehicle(session, input.given(), now=info.context.now)

    @mutation(allow=OFFICE, graphql_type=VehicleResult)
    async def update_vehicle(self, info: Info, id: strawberry.ID, version: int, input: VehicleUpdate) -> Vehicle:  # noqa: A002
        """Changes a vehicle, or transfers it to another of your stations."""
        async with info.context.write() as session:
            return await vehicles.update_vehicle(session, as_uuid(id), version, input.given(), now=info.context.now)

    @mutation(allow=OFFICE, graphql_type=BlockVehicleResult)
    async def block_vehicle(
        self, info: Info, vehicle_id: strawberry.ID, period: PeriodInput, reason: BlockReason, note: str | None = None
    ) -> VehicleBlock:
        """Takes a vehicle out of availability for a period. What is in the way is named."""
        async with info.context.write() as session:
            return await vehicles.block(
                session, as_uuid(vehicle_id), period.start, period.end, reason, note, now=info.context.now
            )

    @mutation(allow=OFFICE, graphql_type=VehicleResult)
    async def unblock_vehicle(self, info: Info, block_id: strawberry.ID) -> Vehicle:
        """Ends a block at once; the vehicle can be booked again."""
        async with info.context.write() as session:
            return await vehicles.unblock(session, as_uuid(block_id), now=info.context.now)
