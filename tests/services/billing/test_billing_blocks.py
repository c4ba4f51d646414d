"""No billing block without a way out: each reason in each state where it arises is made, cleared, and what waited goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import DomainError, InvalidTransition
from server.models import Contract, Document, HistoryEntry, Photo
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock, ContractFlag
from server.models.document import DocumentType
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.booking import saga
from server.services.contract import blocks
from server.services.lists import attention
from server.services.payments import deposits
from server.services.receivables import cancelling
from tests.builders.bench import Bench
from tests.builders.rentals import CHEAP_WEEKEND, book, check_in, check_out, customer, rented, weekend_after_all
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
HAND = "ab" * 32
"""The hash of a signature."""
Blocked = Callable[[Shop], Awaitable[Contract]]


async def odometer_at_check_out(shop: Shop) -> Contract:
    contract = await book(shop, START, START + DAY)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract, km=9_000, override_reason="Tacho getauscht")
    return contract


async def odometer_at_return(shop: Shop) -> Contract:
    return await rented(shop, START, START + DAY, km=5_000, back_with={"override_reason": "zwei Fahrer"})


async def conflict_while_out(shop: Shop) -> Contract:
    contract = await book(shop, START, START + DAY)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract)
    # A second tablet was offline and handed the same car over a minute before.
    await check_out(shop, contract, occurred_at=START - timedelta(minutes=1))
    return contract


async def conflict_after_the_return(shop: Shop) -> Contract:
    contract = await rented(shop, START, START + DAY)
    await check_in(shop, contract, occurred_at=shop.bench.now - timedelta(minutes=1))
    return contract


async def tank_of_unknown_size(shop: Shop) -> Contract:
    bench = shop.bench
    contract = await rented(shop, START, START + DAY, back_with={"fuel": 6})
    async with bench.owned() as session:
        await session.write("update vehicle set tank_litres = null", {})
    await invoice.bill(bench.outside, contract.id)
    return contract


async def address_missing(shop: Shop) -> Contract:
    contract = await book(shop, START, START + 8 * DAY, customer=customer(address=None))
    shop.bench.clock.move_to(START + timedelta(minutes=16))
    await check_out(shop, contract, occurred_at=START)
    return contract


async def address_missing_at_the_return(shop: Shop) -> Contract:
    return await rented(shop, START, START + DAY, km=1_500, customer=customer(address=None))


async def seller_without_a_phone(shop: Shop) -> Contract:
    authority = Recipient(
        name="Stadt Musterhausen",
        address=PostalAddress(street="Markt 1", postcode="10115", city="Berlin"),
        buyer_reference="04011000-12345-03",
    )
    return await rented(shop, START, START + DAY, payer=authority)


async def refund_refused(shop: Shop) -> Contract:
    contract = await weekend_after_all(shop)
    shop.bench.books.script("refund", "decline:05")
    await collection.collect(shop.bench.outside, contract.id)
    return contract


async def refund_above_payment(shop: Shop) -> Contract:
    contract = await weekend_after_all(shop)
    async with shop.bench.owned(past_triggers=True) as session:
        await session.write("update payment set amount_cents = 2000 where purpose = 'ADVANCE'", {})
    await collection.collect(shop.bench.outside, contract.id)
    return contract


async def document_cancelled(shop: Shop) -> Contract:
    contract = await rented(shop, START, START + DAY)
    await invoice.settle(shop.bench.outside, contract.id)
    (final,) = await shop.bench.all(Document, contract_id=contract.id, type=DocumentType.FINAL_INVOICE)
    manager = Acting(shop.bench.now, shop.somebody(Role.MANAGER))
    await cancelling.cancel(shop.bench.outside, manager, final.id, "falscher Name")
    return contract


async def advance_not_refunded(shop: Shop) -> Contract:
    shop.bench.books.script("refund", "decline:05")
    with pytest.raises(DomainError):
        await book(shop, START, START + DAY, card_token="tok-hold-declined")
    (contract,) = await shop.bench.all(Contract)
    return await shop.bench.contract(contract.id)


async def clock_a_day_behind(shop: Shop) -> Contract:
    behind = {"occurred_at": START, "clock_difference": -DAY}
    return await rented(shop, START, START + DAY, back_with=behind)


async def clock_ahead_at_check_out(shop: Shop) -> Contract:
    contract = await book(shop, START, START + DAY)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract, clock_difference=2 * DAY)
    return contract


async def signed_late_without_a_licence(shop: Shop) -> Contract:
    contract = await book(shop, START, START + DAY)
    yard = shop.somebody(Role.YARD)
    photo = Photo(
        sha256=HAND,
        uploaded_by=yard.id,
        stations=list(yard.stations),
        signature=True,
        width=9,
        height=3,
        object_key="a",
        thumbnail_key="b",
        created_at=START,
    )
    async with shop.bench.owned() as session:
        await session.store(photo)
    shop.bench.clock.move_to(START + timedelta(hours=1))
    await check_out(shop, contract, occurred_at=START, staff_signature_sha256=HAND, licence_checked_driver_ids=())
    return contract


async def enter_address(shop: Shop, contract: Contract) -> None:
    async with shop.bench.outside.database.transaction(SYSTEM) as session:
        found = await session.by_id(Contract, contract.id)
        assert found is not None
        found.correct_customer(customer())
        await session.store(found)


async def enter_phone(shop: Shop) -> None:
    async with shop.bench.owned() as session:
        await session.write("update company set phone = '+49 30 23125100'", {})


async def enter_size(shop: Shop) -> None:
    async with shop.bench.owned() as session:
        await session.write("update vehicle set tank_litres = 50", {})


# How it comes about, which block in which state, and what has happened once it is cleared.
CASES = [
    (odometer_at_check_out, BillingBlock.ODOMETER, ContractState.CHECKED_OUT, "BILLED after its return"),
    (odometer_at_return, BillingBlock.ODOMETER, ContractState.RETURNED, "BILLED"),
    (conflict_while_out, BillingBlock.PROTOCOL_CONFLICT, ContractState.CHECKED_OUT, "BILLED after its return"),
    (conflict_after_the_return, BillingBlock.PROTOCOL_CONFLICT, ContractState.RETURNED, "BILLED"),
    (clock_a_day_behind, BillingBlock.DEVICE_CLOCK, ContractState.RETURNED, "BILLED"),
    (clock_ahead_at_check_out, BillingBlock.DEVICE_CLOCK, ContractState.CHECKED_OUT, "BILLED after its return"),
    (
        signed_late_without_a_licence,
        BillingBlock.LATE_HANDOVER,
        ContractState.CHECKED_OUT,
        "BILLED after its return",
    ),
    (tank_of_unknown_size, BillingBlock.VEHICLE_SIZE, ContractState.RETURNED, "BILLED"),
    (address_missing, BillingBlock.ADDRESS_MISSING, ContractState.CHECKED_OUT, "BILLED after its return"),
    (address_missing_at_the_return, BillingBlock.ADDRESS_MISSING, ContractState.RETURNED, "BILLED"),
    (seller_without_a_phone, BillingBlock.SELLER_CONTACT_MISSING, ContractState.RETURNED, "BILLED"),
    (refund_refused, BillingBlock.REFUND_REFUSED, ContractState.BILLED, "PAID"),
    (refund_above_payment, BillingBlock.REFUND_ABOVE_PAYMENT, ContractState.BILLED, "PAID"),
    (document_cancelled, BillingBlock.DOCUMENT_CANCELLED, ContractState.RETURNED, "BILLED"),
    (advance_not_refunded, BillingBlock.ADVANCE_NOT_REFUNDED, ContractState.CANCELLED, "PAID"),
]


def flags(contract: Contract, bench: Bench) -> list[ContractFlag]:
    return attention.flags(contract, None, at_risk=False, now=bench.now)


async def work(bench: Bench, contract: Contract) -> Contract:
    """What the jobs do with a contract, twice: they may be run again at any time."""
    for _ in range(2):
        await saga.drive(bench.outside, contract.id)
        await invoice.bill(bench.outside, contract.id)
        await collection.collect(bench.outside, contract.id)
        await deposits.release(bench.outside, contract.id)
    return await bench.contract(contract.id)


def test_every_reason_is_made() -> None:
    assert {reason for _make, reason, _state, _then in CASES} == set(BillingBlock)


@pytest.mark.parametrize(("make", "reason", "state", "then"), CASES)
async def test_a_block_is_cleared_and_what_waited_goes_on(
    bench: Bench, make: Blocked, reason: BillingBlock, state: ContractState, then: str
) -> None:
    # Given: blocked, whatever the jobs do
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    clerk = Acting(bench.now, shop.somebody())
    made = await make(shop)
    waiting = await work(bench, made)
    assert (waiting.state, waiting.billing_block) == (state, reason)
    assert ContractFlag.BILLING_BLOCKED in flags(waiting, bench)
    sent = bench.books.ledger(waiting)
    # When
    if reason is BillingBlock.VEHICLE_SIZE:
        await enter_size(shop)
    if reason is BillingBlock.SELLER_CONTACT_MISSING:
        await enter_phone(shop)
    if reason is BillingBlock.ADDRESS_MISSING:
        await enter_address(shop, waiting)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await invoice.release_block(session, waiting.id, waiting.version, clerk)
    free = await work(bench, waiting)
    # Then
    assert free.billing_block is None
    assert not {ContractFlag.BILLING_BLOCKED, ContractFlag.PROTOCOL_CONFLICT} & set(flags(free, bench))
    if then == "BILLED after its return":
        assert free.state is state
        await check_in(shop, free, km=10_100)
        free = await work(bench, free)
    if then.startswith("BILLED"):
        assert free.state is ContractState.BILLED
    else:
        # Paid by hand: nothing is tried at the gateway again.
        assert (free.state, free.settlement_state) == (state, SettlementState.PAID)
        assert bench.books.ledger(free) == sent
    actions = [str(entry.action) for entry in await bench.all(HistoryEntry, contract_id=free.id)]
    assert (actions.count("BILLING_BLOCKED"), actions.count("BILLING_RELEASED")) == (1, 1)


async def test_where_nothing_waits_there_is_nothing_to_clear(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)

    async with bench.outside.database.transaction(SYSTEM) as session:
        with pytest.raises(InvalidTransition):
            await invoice.release_block(session, contract.id, contract.version, Acting(bench.now, shop.somebody()))

    assert (await bench.contract(contract.id)).version == contract.version


async def release(bench: Bench, contract: Contract, clerk: Acting) -> Contract:
    async with bench.outside.database.transaction(SYSTEM) as session:
        await invoice.release_block(session, contract.id, contract.version, clerk)
    return await work(bench, contract)


async def test_each_reason_is_shown_and_cleared_for_itself(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    clerk = Acting(bench.now, shop.somebody())
    contract = await odometer_at_return(shop)
    for minutes in (1, 2):
        await check_in(shop, contract, occurred_at=bench.now - timedelta(minutes=minutes))
    waiting = await bench.contract(contract.id)
    assert (waiting.billing_block, waiting.protocol_conflict) == (BillingBlock.ODOMETER, True)
    assert sorted(e.after for e in await bench.all(HistoryEntry, action="BILLING_BLOCKED")) == [
        "ODOMETER",
        "PROTOCOL_CONFLICT",
    ]
    # When
    looked_at_once = await release(bench, waiting, clerk)
    # Then: nobody has seen the protocol yet
    assert (looked_at_once.billing_block, looked_at_once.billing_block_detail) == (
        BillingBlock.PROTOCOL_CONFLICT,
        "RETURNED",
    )
    assert (looked_at_once.protocol_conflict, looked_at_once.state) == (True, ContractState.RETURNED)
    # When
    free = await release(bench, looked_at_once, clerk)
    # Then
    assert (free.billing_block, free.protocol_conflict, free.state) == (None, False, ContractState.BILLED)


async def test_a_refund_paid_by_hand_says_nothing_of_a_protocol(bench: Bench) -> None:
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    contract = await refund_refused(shop)
    await check_in(shop, contract, occurred_at=bench.now - timedelta(minutes=1))

    waiting = await work(bench, contract)
    paid = await release(bench, waiting, Acting(bench.now, shop.somebody()))

    assert (paid.settlement_state, paid.billing_block) == (SettlementState.PAID, BillingBlock.PROTOCOL_CONFLICT)
    assert ContractFlag.PROTOCOL_CONFLICT in flags(paid, bench)


async def test_a_conflict_of_version_0_1_has_a_flag_only(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await odometer_at_return(shop)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write("update contract set protocol_conflict = true where id = :id", {"id": contract.id})

    next_one = await release(bench, await bench.contract(contract.id), Acting(bench.now, shop.somebody()))

    assert (next_one.billing_block, next_one.state) == (BillingBlock.PROTOCOL_CONFLICT, ContractState.RETURNED)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("reason", list(BillingBlock))
def test_every_reason_has_its_words(reason: BillingBlock, language: str) -> None:
    columns: dict[str, Any] = {"billing_block": reason, "billing_block_detail": "9 km → 8 km"}
    said = blocks.text(Contract(**columns), language)
    assert said is not None
    assert said[-1] in ".:)m"
    assert "{" not in said
    columns["billing_block"] = None
    assert blocks.text(Contract(**columns), language) is None
