"""What a final invoice asks for: from the card, else from the deposit, else it stays open; and back what was too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.models import Contract, Email, OpenItem, Payment
from server.models.contract_attention import BillingBlock
from server.models.email import EmailTemplate
from server.models.recipient import PostalAddress, Recipient
from server.services.billing import collection, invoice
from server.services.payments import deposits
from server.worker import follow
from tests.builders.bench import Bench, texts
from tests.builders.rentals import CHEAP_WEEKEND, rented, weekend_after_all
from tests.builders.rows import Shop, open_shop, suspected_damage
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
PAYER = Recipient(name="Versicherung AG", address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"))


async def billed(shop: Shop, *, km: int, **more: Any) -> Contract:
    """A day's rental that is billed; nothing is collected yet."""
    contract = await rented(shop, START, START + DAY, km=km, **more)
    await invoice.bill(shop.bench.outside, contract.id)
    return contract


async def collect(bench: Bench, contract: Contract) -> Contract:
    """All that billing does by itself after the invoice; twice, because a job may be run again."""
    for _ in range(2):
        await collection.collect(bench.outside, contract.id)
        await deposits.release(bench.outside, contract.id)
    return await bench.contract(contract.id)


def moved(bench: Bench, contract: Contract) -> list[tuple[str, str, str]]:
    """What happened at the gateway after the booking."""
    return bench.books.ledger(contract)[2:]


async def open_items(bench: Bench) -> list[tuple[Any, ...]]:
    return [(due.isoformat(), cents) for due, cents in texts(await bench.all(OpenItem), "due_on", "open_cents")]


async def mails(bench: Bench, contract: Contract) -> list[str]:
    return sorted(str(mail.template) for mail in await bench.all(Email, contract_id=contract.id))


async def test_the_card_pays_and_the_deposit_is_lifted(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=210)

    paid = await collect(bench, contract)

    assert (paid.settlement_state.value, paid.paid_cents) == ("PAID", 7_400)
    assert moved(bench, contract) == [("sale", "15.00", "approved"), ("void", "300.00", "approved")]
    assert (await bench.deposit(contract.id)).state.value == "RELEASED"
    assert await open_items(bench) == []


async def test_a_declined_charge_is_taken_from_the_deposit(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=210, card_token="tok-declined-later")

    paid = await collect(bench, contract)

    assert (paid.settlement_state.value, paid.paid_cents) == ("PAID", 7_400)
    assert moved(bench, contract) == [("sale", "15.00", "declined"), ("capture", "15.00", "approved")]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.used_cents) == ("PARTLY_USED", 1_500)
    assert await open_items(bench) == []


async def test_more_than_the_deposit_stays_open_for_fourteen_days(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=1_550, card_token="tok-declined-later")

    short = await collect(bench, contract)

    # 1,400 km too many are 350.00; the hold has 300.00.
    assert (short.settlement_state.value, short.paid_cents) == ("PARTLY_PAID", 35_900)
    assert moved(bench, contract) == [("sale", "350.00", "declined"), ("capture", "300.00", "approved")]
    assert (await bench.deposit(contract.id)).state.value == "USED"
    assert await open_items(bench) == [("2026-09-23", 5_000)]
    assert (await mails(bench, contract)).count("PAYMENT_FAILED") == 1


async def said(bench: Bench, contract: Contract, template: str) -> str:
    (mail,) = await bench.all(Email, contract_id=contract.id, template=template)
    return " ".join(mail.text.replace("\u00a0", " ").split())


async def test_the_customer_is_asked_for_what_the_deposit_did_not_cover(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=1_550, card_token="tok-declined-later")

    await collect(bench, contract)

    text = await said(bench, contract, "PAYMENT_FAILED")
    assert "wir konnten 350,00 € der Rechnung" in text
    assert "300,00 € haben wir der hinterlegten Kaution entnommen." in text
    assert "Offener Betrag: 50,00 €" in text
    assert "Bitte überweisen Sie den offenen Betrag bis zum 23.09.2026" in text


async def test_nothing_is_asked_for_when_the_deposit_covered_all(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=210, card_token="tok-declined-later")

    await collect(bench, contract)

    text = await said(bench, contract, "PAYMENT_FAILED")
    assert "15,00 € haben wir der hinterlegten Kaution entnommen. Es ist nichts mehr zu zahlen." in text
    assert "überweisen" not in text
    assert "IBAN" not in text


async def test_the_customers_card_is_never_charged_for_what_a_payer_owes(bench: Bench) -> None:
    # Given: billed to a payer, and the customer's deposit is lifted
    shop = await open_shop(bench)
    contract = await billed(shop, km=210, payer=PAYER)
    await deposits.release(bench.outside, contract.id)
    items = await open_items(bench)
    # When: whatever asks again, as a job or because a payment's outcome is known
    await collect(bench, contract)
    for payment in await bench.all(Payment, contract_id=contract.id):
        await follow(bench.outside, payment.id)
    # Then
    assert items == [("2026-09-23", 7_400)]
    assert await open_items(bench) == items
    assert bench.books.ledger(contract) == [("hold", "300.00", "voided"), ("void", "300.00", "approved")]
    assert (await bench.contract(contract.id)).settlement_state.value == "OPEN"
    assert "PAYMENT_FAILED" not in await mails(bench, contract)


async def test_a_suspected_damage_keeps_the_deposit(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=210, card_token="tok-declined-later")
    await bench.put(suspected_damage(shop.vehicles[0], contract.id, bench.now))

    short = await collect(bench, contract)

    assert (short.settlement_state.value, short.paid_cents) == ("OPEN", 5_900)
    assert moved(bench, contract) == [("sale", "15.00", "declined")]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.used_cents) == ("ACTIVE", 0)
    assert await open_items(bench) == [("2026-09-23", 1_500)]


async def test_a_hold_that_has_ended_is_not_captured(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=210, card_token="tok-declined-later")
    bench.later(days=6)

    short = await collect(bench, contract)

    assert short.settlement_state.value == "OPEN"
    assert [line for line in moved(bench, contract) if line[0] == "capture"] == []
    assert await open_items(bench) == [("2026-09-29", 1_500)]


async def test_a_lost_answer_to_the_charge_is_looked_up_and_not_repeated(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, km=210)
    bench.books.script("sale", "lost", f"{contract.number}-F1")

    await collection.collect(bench.outside, contract.id)
    await collection.collect(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).settlement_state.value == "OPEN"
    assert (await bench.payments(contract.id))[-1] == ("SALE", "UNKNOWN", 1_500)

    await bench.look_up(contract.id)

    paid = await collect(bench, contract)
    assert (paid.settlement_state.value, paid.paid_cents) == ("PAID", 7_400)
    assert [line[0] for line in moved(bench, contract)] == ["sale", "void"]


async def test_what_was_paid_too_much_goes_back_against_the_sale(bench: Bench) -> None:
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    contract = await weekend_after_all(shop)
    assert (await bench.contract(contract.id)).settlement_state.value == "REFUND_PENDING"

    paid = await collect(bench, contract)

    assert (paid.settlement_state.value, paid.paid_cents, paid.billing_block) == ("PAID", 5_000, None)
    assert ("refund", "30.00", "approved") in moved(bench, contract)
    assert (await mails(bench, contract)).count("REFUND") == 1


async def test_a_refund_that_is_refused_waits_for_a_person(bench: Bench) -> None:
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    contract = await weekend_after_all(shop)
    bench.books.script("refund", "decline:05")

    waiting = await collect(bench, contract)

    assert (waiting.settlement_state.value, waiting.paid_cents) == ("REFUND_PENDING", 8_000)
    assert waiting.billing_block is BillingBlock.REFUND_REFUSED
    assert [line for line in moved(bench, contract) if line[0] == "refund"] == [("refund", "30.00", "declined")]


async def test_what_the_card_has_not_paid_is_owed_to_the_customer(bench: Bench) -> None:
    shop = await open_shop(bench, terms=CHEAP_WEEKEND)
    contract = await weekend_after_all(shop)
    # Nothing makes this today; a payment that is corrected by hand in the books does.
    async with bench.owned(past_triggers=True) as session:
        await session.write("update payment set amount_cents = 2000 where purpose = 'ADVANCE'")

    waiting = await collect(bench, contract)

    assert waiting.billing_block is BillingBlock.REFUND_ABOVE_PAYMENT
    assert waiting.settlement_state.value == "REFUND_PENDING"
    assert [one for one in await bench.payments(contract.id) if one[0] == "REFUND"] == [("REFUND", "SUCCEEDED", 2_000)]
    assert [item.open_cents for item in await bench.all(OpenItem)] == [-1_000]
    (mail,) = await bench.all(Email, contract_id=contract.id, template=EmailTemplate.REFUND)
    assert "20,00 €" in mail.text.replace("\u00a0", " ")
    # However often it is looked at
    assert (await collect(bench, contract)).version == waiting.version
