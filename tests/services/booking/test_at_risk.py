"""Contracts whose car is late: at risk, shown with the free cars that could serve them, and given others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from server import batches
from server.errors import NotFound
from server.models import Email, HistoryEntry, Occupancy
from server.models.contract_attention import ContractFlag
from server.services.fleet import occupancies
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in
from tests.builders.rows import group, open_shop, vehicle
from tests.services.booking.lateness import DAY, END, FREE, HOUR, MINUTE, START, behind, flags, numbers, out, reassign

# At risk


async def test_the_next_contracts_of_an_overdue_car_are_at_risk(bench: Bench) -> None:
    shop, contract = await out(bench, cars=2)
    soon = await behind(shop, END + 3 * HOUR, END + DAY)
    later = await behind(shop, END + 2 * DAY, END + 3 * DAY)
    elsewhere = await book(shop, END + 3 * HOUR, END + DAY, vehicle_id=shop.vehicles[1].id, **FREE)

    bench.clock.move_to(END + HOUR - MINUTE)
    assert [await flags(shop, one) for one in (soon, later)] == [[], []]
    bench.clock.move_to(END + HOUR)
    assert [await flags(shop, one) for one in (soon, later)] == [[ContractFlag.AT_RISK]] * 2
    assert await flags(shop, elsewhere) == []

    await check_in(shop, contract)
    assert [await flags(shop, one) for one in (soon, later)] == [[], []]


async def test_within_the_grace_only_who_can_no_longer_be_served_in_time_is_at_risk(bench: Bench) -> None:
    # Given: the next customer comes right after the turnaround
    shop, _contract = await out(bench)
    soon, later = await behind(shop, END + HOUR, END + 2 * HOUR), await behind(shop, END + DAY, END + 2 * DAY)
    bench.clock.move_to(END)
    assert [await flags(shop, one) for one in (soon, later)] == [[], []]
    bench.clock.move_to(END + MINUTE)
    assert [await flags(shop, one) for one in (soon, later)] == [[ContractFlag.AT_RISK], []]


async def test_a_contract_without_a_car_is_at_risk_until_its_time_is_over(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END, **FREE)
    async with bench.owned() as session:
        await occupancies.free_contract(session, contract.id)
        await session.write("update contract set vehicle_id = null")
    assert await flags(shop, contract) == [ContractFlag.AT_RISK]
    bench.clock.move_to(END)
    assert await flags(shop, contract) == []


async def test_a_clerk_sees_which_free_cars_could_serve_them(bench: Bench) -> None:
    # Given: one car too short of time, one free and one that fits better; another group's does not count
    shop, _contract = await out(bench, cars=4)
    hit = await behind(shop, END + 3 * HOUR, END + DAY)
    _late, short, whole, fitting = shop.vehicles
    await book(shop, END + 4 * HOUR, END + 5 * HOUR, vehicle_id=short.id, **FREE)
    await book(shop, END + DAY + 2 * HOUR, END + 2 * DAY, vehicle_id=fitting.id, **FREE)
    other = group()
    await bench.put(other, vehicle(shop.station, other))
    bench.clock.move_to(END + HOUR)

    async with bench.outside.database.transaction(shop.somebody().scope) as session:
        asked = [(hit.id, 5, bench.now), (hit.id, 1, bench.now), (_contract.id, 5, bench.now)]
        found = await batches.free_vehicles(session, asked)

    assert [[car.id for car in cars] for cars in found] == [[fitting.id, whole.id], [fitting.id], []]


# Other cars for them


async def test_contracts_whose_car_nobody_chose_get_another_in_one_call(bench: Bench) -> None:
    # Given
    shop, late = await out(bench, cars=3)
    first = await behind(shop, END + 3 * HOUR, END + DAY)
    second = await behind(shop, END + 2 * DAY, END + 3 * DAY)
    chosen = await behind(shop, END + 5 * DAY, END + 6 * DAY, fixed=True)
    bench.clock.move_to(END + HOUR)
    sent = len(await bench.all(Email))

    found = await reassign(shop)

    # Then
    assert numbers(found.moved) == numbers([first, second])
    assert numbers(found.unserved) == numbers([chosen])
    cars = {car.id: car for car in shop.vehicles}
    for contract in (first, second):
        now = await bench.contract(contract.id)
        assert now.vehicle_id not in {None, shop.vehicles[0].id}
        assert now.version == contract.version + 1
        assert cars[now.vehicle_id].plate.casefold() in now.search_text
        assert await flags(shop, now) == []
        (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action="VEHICLE_REASSIGNED")
        assert (entry.before, entry.after) == (shop.vehicles[0].plate, cars[now.vehicle_id].plate)
        assert (entry.actor, entry.reason) == (shop.somebody().name, "the planned car is not there")
        (use,) = await bench.all(Occupancy, contract_id=contract.id, active=True)
        assert (use.vehicle_id, use.starts_at, use.ends_at, use.movable) == (
            now.vehicle_id,
            contract.starts_at,
            contract.ends_at,
            True,
        )
    assert (await bench.contract(chosen.id)).vehicle_id == shop.vehicles[0].id
    assert await flags(shop, chosen) == [ContractFlag.AT_RISK]
    assert len(await bench.all(Email)) == sent, "the group is what was promised"
    # And again: there is nothing left to be done
    again = await reassign(shop)
    assert (again.moved, numbers(again.unserved)) == ([], numbers([chosen]))
    # And the late car's own rows are untouched
    assert (await bench.contract(late.id)).vehicle_id == shop.vehicles[0].id


async def test_others_make_room_where_that_helps(bench: Bench) -> None:
    # Given: two more cars, one taken early, one late in the time that the contract at risk needs
    shop, _late = await out(bench, cars=3)
    hit = await behind(shop, END + DAY, END + 3 * DAY)
    _, second, third = shop.vehicles
    early = await book(shop, END + DAY, END + 2 * DAY - HOUR, vehicle_id=second.id, fixed_vehicle=True, **FREE)
    late = await book(shop, END + 2 * DAY, END + 3 * DAY, vehicle_id=third.id, **FREE)
    bench.clock.move_to(END + HOUR)

    found = await reassign(shop)

    assert numbers(found.moved) == numbers([hit, late])
    assert found.unserved == []
    cars = [(await bench.contract(one.id)).vehicle_id for one in (early, late, hit)]
    assert cars == [second.id, second.id, third.id]


async def test_where_no_car_is_free_nothing_changes(bench: Bench) -> None:
    shop, _late = await out(bench, cars=2)
    hit = await behind(shop, END + DAY, END + 3 * DAY)
    await book(shop, END + DAY, END + 3 * DAY, vehicle_id=shop.vehicles[1].id, **FREE)
    bench.clock.move_to(END + HOUR)
    before = await bench.counts(HistoryEntry, Occupancy)

    found = await reassign(shop)

    assert (found.moved, numbers(found.unserved)) == ([], [hit.number])
    assert await bench.counts(HistoryEntry, Occupancy) == before
    assert (await bench.contract(hit.id)).version == hit.version


async def test_a_customer_who_waits_gets_a_car_that_has_just_come_back(bench: Bench) -> None:
    # Given: the contract has begun, and another car is ready since a moment
    shop, _late = await out(bench, cars=2)
    waiting = await behind(shop, END + HOUR, END + DAY)
    await book(shop, START + 2 * HOUR, END + HOUR, vehicle_id=shop.vehicles[1].id, **FREE)
    bench.clock.move_to(END + 2 * HOUR)

    found = await reassign(shop)

    assert numbers(found.moved) == [waiting.number]
    (use,) = await bench.all(Occupancy, contract_id=waiting.id, active=True)
    assert (use.vehicle_id, use.starts_at) == (shop.vehicles[1].id, END + 2 * HOUR)


async def test_only_the_named_contracts_of_this_station(bench: Bench) -> None:
    shop, late = await out(bench, cars=3)
    first = await behind(shop, END + 3 * HOUR, END + DAY)
    second = await behind(shop, END + 2 * DAY, END + 3 * DAY)
    other = await open_shop(bench)
    foreign = await book(other, END + DAY, END + 2 * DAY, **FREE)
    bench.clock.move_to(END + HOUR)

    for unknown in (foreign.id, uuid4(), None):
        with pytest.raises(NotFound) as refused:
            await reassign(shop, [first.id, unknown])
        assert refused.value.field == ["contract_ids"]
    with pytest.raises(NotFound) as refused:
        await reassign(shop, of=other)
    assert refused.value.field == ["station_id"]
    assert (await bench.contract(first.id)).vehicle_id == shop.vehicles[0].id

    found = await reassign(shop, [second.id, late.id])  # who is not at risk stays as it is

    assert (numbers(found.moved), found.unserved) == ([second.number], [])
    assert (await bench.contract(first.id)).vehicle_id == shop.vehicles[0].id
