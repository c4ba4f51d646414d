"""Whoever else pays gets every document that is made out to them, and not the reminder of one that never came."""

from __future__ import annotations

from datetime import timedelta

from server.models import Contract, Document, Email
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.ends import no_show, undo
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import Shop, open_shop
from tests.services.changes.test_readings import protocol_of
from tests.services.ends.called_off import cancel
from tests.services.receivables.billed import END, INSURER, START, final_of, pay, work


def manager(shop: Shop) -> Acting:
    return Acting(shop.bench.now, shop.somebody(Role.MANAGER))


async def told(bench: Bench, contract: Contract) -> tuple[str, list[str]]:
    """What the payer's last mail says, and the numbers of what is attached; every document went somewhere."""
    mails = await bench.all(Email, contract_id=contract.id, to=INSURER.email)
    last = mails[-1]
    got = {file.name.split()[-1] for mail in mails for file in mail.attachments}
    assert got == {f"{one.number}.pdf" for one in await bench.all(Document, contract_id=contract.id)}
    attached = [file.name.split()[-1].removesuffix(".pdf") for file in last.attachments]
    return " ".join(last.text.replace("\u00a0", " ").split()), attached


async def billed_to_the_insurer(shop: Shop, km: int = 600) -> Contract:
    contract = await rented(shop, START, END, km=km, payer=INSURER)
    await invoice.settle(shop.bench.outside, contract.id)
    return await work(shop.bench, contract)


async def test_an_invoice_that_takes_the_place_of_another(bench: Bench) -> None:
    # Given two days with 300 km too many: 193.00
    shop = await open_shop(bench)
    contract = await billed_to_the_insurer(shop)
    first = await final_of(bench, contract)
    back = await protocol_of(bench, contract, ProtocolType.CHECK_IN)
    # When it was 100 km less
    await readings.correct(bench.outside, manager(shop), back.id, Reading(odometer_km=10_500), "Zahlendreher")
    # Then
    _, mirror, new = await bench.all(Document, contract_id=contract.id)
    text, attached = await told(bench, contract)
    assert attached == [new.number, mirror.number]
    assert f"Sie ersetzt {first.number}; die Stornorechnung liegt bei." in text
    assert f"Bitte überweisen Sie {new.total_cents // 100},00 €" in text


async def test_an_invoice_that_is_taken_back_with_the_return(bench: Bench) -> None:
    # Given an invoice that the insurer has paid
    shop = await open_shop(bench)
    contract = await billed_to_the_insurer(shop)
    first = await final_of(bench, contract)
    await pay(shop, first, first.total_cents)
    back = await protocol_of(bench, contract, ProtocolType.CHECK_IN)
    # When the car was not back at all
    await undo.undo(bench.outside, manager(shop), back.id, "Falscher Wagen")
    # Then
    text, attached = await told(bench, contract)
    assert attached == [(await bench.all(Document, contract_id=contract.id))[-1].number]
    assert f"wir haben {first.number} storniert." in text
    assert "Was schon bezahlt ist, rechnen wir auf die nächste Rechnung an." in text


async def test_the_fee_of_a_cancellation(bench: Bench) -> None:
    shop = await open_shop(bench)
    bench.clock.move_to(START - timedelta(hours=3))
    contract = await book(shop, START, END, payer=INSURER)

    await cancel(shop, contract)

    (fee,) = await bench.all(Document, contract_id=contract.id)
    text, attached = await told(bench, contract)
    assert (attached, fee.recipient.name) == ([fee.number], INSURER.name)
    assert "Bitte überweisen Sie 59,00 €" in text


async def test_the_fee_of_a_no_show_that_is_taken_back(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, END, payer=INSURER)
    bench.clock.move_to(START + timedelta(hours=3))
    now = await bench.contract(contract.id)
    await no_show.mark(bench.outside, manager(shop), contract.id, now.version)
    await work(bench, contract)
    (fee,) = await bench.all(Document, contract_id=contract.id)
    assert (await told(bench, contract))[1] == [fee.number]
    # When
    now = await bench.contract(contract.id)
    await no_show.undo(bench.outside, manager(shop), contract.id, now.version, "Kam doch")
    # Then
    text, attached = await told(bench, contract)
    assert attached == [(await bench.all(Document, contract_id=contract.id))[-1].number]
    assert f"wir haben {fee.number} storniert." in text
    assert "Dafür war nichts bezahlt: es geht nichts zurück." in text


async def test_what_is_the_customers_goes_to_the_customer_only(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, km=600)
    await invoice.settle(bench.outside, contract.id)
    contract = await work(bench, contract)
    back = await protocol_of(bench, contract, ProtocolType.CHECK_IN)

    await readings.correct(bench.outside, manager(shop), back.id, Reading(odometer_km=10_500), "Zahlendreher")

    assert {mail.to for mail in await bench.all(Email, contract_id=contract.id)} == {contract.customer.email}
