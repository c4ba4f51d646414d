"""Opening hours as they are entered: midnight, windows past it, what overlaps; and what follows from them."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from server.database import ADMINISTRATION
from server.errors import InvalidInput, OutsideOpeningHours
from server.models import Station
from server.models.opening_times import ExceptionalDay, OpeningWindow, Weekday
from server.services.billing import invoice
from server.services.fleet import stations
from server.services.fleet.stations import StationChange
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import WEEK, Shop, open_shop
from tests.services.samples import at

FRIDAY = Weekday.FRIDAY


async def enter(shop: Shop, *windows: tuple[time, time], **more: Any) -> Station:
    change = StationChange(opening_hours=tuple(OpeningWindow(FRIDAY, *window) for window in windows), **more)
    async with shop.bench.outside.database.transaction(ADMINISTRATION) as session:
        (version,) = (await session.rows("select version from station where id = :id", {"id": shop.station.id}))[0]
        return await stations.update(session, shop.station.id, version, change)


@pytest.mark.parametrize(
    "windows",
    [
        [(time(0), time(0))],
        [(time(18), time(0))],
        [(time(20), time(2))],
        [(time(20), time(8))],
        [(time(8), time(12)), (time(12), time(18)), (time(18), time(3))],
        [(time(22), time(4)), (time(0), time(4))],
    ],
)
async def test_hours_that_can_be_kept(bench: Bench, windows: list[tuple[time, time]]) -> None:
    shop = await open_shop(bench)
    station = await enter(shop, *windows)
    assert [(one.opens, one.closes) for one in station.opening_hours] == sorted(windows)


@pytest.mark.parametrize(
    ("windows", "field"),
    [
        ([(time(18), time(8))], "closes"),  # mixed up
        ([(time(20), time(8, 1))], "closes"),
        ([(time(8), time(8))], "closes"),
        ([(time(8), time(12)), (time(11), time(18))], "opens"),
        ([(time(20), time(2)), (time(23), time(0))], "opens"),
        ([(time(8), time(0)), (time(22), time(3))], "opens"),
        ([(time(0), time(0)), (time(8), time(9))], "opens"),
    ],
)
async def test_hours_that_cannot_be(bench: Bench, windows: list[tuple[time, time]], field: str) -> None:
    shop = await open_shop(bench)
    with pytest.raises(InvalidInput) as refused:
        await enter(shop, *windows)
    assert refused.value.field == ["input", "opening_hours", str(len(windows) - 1), field]
    exception = ExceptionalDay(date(2026, 12, 24), tuple(windows))
    with pytest.raises(InvalidInput) as refused:
        await enter(shop, opening_exceptions=(exception,))
    assert refused.value.field == ["input", "opening_exceptions", "0", "windows", str(len(windows) - 1), field]
    (stored,) = await bench.all(Station, id=shop.station.id)
    assert (len(stored.opening_hours), stored.version) == (6, 1)


# What follows from them: bookings and the fee


LATE = [{"weekday": day, "opens": "18:00", "closes": "02:00"} for day in WEEK]


async def fees(shop: Shop, start: Any, end: Any, **more: Any) -> list[int]:
    """What odd hours cost on the final invoice, after the same was agreed."""
    contract = await rented(shop, start, end, **more)
    await invoice.bill(shop.bench.outside, contract.id)
    billed = await shop.bench.contract(contract.id)
    return [line.total_cents for line in billed.price.lines if line.kind.value == "AFTER_HOURS"]


async def test_a_night_window_is_open_for_bookings(bench: Bench) -> None:
    shop = await open_shop(bench, opening_hours_json=LATE)
    # Monday's night goes on until Tuesday, two o'clock
    assert (await book(shop, at("2026-09-08 01:30"), at("2026-09-09 00:00"))).state.value == "RESERVED"
    with pytest.raises(OutsideOpeningHours) as refused:
        await book(shop, at("2026-09-10 03:00"), at("2026-09-10 20:00"))
    assert refused.value.next_possible == at("2026-09-10 18:00")


@pytest.mark.parametrize(
    ("end", "dropped", "fee"),
    [
        ("2026-09-09 19:00", None, []),  # the closing minute
        ("2026-09-09 19:01", None, [2500]),  # agreed so: the key will be dropped
        ("2026-09-09 19:00", "2026-09-09 18:59", []),  # dropped although somebody was there
        ("2026-09-09 19:00", "2026-09-09 19:30", [2500]),
        ("2026-09-13 12:00", None, [2500]),  # a Sunday
        ("2026-09-12 19:00", "2026-09-13 03:00", [2500]),
    ],
)
async def test_who_comes_when_nobody_is_there_pays_for_it(
    bench: Bench, end: str, dropped: str | None, fee: list[int]
) -> None:
    shop = await open_shop(bench, after_hours_return=True)
    key = at(dropped) if dropped else None
    back = max(at(end), key or at(end)) + timedelta(hours=14)  # looked at in the morning
    found = at("2026-09-14 09:00") if back.weekday() == 6 else back
    more: dict[str, Any] = {"back": found, "back_with": {"key_drop_at": key or at(end)}}
    assert await fees(shop, at("2026-09-08 09:00"), at(end), **more) == fee
