"""Tariffs, availability and quotes."""

from __future__ import annotations

from datetime import date

import strawberry

from server.models import Tariff
from server.schema.building import Info
from server.schema.quote import Availability, Quote, QuoteInput
from server.schema.results import TariffResult
from server.schema.root_fields import ADMINS, EVERYBODY, mutation, query
from server.schema.shared import PeriodInput
from server.schema.tariff import Tariff as TariffType
from server.schema.tariff_input import TariffInput
from server.services.booking import availability, quotes
from server.services.booking.availability import Availability as AvailabilityFound
from server.services.booking.quotes import Quote as QuoteFound
from server.services.fleet import groups
from server.services.lists.search import only
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
    ) -> AvailabilityFound:
        """How many vehicles are free in a period, what they cost, and when one is next free."""
        session, now, language = await info.context.price_session(), info.context.now, info.context.language
        station, group = as_uuid(station_id), only(group_id or None)
        return await availability.at_station(
            session, station, group, period.start, period.end, now=now, language=language
        )

    @query(allow=EVERYBODY, graphql_type=Quote)
    async def quote(self, info: Info, input: QuoteInput) -> QuoteFound:  # noqa: A002
        """What a rental would cost, line by line. Nothing is reserved."""
        context = info.context
        session, seal = await context.price_session(), context.outside.sealer
        caller, asked = context.principal, input.given()
        return await quotes.quote(session, caller, asked, seal, language=context.language, now=context.now)


@strawberry.type
class TariffMutation:
    """Creating tariffs."""

    @mutation(allow=ADMINS, graphql_type=TariffResult)
    async def create_tariff(self, info: Info, input: TariffInput) -> Tariff:  # noqa: A002
        """Creates a tariff. Contracts that exist keep the terms that they were booked with."""
        async with info.context.write() as session:
            group = await groups.get(session, as_uuid(input.group_id), field=["input", "group_id"])
            return await tariffs.create(session, group, input.given())
