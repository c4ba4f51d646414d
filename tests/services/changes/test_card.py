"""A deposit that failed is placed once more: before the hand-over, or on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from server.database import SYSTEM
from server.errors import InvalidTransition, PaymentDeclined, ProblemCode, Refused
from server.models import Contract, HistoryEntry, Payment
from server.models.contract_attention import ContractFlag
from server.models.contract_parts import HistoryAction
from server.models.payment import DepositState, PaymentKind, PaymentMethod, PaymentState, Purpose
from server.services.acting import Acting
from server.services.changes import card
from server.services.lists import attention
from server.services.payments import deposits, new_card
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out, rented
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-22 09:00")
END = START + timedelta(days=2)


async def place(shop: Shop, contract: Contract) -> Contract:
    now = await shop.bench.contract(contract.id)
    await card.place_deposit(shop.bench.outside, Acting(shop.bench.now, shop.somebody()), contract.id, now.version)
    return await shop.bench.contract(contract.id)


async def with_a_failed_deposit(shop: Shop) -> Contract:
    """Booked weeks ahead; the day before, the card refuses the hold."""
    contract = await book(shop, START, END)
    shop.bench.clock.move_to(START - timedelta(hours=20))
    shop.bench.books.script("hold", "decline:51")
    await deposits.place(shop.bench.outside, contract.id)
    assert (await shop.bench.deposit(contract.id)).state is DepositState.FAILED
    return contract


async def flagged(bench: Bench, contract: Contract) -> list[ContractFlag]:
    """The flags of a contract, which the list of a flag finds, too."""
    now, deposit = await bench.contract(contract.id), await bench.deposit(contract.id)
    found = attention.flags(now, deposit, at_risk=False, now=bench.now)
    for flag in (ContractFlag.DEPOSIT_MISSING, ContractFlag.DEPOSIT_EXPIRING):
        async with bench.outside.database.transaction(SYSTEM) as session:
            listed = await session.all(select(Contract.id).where(attention.with_flag(flag, bench.now)))
        assert (contract.id in listed) == (flag in found)
    return found


async def test_a_deposit_that_failed_is_flagged_and_placed_again(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await with_a_failed_deposit(shop)
    assert await flagged(bench, contract) == [ContractFlag.DEPOSIT_MISSING]

    await place(shop, contract)

    deposit = await bench.deposit(contract.id)
    assert (deposit.state, deposit.expires_at) == (DepositState.ACTIVE, bench.now + deposits.HOLD_LIFE)
    assert [one for one in await bench.payments(contract.id) if one[0] == "HOLD"] == [
        ("HOLD", "DECLINED", 30_000),
        ("HOLD", "SUCCEEDED", 30_000),
    ]
    (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.DEPOSIT_ASKED)
    assert entry.actor == shop.somebody().name
    assert await flagged(bench, contract) == []
    bench.later(days=3, hours=1)
    assert await flagged(bench, contract) == [ContractFlag.DEPOSIT_EXPIRING]


async def test_one_that_is_refused_once_more_is_told(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await with_a_failed_deposit(shop)
    bench.books.script("hold", "decline:51")

    with pytest.raises(PaymentDeclined):
        await place(shop, contract)

    assert (await bench.deposit(contract.id)).state is DepositState.FAILED


async def test_an_answer_that_is_lost_is_looked_up_and_never_asked_for_twice(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await with_a_failed_deposit(shop)
    bench.books.script("hold", "lost")

    with pytest.raises(Refused) as said:
        await place(shop, contract)
    assert said.value.code is ProblemCode.PAYMENT_UNRESOLVED
    with pytest.raises(Refused):  # nor by a second clerk
        await place(shop, contract)
    await bench.look_up(contract.id)

    assert (await bench.deposit(contract.id)).state is DepositState.ACTIVE
    assert len([one for one in await bench.payments(contract.id) if one[0] == "HOLD"]) == 2


async def test_without_a_card_or_after_the_return_there_is_nothing_to_place(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    waived: dict[str, Any] = {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "Stammkunde"}
    without = await book(shop, START, END, **waived)
    with pytest.raises(Refused) as said:
        await place(shop, without)
    assert said.value.code is ProblemCode.NOT_ALLOWED
    back = await rented(shop, START, END, **waived)
    with pytest.raises(InvalidTransition):
        await place(shop, back)


async def test_a_deposit_that_ended_while_the_car_is_late_is_placed_again(bench: Bench) -> None:
    # Given: a car that is nine days late; a card is not blocked for ever by itself
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START - timedelta(hours=20))
    await deposits.place(bench.outside, contract.id)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    for _ in range(16):
        bench.later(hours=16)
        await deposits.place(bench.outside, contract.id)
    bench.later(days=5)
    await deposits.place(bench.outside, contract.id)
    assert (await bench.deposit(contract.id)).state is DepositState.EXPIRED
    assert ContractFlag.DEPOSIT_MISSING in await flagged(bench, contract)

    await place(shop, contract)

    assert (await bench.deposit(contract.id)).state is DepositState.ACTIVE


async def test_a_hold_that_we_do_not_trust_any_more_is_lifted_when_the_next_one_stands(bench: Bench) -> None:
    """A bank may keep it longer than five days: nobody has twice the deposit blocked."""
    # Given: nobody came, and the hold has ended
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START - timedelta(hours=20))
    await deposits.place(bench.outside, contract.id)
    bench.clock.move_to(END + timedelta(days=4))
    await deposits.place(bench.outside, contract.id)
    assert (await bench.deposit(contract.id)).state is DepositState.EXPIRED
    # When the rental is to go on
    async with bench.owned() as session:
        now = await session.by_id(Contract, contract.id)
        assert now is not None
        now.ends_at = END + timedelta(days=9)
        await session.store(now)
        await deposits.begin_anew(session, now, now=bench.now)
    await deposits.place(bench.outside, contract.id)
    # Then
    assert (await bench.deposit(contract.id)).state is DepositState.ACTIVE
    first, second, lifted = [one for one in await bench.all(Payment, contract_id=contract.id) if one.kind != "SALE"]
    assert [one.kind.value for one in (first, second, lifted)] == ["HOLD", "HOLD", "RELEASE"]
    assert (lifted.refers_to_id, (await bench.deposit(contract.id)).hold_id) == (first.id, second.id)


async def test_a_late_answer_about_the_old_card_does_not_displace_the_new_one(bench: Bench) -> None:
    # Given: the renewal on the old card has no answer yet when the customer has entered another card
    shop = await open_shop(bench)
    contract = await book(shop, START, START + timedelta(days=20))
    bench.clock.move_to(START - timedelta(hours=20))
    await deposits.place(bench.outside, contract.id)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.later(days=3, hours=5)
    bench.books.script("hold", "lost")
    await deposits.place(bench.outside, contract.id)
    bench.later(minutes=1)
    entered = Payment(
        contract_id=contract.id,
        station_id=contract.station_id,
        kind=PaymentKind.HOLD,
        purpose=Purpose.CARD,
        state=PaymentState.SUCCEEDED,
        amount_cents=30_000,
        order_reference=f"{contract.number}-K1",
        attempt_reference="k1",
        created_at=bench.now,
        resolved_at=bench.now,
    )
    await bench.put(entered)
    await new_card.follow(bench.outside, contract.id)
    assert (await bench.deposit(contract.id)).hold_id == entered.id
    # When the answer is found
    await bench.look_up(contract.id)
    # Then: the deposit stays where it is, and what was blocked on the old card is lifted
    deposit = await bench.deposit(contract.id)
    assert (deposit.hold_id, deposit.state) == (entered.id, DepositState.ACTIVE)
    late = next(one for one in await bench.all(Payment) if one.order_reference.endswith("-H2") and one.kind == "HOLD")
    (lifted,) = await bench.all(Payment, kind=PaymentKind.RELEASE, refers_to_id=late.id)
    assert (late.state, lifted.state) == (PaymentState.SUCCEEDED, PaymentState.SUCCEEDED)
