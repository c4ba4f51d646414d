"""A damage that the customer pays: the deposit first, the card second, what neither pays stays open (D1, D2)."""

from __future__ import annotations

from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import ProblemCode, Refused
from server.models import Email, Payment, Protocol
from server.models.payment import PaymentKind, PaymentMethod
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.billing import collection as rent
from server.services.billing import invoice
from server.services.changes import readings
from server.services.changes.readings import Reading
from server.services.contract import contracts
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.claims.damaged import (
    acting,
    claim_it,
    claims,
    collect,
    damage_of,
    damaged,
    decided_for_customer,
    moved,
    open_cents,
    said,
)


async def test_d1_the_deposit_first_and_the_card_for_the_rest(bench: Bench) -> None:
    # Given: billed without a line for the scratch, the deposit is kept
    shop = await open_shop(bench)
    contract = await damaged(shop)
    assert moved(bench, contract) == []
    assert (await bench.deposit(contract.id)).state.value == "ACTIVE"
    # When
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    # Then: outside VAT, and the rent is as it was
    (document,) = await claims(bench, contract)
    assert (document.total_cents, document.net_cents, document.vat_cents) == (62_000, 62_000, 0)
    assert moved(bench, contract) == [("capture", "300.00", "approved"), ("sale", "320.00", "approved")]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.used_cents) == ("USED", 30_000)
    assert (await damage_of(bench)).liability.value == "PAID"
    paid = await bench.contract(contract.id)
    assert (paid.settlement_state.value, paid.paid_cents) == ("PAID", 5_900)
    assert await open_cents(bench, contract) == []


async def test_d2_the_deductible_is_the_most(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "1500.00")

    await claim_it(shop)
    await collect(bench, contract)

    (document,) = await claims(bench, contract)
    assert [line.total_cents for line in document.lines] == [150_000, -50_000]
    assert document.total_cents == 100_000
    assert moved(bench, contract) == [("capture", "300.00", "approved"), ("sale", "700.00", "approved")]


async def test_the_claims_mail_brings_everything(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")

    await claim_it(shop)

    (document,) = await claims(bench, contract)
    (mail,) = await bench.all(Email, contract_id=contract.id, template="DAMAGE_CLAIM")
    assert [file.name for file in mail.attachments] == [
        f"Schadenersatzforderung {document.number}.pdf",
        f"Übergabeprotokoll {contract.number}.pdf",
        f"Rückgabeprotokoll {contract.number}.pdf",
    ]
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "Forderung (ohne Umsatzsteuer): 620,00 €" in text
    assert "Schaden: Kratzer, linke Seite, 120 mm" in text
    assert (
        "300,00 € werden der Kaution entnommen, die auf Ihrer Karte blockiert ist. Gelingt das nicht, belasten wir"
        " auch diesen Betrag Ihrer hinterlegten Karte. - 320,00 € werden Ihrer hinterlegten Karte belastet."
    ) in text


async def test_without_a_card_it_is_transferred(bench: Bench) -> None:
    # Given: staff waived payment and deposit
    shop = await open_shop(bench)
    waived: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "Stammkunde", "card_token": None}
    contract = await damaged(shop, **waived)
    await decided_for_customer(shop, "620.00")

    await claim_it(shop)
    await collect(bench, contract)

    assert bench.books.ledger(contract) == []
    assert (await open_cents(bench, contract))[-1] == 62_000
    assert (await damage_of(bench)).liability.value == "CLAIMED"
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "Bitte überweisen Sie 620,00 € bis zum 23.09.2026 auf das Konto, das im Schreiben steht." in text
    assert await said(bench, contract, "PAYMENT_FAILED") == []


async def test_a_deductible_of_zero_leaves_nothing_to_claim(bench: Bench) -> None:
    shop = await open_shop(bench, group_with={"deductible_cents": 0})
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")

    with pytest.raises(Refused) as refusal:
        await claim_it(shop)

    assert refusal.value.code.value == "NOT_ALLOWED"
    assert await claims(bench, contract) == []


async def test_a_damage_of_a_swapped_car_waits_for_the_end_of_the_rental(bench: Bench) -> None:
    # Given: the damage is known, and the car is out again
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    async with bench.owned() as session:
        await session.write("update contract set state = 'CHECKED_OUT'")

    with pytest.raises(Refused) as refusal:
        await claim_it(shop)

    assert "The rental still goes on" in str(refusal.value)
    assert await claims(bench, contract) == []


async def test_a_claim_waits_for_billing_because_a_hold_is_captured_once(bench: Bench) -> None:
    # Given: billing waits for a clerk, because of the odometer
    shop = await open_shop(bench)
    contract = await damaged(shop, km=5_000, back_with={"override_reason": "Lissabon und zurück"})
    assert contract.state.value == "RETURNED"
    await decided_for_customer(shop, "120.00")
    # When
    with pytest.raises(Refused) as said:
        await claim_it(shop)
    # Then
    assert (said.value.code, said.value.field) == (ProblemCode.BILLING_BLOCKED, ["damage_id"])
    await collect(bench, contract)
    assert (await damage_of(bench)).liability.value == "DECIDED_CUSTOMER"
    assert moved(bench, contract) == []
    # When the rent is billed, the hold pays for both as far as it reaches
    async with bench.outside.database.transaction(SYSTEM) as session:
        now = await contracts.lock(session, contract.id)
        await invoice.release_block(session, now.id, now.version, acting(shop))
    await invoice.settle(bench.outside, contract.id)
    await claim_it(shop)
    await collect(bench, contract)
    assert moved(bench, contract) == [("sale", "1212.50", "approved"), ("capture", "120.00", "approved")]
    assert (await damage_of(bench)).liability.value == "PAID"


async def test_what_goes_back_of_the_rent_never_comes_from_a_claim(bench: Bench) -> None:
    # Given: a claim that the card has paid, then a reading is corrected that made the rent dearer
    shop = await open_shop(bench)
    contract = await damaged(shop, km=210)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    (back,) = await bench.all(Protocol, contract_id=contract.id, type=ProtocolType.CHECK_IN)
    # When
    boss = acting(shop, Role.MANAGER)
    await readings.correct(bench.outside, boss, back.id, Reading(odometer_km=10_100), "Zahlendreher")
    await rent.collect(bench.outside, contract.id)
    # Then: 15.00 of the rent's own sale
    refunds = [one for one in await bench.all(Payment, contract_id=contract.id) if one.kind is PaymentKind.REFUND]
    by_id = {one.id: one for one in await bench.all(Payment, contract_id=contract.id)}
    assert [(one.amount_cents, by_id[one.refers_to_id].purpose.value) for one in refunds] == [(1_500, "ADVANCE")]
    assert (await bench.contract(contract.id)).paid_cents == 5_900


async def test_a_claim_is_paid_when_nothing_of_it_is_open_any_more(bench: Bench) -> None:
    # Given: the card has refused the rest, and it was paid past the gateway
    shop = await open_shop(bench)
    contract = await damaged(shop, card_token="tok-declined-later")
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    assert (await damage_of(bench)).liability.value == "CLAIMED"
    async with bench.owned() as session:
        await session.write("update open_item set open_cents = 0")

    await collect(bench, contract)

    assert (await damage_of(bench)).liability.value == "PAID"
    assert len(moved(bench, contract)) == 2
