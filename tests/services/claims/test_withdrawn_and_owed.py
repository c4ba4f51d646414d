"""Claims that are withdrawn beside other debts and other payers: each refund goes where its money came from."""

from __future__ import annotations

import pytest

from server.errors import ProblemCode, Refused
from server.models import Document, Email
from server.models.contract_attention import BillingBlock
from server.models.customer import CustomerKind
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.services.billing import invoice
from server.services.claims import withdrawal
from server.services.receivables import external
from server.services.receivables.external import ExternalPayment
from tests.builders.bench import Bench
from tests.builders.rentals import customer
from tests.builders.rows import Shop, open_shop
from tests.services.claims.damaged import acting, claim_it, claims, collect, damaged, decided_for_customer, open_cents


async def take_back(shop: Shop, document: Document) -> None:
    boss = acting(shop, Role.MANAGER)
    await withdrawal.cancel_document(shop.bench.outside, boss, document.id, "Der Schaden war schon bekannt")


async def test_of_two_refunds_by_hand_each_is_entered(bench: Bench) -> None:
    # Given: a claim that was withdrawn, and an invoice that was taken back, both paid by transfer
    shop = await open_shop(bench)
    contract = await damaged(shop, method=PaymentMethod.WAIVED, card_token=None, waiver_reason="Stammkunde")
    await decided_for_customer(shop, "500.00")
    await claim_it(shop)
    await collect(bench, contract)
    final, claim = [one for one in await bench.all(Document, contract_id=contract.id) if one.moves_cents > 0]
    for document, transferred in ((final, 5_900), (claim, 50_000)):
        await external.record(bench.outside, acting(shop), document.id, ExternalPayment(transferred, "T-1"))
    for document in (claim, final):
        await take_back(shop, document)
        await collect(bench, contract)
    assert sorted(await open_cents(bench, contract))[:2] == [-50_000, -5_900]
    waiting = await bench.contract(contract.id)
    # When a clerk says that "it" was transferred
    with pytest.raises(Refused) as refused:
        await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, waiting.version)
    # Then nothing is closed by one word for both
    assert refused.value.code is ProblemCode.NOT_ALLOWED
    assert sorted(await open_cents(bench, contract))[:2] == [-50_000, -5_900]
    # When each is entered
    for document, cents in ((final, -5_900), (claim, -50_000)):
        assert (await bench.contract(contract.id)).billing_block is BillingBlock.REFUND_ABOVE_PAYMENT
        back = [one.id for one in await bench.all(Document, refers_to_id=document.id)]
        await external.record(bench.outside, acting(shop), back[0], ExternalPayment(cents, "T-2"))
    # Then only the invoice that was taken back waits, and may be made anew
    now = await bench.contract(contract.id)
    assert (min(await open_cents(bench, contract)), now.billing_block) == (0, BillingBlock.DOCUMENT_CANCELLED)
    await invoice.settle_by_hand(bench.outside, shop.somebody(), contract.id, now.version)
    assert (await bench.contract(contract.id)).billing_block is None


async def test_another_payer_of_the_customers_name_is_not_told_of_a_claim(bench: Bench) -> None:
    # Given a company whose accounts department pays
    name = "Müller GmbH"
    payer = Recipient(
        name=name,
        address=PostalAddress(street="Allee 3", postcode="10115", city="Berlin"),
        email="buchhaltung@example.com",
    )
    shop = await open_shop(bench)
    company = customer(kind=CustomerKind.COMPANY, company=name)
    contract = await damaged(shop, payer=payer, customer=company)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    (claim,) = await claims(bench, contract)
    # When
    await take_back(shop, claim)
    await collect(bench, contract)
    # Then the customer, whose card it goes back to, is told
    (mail,) = await bench.all(Email, contract_id=contract.id, template="CORRECTION")
    assert mail.to == contract.customer.email
    assert "per Überweisung" not in mail.text
    assert "auf Ihre Karte" in mail.text
