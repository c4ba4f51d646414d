"""A booking that fits if a contract moves to another car is taken, and offered; also when many ask at once (A8)."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import NoVehicleAvailable
from server.models import Contract, Email, HistoryEntry, Occupancy
from server.models.contract import ContractKind
from server.models.payment import PaymentMethod
from server.models.staff import Role
from server.services.booking import availability, quotes, saga
from server.services.booking.quotes import QuoteRequest
from server.services.booking.slot import Slot
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, request
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

MONDAY = at("2026-09-14 09:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEDNESDAY, FRIDAY = MONDAY + 2 * DAY, MONDAY + 4 * DAY
FREE: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "test", "card_token": None}


async def on(shop: Shop, car: int, start: datetime, end: datetime, **more: Any) -> Contract:
    """A booking that happens to be on one of the cars."""
    return await book(shop, start, end, vehicle_id=shop.vehicles[car].id, **FREE, **more)


async def split_week(bench: Bench, *, fixed: bool = False, **station: Any) -> tuple[Shop, Contract, Contract]:
    """A8: two cars, one booked from Monday to Wednesday, the other from Wednesday to Friday."""
    shop = await open_shop(bench, cars=2, turnaround_minutes=0, **station)
    first = await on(shop, 0, MONDAY, WEDNESDAY, fixed_vehicle=fixed)
    return shop, first, await on(shop, 1, WEDNESDAY, FRIDAY, fixed_vehicle=fixed)


async def offered(shop: Shop, start: datetime, end: datetime) -> tuple[int, bool, str | None]:
    """How many availability counts, whether it says that it is free then, and the code of what the quote objects."""
    bench = shop.bench
    async with bench.outside.database.transaction(SYSTEM) as session:
        slot = Slot(shop.station, start, end)
        (own,) = (await availability.availability(session, slot, now=bench.now, group_id=shop.group.id)).groups
        wanted = QuoteRequest(
            station_id=shop.station.id, group_id=shop.group.id, start=start, end=end,
            kind=ContractKind.RENTAL, tariff_code=None, extras=(),
        )  # fmt: skip
        found = await quotes.quote(session, shop.somebody(), wanted, bench.outside.sealer, language="en", now=bench.now)
    return own.free_count, own.next_free == start, found.problem.code.value if found.problem else None


async def cars(bench: Bench, *contracts: Contract) -> list[Any]:
    return [(await bench.contract(one.id)).vehicle_id for one in contracts]


async def test_a8_a_whole_week_fits_after_one_contract_moves(bench: Bench) -> None:
    shop, first, second = await split_week(bench)
    one, two = (car.id for car in shop.vehicles)
    sent = len(await bench.all(Email))
    assert await offered(shop, MONDAY, FRIDAY) == (1, True, None)

    whole = await book(shop, MONDAY, FRIDAY)

    assert whole.state.value == "RESERVED"
    assert await cars(bench, first, second, whole) == [one, one, two]
    moved = await bench.contract(second.id)
    assert (moved.version, moved.total_cents) == (second.version + 1, second.total_cents)
    (entry,) = await bench.all(HistoryEntry, action="VEHICLE_REASSIGNED")
    assert (entry.contract_id, entry.actor, entry.reason) == (second.id, "System", "to make room for another booking")
    assert (entry.before, entry.after) == (shop.vehicles[1].plate, shop.vehicles[0].plate)
    (use,) = await bench.all(Occupancy, contract_id=second.id, active=True)
    assert (use.vehicle_id, use.starts_at, use.ends_at, use.kind.value) == (one, WEDNESDAY, FRIDAY, "RESERVED")
    assert len(await bench.all(Email)) == sent + 1, "only the new booking's confirmation"
    assert await offered(shop, MONDAY, FRIDAY) == (0, False, "NO_VEHICLE_AVAILABLE")


async def test_cars_that_were_chosen_do_not_move(bench: Bench) -> None:
    shop, first, second = await split_week(bench, fixed=True)
    assert await offered(shop, MONDAY, FRIDAY) == (0, False, "NO_VEHICLE_AVAILABLE")

    with pytest.raises(NoVehicleAvailable):
        await book(shop, MONDAY, FRIDAY)

    assert await cars(bench, first, second) == [car.id for car in shop.vehicles]
    assert await bench.all(HistoryEntry, action="VEHICLE_REASSIGNED") == []


async def test_room_is_made_on_the_car_that_is_asked_for(bench: Bench) -> None:
    shop, first, second = await split_week(bench)
    one, two = shop.vehicles

    whole = await on(shop, 0, MONDAY, FRIDAY, fixed_vehicle=True)

    assert await cars(bench, first, second, whole) == [two.id, two.id, one.id]


async def test_who_has_begun_is_held_or_out_stays(bench: Bench) -> None:
    # Given: one customer has the car, the other's time has begun, a third is just paying
    shop = await open_shop(bench, cars=3, turnaround_minutes=0)
    gone = await on(shop, 0, MONDAY, WEDNESDAY)
    waiting = await on(shop, 1, MONDAY, WEDNESDAY)
    bench.clock.move_to(MONDAY)
    await check_out(shop, gone)
    page: dict[str, Any] = {
        "method": PaymentMethod.HOSTED_PAGE,
        "card_token": None,
        "success_url": "https://shop.example/ok",
        "failure_url": "https://shop.example/no",
    }
    held = await book(shop, WEDNESDAY, FRIDAY, vehicle_id=shop.vehicles[2].id, **page)
    await on(shop, 0, WEDNESDAY, FRIDAY, fixed_vehicle=True)
    await on(shop, 1, WEDNESDAY + HOUR, FRIDAY, fixed_vehicle=True)
    assert [held.state.value, waiting.state.value] == ["HELD", "RESERVED"]

    # Then: Wednesday to Friday would fit if the held one could go anywhere
    assert await offered(shop, MONDAY, FRIDAY) == (0, False, "NO_VEHICLE_AVAILABLE")
    with pytest.raises(NoVehicleAvailable):
        await book(shop, MONDAY, FRIDAY, **FREE)


async def test_a_closed_station_offers_nothing_whatever_could_move(bench: Bench) -> None:
    shop, _first, _second = await split_week(bench)
    assert (await offered(shop, MONDAY - 14 * HOUR, FRIDAY))[0] == 0


@pytest.mark.parametrize("askers", [2, 8])
async def test_of_many_who_ask_at_once_just_those_get_a_car_that_fit(bench: Bench, askers: int) -> None:
    # Given: four cars, half of each taken: room for two whole weeks
    shop = await open_shop(bench, cars=4, turnaround_minutes=0)
    halves = [await on(shop, n, *((MONDAY, WEDNESDAY) if n % 2 else (WEDNESDAY, FRIDAY))) for n in range(4)]
    assert (await offered(shop, MONDAY, FRIDAY))[0] == 2

    async def ask() -> str:
        try:
            await saga.book(bench.outside, shop.somebody(Role.CLERK), request(shop, MONDAY, FRIDAY, **FREE))
        except NoVehicleAvailable:
            return "none"
        return "booked"

    answers = await asyncio.gather(*(ask() for _ in range(askers)))

    assert sorted(answers) == ["booked"] * 2 + ["none"] * (askers - 2)
    await stands(bench, len(halves) + 2)


async def test_bookings_of_every_kind_at_once_never_meet_on_a_car(bench: Bench) -> None:
    # Given: six cars with short bookings, asked for days and weeks at the same moment
    shop = await open_shop(bench, cars=6, turnaround_minutes=0)
    before = [await on(shop, n, MONDAY + n % 4 * DAY, MONDAY + (n % 4 + 1) * DAY) for n in range(6)]
    wanted = (
        [(MONDAY, FRIDAY)] * 5 + [(MONDAY, WEDNESDAY)] * 3 + [(WEDNESDAY, FRIDAY)] * 3 + [(MONDAY, MONDAY + DAY)] * 2
    )

    async def ask(start: datetime, end: datetime) -> int:
        try:
            await saga.book(bench.outside, shop.somebody(Role.CLERK), request(shop, start, end, **FREE))
        except NoVehicleAvailable:
            return 0
        return 1

    booked = sum(await asyncio.gather(*(ask(*period) for period in wanted)))

    # Then: nobody fails otherwise, and what is said to be full is full
    await stands(bench, len(before) + booked)
    for period in set(wanted):
        count, _is_free, problem = await offered(shop, *period)
        assert (count == 0) == (problem is not None)
        if count:
            await book(shop, *period, **FREE)


async def stands(bench: Bench, contracts: int) -> None:
    """Every reserved contract has its car for its whole period, and each entry of a move is in the history."""
    reserved = await bench.all(Contract)
    uses = {use.contract_id: use for use in await bench.all(Occupancy, active=True)}
    stored = [one for one in reserved if one.state.value == "RESERVED"]
    assert len(stored) == len(uses) == contracts
    for one in stored:
        use = uses[one.id]
        assert (use.vehicle_id, use.starts_at, use.ends_at) == (one.vehicle_id, one.starts_at, one.ends_at)


@pytest.mark.parametrize(("due", "count"), [(date(2026, 9, 17), 0), (date(2026, 9, 18), 1)])
async def test_who_moves_keeps_an_inspected_car(bench: Bench, due: date, count: int) -> None:
    # Given: the car that could take the second half of the week is due for inspection
    shop = await open_shop(bench, cars=0, turnaround_minutes=0)
    await shop.add_car(inspection_due=due)
    await shop.add_car()
    await on(shop, 0, MONDAY, WEDNESDAY, fixed_vehicle=True)
    await on(shop, 1, WEDNESDAY, FRIDAY)

    assert (await offered(shop, MONDAY, FRIDAY))[0] == count
