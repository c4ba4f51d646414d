"""The agreed period: extended, shortened, moved; the price, the car and the deposit go with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from server.errors import (
    DomainError,
    InvalidInput,
    InvalidTransition,
    OutsideOpeningHours,
    ProblemCode,
    VersionConflict,
)
from server.models import Email, HistoryEntry
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.email import EmailTemplate
from server.models.payment import DepositState
from server.services.acting import Acting
from server.services.booking import saga
from server.services.changes import period
from server.services.changes.period import PeriodChange
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, rented, request
from tests.builders.rows import open_shop
from tests.services.changes.periods import DAY, END, HOUR, START, car_of, change, preview, uses, written
from tests.services.samples import at


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
