"""Stations and the company."""

from __future__ import annotations

import strawberry

from server.models import Company, Station
from server.schema.building import Info
from server.schema.results import CompanyResult, StationResult
from server.schema.root_fields import ADMINS, EVERYBODY, MANAGERS, STAFF, mutation, query
from server.schema.station import Company as CompanyType
from server.schema.station import Station as StationType
from server.schema.station_input import CompanyInput, StationInput, StationUpdate
from server.services.fleet import company_data, stations
from server.services.validation import as_uuid


@strawberry.type
class StationQuery:
    """Stations."""

    @query(allow=EVERYBODY, graphql_type=list[StationType])
    async def stations(self, info: Info) -> list[Station]:
        """The stations that you may see, by code; for a website, those that it may book at."""
        return await stations.visible_stations(await info.context.session())

    @query(allow=EVERYBODY, graphql_type=StationType | None)
    async def station(self, info: Info, id: strawberry.ID | None = None, code: str | None = None) -> Station | None:  # noqa: A002
        """One of your stations, by id or by code; null if there is no such station."""
        return await stations.find(await info.context.session(), as_uuid(id), code)

    @query(allow=STAFF, graphql_type=CompanyType | None)
    async def company(self, info: Info) -> Company | None:
        """The company's legal data, as invoices show them."""
        return await company_data.found(await info.context.session())


@strawberry.type
class StationMutation:
    """Creating and changing stations."""

    @mutation(allow=ADMINS, graphql_type=StationResult)
    async def create_station(self, info: Info, input: StationInput) -> Station:  # noqa: A002
        """Creates a station. Its code and its time zone cannot be changed later."""
        async with info.context.write() as session:
            return await stations.create(session, input.given(), now=info.context.now)

    @mutation(allow=MANAGERS, graphql_type=StationResult)
    async def update_station(self, info: Info, id: strawberry.ID, version: int, input: StationUpdate) -> Station:  # noqa: A002
        """Changes a station; contracts that exist stay as they are."""
        async with info.context.write() as session:
            return await stations.update(session, as_uuid(id), version, input.given())

    @mutation(allow=ADMINS, graphql_type=CompanyResult)
    async def update_company(self, info: Info, input: CompanyInput) -> Company:  # noqa: A002
        """Enters or changes the company's legal data. Without them no invoice can be issued."""
        async with info.context.write() as session:
            return await company_data.update(session, input.given())
