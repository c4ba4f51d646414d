"""Which cars are free: counted, found in the best order, and when the next one is.

The search goes through the station's index, never vehicle by vehicle; whether a booking succeeds is decided by the
database's constraint alone (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from server.database import Session
from server.models.occupancy import LONGEST_ROW_DAYS
from server.services.booking import bookable
from server.services.booking.slot import Slot

# A one-way rental that was not picked up until its planned end has not taken the car away.
_STAYS = "(v.leaves_at is null or v.leaves_at >= :until or v.leaves_until <= :now)"
_FREE_VEHICLES = f"""
  v.station_id = :station and v.status = 'ACTIVE'
  and (v.out_until is null or (v.out_until > :now and v.out_until <= :start))
  and {_STAYS}
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
_TAKEN = """
with taken as materialized (
  select o.vehicle_id, o.starts_at, o.busy_until from occupancy o
  where o.station_id = :station and o.active and o.busy_until > :start and o.busy_until < :horizon
    and (o.held_until is null or o.held_until > :now)
)
select v.group_id, v.id, v.inspection_due, o.starts_at, o.busy_until,
  case when v.leaves_until > :now then v.leaves_at end as leaves_at
from vehicle v left join taken o on o.vehicle_id = v.id
where v.station_id = :station and v.status = 'ACTIVE' and (v.out_until is null or v.out_until > :now)
  and v.group_id = any(:groups)
order by v.id, o.starts_at
"""


@dataclass
class _Calendar:
    """What a vehicle does from the start of a slot on: its uses in their order, and when it is gone for good."""

    inspection_due: date | None
    leaves_at: datetime | None
    uses: list[tuple[datetime, datetime]] = field(default_factory=list)


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


async def all_of(session: Session, slot: Slot, now: datetime) -> list[UUID]:
    """Every vehicle of the station that is free."""
    statement = f"select v.id from vehicle v where {_FREE_VEHICLES}"  # noqa: S608  # our own text
    return [row.id for row in await session.rows(statement, _parameters(slot, now))]


async def candidates(session: Session, slot: Slot, group_id: UUID, now: datetime) -> list[UUID]:
    """Vehicles of a group that look free, the best fit first. Whether they are is decided when one is taken.

    A one-way rental takes a car that nobody here has booked for later.
    """
    return [row.id for row in await session.rows(_CANDIDATES, {**_parameters(slot, now), "group": group_id})]


async def next_free(session: Session, slot: Slot, now: datetime, groups: Sequence[UUID]) -> dict[UUID, datetime]:
    """When a vehicle of each group can next be booked for as long, within ninety days of the slot's start."""
    if not groups:
        return {}
    # A one-way rental asks for everything that is ever booked, any other for what a slot within the horizon could meet.
    horizon = slot.until + (2 * bookable.LONGEST if slot.one_way else bookable.HORIZON)
    parameters = {
        "station": slot.station.id, "start": slot.start, "now": now, "groups": list(groups),
        "horizon": horizon + timedelta(days=LONGEST_ROW_DAYS),
    }  # fmt: skip
    found: dict[tuple[UUID, UUID], _Calendar] = {}
    for row in await session.rows(_TAKEN, parameters):
        calendar = found.setdefault((row.group_id, row.id), _Calendar(row.inspection_due, row.leaves_at))
        if row.starts_at is not None:
            calendar.uses.append((row.starts_at, row.busy_until))
    latest = min(slot.start + bookable.HORIZON, now + bookable.LONGEST)
    earliest: dict[UUID, datetime] = {}
    ends = bookable.ends_of(slot)
    opening = bookable.first_start(slot, ends, slot.start, latest)
    for (group_id, _vehicle), calendar in found.items():
        free = _first_gap(calendar, slot, ends, opening, latest)
        if free is not None and (group_id not in earliest or free < earliest[group_id]):
            earliest[group_id] = free
    return earliest


def _first_gap(
    calendar: _Calendar, slot: Slot, ends: bookable.Ends, opening: datetime | None, latest: datetime
) -> datetime | None:
    """The first instant at which a vehicle can go out for a slot of this length; `opening` is that of a free one."""
    uses = calendar.uses
    if slot.one_way and uses:  # whoever has booked it later would miss it
        uses = [(uses[0][0], uses[-1][1])] if uses[0][0] <= slot.start else [(slot.start, uses[-1][1])]
    candidate = opening
    for begins, busy_until in uses:
        if candidate is None:
            return None
        if begins < slot.beginning(candidate).until and busy_until > candidate:
            candidate = bookable.first_start(slot, ends, busy_until, latest)
    if candidate is None:
        return None
    then = slot.beginning(candidate)
    if calendar.leaves_at is not None and then.until > calendar.leaves_at:
        return None
    is_inspected = calendar.inspection_due is None or calendar.inspection_due >= then.last_day
    return candidate if is_inspected else None
