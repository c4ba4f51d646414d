"""Nobody gets an XRechnung that is invalid because nobody can be asked about it (BR-DE-6, BR-DE-7, PEPPOL R020)."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import Refused
from server.models import Email
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.customer import CustomerKind
from server.models.staff import Role
from server.services.billing import invoice
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer, rented
from tests.builders.rows import Shop, open_shop
from tests.rendering.rules import found
from tests.services.billing.test_e_invoices import AUTHORITY, LEITWEG, cancel, issued, xml_of
from tests.services.receivables.billed import END, START, billed, final_of, work, written

PHONE, MAIL = "+49 30 23125110", "halle@autohaus-sonnenfeld.example"
CONTACT = ("ApplicableHeaderTradeAgreement", "SellerTradeParty", "DefinedTradeContact")


async def company_with(bench: Bench, **said: str | None) -> None:
    async with bench.owned() as session:
        for column, value in said.items():
            await session.write(f"update company set {column} = :value", {"value": value})


async def settle(shop: Shop, contract: Any) -> None:
    clerk = shop.somebody(Role.CLERK)
    now = await shop.bench.contract(contract.id)
    await invoice.settle_by_hand(shop.bench.outside, clerk, contract.id, now.version)


@pytest.mark.parametrize("lacking", ["phone", "email"])
async def test_billing_waits_until_somebody_says_it(bench: Bench, lacking: str) -> None:
    # Given an authority that pays, and a company that nobody can call, or write to
    shop = await open_shop(bench)
    await company_with(bench, **({"phone": PHONE, "email": MAIL} | {lacking: None}))
    contract = await rented(shop, START, END, payer=AUTHORITY)
    # When
    contract = await work(bench, contract)
    # Then no invoice is issued
    assert (contract.state, contract.billing_block) == (ContractState.RETURNED, BillingBlock.SELLER_CONTACT_MISSING)
    assert await issued(bench, contract) == []
    # And to settle is refused as long as it is missing
    before = await written(bench, contract)
    with pytest.raises(Refused, match="BR-DE-6") as raised:
        await settle(shop, contract)
    assert raised.value.code.value == "BILLING_BLOCKED"
    assert await written(bench, contract) == before
    # And with it the invoice names it
    async with bench.owned() as session:
        await session.write(
            f"update station set {lacking} = :value", {"value": {"phone": PHONE, "email": MAIL}[lacking]}
        )
    await settle(shop, contract)
    xml = await xml_of(bench, await final_of(bench, contract))
    assert found(xml, *CONTACT, "TelephoneUniversalCommunication", "CompleteNumber") == [PHONE]
    assert found(xml, *CONTACT, "EmailURIUniversalCommunication", "URIID") == [MAIL]


async def test_who_has_no_leitweg_id_is_billed_without(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop, customer=customer(kind=CustomerKind.COMPANY, company="Malerei GmbH"))
    assert (contract.state, contract.billing_block) == (ContractState.BILLED, None)


async def test_what_cannot_wait_is_a_zugferd(bench: Bench) -> None:
    """An advance is paid already, and a cancellation follows at once."""
    # Given an authority that books for itself
    shop = await open_shop(bench)
    who = customer(kind=CustomerKind.COMPANY, company="Stadt Musterhausen", buyer_reference=LEITWEG)
    contract = await book(shop, START, END, customer=who)
    (advance,) = await issued(bench, contract)
    # When
    await cancel(shop, advance)
    # Then
    for document in await issued(bench, contract):
        xml = await xml_of(bench, document)
        assert found(xml, "GuidelineSpecifiedDocumentContextParameter", "ID") == ["urn:cen.eu:en16931:2017"]
        assert found(xml, "BuyerReference") == [LEITWEG]
    mails = await bench.all(Email, contract_id=contract.id)
    assert not any(file.name.endswith(".xml") for mail in mails for file in mail.attachments)
    assert not any("XRechnung" in mail.text for mail in mails)


async def test_what_is_emptied_after_the_invoice_spoils_no_mirror(bench: Bench) -> None:
    shop = await open_shop(bench)
    await company_with(bench, phone=PHONE)
    contract = await billed(shop, payer=AUTHORITY)
    await company_with(bench, phone=None)
    # When
    await cancel(shop, await final_of(bench, contract))
    # Then
    forms = [(one.view or {})["e_invoice"] for one in await issued(bench, contract)]
    assert forms == ["XRECHNUNG", "ZUGFERD"]
