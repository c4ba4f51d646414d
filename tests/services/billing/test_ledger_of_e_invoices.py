"""Whoever adds up what the e-invoices of a rental say is due gets what has moved since, and what is still owed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from server.models import Contract, Document, Email, OpenItem, Payment
from server.models.email import EmailTemplate
from server.models.payment import PaymentMethod, PaymentState
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.ends import cancellation, undo
from tests.builders.bench import Bench
from tests.builders.rentals import rented
from tests.builders.rows import Shop, open_shop
from tests.rendering.reading import words_of
from tests.rendering.rules import Figures, found
from tests.services.billing.test_e_invoices import assert_one_truth, cancel, firm, xml_of
from tests.services.changes.test_readings import protocol_of
from tests.services.receivables.billed import END, START, final_of, pay, work
from tests.services.samples import KOMPAKT

WAIVED: dict[str, Any] = {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "Stammkunde"}


async def driven(shop: Shop, km: int, **more: Any) -> Contract:
    """A firm's two days; 118.00, of which 59.00 were paid in advance, each of more than 300 km is 0.25."""
    contract = await rented(shop, START, END, km=km, **({"customer": firm()} | more))
    await invoice.settle(shop.bench.outside, contract.id)
    return await work(shop.bench, contract)


async def read_anew(shop: Shop, contract: Contract, km: int) -> None:
    back = await protocol_of(shop.bench, contract, ProtocolType.CHECK_IN)
    manager = Acting(shop.bench.now, shop.somebody(Role.MANAGER))
    await readings.correct(shop.bench.outside, manager, back.id, Reading(odometer_km=10_000 + km), "Zahlendreher")
    await work(shop.bench, contract)


async def figures(bench: Bench, contract: Contract) -> list[tuple[int, int, int]]:
    """Of every document: the total, what had moved (BT-113), what is due (BT-115)."""
    read = [Figures.of(await xml_of(bench, one)) for one in await bench.all(Document, contract_id=contract.id)]
    return [(one.total, one.paid, one.due) for one in read]


async def assert_the_ledger_is_right(bench: Bench, contract: Contract) -> None:
    """The advance had moved when its invoice was issued; everything else moves because of a document."""
    for document in await bench.all(Document, contract_id=contract.id):
        await assert_one_truth(bench, document)
    made = [one for one in await bench.all(Payment, contract_id=contract.id) if one.document_id is not None]
    moved = sum(one.moved_cents for one in made if one.state is PaymentState.SUCCEEDED)
    owed = sum(one.open_cents for one in await bench.all(OpenItem, contract_id=contract.id))
    assert sum(due for *_, due in await figures(bench, contract)) == moved + owed


async def shown(bench: Bench, document: Document) -> str:
    return words_of(await bench.outside.objects.get(document.pdf_key))


@pytest.mark.parametrize("km", [[400, 600], [600, 400], [400, 100], [400, 600, 250], [600, 250, 400], [100, 400, 100]])
@pytest.mark.parametrize("payment", [{}, WAIVED], ids=["card", "open"])
async def test_what_is_due_adds_up_however_often_it_is_billed_anew(
    bench: Bench, km: list[int], payment: dict[str, Any]
) -> None:
    shop = await open_shop(bench)
    contract = await driven(shop, km[0], **payment)
    await assert_the_ledger_is_right(bench, contract)
    for right in km[1:]:
        await read_anew(shop, contract, right)
        await assert_the_ledger_is_right(bench, contract)
    await cancel(shop, await final_of(bench, contract))
    await work(bench, contract)
    await assert_the_ledger_is_right(bench, contract)


async def test_a_dearer_one_asks_for_the_difference_and_nothing_goes_back(bench: Bench) -> None:
    # Given a firm's final of 143.00 less the advance, paid by card
    shop = await open_shop(bench)
    contract = await driven(shop, 400)
    # When two hundred kilometres more are billed
    await read_anew(shop, contract, 600)
    # Then the money stays, says the mirror, and the new one has it
    _, _, mirror, new = await bench.all(Document, contract_id=contract.id)
    assert await figures(bench, contract) == [
        (5_900, 5_900, 0),
        (8_400, 0, 8_400),
        (-8_400, -8_400, 0),
        (13_400, 8_400, 5_000),
    ]
    stays = "84,00 € sind bereits gezahlt und werden auf die neue Rechnung angerechnet."
    assert f"Zahlung {stays}" in await shown(bench, mirror)
    assert "Storniert -70,59" in await shown(bench, mirror)
    assert found(await xml_of(bench, mirror), "SpecifiedTradePaymentTerms", "Description") == [stays]
    moves = "Zahlung 84,00 € wurden Ihrer hinterlegten Karte bereits belastet. 50,00 € werden Ihrer hinterlegten Karte"
    assert moves in await shown(bench, new)
    mail = (await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION))[-1]
    assert "50,00 €" in mail.text.replace("\u00a0", " ")
    assert "84,00 €" not in mail.text.replace("\u00a0", " ")


async def test_a_cheaper_one_says_all_that_was_paid_and_what_goes_back(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await driven(shop, 600)
    # When
    await read_anew(shop, contract, 400)
    # Then
    *_, new = await bench.all(Document, contract_id=contract.id)
    assert (await figures(bench, contract))[1:] == [
        (13_400, 0, 13_400),
        (-13_400, -13_400, 0),
        (8_400, 13_400, -5_000),
    ]
    said = await shown(bench, new)
    assert "Bezahlt 70,59" in said
    assert "Zahlung 134,00 € wurden Ihrer hinterlegten Karte bereits belastet. 50,00 € werden erstattet." in said


async def test_of_what_was_paid_in_part_the_rest_is_owed_no_more(bench: Bench) -> None:
    # Given 143.00 on account, 100.00 of it transferred
    shop = await open_shop(bench)
    contract = await driven(shop, 400, **WAIVED)
    await pay(shop, await final_of(bench, contract), 10_000)
    # When
    await read_anew(shop, contract, 600)
    # Then
    assert await figures(bench, contract) == [(14_300, 0, 14_300), (-14_300, -10_000, -4_300), (19_300, 10_000, 9_300)]
    await assert_the_ledger_is_right(bench, contract)
    said = await shown(bench, await final_of(bench, contract))
    assert "Zahlung 100,00 € wurden bereits auf anderem Weg bezahlt. Bitte überweisen Sie 93,00 €" in said


async def test_an_invoice_over_nothing_has_a_line_that_says_so(bench: Bench) -> None:
    """Without an advance nothing is deducted either, and the standard asks for a line (BR-16)."""
    # Given a rental that was billed and paid by transfer, and then was none
    shop = await open_shop(bench, terms=replace(KOMPAKT, cancellation_fee_cents=0))
    early = START + timedelta(minutes=10)
    contract = await rented(shop, START, END, back=early, customer=firm(), **WAIVED)
    await invoice.settle(bench.outside, contract.id)
    await pay(shop, await final_of(bench, contract), 5_900)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    for kind in (ProtocolType.CHECK_IN, ProtocolType.CHECK_OUT):
        await undo.undo(bench.outside, manager, (await protocol_of(bench, contract, kind)).id, "falscher Vertrag")
    now = await bench.contract(contract.id)
    # When
    await cancellation.cancel(bench.outside, manager, contract.id, now.version, "Umzug")
    # Then
    nothing = await final_of(bench, contract)
    assert await figures(bench, contract) == [(5_900, 0, 5_900), (-5_900, -5_900, 0), (0, 5_900, -5_900)]
    assert Figures.of(await xml_of(bench, nothing)).lines == [(Decimal(1), Decimal(0), 0)]
    said = await shown(bench, nothing)
    assert "Es wird nichts berechnet 1 0,00 € 0,00 €" in said
    assert "Zahlung 59,00 € wurden bereits auf anderem Weg bezahlt. 59,00 € werden erstattet." in said
