"""A document that is taken back by hand: what was paid goes back, and a rental is billed anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from server.errors import DomainError, InvalidInput
from server.models import Contract, Document, Email
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.changes import card
from server.services.ends import cancellation
from server.services.payments.new_card import Page
from server.services.receivables import cancelling
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, rented
from tests.builders.rows import Shop, open_shop
from tests.services.receivables.billed import END, START, billed, final_of, work, written
from tests.services.samples import KOMPAKT


async def cancel(shop: Shop, document: Document, reason: str = "Falscher Name") -> Document:
    manager = Acting(shop.bench.now, shop.somebody(Role.MANAGER))
    mirror_id = await cancelling.cancel(shop.bench.outside, manager, document.id, reason)
    (mirror,) = await shop.bench.all(Document, id=mirror_id)
    return mirror


def sums(document: Document) -> Any:
    return document.total_cents, document.net_cents, document.vat_cents, document.payable_cents


async def test_a_final_invoice_goes_back_and_the_rental_is_billed_anew(bench: Bench) -> None:
    # Given two days: 118.00, of which 59.00 were paid in advance
    shop = await open_shop(bench)
    contract = await billed(shop)
    final = await final_of(bench, contract)
    # When
    mirror = await cancel(shop, final)
    now = await work(bench, contract)
    # Then
    assert (mirror.type, mirror.refers_to_id) == (DocumentType.CANCELLATION_INVOICE, final.id)
    assert sums(mirror) == (-11_800, -9_916, -1_884, -5_900)
    assert (now.state, now.settlement_state, now.paid_cents) == (ContractState.RETURNED, SettlementState.NONE, 5_900)
    assert now.billing_block is BillingBlock.DOCUMENT_CANCELLED
    assert [one for one in await bench.payments(contract.id) if one[0] == "REFUND"] == [("REFUND", "SUCCEEDED", 5_900)]
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION)
    said = " ".join(mail.text.replace("\u00a0", " ").split())
    assert f"wir haben {final.number} storniert. Grund: Falscher Name" in said
    assert "59,00 € auf Ihre Karte" in said
    assert [file.name for file in mail.attachments] == [f"Stornorechnung {mirror.number}.pdf"]
    # When a clerk has it billed anew
    await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, now.version)
    now = await work(bench, contract)
    # Then
    assert (now.state, now.settlement_state, now.paid_cents) == (ContractState.BILLED, SettlementState.PAID, 11_800)
    assert sums(await final_of(bench, contract)) == (11_800, 9_916, 1_884, 5_900)


async def test_an_advance_goes_back_and_the_whole_is_billed(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    (advance,) = await bench.all(Document, contract_id=contract.id)

    mirror = await cancel(shop, advance)
    now = await work(bench, contract)

    assert sums(mirror) == (-5_900, -4_958, -942, -5_900)
    assert (now.state, now.paid_cents) == (ContractState.RESERVED, 0)


async def test_a_fee_is_given_back(bench: Bench) -> None:
    # Given a booking that was called off too late
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START.replace(hour=1))
    clerk = Acting(bench.now, shop.somebody())
    await cancellation.cancel(bench.outside, clerk, contract.id, contract.version, None)
    await work(bench, contract)
    fee = await final_of(bench, contract)
    assert (fee.total_cents, fee.payable_cents) == (5_900, 0)
    # When
    mirror = await cancel(shop, fee, "Kulanz")
    now = await work(bench, contract)
    # Then: the advance, which the fee had used up, goes with it, and all that was paid goes back
    assert (now.state, sums(mirror)) == (ContractState.CANCELLED, (-5_900, -4_958, -942, 0))
    assert (now.paid_cents, now.settlement_state) == (0, SettlementState.PAID)
    of_advance = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (sums(of_advance), of_advance.moves_cents) == ((-5_900, -4_958, -942, -5_900), -5_900)


async def test_a_fee_less_than_the_advance_gives_back_what_is_left_of_it(bench: Bench) -> None:
    # Given a fee of 20.00, so that 39.00 of the advance have gone back already
    shop = await open_shop(bench, terms=replace(KOMPAKT, cancellation_fee_cents=2_000))
    contract = await book(shop, START, END)
    bench.clock.move_to(START.replace(hour=1))
    await cancellation.cancel(bench.outside, Acting(bench.now, shop.somebody()), contract.id, contract.version, None)
    assert (await work(bench, contract)).paid_cents == 2_000
    # When
    await cancel(shop, await final_of(bench, contract), "Kulanz")
    now = await work(bench, contract)
    # Then: 20.00 go back, and nobody is charged
    assert (now.paid_cents, now.settlement_state) == (0, SettlementState.PAID)
    refunds = [one for one in await bench.payments(contract.id) if one[0] in {"SALE", "REFUND"}]
    assert refunds == [("SALE", "SUCCEEDED", 5_900), ("REFUND", "SUCCEEDED", 3_900), ("REFUND", "SUCCEEDED", 2_000)]
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION)
    assert "20,00 € auf Ihre Karte" in mail.text.replace("\u00a0", " ")


async def test_what_cannot_be_taken_back(bench: Bench) -> None:
    # Given a billed rental whose final invoice deducts its advance
    shop = await open_shop(bench)
    contract = await billed(shop)
    (advance,) = await bench.all(Document, contract_id=contract.id, type=DocumentType.ADVANCE_INVOICE)
    final = await final_of(bench, contract)
    before = await written(bench, contract)

    with pytest.raises(InvalidInput) as said:
        await cancel(shop, advance)
    assert final.number in str(said.value)
    with pytest.raises(InvalidInput) as said:
        await cancel(shop, final, " ")
    assert list(said.value.field or []) == ["reason"]
    assert await written(bench, contract) == before

    mirror = await cancel(shop, final)
    before = await written(bench, contract)
    for document in (final, mirror):
        with pytest.raises(InvalidInput) as said:
            await cancel(shop, document)
        assert list(said.value.field or []) == ["document_id"]
    assert await written(bench, contract) == before


async def test_while_money_is_under_way_nothing_is_taken_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed_without_answer(shop)
    before = await written(bench, contract)

    with pytest.raises(DomainError) as said:
        await cancel(shop, await final_of(bench, contract))

    assert said.value.code.value == "PAYMENT_UNRESOLVED"
    assert await written(bench, contract) == before


async def billed_without_answer(shop: Shop) -> Contract:
    contract = await rented(shop, START, END)
    shop.bench.books.script("sale", "lost")
    await invoice.bill(shop.bench.outside, contract.id)
    await collection.collect(shop.bench.outside, contract.id)
    return contract


async def test_a_card_page_that_is_merely_open_keeps_nothing_waiting(bench: Bench) -> None:
    # Given: somebody has opened a page for another card, and nobody has entered one
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    now = await bench.contract(contract.id)
    page = Page("https://shop.example/yes", "https://shop.example/no")
    await card.replace(bench.outside, Acting(bench.now, shop.somebody()), contract.id, now.version, page)
    bench.clock.move_to(END)
    await check_in(shop, contract)
    await invoice.settle(bench.outside, contract.id)

    mirror = await cancel(shop, await final_of(bench, contract))

    assert mirror.moves_cents == -5_900
