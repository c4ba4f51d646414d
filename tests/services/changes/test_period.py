"""The agreed period: moved on the same car, on another one of the group, or by force; refused with what is in the way."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from server.errors import (
    DomainError,
    InvalidInput,
    InvalidTransition,
    OutsideOpeningHours,
    PeriodConflict,
    ProblemCode,
    VersionConflict,
)
from server.models import Contract, Email, HistoryEntry, Occupancy, Vehicle, VehicleBlock
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.email import EmailTemplate
from server.models.fleet import BlockReason
from server.models.payment import DepositState
from server.models.staff import Role
from server.services.acting import Acting
from server.services.booking import saga
from server.services.changes import edit, period
from server.services.changes.edit import Prospect
from server.services.changes.period import PeriodChange
from server.services.fleet import vehicles
from server.services.handover import swap
from server.services.handover.swap import SwapRequest
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, rented, report, request
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + DAY
HOUR = timedelta(hours=1)


async def change(shop: Shop, contract: Contract, start: datetime, end: datetime, **more: Any) -> Contract:
    """By a clerk, unless told otherwise, with the version that is stored."""
    role = more.pop("role", Role.CLERK)
    now = await shop.bench.contract(contract.id)
    wanted = PeriodChange(start, end, **more)
    acting = Acting(shop.bench.now, shop.somebody(role))
    await period.change(shop.bench.outside, acting, contract.id, now.version, wanted)
    return await shop.bench.contract(contract.id)


async def preview(shop: Shop, contract: Contract, start: datetime, end: datetime) -> Prospect:
    look = partial(period.look, wanted=PeriodChange(start, end))
    return await edit.preview(shop.bench.outside, Acting(shop.bench.now, shop.somebody()), contract.id, look)


async def car_of(bench: Bench, contract: Contract) -> Vehicle:
    (found,) = await bench.all(Vehicle, id=contract.vehicle_id)
    stored: Vehicle = found
    return stored


async def uses(bench: Bench, contract: Contract) -> list[tuple[Any, datetime, datetime]]:
    """The contract's active uses of cars: which, from when to when it is planned."""
    found = await bench.all(Occupancy, contract_id=contract.id, active=True)
    return [(use.vehicle_id, use.starts_at, use.ends_at) for use in found]


async def block(shop: Shop, contract: Contract, start: datetime) -> None:
    """A day in the workshop for the contract's car."""
    async with shop.bench.outside.database.transaction(shop.somebody().scope) as session:
        await vehicles.block(
            session, contract.vehicle_id, start, start + DAY, BlockReason.WORKSHOP, None, now=shop.bench.now
        )


async def written(bench: Bench, contract: Contract) -> list[Any]:
    now = await bench.contract(contract.id)
    mails = await bench.all(Email, contract_id=contract.id)
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    agreed = [now.starts_at, now.ends_at, now.total_cents, now.vehicle_id]
    return [now.version, agreed, len(mails), len(entries), await uses(bench, contract)]


async def test_six_days_instead_of_one_are_a_week(bench: Bench) -> None:
    """E08, before the car goes out."""
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)

    # When
    looked = await preview(shop, contract, START, START + 6 * DAY)
    now = await change(shop, contract, START, START + 6 * DAY)

    # Then
    assert (contract.total_cents, now.total_cents, now.paid_cents) == (5_900, 31_900, 5_900)
    assert (looked.after, looked.moved_cents, list(looked.problems)) == (now.price, 0, [])
    assert (now.starts_at, now.ends_at, now.version) == (START, START + 6 * DAY, contract.version + 1)
    assert await uses(bench, now) == [(contract.vehicle_id, START, START + 6 * DAY)]
    entry = (await bench.all(HistoryEntry, contract_id=contract.id))[-1]
    plate = (await car_of(bench, contract)).plate
    assert entry.action is HistoryAction.PERIOD_CHANGED
    assert entry.before == f"2026-09-08 09:00 – 2026-09-09 09:00, {plate}"
    assert entry.after == f"2026-09-08 09:00 – 2026-09-14 09:00, {plate}"
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CHANGE)
    text = mail.text.replace("\u00a0", " ")
    assert "bisher Mittwoch, 09.09.2026, 09:00 Uhr" in text
    assert "neu Montag, 14.09.2026, 09:00 Uhr" in text
    assert "bisher 59,00 €" in text
    assert "neu 319,00 €" in text


async def test_extended_while_it_is_out_the_car_is_kept_longer(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)

    # When
    now = await change(shop, contract, START, END + DAY)

    # Then
    car = await car_of(bench, contract)
    assert (now.state, now.total_cents) == (ContractState.CHECKED_OUT, 11_800)
    assert (car.out_contract_id, car.out_until) == (contract.id, END + DAY)
    assert await uses(bench, now) == [(car.id, START, END + DAY)]
    # And shortened again
    assert (await change(shop, contract, START, END)).total_cents == 5_900
    assert (await car_of(bench, contract)).out_until == END


async def test_once_it_is_out_the_start_stays(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    before = await written(bench, contract)

    with pytest.raises(InvalidInput) as said:
        await change(shop, contract, START + HOUR, END + DAY)

    assert said.value.field == ["period", "start"]
    assert await written(bench, contract) == before


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


@pytest.mark.parametrize(
    ("start", "end", "kind", "field"),
    [
        (START, START, InvalidInput, ["period", "end"]),
        (START - 3 * DAY, END, InvalidInput, ["period", "start"]),
        (START, START + 366 * DAY, InvalidInput, ["period", "end"]),
        (START, at("2026-09-13 12:00"), OutsideOpeningHours, ["period", "end"]),
        (at("2026-09-08 05:00"), END, OutsideOpeningHours, ["period", "start"]),
    ],
)
async def test_what_nobody_could_book_is_refused(
    bench: Bench, start: datetime, end: datetime, kind: type[DomainError], field: list[str]
) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    before = await written(bench, contract)

    with pytest.raises(kind) as said:
        await change(shop, contract, start, end)

    assert said.value.field == field
    assert await written(bench, contract) == before


async def test_a_customer_who_is_late_may_still_have_it_longer(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START + 2 * HOUR)

    assert (await change(shop, contract, START, END + DAY)).total_cents == 11_800
    with pytest.raises(InvalidInput) as said:
        await change(shop, contract, START, START + HOUR)
    assert said.value.field == ["period", "end"]


async def test_after_the_return_nothing_is_moved(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    before = await written(bench, contract)

    with pytest.raises(InvalidTransition):
        await change(shop, contract, START, END + DAY)

    assert await written(bench, contract) == before


async def test_a_website_may_if_its_policy_says_so_and_before_the_start(bench: Bench) -> None:
    shop = await open_shop(bench)
    for policy, starts, days, code in (
        ({"may_change_period": True}, START, 0, None),
        ({"may_change_period": True}, START + 7 * DAY, 8, ProblemCode.NOT_ALLOWED),
        ({}, START + 15 * DAY, 0, ProblemCode.NOT_ALLOWED),
    ):
        website = await shop.website(**policy)
        contract_id = await saga.book(bench.outside, website, request(shop, starts, starts + DAY))
        contract = await bench.contract(contract_id)
        bench.clock.move_to(bench.now + timedelta(days=days))
        acting, wanted = Acting(bench.now, website), PeriodChange(starts, starts + 2 * DAY)
        if code is None:
            await period.change(bench.outside, acting, contract_id, contract.version, wanted)
            assert (await bench.contract(contract_id)).ends_at == starts + 2 * DAY
            continue
        before = await written(bench, contract)
        with pytest.raises(DomainError) as said:
            await period.change(bench.outside, acting, contract_id, contract.version, wanted)
        assert said.value.code is code
        assert await written(bench, contract) == before


async def test_a_website_leaves_a_car_alone_that_went_out_early(bench: Bench) -> None:
    shop = await open_shop(bench)
    website = await shop.website(may_change_period=True)
    contract = await bench.contract(await saga.book(bench.outside, website, request(shop, START, END)))
    bench.clock.move_to(START - HOUR)
    await check_out(shop, contract)
    before = await written(bench, contract)

    now = await bench.contract(contract.id)
    acting, wanted = Acting(bench.now, website), PeriodChange(START, END + DAY)
    with pytest.raises(DomainError) as said:
        await period.change(bench.outside, acting, contract.id, now.version, wanted)

    assert said.value.code is ProblemCode.NOT_ALLOWED
    assert await written(bench, contract) == before


async def test_a_hold_that_has_ended_is_placed_anew_for_what_is_added(bench: Bench) -> None:
    # Given a car that is more than a week late, so that its hold has ended
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(END + 9 * DAY)
    await deposits.place(bench.outside, contract.id)
    assert (await bench.deposit(contract.id)).state is DepositState.EXPIRED

    # When
    await change(shop, contract, START, END + 20 * DAY)
    await deposits.place(bench.outside, contract.id)

    # Then
    assert (await bench.deposit(contract.id)).state is DepositState.ACTIVE


async def test_the_second_of_two_clerks_is_told(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    await change(shop, contract, START, END + DAY)
    before = await written(bench, contract)

    acting = Acting(bench.now, shop.somebody())
    wanted = PeriodChange(START, END + 2 * DAY)
    with pytest.raises(VersionConflict):
        await period.change(bench.outside, acting, contract.id, contract.version, wanted)

    assert await written(bench, contract) == before


async def test_a_hold_that_was_to_come_later_comes_when_the_new_start_needs_it(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START + 14 * DAY, END + 14 * DAY)
    before = await bench.deposit(contract.id)

    await change(shop, contract, START + 7 * DAY, END + 7 * DAY)

    after = await bench.deposit(contract.id)
    assert (before.due_at, after.due_at) == (START + 13 * DAY, START + 6 * DAY)


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
