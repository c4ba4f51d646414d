"""A swap that cannot be: what is wrong is named, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from server.errors import DomainError, InvalidInput, InvalidTransition, ProblemCode, VersionConflict
from server.models import Driver, Protocol, Vehicle
from server.models.staff import Role
from server.services.acting import Acting
from server.services.changes import edit
from server.services.handover import swap
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, customer
from tests.builders.rows import group, open_shop
from tests.services.handover.swaps import DAY, END, HOUR, START, do, out, request, written


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
