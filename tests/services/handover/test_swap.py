"""Another car in the middle of a rental: both protocols, legs of their own, the price to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from server.errors import DomainError, InvalidInput, InvalidTransition, ProblemCode, VersionConflict
from server.models import Contract, Document, Driver, HistoryEntry, Job, Occupancy, Protocol, Vehicle, VehicleLeg
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
from server.services.changes import edit
from server.services.handover import swap
from server.services.handover.swap import SwapRequest
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_in, check_out, customer, report
from tests.builders.rentals import request as booking
from tests.builders.rows import Shop, group, open_shop, station
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + 2 * DAY
HOUR = timedelta(hours=1)


def request(shop: Shop, contract: Contract, car: Vehicle, *, km_in: int, km_out: int, **more: Any) -> SwapRequest:
    """Both cars at this moment. `fuel_in` and `fuel_out` are eighths."""
    now = shop.bench.now
    back = report(contract, now, km_in, {"fuel": more.pop("fuel_in", 8)})
    out = report(contract, now, km_out, {"fuel": more.pop("fuel_out", 8)})
    values: dict[str, Any] = {"waive_fuel": False} | more
    return SwapRequest(contract.id, contract.version, car.id, back, out, **values)


async def do(shop: Shop, wanted: SwapRequest, role: Role = Role.YARD) -> Contract:
    async with shop.bench.outside.database.transaction(shop.somebody(role).scope) as session:
        done = await swap.swap(session, wanted, Acting(shop.bench.now, shop.somebody(role)))
    return await shop.bench.contract(done)


async def out(shop: Shop, **more: Any) -> Contract:
    """A rental of two days whose car has gone out."""
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id, **more)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract)
    return await shop.bench.contract(contract.id)


async def written(bench: Bench, contract: Contract) -> list[Any]:
    kinds = [Protocol, VehicleLeg, HistoryEntry]
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in kinds]
    now = await bench.contract(contract.id)
    cars = texts(await bench.all(Vehicle), "out_contract_id", "odometer_km", "version")
    return [now.version, now.vehicle_id, counts, cars, len(await bench.all(Job))]


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
        (PriceLineKind.FUEL, 4_125),
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


async def test_half_of_it_sent_before_is_no_swap(bench: Bench) -> None:
    # Given a swap, and the same again with another second protocol
    shop = await open_shop(bench, cars=3)
    contract = await out(shop)
    bench.clock.move_to(START + HOUR)
    wanted = request(shop, contract, shop.vehicles[1], km_in=10_020, km_out=10_000)
    await do(shop, wanted)
    before = await written(bench, contract)
    others = [
        replace(wanted, handed_out=replace(wanted.handed_out, protocol_id=uuid4())),
        replace(wanted, handed_out=replace(wanted.handed_out, remarks="was dirty")),
        replace(wanted, vehicle_id=shop.vehicles[2].id),
    ]

    for other in others:
        with pytest.raises(DomainError) as said:
            await do(shop, other)
        assert said.value.code is ProblemCode.IDEMPOTENCY_CONFLICT
        assert said.value.field == ["handed_out", "protocol_id"]

    assert await written(bench, contract) == before


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"km_in": 9_000}, ProblemCode.ODOMETER_IMPLAUSIBLE, ["returned", "condition", "odometer_km"]),
        ({"km_out": 9_000}, ProblemCode.ODOMETER_IMPLAUSIBLE, ["handed_out", "condition", "odometer_km"]),
        ({"fuel_in": 9}, ProblemCode.INVALID_INPUT, ["returned", "condition", "fuel_eighths"]),
        ({"fuel_out": None}, ProblemCode.INVALID_INPUT, ["handed_out", "condition", "fuel_eighths"]),
    ],
)
async def test_what_is_wrong_is_named_by_its_part_and_nothing_is_written(
    bench: Bench, change: dict[str, Any], code: ProblemCode, field: list[str]
) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await out(shop)
    before = await written(bench, contract)

    with pytest.raises(DomainError) as said:
        await do(shop, request(shop, contract, shop.vehicles[1], **({"km_in": 10_020, "km_out": 10_000} | change)))

    assert (said.value.code, said.value.field) == (code, field)
    assert await written(bench, contract) == before


async def test_a_car_that_is_taken_or_the_same_is_refused_and_the_preview_says_so(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await out(shop)
    other = await book(shop, START + HOUR, END, vehicle_id=shop.vehicles[1].id)
    before = await written(bench, contract)

    for car in shop.vehicles:
        looked = await edit.preview(
            bench.outside, Acting(bench.now, shop.somebody()), contract.id, partial(swap.look, vehicle_id=car.id)
        )
        assert [problem.code for problem in looked.problems] == [ProblemCode.VEHICLE_NOT_READY]
        with pytest.raises(DomainError) as said:
            await do(shop, request(shop, contract, car, km_in=10_020, km_out=10_000))
        assert said.value.code is ProblemCode.VEHICLE_NOT_READY

    assert await written(bench, contract) == before
    assert (await bench.contract(other.id)).vehicle_id == shop.vehicles[1].id


async def test_the_new_groups_age_counts(bench: Bench) -> None:
    # Given a driver of 20 and a car of a group from 25 on
    shop = await open_shop(bench)
    fast = group(minimum_age=25)
    await bench.put(fast)
    car = await shop.add_car()
    async with bench.owned() as session:
        (await session.by_id(Vehicle, car.id)).group_id = fast.id  # type: ignore[union-attr]  # it is there
    contract = await out(shop, customer=customer(birth_date=date(2006, 1, 1)))
    before = await written(bench, contract)

    wanted = request(shop, contract, car, km_in=10_020, km_out=10_000)
    with pytest.raises(DomainError) as said:
        await do(shop, wanted)
    assert said.value.code is ProblemCode.DRIVER_NOT_ELIGIBLE
    assert await written(bench, contract) == before
    # A manager overrides it with a reason
    overridden = replace(wanted, handed_out=replace(wanted.handed_out, override_reason="nur bis zur Werkstatt"))
    assert (await do(shop, overridden, Role.MANAGER)).vehicle_id == car.id
    assert len(await bench.all(Driver, contract_id=contract.id)) == 1


async def test_only_while_the_car_is_out_and_as_it_was_read(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id)
    bench.clock.move_to(START)
    wanted = request(shop, contract, shop.vehicles[1], km_in=10_020, km_out=10_000)

    with pytest.raises(InvalidTransition):
        await do(shop, wanted)
    await check_out(shop, contract)
    with pytest.raises(VersionConflict):
        await do(shop, wanted)
    elsewhere = replace(wanted, version=contract.version + 1, returned=replace(wanted.returned, contract_id=None))
    with pytest.raises(InvalidInput) as said:
        await do(shop, elsewhere)
    assert said.value.field == ["returned", "contract_id"]
    assert len(await bench.all(Protocol, contract_id=contract.id)) == 1


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


async def test_past_its_end_a_rental_goes_on_only_with_a_car_that_is_free_now(bench: Bench) -> None:
    # Given a rental that is late, and another car that is booked from now on
    shop = await open_shop(bench, cars=2)
    second = shop.vehicles[1]
    contract = await out(shop)
    bench.clock.move_to(END + HOUR)
    await book(shop, bench.now, bench.now + DAY, vehicle_id=second.id)
    before = await written(bench, contract)
    wanted = request(shop, contract, second, km_in=10_010, km_out=10_000)
    # When
    look = partial(swap.look, vehicle_id=second.id)
    foreseen = await edit.preview(bench.outside, Acting(bench.now, shop.somebody()), contract.id, look)
    with pytest.raises(DomainError) as said:
        await do(shop, wanted)
    # Then
    assert said.value.code is ProblemCode.VEHICLE_NOT_READY
    assert [problem.code for problem in foreseen.problems] == [ProblemCode.VEHICLE_NOT_READY]
    assert await written(bench, contract) == before


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
