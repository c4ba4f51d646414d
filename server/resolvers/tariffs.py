"""Tariffs, availability and quotes."""

from __future__ import annotations

from datetime import date

import strawberry

from server.database import SYSTEM
from server.models import Tariff
from server.schema.building import Info
from server.schema.quote import Availability, Quote, QuoteInput
from server.schema.results import TariffResult
from server.schema.root_fields import EVERYBODY, MANAGERS, mutation, query
from server.schema.shared import PeriodInput
from server.schema.tariff import Tariff as TariffType
from server.schema.tariff import TariffPreview
from server.schema.tariff_input import TariffInput
from server.services.booking import availability, quotes, tariff_preview
from server.services.booking.availability import Availability as AvailabilityFound
from server.services.booking.quotes import Quote as QuoteFound
from server.services.booking.tariff_preview import TariffPreview as PreviewFound
from server.services.fleet import groups
from server.services.lists.search import only
from server.services.pricing import tariff_changes, tariffs
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

    @query(allow=MANAGERS, graphql_type=TariffPreview)
    async def tariff_preview(self, info: Info, id: strawberry.ID, input: TariffInput) -> PreviewFound:  # noqa: A002
        """What `updateTariff` with the same input would change: terms, usual prices, and how long quotes stand."""
        session, context = await info.context.session(), info.context
        group, new, said = as_uuid(input.group_id), input.given(), context.language
        return await tariff_preview.preview(session, as_uuid(id), group, new, language=said, now=context.now)


@strawberry.type
class TariffMutation:
    """Creating, replacing and ending tariffs."""

    @mutation(allow=MANAGERS, graphql_type=TariffResult)
    async def create_tariff(self, info: Info, input: TariffInput) -> Tariff:  # noqa: A002
        """Creates a tariff. Contracts that exist keep the terms that they were booked with. For a manager of all
        stations that have cars of the group.
        """
        async with info.context.transaction(SYSTEM) as session:
            group = await groups.get(session, as_uuid(input.group_id), field=["input", "group_id"])
            await tariff_changes.require_all_yours(session, group.id, info.context.principal)
            return await tariff_changes.create(session, group, input.given())

    @mutation(allow=MANAGERS, graphql_type=TariffResult)
    async def update_tariff(self, info: Info, id: strawberry.ID, version: int, input: TariffInput) -> Tariff:  # noqa: A002
        """Replaces a tariff's terms for bookings from now on; contracts keep their frozen copy, and quotes what they
        promised. The code and the group stay. For a manager of all stations that have cars of the group.
        """
        group, new = as_uuid(input.group_id), input.given()
        async with info.context.transaction(SYSTEM) as session:
            return await tariff_changes.replace(session, as_uuid(id), version, group, new, info.context.acting)

    @mutation(allow=MANAGERS, graphql_type=TariffResult)
    async def end_tariff(self, info: Info, id: strawberry.ID, version: int, valid_until: date) -> Tariff:  # noqa: A002
        """Sets the last day on which a tariff can be booked; today ends it at once, an earlier day is refused. Quotes
        keep what they promised. For a manager of all stations that have cars of the group.
        """
        async with info.context.transaction(SYSTEM) as session:
            return await tariff_changes.end(session, as_uuid(id), version, valid_until, info.context.acting)
