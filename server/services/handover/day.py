"""A station's work of one day: what to hand over, what to take back, what is late, what is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, Sentence
from server.models import Contract, Station, Vehicle
from server.models.contract import ContractState
from server.models.local_time import wall_clock
from server.services.booking import free_cars
from server.services.booking.slot import Slot
from server.services.fleet import stations
from server.services.handover import unfitting
from server.services.lists.attention import is_overdue

MOST = 500
"""How many contracts a list of the day has; more are no station's work."""


@dataclass(frozen=True)
class HandoverDay:
    """Everything that a tablet needs for a day."""

    station: Station
    date: date
    check_outs: Sequence[Contract]
    check_ins: Sequence[Contract]
    overdue: Sequence[Contract]
    spare_vehicles: Sequence[Vehicle]
    generated_at: datetime


async def of(session: Session, station_id: UUID | None, day: date, *, now: datetime) -> HandoverDay:
    """The day in the station's time zone: its own pick-ups first, then those of earlier days that nobody came for."""
    station = await stations.get(session, station_id, field=["station_id"])
    if not now.year - 50 <= day.year <= now.year + 50:
        raise InvalidInput(
            Sentence("There is no work to show for this day.", "Für diesen Tag gibt es nichts anzuzeigen."),
            field=["date"],
        )
    zone = station.zone
    begins, ends = wall_clock(day, time(0), zone), wall_clock(day + timedelta(days=1), time(0), zone)
    here, back_here = col(Contract.station_id) == station.id, col(Contract.return_station_id) == station.id
    reserved = col(Contract.state) == ContractState.RESERVED
    starts, end = col(Contract.starts_at), col(Contract.ends_at)
    gone = unfitting.is_out_all_the_same()
    out, late = or_(col(Contract.state) == ContractState.CHECKED_OUT, gone), is_overdue(min(now, ends))
    late = or_(late, and_(gone, end < min(now, begins)))
    # Who is in the grace of a day that is over comes back today.
    due = end < ends if begins <= now else and_(end >= begins, end < ends)
    of_today = await _contracts(session, here, reserved, starts >= begins, starts < ends)
    older = await _contracts(session, here, reserved, starts < begins, most=MOST - len(of_today))
    return HandoverDay(
        station=station,
        date=day,
        check_outs=[*of_today, *older],
        check_ins=await _contracts(session, back_here, out, ~late, due),
        overdue=await _contracts(session, back_here, out, late),
        spare_vehicles=await _spare(session, station, max(now, begins), ends, now),
        generated_at=now.astimezone(zone),
    )


async def _contracts(session: Session, *conditions: ColumnElement[bool], most: int = MOST) -> list[Contract]:
    # Those that are nearest: bookings that nobody picked up for months must not hide those of yesterday.
    nearest = select(Contract).where(*conditions).order_by(col(Contract.starts_at).desc(), col(Contract.id).desc())
    return (await session.all(nearest.limit(most)))[::-1]


async def _spare(session: Session, station: Station, start: datetime, end: datetime, now: datetime) -> list[Vehicle]:
    if end <= start:
        return []
    free = await free_cars.all_of(session, Slot(station, start, end), now)
    statement = select(Vehicle).where(col(Vehicle.id).in_(free), col(Vehicle.out_contract_id).is_(None))
    return await session.all(statement.order_by(col(Vehicle.plate)))
