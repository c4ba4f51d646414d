"""E-invoices: every kind of document passes the official schema and rules, with the figures that the paper shows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.models.money import split_vat
from server.models.recipient import PostalAddress
from server.paper.e_invoice import xml_of
from server.paper.e_invoice_amounts import net_price
from server.paper.views import (
    DocumentReference,
    EInvoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceView,
    PaymentPart,
    PaymentWay,
)
from server.services import business_numbers
from tests.thoroughness import tried

from . import samples
from .rules import Figures, broken, found
from .test_invoice_documents import HOSTILE

FIRM = replace(
    samples.CUSTOMER,
    name="Malerei Haberland GmbH",
    extra="Ines Haberland",
    vat_id="DE136695976",
    reference="WA-88121",
    is_business=True,
)
AUTHORITY = replace(FIRM, name="Stadt Musterhausen", vat_id=None, buyer_reference="04011000-12345-03")
WHO = {EInvoice.ZUGFERD: FIRM, EInvoice.XRECHNUNG: AUTHORITY}
NOT_THE_PROFILES_NAME = "FX-SCH-A-000556"
"""The rules are those of the profile; an XRechnung has a name of its own in BT-24, and is a part of the same standard."""


def fuel(**more: Any) -> InvoiceView:
    """Kilometres, litres and the service, without an advance, to be transferred."""
    sums = split_vat(17700 + 4050 + 1313 + 1500, 1900)
    by_transfer = PaymentPart(way=PaymentWay.TRANSFER, amount_cents=sums.gross, due_on=date(2026, 12, 10))
    facts: dict[str, Any] = {
        "lines": (samples.RENTAL, samples.EXTRA_KM, samples.FUEL, samples.FUEL_SERVICE),
        "net_cents": sums.net,
        "vat_cents": sums.vat,
        "total_cents": sums.gross,
        "payable_cents": sums.gross,
        "advances": (),
        "payments": (by_transfer,),
    }
    return samples.invoice(**(facts | more))


def credit(**more: Any) -> InvoiceView:
    """Example E22: a discount makes the rest less than nothing."""
    off = InvoiceLine(kind="DISCOUNT", text="Rabatt", quantity=Decimal(-1), unit_price_cents=443, total_cents=-443)
    facts: dict[str, Any] = {
        "lines": (replace(samples.RENTAL, quantity=Decimal(1), total_cents=5900), off),
        "net_cents": 4586,
        "vat_cents": 871,
        "total_cents": 5457,
        "payable_cents": -443,
        "payments": (PaymentPart(way=PaymentWay.TO_BE_REFUNDED, amount_cents=443),),
    }
    return samples.invoice(**(facts | more))


def nothing_due(**more: Any) -> InvoiceView:
    """Example E01: the advance was the whole."""
    facts: dict[str, Any] = {
        "lines": (replace(samples.RENTAL, quantity=Decimal(1), total_cents=5900),),
        "net_cents": 4958,
        "vat_cents": 942,
        "total_cents": 5900,
        "payable_cents": 0,
        "payments": (),
    }
    return samples.invoice(**(facts | more))


def mirrored(view: InvoiceView, **more: Any) -> InvoiceView:
    """The cancellation of a document."""
    lines = [replace(line, quantity=-line.quantity, total_cents=-line.total_cents) for line in view.lines]
    advances = [
        replace(one, net_cents=-one.net_cents, vat_cents=-one.vat_cents, total_cents=-one.total_cents)
        for one in view.advances
    ]
    way = PaymentWay.TO_BE_REFUNDED if view.payable_cents > 0 else PaymentWay.TO_BE_CHARGED
    back = PaymentPart(way=way, amount_cents=abs(view.payable_cents))
    changes: dict[str, Any] = {
        "kind": InvoiceKind.CANCELLATION_INVOICE,
        "number": "B01-2026-000130",
        "lines": lines,
        "advances": advances,
        "net_cents": -view.net_cents,
        "vat_cents": -view.vat_cents,
        "untaxed_cents": -view.untaxed_cents,
        "total_cents": -view.total_cents,
        "payable_cents": -view.payable_cents,
        "payments": (back,) if view.payable_cents else (),
        "refers_to": DocumentReference(kind=view.kind, number=view.number, issued_on=date(2026, 11, 26)),
        "reason": "Auf Wunsch des Kunden",
    }
    return replace(view, **(changes | more))


def correction(**more: Any) -> InvoiceView:
    """An invoice correction: half of the kilometres were wrong."""
    less = replace(samples.EXTRA_KM, quantity=Decimal(-81), total_cents=-2025)
    facts: dict[str, Any] = {
        "kind": InvoiceKind.CORRECTION_INVOICE,
        "lines": (less,),
        "net_cents": -1702,
        "vat_cents": -323,
        "total_cents": -2025,
        "payable_cents": -2025,
        "advances": (),
        "payments": (PaymentPart(way=PaymentWay.TO_BE_REFUNDED, amount_cents=2025),),
        "refers_to": DocumentReference(
            kind=InvoiceKind.FINAL_INVOICE, number="B01-2026-000123", issued_on=date(2026, 11, 26)
        ),
    }
    return samples.invoice(**(facts | more))


DOCUMENTS: dict[str, tuple[Callable[..., InvoiceView], str]] = {
    "advance": (samples.advance_invoice, "386"),
    "final, advance deducted": (samples.invoice, "380"),
    "final, to be transferred": (fuel, "380"),
    "final, money goes back": (credit, "380"),
    "final, nothing due": (nothing_due, "380"),
    "cancellation of an advance": (samples.cancellation, "384"),
    "cancellation of a final": (lambda **more: mirrored(samples.invoice(**more)), "384"),
    "cancellation of a credit": (lambda **more: mirrored(credit(**more)), "384"),
    "correction": (correction, "384"),
    "claim": (samples.damage_claim, "380"),
    "cancellation of a claim": (lambda **more: mirrored(samples.damage_claim(**more)), "384"),
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("form", list(EInvoice))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_keeps_the_official_schema_and_rules(name: str, form: EInvoice, language: str) -> None:
    make, code = DOCUMENTS[name]
    view = make(recipient=WHO[form], e_invoice=form, language=language)

    xml = xml_of(view)  # which checks the schema

    assert [rule for rule in broken(xml) if not rule.startswith(NOT_THE_PROFILES_NAME)] == []
    is_plain = form is EInvoice.XRECHNUNG and code == "386"
    assert found(xml, "ExchangedDocument", "TypeCode") == ["380" if is_plain else code]
    figures = Figures.of(xml)
    figures.assert_it_adds_up()
    left = view.remaining
    assert (figures.net, figures.vat_total, figures.total) == (left.net, left.vat, view.payable_cents)


def test_the_rules_do_look() -> None:
    xml = xml_of(samples.invoice(recipient=FIRM, e_invoice=EInvoice.ZUGFERD))

    wrong = xml.replace(b"<ram:GrandTotalAmount>158.50<", b"<ram:GrandTotalAmount>158.51<")

    assert any(rule.startswith("BR-CO-15:") for rule in broken(wrong))


def test_the_advance_is_a_line_of_its_own_with_its_number() -> None:
    xml = xml_of(samples.invoice(recipient=FIRM, e_invoice=EInvoice.ZUGFERD))

    assert Figures.of(xml) == Figures(
        lines=[
            (Decimal(3), Decimal("49.58"), 14874),
            (Decimal(162), Decimal("0.21006"), 3403),
            (Decimal(-1), Decimal("49.58"), -4958),
        ],
        vat=[(13319, 2531, "S")],
        net=13319,
        vat_total=2531,
        total=15850,
        paid=0,
        due=15850,
    )
    assert (
        found(xml, "SpecifiedTradeProduct", "Name")[2] == "abzüglich Anzahlungsrechnung B01-2026-000122 vom 20.11.2026"
    )
    assert found(xml, "InvoiceReferencedDocument", "IssuerAssignedID") == ["B01-2026-000122"]
    assert found(xml, "SpecifiedTradePaymentTerms", "Description") == [
        "158,50 € werden Ihrer hinterlegten Karte belastet."
    ]
    assert found(xml, "SpecifiedTradeSettlementPaymentMeans", "TypeCode") == ["68"]


def test_what_was_paid_already_is_not_due() -> None:
    figures = Figures.of(xml_of(samples.advance_invoice(recipient=FIRM, e_invoice=EInvoice.ZUGFERD)))

    assert (figures.total, figures.paid, figures.due) == (5900, 5900, 0)


def test_a_transfer_names_account_day_and_reference() -> None:
    xml = xml_of(fuel(recipient=FIRM, e_invoice=EInvoice.ZUGFERD))

    assert found(xml, "SpecifiedTradeSettlementPaymentMeans", "TypeCode") == ["58"]
    assert found(xml, "PayeePartyCreditorFinancialAccount", "IBANID") == ["DE02120300000000202051"]
    assert found(xml, "DueDateDateTime", "DateTimeString") == ["20261210"]
    assert found(xml, "PaymentReference") == ["B01-2026-000123"]


def test_a_quantity_has_its_unit() -> None:
    xml = xml_of(fuel(recipient=FIRM, e_invoice=EInvoice.ZUGFERD))

    units = [part.split('"')[0] for part in xml.decode().split('BilledQuantity unitCode="')[1:]]
    assert units == ["C62", "KMT", "LTR", "C62"]


@pytest.mark.parametrize("name", ["claim", "cancellation of a claim"])
def test_a_claim_is_outside_vat_and_names_no_vat_ids(name: str) -> None:
    xml = xml_of(DOCUMENTS[name][0](recipient=FIRM, e_invoice=EInvoice.ZUGFERD))

    assert b"DE123456789" not in xml
    assert b"DE136695976" not in xml
    tax = ("ApplicableHeaderTradeSettlement", "ApplicableTradeTax")
    assert found(xml, *tax, "CategoryCode") == ["O"]
    assert found(xml, *tax, "ExemptionReasonCode") == ["VATEX-EU-O"]
    assert found(xml, *tax, "ExemptionReason")[0].startswith("Echter Schadenersatz ist kein Entgelt für eine Leistung")


def test_what_is_missing_of_the_company_does_not_break_the_rules() -> None:
    bare = replace(samples.SUPPLIER, vat_id=None, register=None, iban=None, phone=None, email=None, directors=None)
    for view in (fuel(supplier=bare, station=None), samples.damage_claim(supplier=bare, station=None)):
        assert broken(xml_of(replace(view, recipient=FIRM, e_invoice=EInvoice.ZUGFERD))) == []


def test_an_authoritys_invoice_has_what_xrechnung_asks_for_besides() -> None:
    """KoSIT's own rules cannot be had offline: those that can go wrong here, by their names."""
    for make, _ in DOCUMENTS.values():
        xml = xml_of(make(recipient=AUTHORITY, e_invoice=EInvoice.XRECHNUNG))
        profile = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
        assert found(xml, "GuidelineSpecifiedDocumentContextParameter", "ID") == [profile]  # BR-DE-21
        assert found(xml, "BuyerReference") == ["04011000-12345-03"]  # BR-DE-15
        assert found(xml, "SpecifiedTradeSettlementPaymentMeans", "TypeCode")[0] in {"1", "58", "68"}  # BR-DE-1, 23, 24
        contact = ("SellerTradeParty", "DefinedTradeContact")
        assert found(xml, *contact, "PersonName") == ["Berlin-Spandau"]  # BR-DE-5
        assert found(xml, *contact, "TelephoneUniversalCommunication", "CompleteNumber") == ["030 555 0110"]  # BR-DE-6
        assert found(xml, *contact, "EmailURIUniversalCommunication", "URIID") == ["spandau@lindner.example"]  # BR-DE-7
        for party in ("SellerTradeParty", "BuyerTradeParty", "ShipToTradeParty"):  # BR-DE-3, 4, 8 to 11
            assert all(found(xml, party, "PostalTradeAddress", part) for part in ("CityName", "PostcodeCode"))
        for party in ("SellerTradeParty", "BuyerTradeParty"):  # PEPPOL-EN16931-R010, R020
            assert len(found(xml, party, "URIUniversalCommunication", "URIID")) == 1
        assert found(xml, "ApplicableTradeTax", "RateApplicablePercent")  # BR-DE-14
        assert found(xml, "ExchangedDocument", "TypeCode")[0] in {"380", "384"}  # BR-DE-17
        assert found(xml, "BusinessProcessSpecifiedDocumentContextParameter", "ID")  # PEPPOL-EN16931-R001
        assert len(found(xml, "ApplicableHeaderTradeSettlement", "InvoiceReferencedDocument")) <= 1  # CII D16B


def test_taxed_and_untaxed_amounts_together_are_refused() -> None:
    fee = InvoiceLine(kind="CANCELLATION_FEE", text="Pauschale", total_cents=5000, taxable=False)
    view = samples.invoice(
        lines=(samples.RENTAL, fee),
        net_cents=14874,
        vat_cents=2826,
        untaxed_cents=5000,
        total_cents=22700,
        payable_cents=22700,
        advances=(),
        payments=(),
        recipient=FIRM,
        e_invoice=EInvoice.ZUGFERD,
    )
    with pytest.raises(ValueError, match="BR-O-11"):
        xml_of(view)


def test_without_an_address_there_is_none() -> None:
    with pytest.raises(ValueError, match="BR-10"):
        xml_of(samples.invoice(recipient=replace(FIRM, address=None), e_invoice=EInvoice.ZUGFERD))


@pytest.mark.parametrize("country", ["FR", "GB", "HK", "US", "XK", "AC", "TA"])
def test_a_buyer_abroad(country: str) -> None:
    address = PostalAddress(street="Main Street 1", postcode="", city="Anywhere", country=country)

    assert broken(xml_of(samples.invoice(recipient=replace(FIRM, address=address), e_invoice=EInvoice.ZUGFERD))) == []


@pytest.mark.parametrize("vat_id", business_numbers.VAT_IDS.values())
def test_a_vat_id_of_every_country(vat_id: str) -> None:
    assert broken(xml_of(samples.invoice(recipient=replace(FIRM, vat_id=vat_id), e_invoice=EInvoice.ZUGFERD))) == []


def test_a_courtesy_car_and_a_rate_of_zero() -> None:
    free = replace(samples.RENTAL, unit_price_cents=0, total_cents=0)
    nothing = {"advances": (), "payments": (), "vat_cents": 0, "recipient": FIRM, "e_invoice": EInvoice.ZUGFERD}
    none = samples.invoice(lines=(free,), net_cents=0, total_cents=0, payable_cents=0, **nothing)
    untaxed = samples.invoice(
        lines=(samples.RENTAL,), net_cents=17700, total_cents=17700, payable_cents=17700, vat_rate_bp=0, **nothing
    )

    assert (broken(xml_of(none)), broken(xml_of(untaxed))) == ([], [])
    assert Figures.of(xml_of(none)).lines == [(Decimal(3), Decimal("0.00"), 0)]
    assert Figures.of(xml_of(untaxed)).vat == [(17700, 0, "Z")]


@pytest.mark.parametrize("text", [*HOSTILE, "A😀\x00\x07\u202e\u2066B\ud800\ufffe" + "W" * 400 + "漢字 עברית"])
def test_whatever_people_write_is_text(text: str) -> None:
    line = replace(samples.RENTAL, text=text, explanation=text)
    who = replace(
        FIRM, name=text, extra=text, reference=text, address=PostalAddress(street=text, postcode="1", city=text)
    )
    view = samples.invoice(lines=(line, samples.EXTRA_KM), recipient=who, reason=text, e_invoice=EInvoice.ZUGFERD)

    xml = xml_of(view)

    assert broken(xml) == []
    for path in (
        ("BuyerTradeParty", "Name"),
        ("BuyerReference",),
        ("BuyerTradeParty", "PostalTradeAddress", "CityName"),
    ):
        assert found(xml, *path)[0].split()[-1] == text.replace("\ufffe", "").split()[-1]


def test_the_same_view_gives_the_same_bytes_in_every_thread() -> None:
    views = [make(recipient=FIRM, e_invoice=EInvoice.ZUGFERD) for make, _ in DOCUMENTS.values()] * 2
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(xml_of, views)) == [xml_of(view) for view in views]


@tried(300)
@given(
    st.decimals(Decimal("0.00001"), 100_000, places=5).filter(bool),
    st.integers(-1_000_000_00, 1_000_000_00),
)
def test_a_price_multiplies_out(quantity: Decimal, net_cents: int) -> None:
    price = net_price(quantity, net_cents)

    assert price >= 0
    assert abs(price * quantity * 100 - abs(net_cents)) <= Decimal("0.5")
