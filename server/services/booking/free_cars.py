"""Which cars are free: counted, and found in the best order.

The search goes through the station's index, never vehicle by vehicle; whether a booking succeeds is decided by the
database's constraint alone (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Boolean, column, text
from sqlmodel import col, select

from server.database import Session
from server.database.plain import PlainRows
from server.models import Contract, Station, Vehicle
from server.models.contract import ContractState
from server.models.occupancy import LONGEST_ROW_DAYS
from server.services.booking import calendars, gaps, moves
from server.services.booking.gaps import Outlook
from server.services.booking.slot import Slot

# Early out of the door, a car is gone before its use begins; past its planned end it is late, and offered to nobody.
_HERE = "(v.out_until is null or (v.out_until > :now and v.out_until <= :start))"
# A one-way rental that was not picked up until its planned end has not taken the car away.
_STAYS = "(v.leaves_at is null or v.leaves_at >= :until or v.leaves_until <= :now)"
_FREE_VEHICLES = f"""
  v.station_id = :station and v.status = 'ACTIVE'
  and {_HERE} and {_STAYS}
  and (v.inspection_due is null or v.inspection_due >= :last_day)
  and v.id not in (
    select o.vehicle_id from occupancy o
    where o.station_id = :station and o.active
      and o.busy_until > :start and o.busy_until < :latest and o.starts_at < :until
      and (o.held_until is null or o.held_until > :now)
  )
  and (not :one_way or not exists (
    select 1 from occupancy o where o.vehicle_id = v.id and o.active and o.starts_at >= :until
  ))
"""  # noqa: S608  # our own text
_COUNTS = f"select v.group_id, count(*) as free from vehicle v where {_FREE_VEHICLES} group by v.group_id"  # noqa: S608
# Best fit first: the car whose free time before and after the booking is shortest, so that long gaps stay whole.
_CANDIDATES = f"""
select v.id from vehicle v
left join lateral (
  select max(o.busy_until) as free_from from occupancy o
  where o.vehicle_id = v.id and o.active and o.starts_at < :start
) before on true
left join lateral (
  select min(o.starts_at) as taken_from from occupancy o
  where o.vehicle_id = v.id and o.active and o.starts_at >= :until
) after on true
where {_FREE_VEHICLES} and v.group_id = :group
order by least(coalesce(:start - before.free_from, interval '90 days'), interval '90 days')
       + least(coalesce(after.taken_from - :until, interval '90 days'), interval '90 days'), v.id
"""  # noqa: S608

_ROWS = PlainRows(Vehicle)
_NAMES = ", ".join(f"v.{column.name}" for column in _ROWS.columns)
_FREE_AND_NAMED = text(
    f"select {_NAMES}, v.is_free from (select v.*, true as is_free from vehicle v where {_FREE_VEHICLES}"  # noqa: S608
    " union all select v.*, false from vehicle v where v.id = any(:named)) v order by v.plate"
).columns(*_ROWS.columns, column("is_free", Boolean))


def _parameters(slot: Slot, now: datetime) -> dict[str, object]:
    return {
        "station": slot.station.id,
        "start": slot.start,
        "until": slot.until,
        "latest": slot.until + timedelta(days=LONGEST_ROW_DAYS),
        "last_day": slot.last_day,
        "one_way": slot.one_way,
        "now": now,
    }


async def counts(session: Session, slot: Slot, now: datetime) -> dict[UUID, int]:
    """How many vehicles of each group are free; a group without any is not there."""
    return {row.group_id: row.free for row in await session.rows(_COUNTS, _parameters(slot, now))}


async def all_of(session: Session, slot: Slot, now: datetime) -> list[Vehicle]:
    """Every vehicle of the station that is free, by plate."""
    return (await all_of_and(session, slot, now, ()))[0]


async def all_of_and(
    session: Session, slot: Slot, now: datetime, named: Collection[UUID]
) -> tuple[list[Vehicle], dict[UUID, Vehicle]]:
    """The same, and by one statement some that are named, free or not, as far as the caller may see them."""
    rows = await session.rows(_FREE_AND_NAMED, {**_parameters(slot, now), "named": list(named)})
    cars = _ROWS.of([row[:-1] for row in rows])
    found = [(row.is_free, car) for row, car in zip(rows, cars, strict=True)]
    return [car for free, car in found if free], {car.id: car for free, car in found if not free}


async def candidates(session: Session, slot: Slot, group_id: UUID, now: datetime) -> list[UUID]:
    """Vehicles of a group that look free, the best fit first. Whether they are is decided when one is taken.

    A one-way rental takes a car that nobody here has booked for later.
    """
    return [row.id for row in await session.rows(_CANDIDATES, {**_parameters(slot, now), "group": group_id})]


async def bookable_counts(
    session: Session, slot: Slot, now: datetime, groups: Sequence[UUID], *, is_open: bool = True
) -> tuple[dict[UUID, int], dict[UUID, Outlook]]:
    """How often each group can be booked. Where nothing is free as things stand, what room moving contracts would make
    counts as well. Beside it the outlook of the groups that are not free as things stand: of all if it is not open.
    """
    found = await counts(session, slot, now) if is_open else {}
    ahead = await gaps.look(session, slot, now, [group for group in groups if not found.get(group)])
    crowded = [group for group, outlook in ahead.items() if outlook.may_move] if is_open else []
    if crowded:
        cars = gaps.by_group(await calendars.of_groups(session, [slot.station.id], crowded, now, slot.start))
        wanted, zone = calendars.of_slot(slot), slot.station.zone
        found |= {group: room for group, of in cars.items() if (room := moves.count(of, wanted, zone))}
    return found, ahead


async def for_contracts(session: Session, contract_ids: Sequence[UUID], now: datetime) -> dict[UUID, list[UUID]]:
    """Which cars of its group are free for each of some contracts as things stand, the best fit first. Only a reserved
    contract whose period is not over can be served.
    """
    reserved = select(Contract).where(
        col(Contract.id).in_(contract_ids), col(Contract.state) == ContractState.RESERVED, col(Contract.ends_at) > now
    )
    contracts = await session.all(reserved)
    at = {contract.station_id for contract in contracts}
    here = {one.id: one for one in await session.all(select(Station).where(col(Station.id).in_(at)))}
    groups = {contract.group_id for contract in contracts}
    cars = await calendars.of_groups(session, list(here), list(groups), now)
    found: dict[UUID, list[UUID]] = {}
    for contract in contracts:
        station = here.get(contract.station_id)
        if station is None:
            continue
        wanted = calendars.of_contract(contract, station, now)
        fitting = [car for car in cars if (car.station_id, car.group_id) == (station.id, contract.group_id)]
        free = [car for car in fitting if car.allows(wanted, station.zone) and not car.in_the_way(wanted)]
        found[contract.id] = [car.vehicle_id for car in sorted(free, key=lambda car: car.slack(wanted))]
    return found
