"""A damage that the customer pays: the deposit first, the card second, what neither pays stays open (D1, D2)."""

from __future__ import annotations

from server.models import Email
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.claims.damaged import (
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
        f"{document.number}.pdf",
        f"{contract.number}-CHECK_OUT.pdf",
        f"{contract.number}-CHECK_IN.pdf",
    ]
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "Forderung (ohne Umsatzsteuer): 620,00 €" in text
    assert "Schaden: Kratzer, linke Seite, 120 mm" in text
    assert (
        "300,00 € werden der Kaution entnommen, die auf Ihrer Karte blockiert ist. Gelingt das nicht, belasten wir"
        " auch diesen Betrag Ihrer hinterlegten Karte. - 320,00 € werden Ihrer hinterlegten Karte belastet."
    ) in text
