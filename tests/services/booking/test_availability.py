"""What is free: turnaround, blocks, cars that are late, due for inspection or about to leave; and when the next is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from server import batches
from server.database import ADMINISTRATION, SYSTEM
from server.errors import OutsideOpeningHours, PeriodConflict, Refused
from server.models import Contract, Vehicle, VehicleBlock
from server.models.columns import uuid7
from server.models.fleet import BlockReason, VehicleStatus
from server.models.opening_times import ExceptionalDay
from server.services.booking import availability, saga
from server.services.booking.alternatives import alternatives
from server.services.booking.availability import GroupAvailability
from server.services.booking.slot import Slot
from server.services.fleet import occupancies, vehicles
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, request
from tests.builders.rows import Shop, group, open_shop, tariff, vehicle
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def look(shop: Shop, start: datetime = START, end: datetime = END) -> GroupAvailability:
    """What the shop's own group offers."""
    bench = shop.bench
    async with bench.outside.database.transaction(SYSTEM) as session:
        slot = Slot(shop.station, start, end)
        found = await availability.availability(session, slot, now=bench.now, group_id=shop.group.id)
    (own,) = found.groups
    return own


async def free(shop: Shop, start: datetime = START, end: datetime = END) -> int:
    return (await look(shop, start, end)).free_count


async def block(shop: Shop, start: datetime, end: datetime) -> None:
    """The shop's first car is in the workshop."""
    car = shop.vehicles[0]
    row = VehicleBlock(
        id=uuid7(), vehicle_id=car.id, starts_at=start, ends_at=end, reason=BlockReason.WORKSHOP, created_at=start
    )
    async with shop.bench.owned() as session:
        await session.store(row)
        await occupancies.occupy_block(session, car, row)


async def test_free_cars_with_what_they_cost(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)

    offer = await look(shop)

    assert (offer.free_count, offer.next_free, offer.deposit_cents, offer.due_now_cents) == (2, START, 30_000, 5_900)
    assert offer.price is not None
    assert offer.price.total_cents == 5_900


@pytest.mark.parametrize(("gap", "count"), [(119, 0), (120, 1)])
async def test_a_car_needs_its_turnaround(bench: Bench, gap: int, count: int) -> None:
    shop = await open_shop(bench)
    await book(shop, START, START + HOUR)

    # Busy for an hour, then an hour's turnaround.
    assert await free(shop, START + timedelta(minutes=gap), END) == count


@pytest.mark.parametrize(("gap", "count"), [(59, 0), (60, 1)])
async def test_the_turnaround_of_the_one_before_counts_as_well(bench: Bench, gap: int, count: int) -> None:
    shop = await open_shop(bench)
    await book(shop, START + 4 * HOUR, END)

    assert await free(shop, START, START + 4 * HOUR - timedelta(minutes=gap)) == count


async def test_a_block_takes_a_car_out_without_a_turnaround(bench: Bench) -> None:
    shop = await open_shop(bench)
    await block(shop, START, END)

    assert await free(shop, START - 2 * HOUR, START - HOUR) == 1
    assert await free(shop, START - 2 * HOUR, START) == 0
    assert await free(shop, START + HOUR, END - HOUR) == 0
    assert await free(shop, END, END + DAY) == 1


@pytest.mark.parametrize(
    ("columns", "count"),
    [
        ({"status": VehicleStatus.BLOCKED}, 0),
        ({"status": VehicleStatus.RETIRED}, 0),
        ({"inspection_due": date(2026, 9, 8)}, 0),
        ({"inspection_due": date(2026, 9, 9)}, 1),
        ({"leaves_at": END}, 0),
        ({"leaves_at": END + HOUR}, 1),
    ],
)
async def test_what_keeps_a_car_from_being_rented(bench: Bench, columns: dict[str, Any], count: int) -> None:
    shop = await open_shop(bench, cars=0)
    await shop.add_car(**columns)

    assert await free(shop) == count


async def test_a_late_car_is_offered_to_nobody_until_it_is_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    in_ten_days = START + 10 * DAY
    assert await free(shop, in_ten_days, in_ten_days + DAY) == 1

    bench.clock.move_to(END + 2 * HOUR)

    late = await look(shop, in_ten_days, in_ten_days + DAY)
    assert (late.free_count, late.next_free) == (0, None)
    await check_in(shop, contract)
    assert await free(shop, in_ten_days, in_ten_days + DAY) == 1


async def test_early_back_is_free_after_the_turnaround(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, START + 4 * DAY)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(END)
    await check_in(shop, contract)

    assert await free(shop, END + HOUR - timedelta(minutes=1), END + DAY) == 0
    assert await free(shop, END + HOUR, END + DAY) == 1


async def test_the_next_free_time_is_one_at_which_somebody_is_there(bench: Bench) -> None:
    shop = await open_shop(bench)
    # Until Saturday, six o'clock; with the turnaround the car is free when nobody is there any more.
    saturday = at("2026-09-12 18:30")
    await book(shop, START, saturday)

    offer = await look(shop)

    assert (offer.free_count, offer.next_free) == (0, at("2026-09-14 07:00"))


async def test_another_group_and_another_station_are_alternatives(bench: Bench) -> None:
    shop, other = await open_shop(bench, cars=0), await open_shop(bench, cars=0)
    better = group(name="Kombi", deposit_cents=40_000)
    await bench.put(better, tariff(better), vehicle(shop.station, better), vehicle(other.station, shop.group))

    async with bench.outside.database.transaction(SYSTEM) as session:
        slot = Slot(shop.station, START, END)
        found = await alternatives(
            session, slot, shop.group, [other.station], now=bench.now, fits=lambda _group, _slot: True
        )

    assert [(one.group.id, one.station.id, one.start, one.total_cents) for one in found] == [
        (better.id, shop.station.id, START, 5_900),
        (shop.group.id, other.station.id, START, 5_900),
    ]


async def test_the_best_fit_goes_first_so_that_long_gaps_stay_whole(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    whole, cut = shop.vehicles
    # One car is taken from Thursday on: the day before is the only use for what is left of it.
    await book(shop, START + 2 * DAY, START + 3 * DAY, vehicle_id=cut.id)

    contract = await book(shop, START, END)

    assert contract.vehicle_id == cut.id
    assert await bench.counts(Vehicle) == [2]
    assert (await book(shop, START, END)).vehicle_id == whole.id


async def test_a_late_car_is_busy_for_whoever_asks(bench: Bench) -> None:
    # Given: out, and past its planned end with the turnaround
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(END + 2 * HOUR)
    car, later = shop.vehicles[0], (END + DAY, END + 2 * DAY)
    # When
    async with bench.outside.database.transaction(SYSTEM) as session:
        seen = await occupancies.overlapping(session, car.id, *later, bench.now)
        (listed,) = await batches.occupancy_of_vehicle(session, [(car.id, *later, bench.now)])
        with pytest.raises(PeriodConflict) as refused:
            await vehicles.block(session, car.id, *later, BlockReason.WORKSHOP, None, now=bench.now)
    # Then: until it is back
    assert [use.contract_id for use in (*seen, *listed, *refused.value.conflicts)] == [contract.id] * 3
    await check_in(shop, contract)
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        assert await occupancies.overlapping(session, car.id, *later, bench.now) == []
        assert await batches.occupancy_of_vehicle(session, [(car.id, *later, bench.now)]) == [[]]
        await vehicles.block(session, car.id, *later, BlockReason.WORKSHOP, None, now=bench.now)


async def test_a_one_way_rental_that_nobody_picks_up_keeps_its_car_until_its_planned_end(bench: Bench) -> None:
    shop, other = await open_shop(bench), await open_shop(bench)
    both = replace(shop.somebody(), stations=(shop.station.id, other.station.id))
    wanted = request(shop, START, END, return_station_id=other.station.id)
    await saga.book(bench.outside, both, wanted)
    in_ten_days = START + 10 * DAY
    assert await free(shop, in_ten_days, in_ten_days + DAY) == 0
    assert await free(shop, START - DAY, START - 2 * HOUR) == 1

    bench.clock.move_to(END)

    assert await free(shop, in_ten_days, in_ten_days + DAY) == 1
    await book(shop, in_ten_days, in_ten_days + DAY)


async def away(bench: Bench, cars: int) -> tuple[Shop, Contract]:
    """A one-way rental of the first car, about to begin."""
    shop, other = await open_shop(bench, cars=cars), await open_shop(bench)
    both = replace(shop.somebody(), stations=(shop.station.id, other.station.id))
    wanted = request(shop, START, END, return_station_id=other.station.id, vehicle_id=shop.vehicles[0].id)
    contract = await bench.contract(await saga.book(bench.outside, both, wanted))
    bench.clock.move_to(START)
    await deposits.place(bench.outside, contract.id)
    return shop, contract


async def test_another_car_that_goes_one_way_is_gone_as_well(bench: Bench) -> None:
    # Given: at the counter another car is chosen than the planned one
    shop, contract = await away(bench, cars=2)

    await check_out(shop, contract, vehicle_id=shop.vehicles[1].id)

    # Then: the planned car is free again, the other is offered no more
    in_ten_days = START + 10 * DAY
    assert await free(shop, in_ten_days, in_ten_days + DAY) == 1
    assert (await book(shop, in_ten_days, in_ten_days + DAY)).vehicle_id == shop.vehicles[0].id


async def test_a_car_that_is_booked_here_for_later_does_not_go_one_way(bench: Bench) -> None:
    shop, contract = await away(bench, cars=2)
    later = await book(shop, START + 10 * DAY, START + 11 * DAY, vehicle_id=shop.vehicles[1].id)

    with pytest.raises(Refused) as refused:
        await check_out(shop, contract, vehicle_id=shop.vehicles[1].id)

    assert (refused.value.code.value, refused.value.field) == ("VEHICLE_NOT_READY", ["input", "vehicle_id"])
    assert "booked here for later" in refused.value.message.en
    assert [(await bench.contract(one.id)).state.value for one in (contract, later)] == ["RESERVED"] * 2
    await check_out(shop, contract)


async def refusal_of(shop: Shop, start: datetime, end: datetime) -> OutsideOpeningHours:
    offer = await look(shop, start, end)
    assert isinstance(offer.problem, OutsideOpeningHours)
    assert offer.free_count == 0
    return offer.problem


async def test_a_closed_day_says_why_and_when_it_goes_on(bench: Bench) -> None:
    shop = await open_shop(bench, holiday_region="DE-BE")
    eve, feast = at("2026-12-24 10:00"), at("2026-12-25 10:00")
    shop.station.except_on([ExceptionalDay(eve.date(), (), "Inventur")])
    await bench.put(shop.station)

    closed, feast_day = await refusal_of(shop, eve, eve + DAY), await refusal_of(shop, feast, feast + 4 * DAY)
    sunday = await refusal_of(shop, at("2026-09-13 10:00"), at("2026-09-14 10:00"))

    assert (closed.holiday, closed.message.de) == (
        ("Inventur", "Inventur"),
        f"{shop.station.name} ist zu Beginn des Zeitraums geschlossen: Inventur.",
    )
    assert feast_day.holiday == ("Christmas Day", "Erster Weihnachtstag")
    assert feast_day.message.en == f"{shop.station.name} is closed at the start of the period: Christmas Day."
    assert feast_day.next_possible == at("2026-12-28 07:00")  # Saturday is the second day of Christmas
    assert (sunday.holiday, sunday.next_possible) == (None, at("2026-09-14 07:00"))
    # And the next free time is one of a day on which somebody is there at both ends.
    assert (await look(shop, feast, feast + DAY)).next_free == at("2026-12-28 07:00")


async def test_where_nothing_is_free_or_has_a_price_that_is_said(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0)
    nothing = await look(shop)
    assert (nothing.free_count, nothing.problem and nothing.problem.code.value) == (0, "NO_VEHICLE_AVAILABLE")

    await shop.add_car()
    shop.tariff.valid_until = date(2026, 1, 1)
    await bench.put(shop.tariff)

    unpriced = await look(shop)
    assert (unpriced.free_count, unpriced.next_free, unpriced.price, unpriced.due_now_cents) == (0, None, None, 0)
    assert unpriced.problem is not None
    assert (unpriced.problem.code.value, unpriced.problem.field) == ("INVALID_INPUT", ["group_id"])
