"""The car for another period: its own, another one of the group, or by force; what is in the way is named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from server.errors import (
    DomainError,
    PeriodConflict,
    ProblemCode,
    VersionConflict,
)
from server.models import HistoryEntry, VehicleBlock
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.staff import Role
from server.services.acting import Acting
from server.services.handover import swap
from server.services.handover.swap import SwapRequest
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, report
from tests.builders.rows import open_shop
from tests.services.changes.periods import DAY, END, HOUR, START, block, change, preview, uses, written


async def test_another_car_of_the_group_serves_where_its_own_is_taken(bench: Bench) -> None:
    # Given two cars, the first of which is booked again
    shop = await open_shop(bench, cars=2)
    contract = await book(shop, START, END)
    await block(shop, contract, END + HOUR)

    # When
    now = await change(shop, contract, START, END + DAY)

    # Then
    assert now.vehicle_id != contract.vehicle_id
    assert await uses(bench, now) == [(now.vehicle_id, START, END + DAY)]


async def test_a_car_that_was_chosen_by_name_is_not_exchanged(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id, fixed_vehicle=True)
    await block(shop, contract, END + HOUR)
    before = await written(bench, contract)

    with pytest.raises(PeriodConflict):
        await change(shop, contract, START, END + DAY)

    assert await written(bench, contract) == before


async def test_what_is_in_the_way_is_named_and_nothing_changes(bench: Bench) -> None:
    # Given one car, booked right after
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    following = await book(shop, END + HOUR, END + DAY)
    before = [await written(bench, one) for one in (contract, following)]

    # When
    looked = await preview(shop, contract, START, END + DAY)
    with pytest.raises(PeriodConflict) as said:
        await change(shop, contract, START, END + DAY)

    # Then
    assert [use.contract_id for use in said.value.conflicts] == [following.id]
    assert [use.contract_id for use in looked.conflicts] == [following.id]
    assert [type(problem) for problem in looked.problems] == [PeriodConflict]
    assert [await written(bench, one) for one in (contract, following)] == before


async def test_a_manager_takes_the_car_and_the_other_contract_gets_another_one(bench: Bench) -> None:
    # Given both cars of the group booked, the second only until the first is needed again
    shop = await open_shop(bench, cars=2)
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id, fixed_vehicle=True)
    following = await book(shop, END + HOUR, END + DAY, vehicle_id=shop.vehicles[0].id)

    # When
    now = await change(shop, contract, START, END + DAY, role=Role.MANAGER, force=True, reason="Kunde ist im Ausland")

    # Then
    assert now.vehicle_id == shop.vehicles[0].id
    other = await bench.contract(following.id)
    assert (other.state, other.vehicle_id) == (ContractState.RESERVED, shop.vehicles[1].id)
    assert await uses(bench, other) == [(shop.vehicles[1].id, END + HOUR, END + DAY)]
    entry = (await bench.all(HistoryEntry, contract_id=following.id))[-1]
    assert (entry.action, entry.reason) == (HistoryAction.VEHICLE_TAKEN, "Kunde ist im Ausland")
    assert (entry.before, entry.after) == (shop.vehicles[0].plate, shop.vehicles[1].plate)


async def test_without_another_car_the_other_contract_is_left_without(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    following = await book(shop, END + HOUR, END + DAY)

    await change(shop, contract, START, END + DAY, role=Role.MANAGER, force=True, reason="Kunde ist im Ausland")

    other = await bench.contract(following.id)
    assert (other.state, other.vehicle_id, await uses(bench, other)) == (ContractState.RESERVED, None, [])


@pytest.mark.parametrize(
    ("role", "reason", "code", "field"),
    [
        (Role.CLERK, "weil", ProblemCode.NOT_ALLOWED, ["force"]),
        (Role.MANAGER, "  ", ProblemCode.INVALID_INPUT, ["reason"]),
        (Role.MANAGER, None, ProblemCode.INVALID_INPUT, ["reason"]),
    ],
)
async def test_force_is_a_managers_and_needs_a_reason(
    bench: Bench, role: Role, reason: str | None, code: ProblemCode, field: list[str]
) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    following = await book(shop, END + HOUR, END + DAY)
    before = [await written(bench, one) for one in (contract, following)]

    with pytest.raises(DomainError) as said:
        await change(shop, contract, START, END + DAY, role=role, force=True, reason=reason)

    assert (said.value.code, said.value.field) == (code, field)
    assert [await written(bench, one) for one in (contract, following)] == before


async def test_a_block_is_not_forced(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    await block(shop, contract, END + HOUR)
    before = await written(bench, contract)

    with pytest.raises(PeriodConflict):
        await change(shop, contract, START, END + DAY, role=Role.MANAGER, force=True, reason="dringend")

    assert await written(bench, contract) == before
    assert len(await bench.all(VehicleBlock)) == 1


async def test_after_a_swap_what_its_car_did_before_is_not_in_the_way(bench: Bench) -> None:
    """The second car was with somebody else while the rental had its first one."""
    # Given
    shop = await open_shop(bench, cars=2)
    first, second = shop.vehicles
    contract = await book(shop, START, START + 3 * DAY, vehicle_id=first.id)
    other = await book(shop, START, END, vehicle_id=second.id)
    bench.clock.move_to(START)
    for one in (contract, other):
        await check_out(shop, one)
    bench.clock.move_to(END)
    await check_in(shop, other, km=10_010)
    bench.clock.move_to(END + 2 * HOUR)
    now = await bench.contract(contract.id)
    back, out = (report(contract, bench.now, 10_010, {}) for _ in range(2))
    async with bench.outside.database.transaction(shop.somebody(Role.YARD).scope) as session:
        wanted = SwapRequest(contract.id, now.version, second.id, back, out, waive_fuel=False)
        await swap.swap(session, wanted, Acting(bench.now, shop.somebody(Role.YARD)))
    # When
    looked = await preview(shop, contract, START, START + 4 * DAY)
    done = await change(shop, contract, START, START + 4 * DAY)
    # Then
    assert list(looked.problems) == []
    assert (done.vehicle_id, done.ends_at) == (second.id, START + 4 * DAY)
    assert (await uses(bench, done))[-1] == (second.id, END + 2 * HOUR, START + 4 * DAY)


async def test_two_managers_who_take_each_others_car_at_once(bench: Bench) -> None:
    """Each locks its own contract and then the other's: PostgreSQL ends one of the two, which looks again."""
    # Given one car, booked twice
    shop = await open_shop(bench)
    first = await book(shop, START, END)
    second = await book(shop, END + HOUR, END + DAY)
    forced: dict[str, Any] = {"role": Role.MANAGER, "force": True, "reason": "Kunde ist im Ausland"}

    # When both are stretched over the other's time
    outcomes = await asyncio.gather(
        change(shop, first, START, END + DAY, **forced),
        change(shop, second, START, END + DAY, **forced),
        return_exceptions=True,
    )

    # Then one has the car, and the other hears that somebody has changed its contract
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert [type(one) for one in refused] == [VersionConflict]
    now = [await bench.contract(one.id) for one in (first, second)]
    assert [one.vehicle_id for one in now].count(shop.vehicles[0].id) == 1
    assert [one.vehicle_id for one in now].count(None) == 1
    entries = [entry.action for entry in await bench.all(HistoryEntry)]
    assert entries.count(HistoryAction.PERIOD_CHANGED) == entries.count(HistoryAction.VEHICLE_TAKEN) == 1
