"""The whole report of a station."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.models import Vehicle
from server.models.fleet import VehicleStatus
from server.models.local_time import day_of
from server.services.reports import ageing, conduct, fleet_use
from server.services.reports.ageing import AgedOpen
from server.services.reports.conduct import Handovers, Reduction
from server.services.reports.fleet_use import CarUse, Span

INSPECTION_AHEAD = timedelta(days=60)
MOST_INSPECTIONS = 200


@dataclass(frozen=True)
class StationReport:
    """What a station's days come to."""

    span: Span
    cars: list[CarUse]
    reductions: list[Reduction]
    handovers: list[Handovers]
    open_items: list[AgedOpen]
    inspections_due: list[Vehicle]


async def of_station(
    session: Session, station_id: UUID | None, start: datetime, end: datetime, now: datetime
) -> StationReport:
    """The report of a station and a period (UTC). NotFound, InvalidInput for a period that is none or too long."""
    span = await fleet_use.span_of(session, station_id, start, end, now)
    return StationReport(
        span,
        await fleet_use.of_cars(session, span),
        await conduct.reductions(session, span),
        await conduct.handovers(session, span),
        await ageing.open_by_age(session, span, now),
        await _inspections(session, span, now),
    )


async def _inspections(session: Session, span: Span, now: datetime) -> list[Vehicle]:
    until = day_of(now, span.station.zone) + INSPECTION_AHEAD
    statement = select(Vehicle).where(
        col(Vehicle.station_id) == span.station.id,
        col(Vehicle.status) != VehicleStatus.RETIRED,
        col(Vehicle.inspection_due) <= until,
    )
    return await session.all(
        statement.order_by(col(Vehicle.inspection_due), col(Vehicle.plate)).limit(MOST_INSPECTIONS)
    )
