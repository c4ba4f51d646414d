"""Stations and the company."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlmodel import col, select

from server.models import Station
from server.schema.building import Info
from server.schema.root_fields import ADMINS, EVERYBODY, MANAGERS, STAFF, mutation, query
from server.schema.station import Company, CompanyResult, StationResult
from server.schema.station import Station as StationType
from server.schema.station_input import CompanyInput, StationInput, StationUpdate
from server.services.fleet import company_data, stations
from server.services.validation import as_uuid


@strawberry.type
class StationQuery:
    """Stations."""

    @query(allow=EVERYBODY, graphql_type=list[StationType])
    async def stations(self, info: Info) -> Any:
        """Your stations."""
        return await stations.visible_stations(await info.context.session())

    @query(allow=EVERYBODY, graphql_type=StationType | None)
    async def station(self, info: Info, id: strawberry.ID | None = None, code: str | None = None) -> Any:  # noqa: A002
        """One of your stations, by id or by code; null if there is no such station."""
        session = await info.context.session()
        if code is not None:
            return await session.first(select(Station).where(col(Station.code) == code.strip().upper()))
        return await session.by_id(Station, as_uuid(id))

    @query(allow=STAFF, graphql_type=Company | None)
    async def company(self, info: Info) -> Any:
        """The company's legal data, as invoices show them."""
        return await company_data.found(await info.context.session())


@strawberry.type
class StationMutation:
    """Creating and changing stations."""

    @mutation(allow=ADMINS, graphql_type=StationResult)
    async def create_station(self, info: Info, input: StationInput) -> Any:  # noqa: A002
        """A new station."""
        async with info.context.write() as session:
            return await stations.create(session, input.given(), now=info.context.now)

    @mutation(allow=MANAGERS, graphql_type=StationResult)
    async def update_station(self, info: Info, id: strawberry.ID, version: int, input: StationUpdate) -> Any:  # noqa: A002
        """Changes a station."""
        async with info.context.write() as session:
            return await stations.update(session, as_uuid(id), version, input.given())

    @mutation(allow=ADMINS, graphql_type=CompanyResult)
    async def update_company(self, info: Info, input: CompanyInput) -> Any:  # noqa: A002
        """Enters or changes the company's legal data. Without them no invoice can be issued."""
        async with info.context.write() as session:
            return await company_data.update(session, input.given())
