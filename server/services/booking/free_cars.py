"""Which cars are free: counted, found in the best order, and when the next one is.

The search goes through the station's index, never vehicle by vehicle; whether a booking succeeds is decided by the
database's constraint alone (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from server.database import Session
from server.models import Station
from server.models.occupancy import LONGEST_ROW_DAYS
from server.services.fleet.opening import OpeningRules, opening_rules

# How far ahead the next free time is looked for.
HORIZON = timedelta(days=90)

_FREE_VEHICLES = """
  v.station_id = :station and v.status = 'ACTIVE'
  and (v.out_until is null or (v.out_until > :now and v.out_until <= :start))
  and (v.leaves_at is null or v.leaves_at >= :until)
  and (v.inspection_due is null or v.inspection_due >= :last_day)
  and v.id not in (
    select o.vehicle_id from occupancy o
    where o.station_id = :station and o.active
      and o.busy_until > :start and o.busy_until < :latest and o.starts_at < :until
      and (o.held_until is null or o.held_until > :now)
  )
"""
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
where {_FREE_VEHICLES} and v.group_id = :group and (not :one_way or after.taken_from is null)
order by least(coalesce(:start - before.free_from, interval '90 days'), interval '90 days')
       + least(coalesce(after.taken_from - :until, interval '90 days'), interval '90 days'), v.id
"""  # noqa: S608
_TAKEN = """
with taken as materialized (
  select o.vehicle_id, o.starts_at, o.busy_until from occupancy o
  where o.station_id = :station and o.active and o.busy_until > :start and o.busy_until < :horizon
    and (o.held_until is null or o.held_until > :now)
)
select v.group_id, v.id, o.starts_at, o.busy_until
from vehicle v left join taken o on o.vehicle_id = v.id
where v.station_id = :station and v.status = 'ACTIVE' and (v.out_until is null or v.out_until > :now)
  and v.leaves_at is null and (v.inspection_due is null or v.inspection_due >= :last_day) and v.group_id = any(:groups)
order by v.id, o.starts_at
"""


@dataclass(frozen=True)
class Slot:
    """A period at a station, in UTC."""

    station: Station
    start: datetime
    end: datetime

    @property
    def until(self) -> datetime:
        """When the car could go out again: the turnaround belongs to it."""
        return self.end + self.station.turnaround

    @property
    def last_day(self) -> date:
        """The last day in the station's time zone, which the inspection must cover."""
        return self.station.day_of(self.end)

    def parameters(self, now: datetime) -> dict[str, object]:
        """What the statements ask for."""
        return {
            "station": self.station.id,
            "start": self.start,
            "until": self.until,
            "latest": self.until + timedelta(days=LONGEST_ROW_DAYS),
            "last_day": self.last_day,
            "now": now,
        }


async def counts(session: Session, slot: Slot, now: datetime) -> dict[UUID, int]:
    """How many vehicles of each group are free; a group without any is not there."""
    return {row.group_id: row.free for row in await session.rows(_COUNTS, slot.parameters(now))}


async def all_of(session: Session, slot: Slot, now: datetime) -> list[UUID]:
    """Every vehicle of the station that is free."""
    statement = f"select v.id from vehicle v where {_FREE_VEHICLES}"  # noqa: S608  # our own text
    return [row.id for row in await session.rows(statement, slot.parameters(now))]


async def candidates(session: Session, slot: Slot, group_id: UUID, now: datetime, *, one_way: bool) -> list[UUID]:
    """Vehicles of a group that look free, the best fit first. Whether they are is decided when one is taken.

    A one-way rental takes a car that nobody here has booked for later.
    """
    parameters = {**slot.parameters(now), "group": group_id, "one_way": one_way}
    return [row.id for row in await session.rows(_CANDIDATES, parameters)]


async def next_free(session: Session, slot: Slot, now: datetime, groups: Sequence[UUID]) -> dict[UUID, datetime]:
    """When a vehicle of each group is next free for as long, at an hour when the station is open."""
    if not groups:
        return {}
    parameters = {
        "station": slot.station.id, "start": slot.start, "now": now, "groups": list(groups),
        "last_day": slot.last_day, "horizon": slot.start + HORIZON + timedelta(days=LONGEST_ROW_DAYS),
    }  # fmt: skip
    taken: dict[tuple[UUID, UUID], list[tuple[datetime, datetime]]] = {}
    for row in await session.rows(_TAKEN, parameters):
        uses = taken.setdefault((row.group_id, row.id), [])
        if row.starts_at is not None:
            uses.append((row.starts_at, row.busy_until))
    rules = opening_rules(slot.station)
    earliest: dict[UUID, datetime] = {}
    for (group_id, _vehicle), uses in taken.items():
        free = _first_gap(uses, slot.start, slot.until - slot.start, rules)
        if free is not None and (group_id not in earliest or free < earliest[group_id]):
            earliest[group_id] = free
    return earliest


def _first_gap(
    uses: list[tuple[datetime, datetime]], start: datetime, length: timedelta, rules: OpeningRules
) -> datetime | None:
    """The first instant at which a vehicle with these uses, sorted by start, is free for a length of time."""
    candidate = rules.next_open(start)
    for begins, ends in uses:
        if candidate is None or candidate > start + HORIZON:
            return None
        if begins < candidate + length and ends > candidate:
            candidate = rules.next_open(ends)
    return candidate
