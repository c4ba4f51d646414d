"""Tariffs, availability and quotes."""

from __future__ import annotations

from datetime import date
from typing import Any

import strawberry

from server.models import Tariff
from server.schema.building import Info
from server.schema.quote import Availability, Quote, QuoteInput
from server.schema.root_fields import ADMINS, EVERYBODY, mutation, query
from server.schema.shared import PeriodInput
from server.schema.tariff import Tariff as TariffType
from server.schema.tariff import TariffResult
from server.schema.tariff_input import TariffInput
from server.services.booking import availability, quotes
from server.services.fleet import groups, stations
from server.services.pricing import tariffs
from server.services.validation import as_uuid


@strawberry.type
class TariffQuery:
    """Prices."""

    @query(allow=EVERYBODY, graphql_type=list[TariffType])
    async def tariffs(self, info: Info, group_id: strawberry.ID | None = None, on: date | None = None) -> list[Tariff]:
        """The price list: of one group, and as valid on one day, if those are given."""
        if group_id is not None and as_uuid(group_id) is None:
            return []
        return await tariffs.listed(await info.context.session(), as_uuid(group_id), on)

    @query(allow=EVERYBODY, graphql_type=Availability)
    async def availability(
        self, info: Info, station_id: strawberry.ID, period: PeriodInput, group_id: strawberry.ID | None = None
    ) -> Any:
        """How many vehicles are free in a period, what they cost, and when one is next free."""
        context = info.context
        session = await context.price_session()
        station = await stations.get(session, as_uuid(station_id), field=["stationId"])
        availability.check_period(period.start, period.end, context.now, ["period"])
        group = await groups.get(session, as_uuid(group_id), field=["groupId"]) if group_id else None
        return await availability.availability(
            session,
            station,
            period.start,
            period.end,
            now=context.now,
            group_id=group.id if group else None,
            language=context.language,
        )

    @query(allow=EVERYBODY, graphql_type=Quote)
    async def quote(self, info: Info, input: QuoteInput) -> Any:  # noqa: A002
        """What a rental would cost, line by line. Nothing is reserved."""
        context = info.context
        session = await context.price_session()
        return await quotes.quote(session, input.given(), language=context.language, now=context.now)


@strawberry.type
class TariffMutation:
    """Creating tariffs."""

    @mutation(allow=ADMINS, graphql_type=TariffResult)
    async def create_tariff(self, info: Info, input: TariffInput) -> Any:  # noqa: A002
        """A new tariff. Contracts that exist keep the terms that they were booked with."""
        async with info.context.write() as session:
            group = await groups.get(session, as_uuid(input.group_id), field=["input", "groupId"])
            return await tariffs.create(session, group, input.given())
