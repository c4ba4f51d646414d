"""Businesses get e-invoices: the figures of PDF, XML and database are one, from the booking to what is taken back."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from facturx import get_xml_from_pdf
from sqlalchemy.exc import DBAPIError

from server.database import SYSTEM
from server.models import Contract, Document, Email
from server.models.customer import CustomerKind
from server.models.document import DocumentType
from server.models.fleet import Energy
from server.models.recipient import PostalAddress, Recipient
from server.models.staff import Role
from server.paper.notation import money
from server.paper.views import InvoiceView
from server.services.acting import Acting
from server.services.billing import cancellations, documents, invoice
from server.services.ends import cancellation
from server.services.receivables import cancelling
from tests.builders.bench import Bench
from tests.builders.rentals import book, customer, rented
from tests.builders.rows import Shop, open_shop
from tests.rendering.reading import words_of
from tests.rendering.rules import Figures, broken, found
from tests.services.claims.damaged import claim_it, claims, damaged, decided_for_customer
from tests.services.receivables.billed import DAY, END, INSURER, START, billed, final_of, on_account

LEITWEG = "04011000-12345-03"
AUTHORITY = Recipient(
    name="Stadt Musterhausen",
    address=PostalAddress(street="Markt 1", postcode="10115", city="Berlin"),
    reference="Az. 12/3",
    buyer_reference=LEITWEG,
    email="rechnung@musterhausen.example",
)
XRECHNUNG = "FX-SCH-A-000556"  # the profile's rules know only the profile's name


def firm(**more: Any) -> Any:
    values: dict[str, Any] = {"kind": CustomerKind.COMPANY, "company": "Malerei GmbH", "vat_id": "DE136695976"}
    return customer(**(values | more))


async def cancel(shop: Shop, document: Document) -> None:
    manager = Acting(shop.bench.now, shop.somebody(Role.MANAGER))
    await cancelling.cancel(shop.bench.outside, manager, document.id, "Falscher Name")


async def issued(bench: Bench, contract: Contract) -> list[Document]:
    return await bench.all(Document, contract_id=contract.id)


async def xml_of(bench: Bench, document: Document) -> bytes:
    """What is kept; it is the one of its hash, and keeps the official rules."""
    assert document.xml_key == f"documents/{document.id}.xml"
    xml = await bench.outside.objects.get(document.xml_key)
    assert document.xml_sha256 == hashlib.sha256(xml).hexdigest()
    assert [rule for rule in broken(xml) if not rule.startswith(XRECHNUNG)] == []
    return xml


async def assert_one_truth(bench: Bench, document: Document) -> None:
    """Database, XML, PDF and the XML inside the PDF say the same."""
    xml = await xml_of(bench, document)
    pdf = await bench.outside.objects.get(document.pdf_key)
    assert document.sha256 == hashlib.sha256(pdf).hexdigest()
    assert get_xml_from_pdf(pdf) == ("factur-x.xml", xml)
    figures = Figures.of(xml)
    figures.assert_it_adds_up()
    deducted = [(one["net_cents"], one["vat_cents"]) for one in document.advances]
    net = document.net_cents - sum(one for one, _ in deducted)
    vat = document.vat_cents - sum(one for _, one in deducted)
    assert (figures.net, figures.vat_total, figures.total) == (net, vat, document.payable_cents)
    assert len(figures.lines) == len(document.lines) + len(deducted)
    assert [quantity for quantity, _, _ in figures.lines][: len(document.lines)] == [
        line.quantity for line in document.lines
    ]
    shown = words_of(pdf)
    is_claim = not any(line.taxable for line in document.lines)
    for cents in (document.payable_cents,) if is_claim else (net, vat, document.payable_cents):
        assert money(cents, "de").replace("\u00a0", " ").replace("\u2212", "-") in shown
    assert found(xml, "ExchangedDocument", "ID") == [document.number]


async def test_a_company_gets_every_document_as_zugferd(bench: Bench) -> None:
    # Given a rental that grew by kilometres and fuel, and came back with a scratch
    shop = await open_shop(bench)
    contract = await damaged(shop, km=400, customer=firm(), back_with={"fuel": 5})
    await decided_for_customer(shop, "620")
    await claim_it(shop)
    # When everything is taken back
    (claim,) = await claims(bench, contract)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await cancellations.cancel(session, contract, claim, Acting(bench.now).because("Falscher Schaden"))
    await documents.print_unprinted(bench.outside, contract.id)
    await cancel(shop, await final_of(bench, contract))
    (advance, *_) = await issued(bench, contract)
    await cancel(shop, advance)
    # Then
    all_of_them = await issued(bench, contract)
    assert [one.type.value.split("_")[0] for one in all_of_them] == [
        "ADVANCE", "FINAL", "DAMAGE", "CANCELLATION", "CANCELLATION", "CANCELLATION",
    ]  # fmt: skip
    for document in all_of_them:
        await assert_one_truth(bench, document)
    codes = [found(await xml_of(bench, one), "ExchangedDocument", "TypeCode") for one in all_of_them]
    assert codes == [["386"], ["380"], ["380"], ["384"], ["384"], ["384"]]
    originals = [
        found(await xml_of(bench, one), "InvoiceReferencedDocument", "IssuerAssignedID") for one in all_of_them
    ]
    numbers = [one.number for one in all_of_them]
    assert originals == [[], numbers[:1], [], [numbers[2]], [numbers[1], numbers[0]], [numbers[0]]]
    # And the mails bring nothing but the PDF, which has it in it
    mails = await bench.all(Email, contract_id=contract.id)
    keys = {file.key for mail in mails for file in mail.attachments if file.type != "text/calendar"}
    assert {one.pdf_key for one in all_of_them if one.number != numbers[3]} <= keys  # that one was not told by itself
    assert not any(key.endswith(".xml") for key in keys)
    assert not any("XRechnung" in mail.text for mail in mails)


async def test_kilometres_litres_and_the_service_have_their_units(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, km=400, customer=firm(), back_with={"fuel": 7})
    await invoice.bill(bench.outside, contract.id)

    xml = await xml_of(bench, await final_of(bench, contract))

    units = [part.split('"')[0] for part in xml.decode().split('BilledQuantity unitCode="')[1:]]
    assert units == ["C62", "KMT", "LTR", "C62", "C62"]
    assert [quantity for quantity, _, _ in Figures.of(xml).lines] == [2, 100, Decimal("6.25"), 1, -1]


async def test_kilowatt_hours_have_theirs(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0, group_with={"energy": Energy.ELECTRIC})
    await shop.add_car(tank_litres=None, battery_wh=58_123)
    out, back = {"fuel": None, "charge": 80}, {"fuel": None, "charge": 55}
    contract = await rented(shop, START, END, customer=firm(), out=out, back_with=back)
    await invoice.bill(bench.outside, contract.id)

    document = await final_of(bench, contract)

    xml = await xml_of(bench, document)
    units = [part.split('"')[0] for part in xml.decode().split('BilledQuantity unitCode="')[1:]]
    assert units == ["C62", "KWH", "C62", "C62"]
    assert Figures.of(xml).lines[1][0] == Decimal("14.53075")
    await assert_one_truth(bench, document)


async def test_money_that_goes_back_is_less_than_nothing(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START + 2 * DAY, END + 2 * DAY, customer=firm())
    await cancellation.cancel(bench.outside, Acting(bench.now, shop.somebody()), contract.id, contract.version, "Umzug")

    advance, mirror = await issued(bench, contract)

    assert Figures.of(await xml_of(bench, advance)).paid == 5_900
    await assert_one_truth(bench, mirror)
    figures = Figures.of(await xml_of(bench, mirror))
    assert (figures.lines, figures.total, figures.due) == ([(Decimal("-1"), Decimal("49.58"), -4_958)], -5_900, -5_900)


async def test_whoever_else_pays_is_a_business_and_the_customer_may_be_none(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop, km=400, payer=INSURER)
    await decided_for_customer(shop, "620")
    await claim_it(shop)

    final = await final_of(bench, contract)
    (claim,) = await claims(bench, contract)

    await assert_one_truth(bench, final)
    xml = await xml_of(bench, final)
    assert found(xml, "BuyerTradeParty", "Name") == ["Versicherung AG"]
    assert found(xml, "BuyerReference") == ["S-4711"]
    assert found(xml, "PayeePartyCreditorFinancialAccount", "IBANID") == ["DE02120300000000202051"]
    assert len(found(xml, "DueDateDateTime", "DateTimeString")) == 1
    assert (claim.recipient.is_business, claim.xml_key, claim.xml_sha256) == (False, None, None)


async def test_an_authority_gets_xrechnung_beside_the_pdf(bench: Bench) -> None:
    shop = await open_shop(bench, phone="+49 30 23125110")
    contract = await billed(shop, payer=AUTHORITY)

    final = await final_of(bench, contract)

    xml = await xml_of(bench, final)
    assert found(xml, "BuyerReference") == [LEITWEG]
    assert found(xml, "GuidelineSpecifiedDocumentContextParameter", "ID")[0].endswith("xrechnung_3.0")
    assert b"factur-x.xml" not in await bench.outside.objects.get(final.pdf_key)
    (mail,) = await bench.all(Email, contract_id=contract.id, to="rechnung@musterhausen.example")
    assert [(file.name, file.type, file.key) for file in mail.attachments] == [
        (f"{final.number}.xml", "application/xml", final.xml_key),
        (f"Rechnung {final.number}.pdf", "application/pdf", final.pdf_key),
    ]
    said = " ".join(mail.text.split())
    assert "Das angehängte XML ist eine XRechnung und damit das Dokument selbst; das PDF zeigt dasselbe" in said
    # When it is taken back
    await cancel(shop, final)
    # Then the authority gets that in the same form
    mirror = (await issued(bench, contract))[-1]
    assert mirror.type is DocumentType.CANCELLATION_INVOICE
    figures = Figures.of(await xml_of(bench, mirror))
    assert (figures.total, found(await xml_of(bench, mirror), "BuyerReference")) == (-final.payable_cents, [LEITWEG])


async def test_a_consumer_gets_the_plain_pdf(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await billed(shop)

    for document in await issued(bench, contract):
        assert (document.xml_key, document.xml_sha256) == (None, None)
        assert b"factur-x.xml" not in await bench.outside.objects.get(document.pdf_key)


async def test_a_contract_of_before_keeps_its_payer_and_gets_e_invoices_from_now_on(bench: Bench) -> None:
    # Given a payer as it was stored before there were e-invoices
    shop = await open_shop(bench)
    contract = await rented(shop, START, END, payer=INSURER)
    async with bench.owned() as session:
        await session.write("update contract set payer = payer - 'is_business' - 'buyer_reference'", {})
    # When
    await invoice.bill(bench.outside, contract.id)
    # Then
    await assert_one_truth(bench, await final_of(bench, contract))


async def test_a_document_of_before_is_printed_and_taken_back_as_it_was(bench: Bench) -> None:
    # Given an invoice to a company that was issued before, not printed yet
    shop = await open_shop(bench)
    contract = await on_account(shop, customer=firm())
    async with bench.owned(past_triggers=True) as session:
        await session.write(
            "update document set view = view - 'e_invoice', recipient = recipient - 'is_business' - 'buyer_reference',"
            " sha256 = null, xml_sha256 = null, xml_key = null",
            {},
        )
    final = await final_of(bench, contract)
    # When
    await documents.print_pdf(bench.outside, final.id)
    await cancel(shop, final)
    # Then
    for document in await issued(bench, contract):
        assert (document.xml_key, document.xml_sha256) == (None, None)
        assert document.sha256 == hashlib.sha256(await bench.outside.objects.get(document.pdf_key)).hexdigest()


async def test_printing_it_again_gives_the_same_files_and_the_hashes_are_added_once(bench: Bench) -> None:
    # Given a printer that died before it wrote the hashes down
    shop = await open_shop(bench)
    contract = await billed(shop, customer=firm())
    final = await final_of(bench, contract)
    before = [await bench.outside.objects.get(key or "") for key in (final.pdf_key, final.xml_key)]
    async with bench.owned(past_triggers=True) as session:
        await session.write("update document set sha256 = null, xml_sha256 = null", {})
    # When
    for _ in range(2):
        await documents.print_pdf(bench.outside, final.id)
    # Then
    again = await final_of(bench, contract)
    assert [await bench.outside.objects.get(key or "") for key in (final.pdf_key, final.xml_key)] == before
    assert (again.sha256, again.xml_sha256) == (final.sha256, final.xml_sha256)
    assert again.seal() == again.chain_hash
    assert InvoiceView.of_json(again.view or {}).as_json() == again.view
    for change in ("xml_sha256 = 'x'", "xml_sha256 = null", "xml_key = 'x'"):
        with pytest.raises(DBAPIError, match="frozen"):
            async with bench.owned() as session:
                await session.write(f"update document set {change} where id = :id", {"id": final.id})
