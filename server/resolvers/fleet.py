"""Vehicle groups, vehicles and blocks."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlmodel import col, select

from server.models import Vehicle, VehicleGroup
from server.models.fleet import BlockReason
from server.schema.building import Info
from server.schema.fleet import (
    BlockVehicleResult,
    VehicleConnection,
    VehicleFilter,
    VehicleGroupResult,
    VehicleResult,
)
from server.schema.fleet import Vehicle as VehicleType
from server.schema.fleet import VehicleGroup as VehicleGroupType
from server.schema.fleet_input import VehicleGroupInput, VehicleInput, VehicleUpdate
from server.schema.paging import page
from server.schema.root_fields import ADMINS, EVERYBODY, OFFICE, STAFF, mutation, query
from server.schema.shared import PeriodInput
from server.services.fleet import groups, vehicles
from server.services.lists import search
from server.services.lists.search import only
from server.services.validation import as_uuid


@strawberry.type
class FleetQuery:
    """Vehicle groups and vehicles."""

    @query(allow=EVERYBODY, graphql_type=list[VehicleGroupType])
    async def vehicle_groups(self, info: Info) -> Any:
        """All vehicle groups of the company."""
        return await (await info.context.session()).all(select(VehicleGroup).order_by(col(VehicleGroup.code)))

    @query(allow=STAFF, graphql_type=VehicleConnection)
    async def vehicles(
        self,
        info: Info,
        filter: VehicleFilter | None = None,  # noqa: A002
        first: int = 50,
        after: str | None = None,
    ) -> Any:
        """Vehicles of your stations, by plate."""
        wanted = filter or VehicleFilter()
        listing = search.vehicles(
            info.context.principal,
            station_id=only(wanted.station_id),
            group_id=only(wanted.group_id),
            status=wanted.status,
            search=wanted.search,
        )
        return await page(info, listing, first, after)

    @query(allow=STAFF, graphql_type=VehicleType | None)
    async def vehicle(self, info: Info, id: strawberry.ID | None = None, plate: str | None = None) -> Any:  # noqa: A002
        """One of your vehicles, by id or by plate; null if there is no such vehicle."""
        session = await info.context.session()
        wanted = col(Vehicle.id) == as_uuid(id) if plate is None else vehicles.has_plate(plate)
        return await session.first(select(Vehicle).where(wanted, *search.own_vehicles(info.context.principal)))


@strawberry.type
class FleetMutation:
    """Creating, changing and blocking vehicles."""

    @mutation(allow=ADMINS, graphql_type=VehicleGroupResult)
    async def create_vehicle_group(self, info: Info, input: VehicleGroupInput) -> Any:  # noqa: A002
        """A new vehicle group."""
        async with info.context.write() as session:
            return await groups.create(session, input.given())

    @mutation(allow=OFFICE, graphql_type=VehicleResult)
    async def create_vehicle(self, info: Info, input: VehicleInput) -> Any:  # noqa: A002
        """A new vehicle at one of your stations."""
        async with info.context.write() as session:
            return await vehicles.create_vehicle(session, input.given(), now=info.context.now)

    @mutation(allow=OFFICE, graphql_type=VehicleResult)
    async def update_vehicle(self, info: Info, id: strawberry.ID, version: int, input: VehicleUpdate) -> Any:  # noqa: A002
        """Changes a vehicle, or transfers it to another of your stations."""
        async with info.context.write() as session:
            return await vehicles.update_vehicle(session, as_uuid(id), version, input.given(), now=info.context.now)

    @mutation(allow=OFFICE, graphql_type=BlockVehicleResult)
    async def block_vehicle(
        self, info: Info, vehicle_id: strawberry.ID, period: PeriodInput, reason: BlockReason, note: str | None = None
    ) -> Any:
        """Takes a vehicle out of availability for a period. What is in the way is named."""
        async with info.context.write() as session:
            return await vehicles.block(
                session, as_uuid(vehicle_id), period.start, period.end, reason, note, now=info.context.now
            )

    @mutation(allow=OFFICE, graphql_type=VehicleResult)
    async def unblock_vehicle(self, info: Info, block_id: strawberry.ID) -> Any:
        """Ends a block; the vehicle is available again."""
        async with info.context.write() as session:
            return await vehicles.unblock(session, as_uuid(block_id), now=info.context.now)
