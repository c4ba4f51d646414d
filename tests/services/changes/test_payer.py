"""Who pays: an advance of the customer's card goes back when somebody else is to pay, and the card is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from server.errors import InvalidInput, ProblemCode, Refused
from server.models import Contract, Document, Email, HistoryEntry, OpenItem, Protocol
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.protocol import ProtocolType
from server.models.recipient import Recipient
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.changes import edit, payer, tariff
from server.services.changes.tariff import EditRequest
from server.services.ends import undo
from server.services.receivables import external
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out, rented
from tests.builders.rows import Shop, open_shop
from tests.services.receivables.billed import INSURER
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + 2 * DAY


async def change(shop: Shop, contract: Contract, wanted: Recipient | None, role: Role = Role.CLERK) -> Contract:
    now = await shop.bench.contract(contract.id)
    acting = Acting(shop.bench.now, shop.somebody(role))
    await payer.change(shop.bench.outside, acting, contract.id, now.version, wanted)
    await collection.collect(shop.bench.outside, contract.id)
    return await shop.bench.contract(contract.id)


async def rented_for_the_insurer(shop: Shop) -> Contract:
    """Back after two days, and not billed; the advance went back to the customer."""
    contract = await book(shop, START, END)
    await change(shop, contract, INSURER)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract)
    shop.bench.clock.move_to(END)
    await check_in(shop, contract)
    return contract


async def written(bench: Bench, contract: Contract) -> list[Any]:
    kinds = [Document, Email, HistoryEntry]
    now = await bench.contract(contract.id)
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in kinds]
    return [now.version, now.payer_json, counts, await bench.payments(contract.id)]


async def test_an_insurer_pays_and_the_advance_goes_back(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    looked = await edit.preview(
        bench.outside, Acting(bench.now, shop.somebody()), contract.id, partial(payer.look, payer=INSURER)
    )

    # When
    now = await change(shop, contract, INSURER)

    # Then
    assert (looked.moved_cents, looked.after, list(looked.problems)) == (-5_900, contract.price, [])
    assert (now.payer, now.paid_cents) == (INSURER, 0)
    assert (now.state, now.settlement_state) == (ContractState.RESERVED, SettlementState.NONE)
    advance, mirror = await bench.all(Document, contract_id=contract.id)
    assert (mirror.type, mirror.refers_to_id, mirror.payable_cents) == (
        DocumentType.CANCELLATION_INVOICE, advance.id, -5_900,
    )  # fmt: skip
    assert mirror.recipient.name == "Anna Beispiel"  # whoever had the invoice gets it back
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CHANGE)
    assert "Rechnung an: bisher Sie" in mail.text.replace("\n", " ")
    assert "neu Versicherung AG" in mail.text
    assert [file.name for file in mail.attachments] == ["Miettermin.ics", f"Stornorechnung {mirror.number}.pdf"]
    (refund,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.REFUND)
    assert "59,00 €" in refund.text.replace("\u00a0", " ")
    (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.PAYER_CHANGED)
    assert (entry.before, entry.after) == (None, "Versicherung AG")


async def test_the_whole_is_then_billed_to_the_payer_and_no_card_is_debited(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented_for_the_insurer(shop)

    await invoice.settle(bench.outside, contract.id)

    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (final.recipient.name, final.total_cents, final.payable_cents) == ("Versicherung AG", 11_800, 11_800)
    assert [(item.document_id, item.open_cents) for item in await bench.all(OpenItem)] == [(final.id, 11_800)]
    made = await bench.payments(contract.id)
    assert [one for one in made if one[0] in {"SALE", "REFUND"}] == [
        ("SALE", "SUCCEEDED", 5_900),
        ("REFUND", "SUCCEEDED", 5_900),
    ]


async def test_a_refund_that_a_clerk_pays_settles_no_rental_that_goes_on(bench: Bench) -> None:
    # Given a card that refuses to take the advance back
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.books.script("refund", "decline:51")
    blocked = await change(shop, contract, INSURER)
    assert blocked.billing_block is BillingBlock.REFUND_REFUSED

    # When the clerk has paid it
    await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, blocked.version)

    # Then it is not tried again, and the rental is still to be paid
    now = await bench.contract(contract.id)
    assert (now.billing_block, now.state, now.settlement_state) == (None, ContractState.RESERVED, SettlementState.NONE)
    assert [one for one in await bench.payments(contract.id) if one[0] == "REFUND"] == [("REFUND", "DECLINED", 5_900)]


async def test_back_to_the_customer_the_card_pays_all_at_the_end(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    await change(shop, contract, INSURER)
    now = await change(shop, contract, None)
    assert (now.payer, now.paid_cents) == (None, 0)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(END)
    await check_in(shop, contract)

    await invoice.settle(bench.outside, contract.id)

    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.settlement_state) == (11_800, SettlementState.PAID)


async def test_a_payer_without_an_address_or_after_the_invoice_by_a_clerk_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench, cars=2)
    contract = await book(shop, START, END)
    before = await written(bench, contract)
    with pytest.raises(InvalidInput) as said:
        await change(shop, contract, replace(INSURER, address=None))
    assert said.value.field == ["payer", "address"]
    assert await written(bench, contract) == before

    billed = await rented(shop, START, END)
    await invoice.settle(bench.outside, billed.id)
    before = await written(bench, billed)
    with pytest.raises(Refused) as refused:
        await change(shop, billed, INSURER)
    assert (refused.value.code, refused.value.field) == (ProblemCode.NOT_ALLOWED, ["payer"])
    assert await written(bench, billed) == before


async def test_after_billing_all_goes_back_and_the_whole_is_billed_to_the_payer(bench: Bench) -> None:
    """D6: two days for 118.00, billed to the customer's card; then the maker takes over."""
    # Given
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    await invoice.settle(bench.outside, contract.id)
    advance, first = await bench.all(Document, contract_id=contract.id)
    looked = await edit.preview(
        bench.outside, Acting(bench.now, shop.somebody(Role.MANAGER)), contract.id, partial(payer.look, payer=INSURER)
    )
    # When
    now = await change(shop, contract, INSURER, Role.MANAGER)
    await collection.collect(bench.outside, contract.id)
    # Then: two mirrors with all lines and deductions, and a new invoice over the whole
    assert (looked.moved_cents, list(looked.problems)) == (-11_800, [])
    mirror, of_advance, final = (await bench.all(Document, contract_id=contract.id))[2:]
    assert [sums(one) for one in (mirror, of_advance, final)] == [
        (-11_800, -9_916, -1_884, -5_900),
        (-5_900, -4_958, -942, -5_900),
        (11_800, 9_916, 1_884, 11_800),
    ]
    assert (mirror.refers_to_id, of_advance.refers_to_id, final.refers_to_id) == (first.id, advance.id, None)
    assert (mirror.recipient.name, final.recipient.name) == ("Anna Beispiel", "Versicherung AG")
    assert (final.recipient.reference, final.advances) == ("S-4711", [])
    # All that was paid went back, and the card is left alone
    assert (now.paid_cents, now.state, now.settlement_state) == (0, ContractState.BILLED, SettlementState.OPEN)
    assert [one for one in await bench.payments(contract.id) if one[0] in {"SALE", "REFUND"}] == [
        ("SALE", "SUCCEEDED", 5_900),
        ("SALE", "SUCCEEDED", 5_900),
        ("REFUND", "SUCCEEDED", 5_900),
        ("REFUND", "SUCCEEDED", 5_900),
    ]
    (item,) = await bench.all(OpenItem, contract_id=contract.id)
    assert (item.document_id, item.open_cents) == (final.id, 11_800)
    # One mail to the customer with all documents, one to the payer with the invoice
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION)
    assert [file.name for file in mail.attachments] == [
        f"Stornorechnung {mirror.number}.pdf",
        f"Stornorechnung {of_advance.number}.pdf",
        f"Rechnung {final.number}.pdf",
    ]
    said = " ".join(mail.text.replace("\u00a0", " ").split())
    assert f"wir haben {first.number} und {advance.number} storniert, weil Versicherung AG die Miete bezahlt." in said
    assert "118,00 € auf Ihre Karte" in said
    (asked,) = await bench.all(Email, contract_id=contract.id, to=INSURER.email)
    said = " ".join(asked.text.replace("\u00a0", " ").split())
    assert f"anbei die Rechnung {final.number} zur Miete von Anna Beispiel, Ihr Zeichen S-4711." in said
    # When the payer changes its mind, it is the customer's again, and what was not paid does not move
    back = await change(shop, contract, None, Role.MANAGER)
    await collection.collect(bench.outside, contract.id)
    assert (back.payer, (await bench.contract(contract.id)).paid_cents) == (None, 11_800)
    last = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (last.recipient.name, sums(last)) == ("Anna Beispiel", (11_800, 9_916, 1_884, 11_800))


def sums(document: Document) -> tuple[int, int, int, int]:
    return document.total_cents, document.net_cents, document.vat_cents, document.payable_cents


async def test_an_invoice_goes_to_the_payer_and_the_customers_copy_asks_for_nothing(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented_for_the_insurer(shop)

    await invoice.settle(bench.outside, contract.id)

    mails = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.FINAL_INVOICE)
    copy, asked = [" ".join(mail.text.replace("\u00a0", " ").split()) for mail in mails]
    assert [mail.to for mail in mails] == [contract.customer.email, INSURER.email]
    assert len({tuple(file.name for file in mail.attachments) for mail in mails}) == 1
    assert "überweisen" not in copy
    assert "überweisen" in asked or "Überweisung" in asked


async def test_what_another_payer_transferred_goes_back_to_that_payer_and_never_by_the_customers_card(
    bench: Bench,
) -> None:
    # Given: the insurer has paid by transfer
    shop = await open_shop(bench)
    contract = await rented_for_the_insurer(shop)
    await invoice.settle(bench.outside, contract.id)
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    clerk = Acting(bench.now, shop.somebody())
    await external.record(bench.outside, clerk, final.id, ExternalPayment(11_800, "SEPA 1"))
    # When the customer is to pay after all, and everything is looked at twice
    await change(shop, contract, None, Role.MANAGER)
    for _ in range(2):
        await collection.collect(bench.outside, contract.id)
    # Then: the card pays once, and what the insurer gets back is owed by hand
    assert [one for one in await bench.payments(contract.id) if one[0] in {"SALE", "REFUND", "EXTERNAL"}] == [
        ("SALE", "SUCCEEDED", 5_900),
        ("REFUND", "SUCCEEDED", 5_900),
        ("EXTERNAL", "SUCCEEDED", 11_800),
        ("SALE", "SUCCEEDED", 11_800),
    ]
    mirror = next(one for one in await bench.all(Document, contract_id=contract.id) if one.refers_to_id == final.id)
    (item,) = await bench.all(OpenItem, document_id=mirror.id)
    assert item.open_cents == -11_800
    (told,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION, to=INSURER.email)
    assert f"wir haben {final.number} storniert." in " ".join(told.text.split())
    (customers,) = await bench.all(
        Email, contract_id=contract.id, template=EmailTemplate.CORRECTION, to=contract.customer.email
    )
    assert "Erstattung" not in customers.text
    # When a clerk has transferred it
    await external.record(bench.outside, clerk, mirror.id, ExternalPayment(-11_800, "SEPA 2"))
    await collection.collect(bench.outside, contract.id)
    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.settlement_state, now.billing_block) == (11_800, SettlementState.PAID, None)
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.REFUND, to=INSURER.email)
    assert "wir haben Ihnen 118,00 € überwiesen." in " ".join(mail.text.replace("\u00a0", " ").split())


async def test_what_was_paid_for_an_invoice_that_was_taken_back_is_not_lost_between_payers(bench: Bench) -> None:
    # Given: billed, the card has paid 59.00 besides the advance, and the return is taken back
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    await invoice.settle(bench.outside, contract.id)
    back = next(one for one in await bench.all(Protocol, contract_id=contract.id) if one.type is ProtocolType.CHECK_IN)
    await undo.undo(bench.outside, Acting(bench.now, shop.somebody(Role.MANAGER)), back.id, "falscher Wagen")
    before = await written(bench, contract)
    # When
    with pytest.raises(Refused) as said:
        await change(shop, contract, INSURER)
    # Then
    assert (said.value.code, said.value.field) == (ProblemCode.NOT_ALLOWED, ["payer"])
    assert await written(bench, contract) == before
    # When it is back and billed
    await check_in(shop, contract, km=10_400)
    await invoice.settle(bench.outside, contract.id)
    await change(shop, contract, INSURER, Role.MANAGER)
    for _ in range(3):
        await collection.collect(bench.outside, contract.id)
    # Then: all of it goes back, 118.00 and 25.00 for the kilometres, and the insurer owes the whole
    now = await bench.contract(contract.id)
    assert now.paid_cents == 0
    assert [item.open_cents for item in await bench.all(OpenItem) if item.open_cents] == [14_300]


async def test_what_billing_had_paid_back_does_not_go_back_twice(bench: Bench) -> None:
    """E22: 54.57 after a discount, of 59.00 in advance; 4.43 have gone back when the maker takes over."""
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    discount = EditRequest(reason="Kulanz", discount_percent=Decimal("7.5"))
    await tariff.change(bench.outside, Acting(bench.now, shop.somebody()), contract.id, contract.version, discount)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    bench.clock.move_to(START + DAY)
    await check_in(shop, contract)
    await invoice.settle(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).paid_cents == 5_457
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    looked = await edit.preview(bench.outside, manager, contract.id, partial(payer.look, payer=INSURER))
    # When
    await change(shop, contract, INSURER, Role.MANAGER)
    for _ in range(2):
        await collection.collect(bench.outside, contract.id)
    # Then
    assert looked.moved_cents == -5_457
    assert (await bench.contract(contract.id)).paid_cents == 0
    assert [one for one in await bench.payments(contract.id) if one[0] in {"SALE", "REFUND"}] == [
        ("SALE", "SUCCEEDED", 5_900),
        ("REFUND", "SUCCEEDED", 443),
        ("REFUND", "SUCCEEDED", 5_457),
    ]
    assert [item.open_cents for item in await bench.all(OpenItem)] == [5_457]


async def test_a_booking_that_somebody_else_pays_takes_nothing_from_the_customers_card(bench: Bench) -> None:
    """What a payer owes is an open item, also at booking: the card gives the deposit and no more (domain 4.5 rule 13)."""
    shop = await open_shop(bench)

    contract = await book(shop, START, END, payer=INSURER)

    assert (contract.state, contract.prepay_cents, contract.paid_cents) == (ContractState.RESERVED, 0, 0)
    assert await bench.all(Document, contract_id=contract.id) == []
    assert [one for one in await bench.payments(contract.id) if one[0] != "HOLD"] == []
