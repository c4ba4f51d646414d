"""What lies ahead for groups that have nothing free: which of their cars is free next, and whether moving contracts
could make room.

One look at the station's index says of every car from when on it would be free if the station never closed, which is
never later than when it can really be booked. So only the nearest cars are looked at in full, with their calendars and
the opening hours; and all calendars of a group are read only where room could be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from server.database import Session
from server.models.occupancy import LONGEST_ROW_DAYS
from server.services.booking import bookable, calendars
from server.services.booking.calendars import Calendar, Use
from server.services.booking.moves import MOST_ASIDE
from server.services.booking.slot import Slot

NEAREST = 5
"""How many cars of a group are looked at in full before all of them are."""
_LOOK = f"""
with car as materialized (
  select v.id, v.station_id, v.group_id, v.inspection_due, v.out_until,
    case when v.leaves_until <= :now then null else v.leaves_at end as leaves_at
  from vehicle v
  where v.station_id = :station and v.status = 'ACTIVE' and (v.out_until is null or v.out_until > :now)
    and v.group_id = any(:groups)
), used as materialized (
  select o.vehicle_id, o.contract_id, o.starts_at, o.ends_at, o.busy_until,
    o.movable and o.kind = 'RESERVED' and o.starts_at > :now as movable
  from occupancy o join car on car.id = o.vehicle_id
  where o.station_id = :station and o.active and o.busy_until > :since
    and o.starts_at < :horizon and o.busy_until < :furthest and (o.held_until is null or o.held_until > :now)
), span as (
  select id, cast('-infinity' as timestamptz) as starts_at, cast(:start as timestamptz) as busy_until from car
  union all select id, cast(:since as timestamptz), out_until from car where out_until is not null
  union all select vehicle_id, starts_at, busy_until from used
), gap as (
  select id, max(busy_until) over w as free, lead(starts_at) over w as next from span
  window w as (partition by id order by starts_at)
), near as (
  select car.*, first.free, row_number() over (partition by group_id order by first.free, car.id) as place
  from car join (
    select id, min(free) as free from gap where next is null or next >= free + cast(:length as interval) group by id
  ) first using (id)
  where first.free <= :latest
    and (car.leaves_at is null or car.leaves_at >= first.free + cast(:length as interval))
    and (car.inspection_due is null or car.inspection_due >=
      cast((first.free + cast(:rental as interval)) at time zone cast(:zone as text) as date))
), wanted as (
  select car.id, car.group_id, used.contract_id, used.movable,
    greatest(used.starts_at, car.out_until, :start) as begins, used.busy_until as ends
  from car join used on used.vehicle_id = car.id and used.starts_at < :until and used.busy_until > :start
  union all
  select id, group_id, null, false, :start, out_until from car where out_until > :start
), step as (
  select group_id, sum(change) over (partition by group_id order by at, change rows unbounded preceding) as busy
  from (
    select group_id, begins as at, 1 as change from wanted where begins < ends
    union all select group_id, ends, -1 from wanted where begins < ends
  ) one
), crowd as (
  select car.group_id, bool_or(coalesce(w.may_yield, true))
    and count(*) > coalesce((select max(busy) from step where step.group_id = car.group_id), 0) as may_move
  from car left join (
    select id, bool_and(movable) and count(distinct contract_id) <= {MOST_ASIDE} as may_yield from wanted group by id
  ) w using (id)
  group by car.group_id
)
select crowd.group_id, crowd.may_move, near.id, near.station_id, near.inspection_due, near.out_until, near.leaves_at,
  near.free, near.place, used.contract_id, used.starts_at, used.ends_at, used.busy_until, used.movable
from crowd
left join near on near.group_id = crowd.group_id and near.place <= :nearest + 1
left join used on used.vehicle_id = near.id and near.place <= :nearest
order by near.place, near.id, used.starts_at
"""  # noqa: S608  # our own text


@dataclass
class Outlook:
    """What lies ahead for a group. `nearest` are its cars that are free soonest, in that order; of the others none is
    free before `others_from`; None if there are no others. `may_move`: moving contracts may make room.
    """

    may_move: bool
    nearest: list[Calendar] = field(default_factory=list)
    others_from: datetime | None = None


async def look(session: Session, slot: Slot, now: datetime, groups: Sequence[UUID]) -> dict[UUID, Outlook]:
    """The outlook of groups; one without a car that could be used is not there. A slot that ends elsewhere takes a car
    for good: of its groups all cars are looked at.
    """
    if slot.one_way:
        cars = by_group(await calendars.of_groups(session, [slot.station.id], groups, now, slot.start))
        return {group: Outlook(may_move=True, nearest=of) for group, of in cars.items()}
    rows = await session.rows(_LOOK, _parameters(slot, now, groups)) if groups else []
    found = {row.group_id: Outlook(row.may_move) for row in rows}
    for row in rows:
        if row.place == NEAREST + 1:
            found[row.group_id].others_from = row.free
    looked_at = [row for row in rows if row.id is not None and row.place <= NEAREST]
    for car in calendars.collected(looked_at, _since(slot, now)):
        found[car.group_id].nearest.append(car)
    return found


def _since(slot: Slot, now: datetime) -> datetime:
    return min(slot.start, now)


def _parameters(slot: Slot, now: datetime, groups: Sequence[UUID]) -> dict[str, object]:
    start, end, until = (instant.astimezone(UTC) for instant in (slot.start, slot.end, slot.until))
    latest = bookable.latest_start(slot, now)
    horizon = max(latest, start) + (until - start)
    return {
        "station": slot.station.id,
        "groups": list(groups),
        "now": now,
        "nearest": NEAREST,
        "since": _since(slot, now),
        "start": start,
        "until": until,
        "length": until - start,
        "rental": end - start,
        "zone": slot.station.time_zone,
        "latest": latest,
        "horizon": horizon,
        "furthest": horizon + timedelta(days=LONGEST_ROW_DAYS),
    }


async def next_free(session: Session, slot: Slot, now: datetime, ahead: Mapping[UUID, Outlook]) -> dict[UUID, datetime]:
    """When a vehicle of each group can next be booked for as long as things stand, within ninety days of the slot's
    start.
    """
    if not ahead:
        return {}
    search = Search(slot, now)
    found = {group: search.first(of.nearest) for group, of in ahead.items()}
    unsure = [group for group, of in ahead.items() if search.may_be_before(of.others_from, found[group])]
    if unsure:
        cars = by_group(await calendars.of_groups(session, [slot.station.id], unsure, now, slot.start))
        found |= {group: search.first(cars[group]) for group in unsure}
    return {group: at for group, at in found.items() if at is not None}


class Search:
    """Looks for the first gap of calendars, opening hours and all."""

    def __init__(self, slot: Slot, now: datetime) -> None:
        self._slot, self._latest, self._ends = slot, bookable.latest_start(slot, now), bookable.ends_of(slot)
        self._opening = self._start(slot.start)

    def _start(self, earliest: datetime) -> datetime | None:
        return bookable.first_start(self._slot, self._ends, earliest, self._latest)

    def may_be_before(self, earliest: datetime | None, found: datetime | None) -> bool:
        """Whether a car that is free from `earliest` on could be booked before what was found."""
        start = None if earliest is None else self._start(earliest)
        return start is not None and (found is None or start < found)

    def first(self, cars: Iterable[Calendar]) -> datetime | None:
        """The first instant at which one of these can go out for a slot of this length."""
        return min((at for car in cars if (at := self._first_gap(car)) is not None), default=None)

    def _first_gap(self, calendar: Calendar) -> datetime | None:
        slot, candidate = self._slot, self._opening
        uses = [(use.starts_at, use.busy_until) for use in calendar.uses]
        if slot.one_way and uses:  # whoever has booked it later would miss it
            last = max(busy_until for _, busy_until in uses)
            uses = [(min(uses[0][0], slot.start), last)]
        for begins, busy_until in uses:
            if candidate is None:
                return None
            if begins < slot.beginning(candidate).until and busy_until > candidate:
                candidate = self._start(busy_until)
        if candidate is None:
            return None
        then = slot.beginning(candidate)
        wanted = Use(then.start, then.end, then.until)
        return candidate if calendar.allows(wanted, slot.station.zone) else None


def by_group(cars: Iterable[Calendar]) -> dict[UUID, list[Calendar]]:
    """Calendars by the group of their car."""
    found: dict[UUID, list[Calendar]] = {}
    for car in cars:
        found.setdefault(car.group_id, []).append(car)
    return found
