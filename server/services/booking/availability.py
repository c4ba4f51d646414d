"""What is free: counts and prices for a period, the next possible time, and what could be booked instead.

The search goes through the station's index, never vehicle by vehicle; whether a booking succeeds is decided by the
database's constraint alone (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, OutsideOpeningHours, Path
from server.models import Station, Tariff, VehicleGroup
from server.models.contract import ContractKind
from server.models.occupancy import LONGEST_ROW_DAYS
from server.models.price import PriceBreakdown
from server.models.tariff import terms_json, terms_of
from server.services.fleet.opening import OpeningRules, opening_rules
from server.services.pricing import tariffs
from server.services.pricing.price import Facts, advance_cents, breakdown

LONGEST_DAYS = 365
EARLIEST_START = timedelta(minutes=15)
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
class GroupAvailability:
    """What a group offers in a period. `price` is None where the group has no tariff on the day of asking."""

    group: VehicleGroup
    free_count: int
    price: PriceBreakdown | None
    deposit_cents: int
    due_now_cents: int
    next_free: datetime | None
    zone: ZoneInfo


@dataclass(frozen=True)
class Availability:
    """A station's groups in a period."""

    station: Station
    start: datetime
    end: datetime
    groups: list[GroupAvailability]


@dataclass(frozen=True)
class Alternative:
    """Something that could be booked instead."""

    group: VehicleGroup
    station: Station
    start: datetime
    end: datetime
    total_cents: int


def check_period(start: datetime, end: datetime, now: datetime, field: Path) -> None:
    """Refuses what cannot be booked: backwards, in the past (a quarter of an hour is allowed), too far or too long."""
    if end <= start:
        raise InvalidInput("The end must lie after the start.", field=[*field, "end"])
    if start < now - EARLIEST_START:
        raise InvalidInput("The start lies in the past.", field=[*field, "start"])
    if start > now + timedelta(days=LONGEST_DAYS):
        raise InvalidInput("The start lies more than 365 days ahead.", field=[*field, "start"])
    if end - start > timedelta(days=LONGEST_DAYS):
        raise InvalidInput("A rental lasts at most 365 days.", field=[*field, "end"])


def check_opening(station: Station, return_station: Station, start: datetime, end: datetime, field: Path) -> None:
    """Refuses a start or an end at which nobody is there; a key can be dropped later where the station allows it."""
    for at, where, name in [(start, station, "start"), (end, return_station, "end")]:
        rules = opening_rules(where)
        if rules.is_open(at) or (name == "end" and where.after_hours_return):
            continue
        message = f"{where.name} is closed at the {name} of the period."
        raise OutsideOpeningHours(message, next_possible=rules.next_open(at), field=[*field, name])


def is_after_hours(return_station: Station, end: datetime) -> bool:
    """Whether a planned return falls outside opening hours."""
    return not opening_rules(return_station).is_open(end)


async def availability(
    session: Session,
    station: Station,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    group_id: UUID | None = None,
    language: str = "en",
) -> Availability:
    """Counts and prices of every group, or of one. Three statements, four if a group has nothing free."""
    counts = await _free_counts(session, station, start, end, now)
    statement = select(VehicleGroup).order_by(col(VehicleGroup.code))
    if group_id is not None:
        statement = statement.where(col(VehicleGroup.id) == group_id)
    groups = await session.all(statement)
    prices = await tariffs.applicable_by_group(session, _day_at(station, now))
    taken = [group.id for group in groups if not counts.get(group.id)]
    following = await _next_free(session, station, start, end, now, taken)
    return Availability(
        station,
        start,
        end,
        [
            _group_availability(
                group,
                counts.get(group.id, 0),
                prices.get(group.id),
                station,
                start,
                end,
                language,
                next_free=start if counts.get(group.id) else following.get(group.id),
            )
            for group in groups
        ],
    )


def _group_availability(
    group: VehicleGroup,
    free: int,
    tariff: Tariff | None,
    station: Station,
    start: datetime,
    end: datetime,
    language: str,
    *,
    next_free: datetime | None,
) -> GroupAvailability:
    zone = ZoneInfo(station.time_zone)
    if tariff is None:
        return GroupAvailability(group, free, None, group.deposit_cents, 0, next_free, zone)
    terms = terms_of(terms_json(tariff))
    facts = Facts(ContractKind.RENTAL, start, end, zone, after_hours=is_after_hours(station, end), language=language)
    price = breakdown(terms, facts)
    due = advance_cents(terms, ContractKind.RENTAL, price.total_cents)
    return GroupAvailability(group, free, price, group.deposit_cents, due, next_free, zone)


async def free_count(
    session: Session, station: Station, group_id: UUID, start: datetime, end: datetime, now: datetime
) -> int:
    """How many vehicles of a group are free."""
    return (await _free_counts(session, station, start, end, now)).get(group_id, 0)


async def free_vehicles(
    session: Session, station: Station, start: datetime, end: datetime, now: datetime
) -> list[UUID]:
    """Every vehicle of a station that is free."""
    statement = f"select v.id from vehicle v where {_FREE_VEHICLES}"  # noqa: S608  # our own text
    return [row.id for row in await session.rows(statement, _window(station, start, end, now))]


async def candidates(
    session: Session, station: Station, group_id: UUID, start: datetime, end: datetime, now: datetime, *, one_way: bool
) -> list[UUID]:
    """Vehicles of a group that look free, the best fit first. Whether they are is decided when one is taken.

    A one-way rental takes a car that nobody here has booked for later.
    """
    parameters = {**_window(station, start, end, now), "group": group_id, "one_way": one_way}
    return [row.id for row in await session.rows(_CANDIDATES, parameters)]


async def alternatives(
    session: Session,
    station: Station,
    group: VehicleGroup,
    others: Sequence[Station],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
) -> list[Alternative]:
    """What could be booked instead, nearest first: another group here, the same group elsewhere, then later here."""
    here = await availability(session, station, start, end, now=now)
    found = [
        Alternative(other.group, station, start, end, other.price.total_cents)
        for other in sorted(here.groups, key=lambda g: abs(g.group.deposit_cents - group.deposit_cents))
        if other.group.id != group.id and other.free_count and other.price is not None
    ]
    for other_station in others:
        there = await availability(session, other_station, start, end, now=now, group_id=group.id)
        open_there = opening_rules(other_station).is_open(start)
        found += [
            Alternative(group, other_station, start, end, item.price.total_cents)
            for item in there.groups
            if open_there and item.free_count and item.price is not None
        ]
    own = next((item for item in here.groups if item.group.id == group.id), None)
    if own is not None and own.next_free is not None and own.next_free > start and own.price is not None:
        found.append(Alternative(group, station, own.next_free, own.next_free + (end - start), own.price.total_cents))
    return found


async def _free_counts(
    session: Session, station: Station, start: datetime, end: datetime, now: datetime
) -> dict[UUID, int]:
    rows = await session.rows(_COUNTS, _window(station, start, end, now))
    return {row.group_id: row.free for row in rows}


def _window(station: Station, start: datetime, end: datetime, now: datetime) -> dict[str, object]:
    until = end + timedelta(minutes=station.turnaround_minutes)
    return {
        "station": station.id,
        "start": start,
        "until": until,
        "latest": until + timedelta(days=LONGEST_ROW_DAYS),
        "last_day": _day_at(station, end),
        "now": now,
    }


async def _next_free(
    session: Session, station: Station, start: datetime, end: datetime, now: datetime, groups: list[UUID]
) -> dict[UUID, datetime]:
    """When a vehicle of each group is next free for as long, at an hour when the station is open."""
    if not groups:
        return {}
    parameters = {
        "station": station.id, "start": start, "now": now, "groups": groups, "last_day": _day_at(station, end),
        "horizon": start + HORIZON + timedelta(days=LONGEST_ROW_DAYS),
    }  # fmt: skip
    taken: dict[tuple[UUID, UUID], list[tuple[datetime, datetime]]] = {}
    for row in await session.rows(_TAKEN, parameters):
        uses = taken.setdefault((row.group_id, row.id), [])
        if row.starts_at is not None:
            uses.append((row.starts_at, row.busy_until))
    length = end - start + timedelta(minutes=station.turnaround_minutes)
    rules = opening_rules(station)
    earliest: dict[UUID, datetime] = {}
    for (group_id, _vehicle), uses in taken.items():
        free = _first_gap(uses, start, length, rules)
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


def _day_at(station: Station, instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(station.time_zone)).date()
