"""An issued document as structured data: the terms of EN 16931 in the syntax of UN/CEFACT (CII), as ZUGFeRD and
XRechnung have them. Everything in it is what was frozen with the document.
"""

from __future__ import annotations

from threading import Lock
from zoneinfo import ZoneInfo

from facturx import generate_cii_xml
from lxml import etree

from server.models.local_time import day_of
from server.models.money import CURRENCY
from server.models.recipient import PostalAddress
from server.paper.e_invoice_amounts import Terms, amounts
from server.paper.invoice_sheet import introduction, invoice_title, payable_label, payment_sentences
from server.paper.notation import plain
from server.paper.views import EInvoice, InvoiceKind, InvoiceView, PaymentWay
from server.paper.words import words

PROFILE = "en16931"
"""The profile of Factur-X, with its schema and its rules: it says all that the law asks for (§ 14 UStG)."""
_STANDARD = "urn:cen.eu:en16931:2017"
_XRECHNUNG = f"{_STANDARD}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_KINDS = {
    InvoiceKind.ADVANCE_INVOICE: "386",
    InvoiceKind.FINAL_INVOICE: "380",
    InvoiceKind.CANCELLATION_INVOICE: "384",
    InvoiceKind.CORRECTION_INVOICE: "384",
    InvoiceKind.DAMAGE_CLAIM: "380",
}
"""UNTDID 1001: invoice for a prepayment, commercial invoice, corrected invoice. What takes a document back is a
corrected invoice with its amounts and the other sign; the amounts of a credit note (381) would be positive.
"""
_INVOICE = "380"
"""An advance in an XRechnung, which has no 386 (BR-DE-17); its note says what it is."""
_COUNTRIES = {"XK": "1A", "AC": "SH", "TA": "SH"}
"""Kosovo, Ascension and Tristan da Cunha, of which addresses have codes that the standard's list lacks (BR-CL-14)."""
_MAIL, _LEITWEG = "EM", "0204"
"""Kinds of electronic addresses (EAS)."""
_TRANSFER, _ONLINE, _NOT_SAID = "58", "68", "1"
"""UNTDID 4461: SEPA transfer; online payment service, for cards: their own codes ask for a part of a card's number."""

_ONE_AT_A_TIME = Lock()
"""The library rewrites tables of its own when it is first called; printing is done in threads."""


def xml_of(view: InvoiceView) -> bytes:
    """The XML of a document, valid by the official schema; the same view gives the same bytes. ValueError for what the
    standard cannot say: a recipient without an address, taxed and untaxed amounts in one document (BR-O-11).
    """
    with _ONE_AT_A_TIME:
        xml: bytes = generate_cii_xml(_terms(view), level=PROFILE, check_xsd=True, check_schematron=False)
    if view.e_invoice is not EInvoice.XRECHNUNG:
        return xml
    root = etree.fromstring(xml)
    (profile,) = root.iterfind(".//{*}GuidelineSpecifiedDocumentContextParameter/{*}ID")
    profile.text = _XRECHNUNG
    return etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")


def _terms(view: InvoiceView) -> Terms:
    zone, for_authority = ZoneInfo(view.time_zone), view.e_invoice is EInvoice.XRECHNUNG
    is_advance = view.kind is InvoiceKind.ADVANCE_INVOICE
    earlier = [(one.number, one.issued_on) for one in ([view.refers_to] if view.refers_to else [])]
    earlier += [(advance.number, advance.issued_on) for advance in view.advances]
    if for_authority:
        earlier = earlier[:1]  # its older schema has place for one; the lines name the advances, too
    return _given(
        {
            "BT-1": plain(view.number),
            "BT-2": day_of(view.issued_at, zone),
            "BT-3": _INVOICE if for_authority and is_advance else _KINDS[view.kind],
            "BT-5": CURRENCY,
            "BT-10": view.recipient.buyer_reference or _plain(view.recipient.reference),
            "BT-12": plain(view.contract_number),
            "BT-23": _BILLING if for_authority else None,
            "BT-24": _STANDARD,
            "BT-73": day_of(view.service_start, zone),
            "BT-74": day_of(view.service_end, zone),
            "BG-1": [{"BT-22": note} for note in _notes(view)],
            "BG-3": [{"BT-25": plain(number), "BT-26": issued_on} for number, issued_on in earlier],
            "BG-4": _seller(view),
            "BG-7": _buyer(view),
            "BG-13": _place(view),
            **_payment(view),
            **amounts(view),
        }
    )


def _notes(view: InvoiceView) -> list[str]:
    w, recipient = words(view.language), view.recipient
    facts = {
        w["plate"]: ", ".join(f"{vehicle.plate} ({vehicle.model})" for vehicle in view.vehicles),
        w["workshop_order"]: view.workshop_order,
        w["your_reference"]: recipient.reference if recipient.buyer_reference else None,
    }
    said = [f"{label}: {plain(value)}" for label, value in facts.items() if value]
    return [plain(invoice_title(view)), *map(plain, introduction(view)), *said]


def _seller(view: InvoiceView) -> Terms:
    """The company; whom to ask is its station. A document outside VAT names no VAT id (BR-O-02), and one without it
    needs another mark of the seller (BR-CO-26): the register's entry, else the series of its numbers.
    """
    supplier, station, w = view.supplier, view.station, words(view.language)
    register = _plain(supplier.register)
    mail = supplier.email or (station.email if station else None)
    whom = [place for place in (station, supplier) if place]
    contact = {
        "name": plain(whom[0].name),
        "phone": next((place.phone for place in whom if place.phone), None),
        "email": next((place.email for place in whom if place.email), None),
    }
    legal = {w["seat"]: supplier.seat, w["directors"]: supplier.directors}
    return _given(
        {
            "name": plain(supplier.name),
            **_address(supplier.address),
            "identifiers": {None: plain(view.number).partition("-")[0]},
            "legal_identifier": register,
            "vat_identifier": None if view.is_outside_vat else supplier.vat_id,
            "tax_identifier": None if view.is_outside_vat else _plain(supplier.tax_number),
            "legal_info": ", ".join(f"{label}: {plain(value)}" for label, value in legal.items() if value),
            "contacts": [_given(contact)],
            "einvoicing_addr": mail,
            "einvoicing_addr_schemeid": _MAIL if mail else None,
        }
    )


def _buyer(view: InvoiceView) -> Terms:
    buyer = view.recipient
    if buyer.address is None:
        raise ValueError(f"{view.number}: an e-invoice needs the recipient's address (BR-10)")
    return _given(
        {
            "name": plain(buyer.name),
            **_address(buyer.address),
            "vat_identifier": None if view.is_outside_vat else buyer.vat_id,
            "contacts": [{"name": plain(buyer.extra)}] if buyer.extra else None,
            "einvoicing_addr": buyer.buyer_reference or buyer.email,
            "einvoicing_addr_schemeid": _LEITWEG if buyer.buyer_reference else _MAIL,
        }
    )


def _place(view: InvoiceView) -> Terms:
    """Where the car is handed over; when is the period, also of what is only expected."""
    place = view.station or view.supplier
    return _given({"name": plain(place.name), **_address(place.address)})


def _address(address: PostalAddress) -> Terms:
    return {
        "addr_l1": plain(address.street),
        "postcode": plain(address.postcode),
        "city": plain(address.city),
        "country_code": _COUNTRIES.get(address.country, address.country),
    }


def _payment(view: InvoiceView) -> Terms:
    """How what is still to be moved will be, in the words of the paper."""
    due = [part for part in view.payments if part.way is PaymentWay.TRANSFER]
    iban = view.supplier.iban
    way = _ONLINE if view.payments else _NOT_SAID
    if due:
        way = _TRANSFER if iban else _NOT_SAID
    sentences = [plain(sentence) for sentence in payment_sentences(view)]
    return {
        "BT-9": next((part.due_on for part in due), None),
        "BT-20": " ".join(sentences) or plain(payable_label(view)),
        "BT-81": way,
        "BT-83": plain(view.number),
        "BT-84": iban.replace(" ", "") if iban and due else None,
        "BT-85": plain(view.supplier.name) if iban and due else None,
    }


def _plain(text: str | None) -> str | None:
    return plain(text) if text else None


def _given(terms: Terms) -> Terms:
    return {name: value for name, value in terms.items() if value not in (None, "", [], {})}
