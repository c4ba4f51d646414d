"""Another car in the middle of a rental: both protocols, legs of their own, the price to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from server.models import Document, HistoryEntry, Job, Occupancy, Protocol, Vehicle, VehicleLeg
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.job import JobKind
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.models.tariff import PriceLineKind
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.booking import saga
from server.services.handover import swap
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rentals import request as booking
from tests.builders.rows import open_shop, station
from tests.services.handover.swaps import END, HOUR, START, do, out, request, written


async def test_two_cars_have_their_own_kilometres_and_fuel(bench: Bench) -> None:
    """E21: 210 + 120 km in two days, the first car's fuel waived, the second two eighths short."""
    # Given
    shop = await open_shop(bench, cars=2)
    first, second = shop.vehicles
    contract = await out(shop)
    bench.clock.move_to(START + 10 * HOUR)

    # When the first breaks down, and the second comes back at the end
    wanted = request(shop, contract, second, km_in=10_210, km_out=10_000, fuel_in=3, waive_fuel=True)
    now = await do(shop, wanted)
    bench.clock.move_to(END)
    await check_in(shop, contract, km=10_120, fuel=6)
    await invoice.bill(bench.outside, contract.id)

    # Then
    assert (now.state, now.vehicle_id) == (ContractState.CHECKED_OUT, second.id)
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert [(line.kind, line.total_cents) for line in final.lines] == [
        (PriceLineKind.RENTAL, 11_800),
        (PriceLineKind.EXTRA_KM, 750),
        (PriceLineKind.FUEL, 2_625),
        (PriceLineKind.FUEL, 1_500),
    ]
    assert (final.total_cents, final.net_cents, final.vat_cents) == (16_675, 14_013, 2_662)
    assert final.payable_cents == 10_775
    assert [(use["plate"], use["km_out"], use["km_in"]) for use in (final.view or {})["vehicles"]] == [
        (first.plate, 10_000, 10_210),
        (second.plate, 10_000, 10_120),
    ]


async def test_both_protocols_are_kept_printed_and_told(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    first, second = shop.vehicles
    contract = await out(shop)
    bench.clock.move_to(START + HOUR)

    await do(shop, request(shop, contract, second, km_in=10_020, km_out=10_005))

    kinds = texts(await bench.all(Protocol, contract_id=contract.id), "type", "vehicle_id", "odometer_km")
    assert sorted(kinds) == [
        (ProtocolType.CHECK_OUT, first.id, 10_000),
        (ProtocolType.SWAP_IN, first.id, 10_020),
        (ProtocolType.SWAP_OUT, second.id, 10_005),
    ]
    assert len(await bench.all(Job, kind=JobKind.PROTOCOL_SHEET)) == 3
    legs = texts(await bench.all(VehicleLeg, contract_id=contract.id), "vehicle_id", "from_at", "to_at")
    assert legs == [(first.id, START, START + HOUR), (second.id, START + HOUR, None)]
    cars = {car.id: car for car in await bench.all(Vehicle)}
    assert (cars[first.id].out_contract_id, cars[first.id].odometer_km) == (None, 10_020)
    assert (cars[second.id].out_contract_id, cars[second.id].out_until) == (contract.id, END)
    uses = texts(
        await bench.all(Occupancy, contract_id=contract.id, active=True), "vehicle_id", "starts_at", "busy_until"
    )
    assert uses == [(first.id, START, START + 2 * HOUR), (second.id, START + HOUR, END + HOUR)]
    entry = (await bench.all(HistoryEntry, contract_id=contract.id))[-1]
    assert (entry.action, entry.before, entry.after) == (HistoryAction.VEHICLE_SWAPPED, first.plate, second.plate)
    # And the first can be booked again
    assert (await book(shop, START + 3 * HOUR, START + 5 * HOUR)).vehicle_id == first.id


async def test_a_one_way_rental_is_swapped_where_it_began(bench: Bench) -> None:
    # Given a rental to another station, and an administrator, who sees both
    shop = await open_shop(bench, cars=2)
    there = station()
    await bench.put(there)
    admin = Principal(uuid4(), "Administrator", Role.ADMIN, ())
    contract_id = await saga.book(
        bench.outside, admin, booking(shop, START, END, return_station_id=there.id, vehicle_id=shop.vehicles[0].id)
    )
    contract = await bench.contract(contract_id)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    contract = await bench.contract(contract_id)

    # When
    async with bench.outside.database.transaction(admin.scope) as session:
        wanted = request(shop, contract, shop.vehicles[1], km_in=10_020, km_out=10_000)
        await swap.swap(session, wanted, Acting(bench.now, admin))

    # Then the first car is back here
    cars = {car.id: car.station_id for car in await bench.all(Vehicle)}
    assert cars[shop.vehicles[0].id] == shop.station.id


async def test_several_times_and_sent_again_is_once(bench: Bench) -> None:
    shop = await open_shop(bench, cars=3)
    contract = await out(shop)
    bench.clock.move_to(START + HOUR)
    wanted = request(shop, contract, shop.vehicles[1], km_in=10_020, km_out=10_000)
    once = await do(shop, wanted)
    before = await written(bench, contract)
    assert (await do(shop, wanted)).version == once.version
    assert await written(bench, contract) == before

    bench.clock.move_to(START + 2 * HOUR)
    again = await do(shop, request(shop, once, shop.vehicles[2], km_in=10_030, km_out=10_000))

    assert again.vehicle_id == shop.vehicles[2].id
    assert len(await bench.all(VehicleLeg, contract_id=contract.id)) == 3


async def test_the_first_car_can_be_taken_again_at_once(bench: Bench) -> None:
    # Given a car that was swapped by mistake
    shop = await open_shop(bench, cars=2)
    first, second = shop.vehicles
    contract = await out(shop)
    bench.clock.move_to(START + HOUR)
    now = await do(shop, request(shop, contract, second, km_in=10_010, km_out=10_000))
    # When, within the hour that it is made ready in
    bench.later(minutes=10)
    now = await do(shop, request(shop, now, first, km_in=10_001, km_out=10_010))
    # Then
    assert now.vehicle_id == first.id
    uses = texts(await bench.all(Occupancy, vehicle_id=first.id, active=True), "starts_at", "busy_until")
    assert uses == [(START, bench.now), (bench.now, END + HOUR)]


async def test_a_hand_over_of_some_minutes_ago_does_not_reach_into_what_was_before(bench: Bench) -> None:
    # Given a second car that was ready five minutes ago, and a swap of ten minutes ago
    shop = await open_shop(bench, cars=2)
    second = shop.vehicles[1]
    contract = await out(shop)
    other = await book(shop, START, START + HOUR, vehicle_id=second.id)
    await check_out(shop, other)
    bench.clock.move_to(START + HOUR)
    await check_in(shop, other, km=10_000)
    bench.clock.move_to(START + 2 * HOUR + timedelta(minutes=5))
    wanted = request(shop, contract, second, km_in=10_010, km_out=10_000)
    then = bench.now - timedelta(minutes=10)
    ago = replace(wanted, returned=replace(wanted.returned, occurred_at=then))
    ago = replace(ago, handed_out=replace(wanted.handed_out, occurred_at=then))
    # When
    now = await do(shop, ago)
    # Then
    assert now.vehicle_id == second.id
    (_, leg) = await bench.all(VehicleLeg, contract_id=contract.id)
    assert leg.from_at == then
