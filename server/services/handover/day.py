"""A station's work of one day: what to hand over, what to take back, what is late, what is free."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import DateTime, Integer, Uuid, bindparam, literal_column, not_, union_all
from sqlalchemy.sql.expression import Select
from sqlmodel import col, select

from server.database import Session
from server.database.plain import PlainRows
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
    vehicles: Mapping[UUID, Vehicle | None]
    """The cars of these contracts, as far as they were read with those that are spare; None for one out of sight."""


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
    found = await _contracts(session, station.id, begins, ends, now)
    of_today = [contract for contract in found["out"] if contract.starts_at >= begins]
    older = found["out"][: len(found["out"]) - len(of_today)]
    named = {one.vehicle_id for contracts in found.values() for one in contracts if one.vehicle_id is not None}
    spare, cars = await _cars(session, Slot(station, max(now, begins), ends), named, now)
    return HandoverDay(
        station=station,
        date=day,
        check_outs=[*of_today, *older],
        check_ins=found["in"],
        overdue=found["late"],
        spare_vehicles=spare,
        generated_at=now.astimezone(zone),
        vehicles=cars,
    )


_ROWS = PlainRows(Contract)
_Work = Literal["out", "in", "late"]
_STATION = bindparam("station", type_=Uuid())
_WHEN = DateTime(timezone=True)


def _work() -> Select[Any]:
    """What is to be handed over, taken back and looked for, each by one index and as much as a list holds: those that
    are nearest. Bookings that nobody picked up for months must not hide those of yesterday.
    """
    starts, end, identity = col(Contract.starts_at), col(Contract.ends_at), col(Contract.id)
    back_here, checked_out = col(Contract.return_station_id) == _STATION, Contract.is_in(ContractState.CHECKED_OUT)
    late, late_all_the_same = is_overdue(bindparam("late", type_=_WHEN)), end < bindparam("missing", type_=_WHEN)
    away = union_all(
        select(identity, starts, end, late.label("late")).where(back_here, checked_out),
        select(identity, starts, end, late_all_the_same.label("late")).where(
            back_here, not_(checked_out), identity.in_(unfitting.out_all_the_same(_STATION))
        ),
    ).cte("away")
    due = (away.c.ends_at >= bindparam("due", type_=_WHEN)) & (away.c.ends_at < bindparam("ends", type_=_WHEN))
    wanted: dict[_Work, Any] = {
        "out": select(identity, starts).where(
            col(Contract.station_id) == _STATION,
            Contract.is_in(ContractState.RESERVED),
            starts < bindparam("ends", type_=_WHEN),
        ),
        "in": select(away.c.id, away.c.starts_at).where(not_(away.c.late), due),
        "late": select(away.c.id, away.c.starts_at).where(away.c.late),
    }
    found = union_all(*(_nearest(name, rows) for name, rows in wanted.items())).subquery("found")
    rows = _ROWS.select(select(Contract).join(found, found.c.id == identity)).add_columns(found.c.work)
    return rows.order_by(starts, identity)


def _nearest(name: _Work, rows: Any) -> Any:
    identity, starts = rows.selected_columns
    nearest = rows.order_by(starts.desc(), identity.desc()).limit(bindparam("most", type_=Integer()))
    nearest = nearest.with_only_columns(identity, literal_column(f"'{name}'").label("work"))
    return select(nearest.subquery(f"nearest_{name}"))


_WORK = _work()


async def _contracts(
    session: Session, station_id: UUID, begins: datetime, ends: datetime, now: datetime
) -> dict[_Work, list[Contract]]:
    """The day's contracts, by start."""
    named = {
        "station": station_id,
        "ends": ends,
        "late": min(now, ends),
        "missing": min(now, begins),
        # Who is in the grace of a day that is over comes back today.
        "due": datetime.min.replace(tzinfo=UTC) if begins <= now else begins,
        "most": MOST,
    }
    rows = await session.rows(_WORK, named)
    found: dict[_Work, list[Contract]] = {"out": [], "in": [], "late": []}
    for row, contract in zip(rows, _ROWS.of([row[:-1] for row in rows]), strict=True):
        found[row.work].append(contract)
    return found


async def _cars(
    session: Session, rest_of_day: Slot, named: Collection[UUID], now: datetime
) -> tuple[list[Vehicle], dict[UUID, Vehicle | None]]:
    """Those that are spare, and those that are named; no statement for a day that is over."""
    if rest_of_day.end <= rest_of_day.start:
        return [], {}
    free, cars = await free_cars.all_of_and(session, rest_of_day, now, named)
    return [car for car in free if car.out_contract_id is None], {one: cars.get(one) for one in named}
