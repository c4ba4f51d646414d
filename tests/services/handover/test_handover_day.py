"""A station's day: what is to be done, nearest first where there is too much of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.database import SYSTEM
from server.models.payment import PaymentMethod
from server.services.handover import day
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def numbers(bench: Bench, shop: Shop) -> list[str]:
    async with bench.outside.database.transaction(SYSTEM) as session:
        found = await day.of(session, shop.station.id, bench.now.date(), now=bench.now)
    return [contract.number for contract in found.check_outs]


async def test_what_nobody_picked_up_does_not_hide_today(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given: more forgotten bookings than a list holds, and one of today
    monkeypatch.setattr(day, "MOST", 3)
    shop = await open_shop(bench, turnaround_minutes=0)
    free: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "test", "card_token": None}
    forgotten = [await book(shop, START + n * HOUR, START + (n + 1) * HOUR, **free) for n in range(4)]
    bench.clock.move_to(START + 2 * DAY)
    today = await book(shop, bench.now + HOUR, bench.now + 2 * HOUR, **free)
    # Then: today first, then the nearest of those that nobody came for
    assert await numbers(bench, shop) == [today.number, forgotten[2].number, forgotten[3].number]


async def returns(bench: Bench, shop: Shop, ahead: int = 0) -> tuple[list[str], list[str]]:
    """Due and overdue on today's list, or on one of the days after."""
    async with bench.outside.database.transaction(SYSTEM) as session:
        found = await day.of(session, shop.station.id, bench.now.date() + ahead * DAY, now=bench.now)
    return [one.number for one in found.check_ins], [one.number for one in found.overdue]


async def test_a_car_is_due_until_its_grace_is_over_and_overdue_from_then_on(bench: Bench) -> None:
    # Given: due at half past eleven at night, an hour's grace, at a station that never closes
    shop = await open_shop(bench, opening_hours_json=[])
    contract = await book(shop, START, at("2026-09-09 23:30"))
    bench.clock.move_to(START)
    await check_out(shop, contract)
    due, none = [contract.number], list[str]()
    assert [await returns(bench, shop, ahead) for ahead in (0, 1, 2)] == [(none, none), (due, none), (none, none)]

    bench.clock.move_to(at("2026-09-10 00:20"))
    assert [await returns(bench, shop, ahead) for ahead in (0, 1)] == [(due, none), (none, none)]
    bench.clock.move_to(at("2026-09-10 00:30"))
    assert [await returns(bench, shop, ahead) for ahead in (0, 1)] == [(none, due), (none, due)]
