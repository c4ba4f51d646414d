"""What a tablet without a network brings after the contract went another way: kept, and the car is where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.database import ADMINISTRATION, SYSTEM, Scope
from server.errors import DomainError, InvalidTransition, NoVehicleAvailable, ProblemCode
from server.models import Contract, HistoryEntry, Protocol, Vehicle, VehicleLeg
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.booking import saga
from server.services.ends import cancellation
from server.services.handover import day
from server.services.handover.day import HandoverDay
from server.services.handover.swap import SwapRequest
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, request
from tests.builders.rows import Shop, open_shop
from tests.services.handover import swaps
from tests.services.handover.hands import HAND, sign
from tests.services.handover.swaps import DAY, END, HOUR, START


async def cancelled_meanwhile(shop: Shop) -> Contract:
    """Cancelled five minutes after its car was handed over by a tablet without a network."""
    bench = shop.bench
    contract = await book(shop, START, END)
    bench.clock.move_to(START + timedelta(minutes=5))
    clerk = Acting(bench.now, shop.somebody())
    await cancellation.cancel(bench.outside, clerk, contract.id, contract.version, None)
    await sign(shop)
    bench.clock.move_to(START + HOUR)
    return contract


async def work_of_day(shop: Shop) -> HandoverDay:
    today = shop.station.day_of(shop.bench.now)
    async with shop.bench.outside.database.transaction(shop.somebody().scope) as session:
        return await day.of(session, shop.station.id, today, now=shop.bench.now)


async def test_the_car_of_a_contract_that_was_cancelled_meanwhile_is_out_until_it_is_back(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await cancelled_meanwhile(shop)
    # When its hand-over arrives
    await check_out(shop, contract, km=10_020, occurred_at=START, staff_signature_sha256=HAND)
    # Then: the contract stays cancelled, and nobody else gets the car
    now = await bench.contract(contract.id)
    assert (now.state, now.protocol_conflict) == (ContractState.CANCELLED, True)
    (car,) = await bench.all(Vehicle)
    assert (car.out_contract_id, car.out_until, car.odometer_km) == (contract.id, END, 10_020)
    with pytest.raises(NoVehicleAvailable):
        await saga.book(bench.outside, shop.somebody(), request(shop, bench.now + HOUR, bench.now + DAY))
    assert await bench.all(VehicleLeg) == []
    # On the last day it is expected, later it is overdue; and past its end nobody gets it either
    bench.clock.move_to(END - HOUR)
    assert [one.id for one in (await work_of_day(shop)).check_ins] == [contract.id]
    bench.clock.move_to(END + DAY)
    assert [one.id for one in (await work_of_day(shop)).overdue] == [contract.id]
    with pytest.raises(NoVehicleAvailable):
        await saga.book(bench.outside, shop.somebody(), request(shop, bench.now + HOUR, bench.now + DAY))
    # When it comes back, and nobody signs
    await check_in(shop, contract, km=10_300)
    # Then
    (car,) = await bench.all(Vehicle)
    assert (car.out_contract_id, car.out_until, car.odometer_km) == (None, None, 10_300)
    assert (await bench.contract(contract.id)).state is ContractState.CANCELLED
    assert [one.conflict for one in await bench.all(Protocol, contract_id=contract.id)] == [
        "The contract was CANCELLED when this protocol arrived."
    ] * 2
    assert (await work_of_day(shop)).overdue == []
    await saga.book(bench.outside, shop.somebody(), request(shop, bench.now + 2 * HOUR, bench.now + DAY))


async def test_one_that_goes_elsewhere_is_expected_there(bench: Bench) -> None:
    # Given: a one-way rental that was cancelled five minutes after its car was handed over
    here, there = await open_shop(bench), await open_shop(bench)
    contract = await book(here, START, END, role=Role.ADMIN, return_station_id=there.station.id)
    bench.clock.move_to(START + timedelta(minutes=5))
    await cancellation.cancel(bench.outside, Acting(bench.now, here.somebody()), contract.id, contract.version, None)
    await sign(here)
    bench.clock.move_to(START + HOUR)
    await check_out(here, contract, occurred_at=START, staff_signature_sha256=HAND)

    async def expected(shop: Shop, scope: Scope) -> list[list[str]]:
        async with bench.outside.database.transaction(scope) as session:
            found = await day.of(session, shop.station.id, shop.station.day_of(bench.now), now=bench.now)
        return [[one.number for one in each] for each in (found.check_ins, found.overdue)]

    # Then: who works at both sees it there, due and then late, and not here
    both = Scope(stations=(here.station.id, there.station.id))
    for instant, lists in ((END - HOUR, [[contract.number], []]), (END + DAY, [[], [contract.number]])):
        bench.clock.move_to(instant)
        assert [await expected(there, scope) for scope in (both, ADMINISTRATION, SYSTEM)] == [lists] * 3
        assert await expected(here, both) == [[], []]
    # Who works there alone does not see a contract that was never checked out
    assert await expected(there, there.somebody().scope) == [[], []]


async def test_a_car_whose_return_arrived_first_is_not_out(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await cancelled_meanwhile(shop)
    bench.clock.move_to(START + 3 * HOUR)

    await check_in(shop, contract, occurred_at=START + 2 * HOUR, staff_signature_sha256=HAND)
    await check_out(shop, contract, occurred_at=START, staff_signature_sha256=HAND)

    (car,) = await bench.all(Vehicle)
    assert (car.out_contract_id, car.out_until) == (None, None)


async def test_what_has_not_gone_out_does_not_come_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await cancelled_meanwhile(shop)

    with pytest.raises(InvalidTransition):
        await check_in(shop, contract)

    assert await bench.all(Protocol) == []


async def signed_swap(shop: Shop, contract: Contract) -> SwapRequest:
    """Another car at this moment, signed; sent when the tablet has a network again."""
    hand = await sign(shop)
    wanted = swaps.request(shop, contract, shop.vehicles[1], km_in=10_020, km_out=10_000)
    return replace(
        wanted,
        returned=replace(wanted.returned, signature_sha256=hand, signature_missing_reason=None),
        handed_out=replace(wanted.handed_out, signature_sha256=hand, signature_missing_reason=None),
    )


async def test_a_swap_that_was_signed_happened_whatever_was_written_on_the_contract_meanwhile(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=2)
    contract = await swaps.out(shop)
    bench.clock.move_to(START + HOUR)
    wanted = await signed_swap(shop, contract)
    async with bench.outside.database.transaction(shop.somebody().scope) as session:
        await session.write("update contract set version = version + 1 where id = :id", {"id": contract.id})
    # When
    bench.later(minutes=20)
    done = await swaps.do(shop, wanted)
    # Then
    assert (done.vehicle_id, done.protocol_conflict) == (shop.vehicles[1].id, False)
    assert [leg.vehicle_id for leg in await bench.all(VehicleLeg)] == [car.id for car in shop.vehicles]


async def test_one_with_a_car_that_others_have_by_now_is_kept_and_moves_nothing(bench: Bench) -> None:
    # Given: offline, the second car goes out in place of the first; meanwhile it is booked from now on
    shop = await open_shop(bench, cars=2)
    contract = await swaps.out(shop)
    bench.clock.move_to(START + HOUR)
    wanted = await signed_swap(shop, contract)
    bench.later(minutes=5)
    await book(shop, bench.now, bench.now + HOUR, vehicle_id=shop.vehicles[1].id)
    # When
    bench.later(minutes=20)
    now = await swaps.do(shop, wanted)
    before = await swaps.written(bench, contract)
    # Then
    assert (now.state, now.vehicle_id, now.protocol_conflict) == (ContractState.CHECKED_OUT, shop.vehicles[0].id, True)
    kept = await bench.all(Protocol, conflict="The other car was not free when this protocol arrived.")
    assert sorted((one.type, one.vehicle_id) for one in kept) == [
        (ProtocolType.SWAP_IN, shop.vehicles[0].id),
        (ProtocolType.SWAP_OUT, shop.vehicles[1].id),
    ]
    assert len(await bench.all(VehicleLeg)) == 1
    assert await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.VEHICLE_SWAPPED) == []
    # Sent again, it is the same
    await swaps.do(shop, wanted)
    assert await swaps.written(bench, contract) == before


async def test_one_that_arrives_after_the_return_is_kept(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await swaps.out(shop)
    bench.clock.move_to(START + HOUR)
    wanted = await signed_swap(shop, contract)
    bench.later(minutes=20)
    await check_in(shop, contract)

    now = await swaps.do(shop, wanted)

    assert (now.state, now.protocol_conflict) == (ContractState.RETURNED, True)
    assert len(await bench.all(Protocol, conflict="The contract was RETURNED when this protocol arrived.")) == 2


async def test_at_the_moment_a_swap_with_a_car_that_is_taken_is_refused_though_it_is_signed(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await swaps.out(shop)
    await book(shop, START + HOUR, END, vehicle_id=shop.vehicles[1].id)
    wanted = await signed_swap(shop, contract)
    before = await swaps.written(bench, contract)

    with pytest.raises(DomainError) as said:
        await swaps.do(shop, wanted)

    assert said.value.code is ProblemCode.VEHICLE_NOT_READY
    assert await swaps.written(bench, contract) == before


async def test_the_car_that_is_out_comes_back_whatever_was_handed_over_since(bench: Bench) -> None:
    # Given: the car of a contract that was cancelled is out, and another car was kept for it later
    shop = await open_shop(bench, cars=2)
    contract = await cancelled_meanwhile(shop)
    await check_out(shop, contract, occurred_at=START, staff_signature_sha256=HAND)
    out_with = next(car for car in await bench.all(Vehicle) if car.out_contract_id == contract.id)
    other = next(car for car in shop.vehicles if car.id != out_with.id)
    async with bench.owned() as session:
        await session.write("update vehicle set status = 'RETIRED' where id = :id", {"id": other.id})
    late = START + timedelta(minutes=30)
    await check_out(shop, contract, occurred_at=late, staff_signature_sha256=HAND, vehicle_id=other.id)
    # When both come back
    for _ in range(2):
        await check_in(shop, contract)
    # Then
    assert [car.out_contract_id for car in await bench.all(Vehicle)] == [None, None]
