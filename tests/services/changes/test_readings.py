"""Readings put right: before the invoice they count for it, after it only the difference moves; the paper stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.errors import DomainError, ProblemCode
from server.models import Contract, Document, Email, HistoryEntry, OpenItem, Protocol, ReadingCorrection, Vehicle
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.models.payment import PaymentMethod
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import collection, invoice
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.ends import undo
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import CHEAP_WEEKEND, book, check_in, check_out, customer, rented, weekend_after_all
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
END = START + timedelta(days=1)


async def protocol_of(bench: Bench, contract: Contract, kind: ProtocolType = ProtocolType.CHECK_IN) -> Protocol:
    (found,) = await bench.all(Protocol, contract_id=contract.id, type=kind)
    protocol: Protocol = found
    return protocol


async def correct(shop: Shop, protocol: Protocol, right: Reading, role: Role = Role.CLERK) -> Contract:
    acting = Acting(shop.bench.now, shop.somebody(role))
    done = await readings.correct(shop.bench.outside, acting, protocol.id, right, "Zahlendreher")
    await collection.collect(shop.bench.outside, done)
    return await shop.bench.contract(done)


async def written(bench: Bench, contract: Contract) -> list[Any]:
    kinds = [Document, Email, HistoryEntry, ReadingCorrection]
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in kinds]
    (car,) = await bench.all(Vehicle, id=contract.vehicle_id)
    now = await bench.contract(contract.id)
    return [now.version, now.paid_cents, counts, car.odometer_km, car.fuel_eighths]


async def test_before_the_invoice_what_is_right_is_billed(bench: Bench) -> None:
    # Given 1,000 km typed instead of 100
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, km=1_000)
    back = await protocol_of(bench, contract)

    # When
    await correct(shop, back, Reading(odometer_km=10_100))
    await invoice.settle(bench.outside, contract.id)

    # Then
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (final.total_cents, final.payable_cents) == (5_900, 0)
    assert [(use["km_out"], use["km_in"]) for use in (final.view or {})["vehicles"]] == [(10_000, 10_100)]
    assert (await protocol_of(bench, contract)).odometer_km == 11_000  # what was signed stays
    assert (await bench.all(Vehicle, id=contract.vehicle_id))[0].odometer_km == 10_100
    (entry,) = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.READING_CORRECTED)
    assert (entry.reason, entry.before, entry.after) == ("Zahlendreher", "11.000 km, 8/8", "10.100 km, 8/8")
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION)
    text = mail.text.replace("\u00a0", " ")
    assert "Kilometerstand: festgehalten 11.000 km" in text
    assert "richtig 10.100 km" in text
    assert "Auf der Rechnung steht dann der richtige Stand." in text
    assert list(mail.attachments) == []


async def test_after_the_invoice_only_the_difference_moves(bench: Bench) -> None:
    # Given 210 km billed: 15.00 for 60 km more
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, km=210)
    await invoice.settle(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).paid_cents == 7_400

    # When it was 190
    now = await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=10_190), Role.MANAGER)

    # Then 5.00 go back, and the documents say the rest
    assert (now.state, now.paid_cents, now.settlement_state) == (ContractState.BILLED, 6_900, SettlementState.PAID)
    _, old, mirror, new = await bench.all(Document, contract_id=contract.id)
    assert (mirror.type, mirror.refers_to_id, mirror.total_cents) == (
        DocumentType.CANCELLATION_INVOICE, old.id, -7_400,
    )  # fmt: skip
    assert (new.type, new.total_cents, new.payable_cents, new.moves_cents) == (
        DocumentType.FINAL_INVOICE, 6_900, 1_000, -500,
    )  # fmt: skip
    assert (await bench.payments(contract.id))[2:] == [("SALE", "SUCCEEDED", 1_500), ("REFUND", "SUCCEEDED", 500)]
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.CORRECTION)
    text = mail.text.replace("\u00a0", " ")
    assert "Erstattung: 5,00 € auf Ihre Karte" in text
    assert f"Anbei: {mirror.number}, {new.number}" in text
    # And once more the other way
    again = await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=10_250), Role.MANAGER)
    assert (again.paid_cents, again.total_cents, again.settlement_state) == (8_400, 8_400, SettlementState.PAID)


async def test_kilometres_put_right_after_the_invoice_choose_other_packages(bench: Bench) -> None:
    # Given five days with 1,350 km, for which a week was billed
    shop = await open_shop(bench)
    contract = await rented(shop, END, END + timedelta(days=5), km=1_350)
    await invoice.settle(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).paid_cents == 31_900 + 7_500
    # When it was 350
    now = await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=10_350), Role.MANAGER)
    # Then five days are paid
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert [(line.total_cents, line.explanation) for line in final.lines] == [(29_500, "5 Tage: 5 × 59,00 = 295,00")]
    assert (now.paid_cents, now.total_cents) == (29_500, 29_500)


async def test_what_now_needs_an_address_is_not_issued_without_one(bench: Bench) -> None:
    # Given a billed day for 59.00 of a customer without an address
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, customer=customer(address=None))
    await invoice.settle(bench.outside, contract.id)
    before = await written(bench, contract)

    # When 1,000 km more would make it 296.50
    with pytest.raises(DomainError) as said:
        await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=11_100), Role.MANAGER)

    # Then
    assert said.value.code is ProblemCode.BILLING_BLOCKED
    assert await written(bench, contract) == before


async def test_a_protocol_that_was_taken_back_is_not_corrected(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    back = await protocol_of(bench, contract)
    await undo.undo(bench.outside, Acting(bench.now, shop.somebody(Role.MANAGER)), back.id, "falscher Vertrag")
    before = await written(bench, contract)

    with pytest.raises(DomainError) as said:
        await correct(shop, back, Reading(odometer_km=10_050))

    assert (said.value.code, said.value.field) == (ProblemCode.INVALID_INPUT, ["protocol_id"])
    assert await written(bench, contract) == before


async def test_a_declined_difference_is_named_and_owed_alone(bench: Bench) -> None:
    # Given two days that are billed, and a tank that was an eighth short: 28.13 more
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, back=END + timedelta(minutes=61))
    await invoice.settle(bench.outside, contract.id)
    await deposits.release(bench.outside, contract.id)
    bench.books.script("sale", "decline:51")

    # When
    now = await correct(shop, await protocol_of(bench, contract), Reading(fuel_eighths=7), Role.MANAGER)

    # Then
    assert (now.paid_cents, now.settlement_state) == (11_800, SettlementState.OPEN)
    assert [item.open_cents for item in await bench.all(OpenItem)] == [2_813]
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.PAYMENT_FAILED)
    text = mail.text.replace("\u00a0", " ")
    assert "wir konnten 28,13 € der Rechnung" in text
    assert "Offener Betrag: 28,13 €" in text


async def test_a_refund_that_was_refused_for_the_old_invoice_is_not_paid_twice(bench: Bench) -> None:
    # Given more paid in advance than it came to, and a card that refuses the refund
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    bench.books.script("refund", "decline:51")
    contract = await weekend_after_all(shop)
    await collection.collect(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).billing_block is BillingBlock.REFUND_REFUSED

    # When the invoice is issued anew, and its refund goes through
    now = await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=10_110), Role.MANAGER)

    # Then nobody is asked to pay it by hand as well
    assert (now.paid_cents, now.total_cents, now.settlement_state) == (5_000, 5_000, SettlementState.PAID)
    assert now.billing_block is None


async def test_what_was_owed_for_the_old_invoice_is_owed_for_the_new_one(bench: Bench) -> None:
    # Given a rental without a card
    shop = await open_shop(bench)
    payment = {"method": PaymentMethod.WAIVED, "card_token": None, "waiver_reason": "zahlt an der Kasse"}
    contract = await rented(shop, START, END, km=210, **payment)
    await invoice.settle(bench.outside, contract.id)

    now = await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=10_190), Role.MANAGER)

    documents = {one.id: one.number for one in await bench.all(Document, contract_id=contract.id)}
    items = [(documents[item.document_id], item.open_cents) for item in await bench.all(OpenItem)]
    numbers = list(documents.values())
    assert sorted(items) == [(numbers[0], 0), (numbers[2], 6_900)]
    assert now.settlement_state is SettlementState.OPEN


@pytest.mark.parametrize(
    ("right", "role", "code", "field"),
    [
        (Reading(), Role.CLERK, ProblemCode.INVALID_INPUT, ["reading"]),
        (Reading(fuel_eighths=9), Role.CLERK, ProblemCode.INVALID_INPUT, ["reading", "fuel_eighths"]),
        (Reading(odometer_km=9_999), Role.CLERK, ProblemCode.ODOMETER_IMPLAUSIBLE, ["reading", "odometer_km"]),
    ],
)
async def test_what_cannot_be_is_refused(
    bench: Bench, right: Reading, role: Role, code: ProblemCode, field: list[str]
) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END)
    before = await written(bench, contract)

    with pytest.raises(DomainError) as said:
        await correct(shop, await protocol_of(bench, contract), right, role)

    assert (said.value.code, said.value.field) == (code, field)
    assert await written(bench, contract) == before


async def test_after_the_invoice_a_clerk_asks_a_manager_and_another_station_finds_nothing(bench: Bench) -> None:
    shop, elsewhere = await open_shop(bench), await open_shop(bench)
    contract = await rented(shop, START, END)
    await invoice.settle(bench.outside, contract.id)
    before = await written(bench, contract)
    back = await protocol_of(bench, contract)

    for who, code in ((shop, ProblemCode.NOT_ALLOWED), (elsewhere, ProblemCode.NOT_FOUND)):
        with pytest.raises(DomainError) as said:
            await correct(who, back, Reading(odometer_km=10_050))
        assert said.value.code is code

    assert await written(bench, contract) == before


async def test_while_the_car_is_out_the_reading_of_its_hand_over_counts_for_the_return(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract, km=10_900)
    await correct(shop, await protocol_of(bench, contract, ProtocolType.CHECK_OUT), Reading(odometer_km=10_090))
    bench.clock.move_to(END)
    await check_in(shop, contract, km=10_200)

    await invoice.settle(bench.outside, contract.id)

    assert (await bench.contract(contract.id)).total_cents == 5_900


async def test_what_was_paid_back_by_hand_does_not_go_back_again(bench: Bench) -> None:
    """80.00 were paid for what became a weekend at 50.00; the card refused the 30.00 back, and a clerk paid them."""
    # Given
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    contract = await weekend_after_all(shop)
    bench.books.script("refund", "decline:05")
    await collection.collect(bench.outside, contract.id)
    waiting = await bench.contract(contract.id)
    assert waiting.billing_block is BillingBlock.REFUND_REFUSED
    await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, waiting.version)
    # When 100 km more were driven than are included
    now = await correct(shop, await protocol_of(bench, contract), Reading(odometer_km=10_600), Role.MANAGER)
    # Then 25.00 more are due, and nothing goes back
    final = (await bench.all(Document, contract_id=contract.id))[-1]
    assert (final.total_cents, final.payable_cents, final.moves_cents) == (7_500, -500, 2_500)
    assert (now.paid_cents, now.settlement_state) == (10_500, SettlementState.PAID)
