"""A hold can be captured once: for the claim first, then for what is open of the rent (D3c)."""

from __future__ import annotations

import pytest

from server.models import Contract, OpenItem, PaymentShare
from server.models.damage import DamageLiability
from server.models.recipient import PostalAddress, Recipient
from server.services.billing import cancellations
from server.services.payments import shares
from tests.builders.bench import Bench
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import (
    CONFIRMED,
    claim_it,
    claims,
    collect,
    damage_of,
    damaged,
    decide,
    decided_for_customer,
    moved,
    open_cents,
    said,
    scratch,
)

PAYER = Recipient(name="Versicherung AG", address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"))
EMPTIER = {"fuel": 5}
"""Three eighths of 50 litres: 39.38 and the service of 15.00."""


async def d3c(shop: Shop, *numbers: int) -> Contract:
    """54.38 are due; the card refuses them while a damage is suspected."""
    reports = [scratch(number) for number in numbers or (1,)]
    return await damaged(shop, *reports, back_with=EMPTIER, card_token="tok-declined-later")


async def test_with_a_suspected_damage_the_rent_is_left_open(bench: Bench) -> None:
    shop = await open_shop(bench)

    contract = await d3c(shop)

    assert moved(bench, contract) == [("sale", "54.38", "declined")]
    assert await open_cents(bench, contract) == [5_438]
    assert (await bench.deposit(contract.id)).state.value == "ACTIVE"


async def test_d3c_one_capture_for_the_claim_and_the_rent(bench: Bench) -> None:
    # Given: 54.38 of the rent are open
    shop = await open_shop(bench)
    contract = await d3c(shop)
    # When: the claim leaves something of the deposit
    await decided_for_customer(shop, "120.00")
    await claim_it(shop)
    await collect(bench, contract)
    # Then
    assert moved(bench, contract)[1:] == [("capture", "174.38", "approved")]
    assert await open_cents(bench, contract) == [0]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.used_cents) == ("PARTLY_USED", 17_438)
    paid = await bench.contract(contract.id)
    assert (paid.settlement_state.value, paid.paid_cents) == ("PAID", 5_900 + 5_438)
    assert (await damage_of(bench)).liability.value == "PAID"
    (claim,) = await claims(bench, contract)
    final = next(one for one in await bench.all(type(claim), contract_id=contract.id) if one.type == "FINAL_INVOICE")
    shared = {one.document_id: one.cents for one in await bench.all(PaymentShare)}
    assert shared == {claim.id: 12_000, final.id: 5_438}
    async with bench.owned() as session:
        assert await cancellations.paid_for(session, contract.id, final) == 5_438
        assert (await shares.of_contract(session, contract.id)).paid_for(claim.id) == 12_000


async def test_the_claims_mail_says_what_the_deposit_pays_of_the_rent(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await d3c(shop)
    await decided_for_customer(shop, "120.00")

    await claim_it(shop)

    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    (document,) = await claims(bench, contract)
    printed = (document.view or {})["remarks"].replace("\u00a0", " ")
    for read in (text, printed):
        assert "Der Kaution entnehmen wir außerdem 54,38 € für den offenen Betrag der Rechnung" in read


async def test_the_claim_comes_first(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await d3c(shop)
    await decided_for_customer(shop, "620.00")

    await claim_it(shop)
    await collect(bench, contract)

    # The card goes on refusing, so that both stay open.
    assert moved(bench, contract)[1:] == [("capture", "300.00", "approved"), ("sale", "320.00", "declined")]
    assert await open_cents(bench, contract) == [5_438, 32_000]
    assert (await damage_of(bench)).liability.value == "CLAIMED"
    texts = await said(bench, contract, "PAYMENT_FAILED")
    assert len(texts) == 2
    assert "wir konnten 320,00 € der Forderung" in texts[1]
    assert "300,00 € haben wir der hinterlegten Kaution entnommen." in texts[1]
    assert "Offener Betrag: 320,00 €" in texts[1]


async def test_a_claim_between_takes_what_is_left_for_the_rent(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await d3c(shop)
    await decided_for_customer(shop, "280.00")

    await claim_it(shop)
    await collect(bench, contract)

    assert moved(bench, contract)[1:] == [("capture", "300.00", "approved")]
    assert await open_cents(bench, contract) == [5_438 - 2_000]
    short = await bench.contract(contract.id)
    assert (short.settlement_state.value, short.paid_cents) == ("PARTLY_PAID", 7_900)


@pytest.mark.parametrize("liability", ["REJECTED", "DECIDED_INSURER", "DECIDED_THIRD_PARTY", "DECIDED_OWN_COST"])
async def test_whoever_else_pays_the_deposit_serves_the_rent_and_is_lifted(bench: Bench, liability: str) -> None:
    shop = await open_shop(bench)
    contract = await d3c(shop)
    if liability != "REJECTED":
        await decide(shop, CONFIRMED)

    await decide(shop, DamageLiability(liability))
    await collect(bench, contract)

    assert moved(bench, contract)[1:] == [("capture", "54.38", "approved")]
    assert await open_cents(bench, contract) == [0]
    paid = await bench.contract(contract.id)
    assert (paid.settlement_state.value, paid.paid_cents) == ("PAID", 11_338)
    assert (await bench.deposit(contract.id)).state.value == "PARTLY_USED"
    text = (await said(bench, contract, "DAMAGE_NOTICE"))[-1]
    assert "Sie müssen dafür nichts zahlen." in text
    assert "Der Kaution entnehmen wir 54,38 € für den offenen Betrag der Rechnung" in text


async def test_without_an_open_rent_the_deposit_is_lifted(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)

    await decide(shop, DamageLiability.REJECTED)
    await collect(bench, contract)

    assert moved(bench, contract) == [("void", "300.00", "approved")]
    assert (await bench.deposit(contract.id)).state.value == "RELEASED"
    (text,) = await said(bench, contract, "DAMAGE_NOTICE")
    assert "Die blockierten 300,00 € werden freigegeben." in text


async def test_the_deposit_stays_while_another_damage_is_open(bench: Bench) -> None:
    # Given: two damages, one of which is claimed
    shop = await open_shop(bench)
    contract = await damaged(shop, scratch(1), scratch(2))
    await decided_for_customer(shop, "620.00", number=1)
    await claim_it(shop, number=1)
    await collect(bench, contract)
    # Then: its claim is the card's, the deposit is not touched
    assert moved(bench, contract) == [("sale", "620.00", "approved")]
    assert (await bench.deposit(contract.id)).state.value == "ACTIVE"
    # When: the other is claimed, too
    await decided_for_customer(shop, "1500.00", number=2)
    await claim_it(shop, number=2)
    await collect(bench, contract)
    # Then: the deductible is that of each damage
    assert moved(bench, contract)[1:] == [("capture", "300.00", "approved"), ("sale", "700.00", "approved")]


async def test_the_last_decision_pays_for_everything_that_was_left_open(bench: Bench) -> None:
    # Given: two damages; the card refuses the rent and the first claim
    shop = await open_shop(bench)
    contract = await d3c(shop, 1, 2)
    await decided_for_customer(shop, "100.00", number=1)
    await claim_it(shop, number=1)
    await collect(bench, contract)
    assert await open_cents(bench, contract) == [5_438, 10_000]
    # When
    await decided_for_customer(shop, "120.00", number=2)
    await claim_it(shop, number=2)
    await collect(bench, contract)
    # Then: the new claim, the old one, the rent
    assert moved(bench, contract)[2:] == [("capture", "274.38", "approved")]
    assert await open_cents(bench, contract) == [0, 0]
    assert [(await damage_of(bench, number)).liability.value for number in (1, 2)] == ["PAID", "PAID"]
    assert (await bench.contract(contract.id)).paid_cents == 5_900 + 5_438


async def test_a_payers_rent_is_never_taken_from_the_customers_deposit(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop, back_with=EMPTIER, payer=PAYER)
    assert await open_cents(bench, contract) == [11_338]
    await decided_for_customer(shop, "120.00")

    await claim_it(shop)
    await collect(bench, contract)

    assert [one for one in bench.books.ledger(contract) if one[0] != "hold"] == [("capture", "120.00", "approved")]
    assert await open_cents(bench, contract) == [11_338]
    (claim,) = await claims(bench, contract)
    assert claim.recipient.name == "Anna Beispiel"
    assert (await bench.all(OpenItem))[0].open_cents == 11_338


async def test_a_deposit_that_has_ended_leaves_everything_to_the_card(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    bench.later(days=6)

    await claim_it(shop)
    await collect(bench, contract)

    assert moved(bench, contract) == [("sale", "620.00", "approved")]
    (text,) = await said(bench, contract, "DAMAGE_CLAIM")
    assert "620,00 € werden Ihrer hinterlegten Karte belastet." in text


async def test_a_capture_that_fails_leaves_everything_to_the_card(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    bench.books.script("capture", "decline:05")

    await claim_it(shop)
    await collect(bench, contract)

    assert [line for line in moved(bench, contract) if line[0] == "sale"] == [("sale", "620.00", "approved")]
    assert (await damage_of(bench)).liability.value == "PAID"
    assert (await bench.deposit(contract.id)).used_cents == 0
