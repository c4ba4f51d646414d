"""Paid by transfer or at the till: the open item shrinks, and what is paid in full is settled."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import InvalidInput, ProblemCode, Refused
from server.models import Contract, Email, HistoryEntry, Job, OpenItem, Protocol
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.email import EmailTemplate
from server.models.job import JobKind
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.receivables import cancelling, external
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rentals import rented
from tests.builders.rows import open_shop
from tests.services.receivables.billed import END, START, billed, final_of, item_of, on_account, pay, work, written


async def test_in_two_parts(bench: Bench) -> None:
    # Given 118.00 on account
    shop = await open_shop(bench)
    contract = await on_account(shop)
    final = await final_of(bench, contract)
    assert (contract.settlement_state, (await item_of(bench, final)).open_cents) == (SettlementState.OPEN, 11_800)
    # When a part is paid
    now = await pay(shop, final, 5_000)
    # Then
    assert (now.settlement_state, now.paid_cents) == (SettlementState.PARTLY_PAID, 5_000)
    assert (await item_of(bench, final)).open_cents == 6_800
    # When the rest is paid at the till
    now = await pay(shop, final, 6_800, "Kasse 2, Beleg 118")
    # Then
    assert (now.settlement_state, now.paid_cents) == (SettlementState.PAID, 11_800)
    assert (await item_of(bench, final)).open_cents == 0
    assert await bench.payments(contract.id) == [
        ("EXTERNAL", "SUCCEEDED", 5_000),
        ("EXTERNAL", "SUCCEEDED", 6_800),
    ]
    entries = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.PAYMENT_RECORDED)
    assert [(one.before, one.after, one.reason) for one in entries] == [
        ("11800", "6800", "KA-1"),
        ("6800", "0", "Kasse 2, Beleg 118"),
    ]


async def test_a_declined_card_is_paid_by_transfer_and_no_card_is_touched(bench: Bench) -> None:
    # Given: declined, and the deposit cannot be taken
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    bench.books.script("sale", "decline:51")
    bench.books.script("capture", "decline:05")
    await work(bench, contract)
    final = await final_of(bench, contract)
    lines = bench.books.ledger(contract)
    assert (await item_of(bench, final)).open_cents == 5_900

    now = await pay(shop, final, 5_900)

    assert (now.settlement_state, now.paid_cents) == (SettlementState.PAID, 11_800)
    assert [one for one in bench.books.ledger(contract) if one[0] in {"sale", "refund"}] == [
        one for one in lines if one[0] in {"sale", "refund"}
    ]


async def test_the_same_again_is_the_first_also_from_two_desks_at_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop)
    final = await final_of(bench, contract)

    await asyncio.gather(*[pay(shop, final, 5_000, "T-7") for _ in range(2)])

    assert (await item_of(bench, final)).open_cents == 6_800
    assert len(await bench.payments(contract.id)) == 1
    # Another amount, or another reference, is another payment
    await pay(shop, final, 1_000, "T-7")
    await pay(shop, final, 5_000, "T-8")
    assert (await item_of(bench, final)).open_cents == 800


@pytest.mark.parametrize(
    ("cents", "reference", "field"),
    [(11_801, "T-7", ["amount"]), (0, "T-7", ["amount"]), (-1, "T-7", ["amount"]), (100, " ", ["reference"])],
)
async def test_what_is_not_open_cannot_be_paid(bench: Bench, cents: int, reference: str, field: list[str]) -> None:
    shop = await open_shop(bench)
    contract = await on_account(shop)
    before = await written(bench, contract)

    with pytest.raises(InvalidInput) as said:
        await pay(shop, await final_of(bench, contract), cents, reference)

    assert list(said.value.field or []) == field
    assert await written(bench, contract) == before


async def test_what_a_card_has_paid_is_not_paid_again(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop)
    before = await written(bench, contract)

    with pytest.raises(InvalidInput) as said:
        await pay(shop, await final_of(bench, contract), 5_900)

    assert list(said.value.field or []) == ["document_id"]
    assert await written(bench, contract) == before


async def test_what_was_transferred_goes_back_by_transfer(bench: Bench) -> None:
    # Given: paid by transfer, and its invoice taken back
    shop = await open_shop(bench)
    contract = await on_account(shop)
    final = await final_of(bench, contract)
    await pay(shop, final, 11_800)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    mirror_id = await cancelling.cancel(bench.outside, manager, final.id, "Doppelt berechnet")
    waiting = await work(bench, contract)
    (item,) = await bench.all(OpenItem, document_id=mirror_id)
    assert item.open_cents == -11_800
    assert waiting.billing_block in {BillingBlock.DOCUMENT_CANCELLED, BillingBlock.REFUND_ABOVE_PAYMENT}
    # When a clerk has transferred it
    clerk = Acting(bench.now, shop.somebody())
    for _ in range(2):
        await external.record(bench.outside, clerk, mirror_id, ExternalPayment(-11_800, "SEPA 99"))
    now = await work(bench, contract)
    # Then
    assert (now.paid_cents, now.billing_block) == (0, BillingBlock.DOCUMENT_CANCELLED)
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.REFUND)
    assert "wir haben Ihnen 118,00 € überwiesen." in " ".join(mail.text.replace("\u00a0", " ").split())
    assert bench.books.ledger(contract) == []


async def test_an_invoice_that_is_issued_anew_says_how_it_was_paid(bench: Bench) -> None:
    # Given: paid by transfer, then a reading is corrected by which it becomes dearer
    shop = await open_shop(bench)
    contract = await on_account(shop)
    await pay(shop, await final_of(bench, contract), 11_800)
    back = next(one for one in await bench.all(Protocol, contract_id=contract.id) if one.type is ProtocolType.CHECK_IN)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    # When
    await readings.correct(bench.outside, manager, back.id, Reading(odometer_km=10_400), "Zahlendreher")
    # Then: two days with 300 km, 100 km more at 0.25
    final = await final_of(bench, contract)
    assert (final.total_cents, final.moves_cents) == (14_300, 2_500)
    parts = (final.view or {})["payments"]
    assert [(part["way"], part["amount_cents"]) for part in parts] == [("PAID_ELSEWHERE", 11_800), ("TRANSFER", 2_500)]
    assert (await item_of(bench, final)).open_cents == 2_500


async def test_a_rental_is_billed_once_nothing_is_owed_by_hand_any_more(bench: Bench) -> None:
    # Given: paid by transfer and taken back; the clerk says first that all is put right
    shop = await open_shop(bench)
    contract = await on_account(shop)
    final = await final_of(bench, contract)
    await pay(shop, final, 11_800)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    mirror_id = await cancelling.cancel(bench.outside, manager, final.id, "Doppelt berechnet")
    waiting = await work(bench, contract)
    while waiting.billing_block is BillingBlock.DOCUMENT_CANCELLED:
        await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, waiting.version)
        waiting = await bench.contract(contract.id)
    assert waiting.billing_block is BillingBlock.REFUND_ABOVE_PAYMENT
    # When the money went back
    clerk = Acting(bench.now, shop.somebody())
    await external.record(bench.outside, clerk, mirror_id, ExternalPayment(-11_800, "SEPA 99"))
    # Then a job bills it
    (job,) = [
        one for one in await bench.all(Job, kind=JobKind.BILL) if one.key.endswith(f":{await version(bench, contract)}")
    ]
    assert job.state.value == "WAITING"
    now = await work(bench, contract)
    assert (now.state, now.settlement_state, now.paid_cents) == (ContractState.BILLED, SettlementState.OPEN, 0)


async def version(bench: Bench, contract: Contract) -> int:
    return (await bench.contract(contract.id)).version


async def test_while_a_payment_is_under_way_nothing_is_entered(bench: Bench) -> None:
    # Given: the answer of the card is lost
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    await invoice.bill(bench.outside, contract.id)
    bench.books.script("sale", "lost")
    await collection.collect(bench.outside, contract.id)
    final = await final_of(bench, contract)
    before = await written(bench, contract)

    with pytest.raises(Refused) as said:
        await external.record(bench.outside, Acting(bench.now, shop.somebody()), final.id, ExternalPayment(5_900, "x"))

    assert said.value.code is ProblemCode.PAYMENT_UNRESOLVED
    assert await written(bench, contract) == before
