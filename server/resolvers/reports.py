"""Reports."""

from __future__ import annotations

import strawberry

from server.schema.building import Info
from server.schema.report import StationReport
from server.schema.root_fields import MANAGERS, query
from server.schema.shared import PeriodInput
from server.services.reports import due
from server.services.reports.due import StationReport as ReportFound
from server.services.validation import as_uuid


@strawberry.type
class ReportQuery:
    """What a station's days come to."""

    @query(allow=MANAGERS, graphql_type=StationReport)
    async def station_report(self, info: Info, station_id: strawberry.ID, period: PeriodInput) -> ReportFound:
        """How a station's cars were used, who changed prices, how hand-overs were done, what is owed: over a period
        of at most 366 days, as far as it is over.
        """
        context = info.context
        session = await context.session()
        return await due.of_station(session, as_uuid(station_id), period.start, period.end, context.now)
