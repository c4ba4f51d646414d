"""What the station's index tells of groups that have nothing free is what all their calendars would have told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.dialects.postgresql import Range

from server.database import Scope, Session
from server.models import Occupancy, Station, Vehicle
from server.models.columns import uuid7
from server.models.fleet import VehicleStatus
from server.models.occupancy import OccupancyKind
from server.services.booking import calendars, free_cars, gaps, moves
from server.services.booking.slot import Slot
from tests.builders.bench import Bench
from tests.builders.rows import group, station, vehicle

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WORLDS, ASKED = 25, 12


@dataclass
class World:
    """A station whose cars do all that cars may do, and a place where one-way rentals end."""

    here: Station
    there: Station
    groups: list[UUID]
    now: datetime


def opening(dice: random.Random) -> dict[str, Any]:
    """Always, by day, only at times, or over midnight; with holidays and days when it is shut."""
    week = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
    hours = {
        "always": [],
        "by day": [{"weekday": day, "opens": "08:00", "closes": "18:00"} for day in week[:6]],
        "seldom": [{"weekday": day, "opens": "09:00", "closes": "09:30"} for day in week[1:3]],
        "at night": [{"weekday": day, "opens": "20:00", "closes": "02:00"} for day in week],
    }
    return {
        "opening_hours_json": hours[dice.choice([*hours])],
        "holiday_region": dice.choice([None, "BE", "BY"]),
        "after_hours_return": dice.random() < 0.4,
        "turnaround_minutes": dice.choice([0, 30, 60, 600]),
        "time_zone": dice.choice(["Europe/Berlin", "UTC", "America/New_York"]),
    }


def uses(dice: random.Random, car: Vehicle, now: datetime, busy: float) -> Iterator[Occupancy]:
    """What a car does for some months; `busy` says how close its uses are."""
    at = now - dice.randint(0, 5 * 24) * HOUR
    while at < now + 130 * DAY:
        length = dice.choice([3 * HOUR, DAY, 2 * DAY, 5 * DAY, 90 * DAY if dice.random() < 0.05 else 3 * DAY])
        contract, movable = uuid7(), dice.random() < 0.6
        kind = dice.choice([OccupancyKind.RESERVED] * 6 + [OccupancyKind.BLOCK, OccupancyKind.HELD])
        until, is_block = at + length, kind is OccupancyKind.BLOCK
        while at < until:
            end = min(until, at + 60 * DAY)
            yield Occupancy(
                vehicle_id=car.id,
                station_id=car.station_id,
                contract_id=None if is_block else contract,
                block_id=contract if is_block else None,
                kind=kind,
                during=Range(at, end, bounds="[)"),
                starts_at=at,
                ends_at=end - min(HOUR, end - at - MINUTE),
                busy_until=end,
                held_until=now + dice.choice([-1, 1]) * MINUTE if kind is OccupancyKind.HELD else None,
                movable=movable and not is_block,
                active=dice.random() < 0.95,
            )
            at = end
        at += dice.random() * (1 - busy) * 12 * DAY if dice.random() < 0.8 else timedelta()


def a_car(dice: random.Random, here: Station, of: Any, now: datetime) -> Vehicle:
    odd: dict[str, Any] = dice.choice(
        [
            *[{}] * 4,
            {"status": dice.choice([VehicleStatus.BLOCKED, VehicleStatus.RETIRED])},
            {"inspection_due": (now + dice.randint(-5, 90) * DAY).date()},
            {"leaves_at": now + dice.randint(-48, 800) * HOUR, "leaves_until": now + dice.randint(-24, 2100) * HOUR},
            {"out_contract_id": uuid7(), "out_until": now + dice.randint(-3, 300) * HOUR},
            {"out_contract_id": uuid7(), "out_until": now + dice.randint(1, 40) * HOUR},
        ]
    )
    return vehicle(here, of, **odd)


async def made(bench: Bench, dice: random.Random) -> World:
    here, there = station(**opening(dice)), station(**opening(dice))
    groups = [group(code=f"{here.code}{letter}") for letter in "AB"]
    await bench.put(here, there, *groups)
    now = bench.now.astimezone(UTC)
    rows: list[Any] = []
    for of in groups:
        busy = dice.choice([0.3, 0.7, 0.9, 0.99])
        for _ in range(dice.choice([1, 3, 8, 20])):
            car = a_car(dice, here, of, now)
            rows.append(car)
            rows += uses(dice, car, now, busy)
    async with bench.owned(past_triggers=True) as session:
        await session.store(*rows)
    return World(here, there, [one.id for one in groups], now)


def a_slot(dice: random.Random, world: World) -> Slot:
    start = world.now + dice.randint(0, 60 * 24 * 4) * 15 * MINUTE
    length = dice.choice([2 * HOUR, DAY, 82 * HOUR, 7 * DAY, 20 * DAY])
    return Slot(world.here, start, start + length, world.there if dice.random() < 0.15 else None)


async def by_all_calendars(
    session: Session, slot: Slot, world: World, *, is_open: bool
) -> tuple[dict[UUID, int], dict[UUID, datetime]]:
    """The rule as it stands: every car of every group that has nothing free is looked at."""
    found = await free_cars.counts(session, slot, world.now) if is_open else {}
    taken = [one for one in world.groups if not found.get(one)]
    cars = gaps.by_group(await calendars.of_groups(session, [slot.station.id], taken, world.now, slot.start))
    if is_open:
        wanted, zone = calendars.of_slot(slot), slot.station.zone
        found |= {one: room for one, of in cars.items() if (room := moves.count(of, wanted, zone))}
    search = gaps.Search(slot, world.now)
    first = {one: search.first(of) for one, of in cars.items() if not found.get(one)}
    return found, {one: at for one, at in first.items() if at is not None}


async def by_the_index(
    session: Session, slot: Slot, world: World, *, is_open: bool, seen: Counter[str]
) -> tuple[dict[UUID, int], dict[UUID, datetime]]:
    counts, ahead = await free_cars.bookable_counts(session, slot, world.now, world.groups, is_open=is_open)
    taken = {one: outlook for one, outlook in ahead.items() if not counts.get(one)}
    search = gaps.Search(slot, world.now)
    for outlook in ahead.values():
        seen["may move" if outlook.may_move else "may not move"] += not slot.one_way
        seen["of many"] += outlook.others_from is not None
        seen["unsure"] += search.may_be_before(outlook.others_from, search.first(outlook.nearest))
    seen["moved"] += sum(one in counts for one in ahead)
    return counts, await gaps.next_free(session, slot, world.now, taken)


async def test_it_says_what_all_calendars_would_have_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()
    for number in range(WORLDS):
        dice = random.Random(f"gaps {number}")
        world = await made(bench, dice)
        monkeypatch.setattr(gaps, "NEAREST", dice.choice([1, 2, 5]))
        async with bench.outside.database.snapshot(Scope(stations=(world.here.id, world.there.id))) as session:
            for _ in range(ASKED):
                slot, is_open = a_slot(dice, world), dice.random() < 0.8
                told = await by_all_calendars(session, slot, world, is_open=is_open)
                assert await by_the_index(session, slot, world, is_open=is_open, seen=seen) == told, (number, slot)
                seen["next"] += len(told[1])
    # And that says something
    assert min(seen[one] for one in ("may move", "may not move", "of many", "next")) > 20, seen
    assert min(seen["moved"], seen["unsure"]) > 3, seen
