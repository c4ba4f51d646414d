"""ZUGFeRD: a PDF/A-3 with the XML in it, by what can be read in the file (the validators need Java)."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from facturx import get_xml_from_pdf
from lxml import etree
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from server.paper.typesetter import MISSING, print_invoice, render_invoice
from server.paper.views import DamageSpot, EInvoice, InvoiceKind, InvoiceView

from . import samples
from .reading import words_of
from .rules import broken, found
from .test_e_invoices import AUTHORITY, DOCUMENTS, FIRM
from .test_scripts import NAMES

PDFA = "{http://www.aiim.org/pdfa/ns/id/}"
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
XMP = "{http://ns.adobe.com/xap/1.0/}"


def hybrid(**more: Any) -> InvoiceView:
    return samples.invoice(**({"recipient": FIRM, "e_invoice": EInvoice.ZUGFERD} | more))


def reader_of(pdf: bytes) -> Any:
    """A reader that does not put up with what is not in order."""
    return PdfReader(io.BytesIO(pdf), strict=True)


def metadata_of(pdf: bytes) -> Any:
    xmp = reader_of(pdf).root_object["/Metadata"].get_object().get_data()
    return etree.fromstring(re.sub(rb"<\?xpacket.*?\?>", b"", xmp).strip())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_a_pdf_a_3_with_its_xml(name: str) -> None:
    made = print_invoice(DOCUMENTS[name][0](recipient=FIRM, e_invoice=EInvoice.ZUGFERD))

    # The file says that it is PDF/A-3, level B, and Factur-X
    assert made.pdf.startswith(b"%PDF-1.7\n%")
    assert min(made.pdf[10:14]) > 127  # a binary file, for old transports
    xmp = metadata_of(made.pdf)
    assert [xmp.findtext(f".//{PDFA}{part}") for part in ("part", "conformance")] == ["3", "B"]
    said = [
        xmp.findtext(f".//{FX}{part}") for part in ("DocumentType", "DocumentFileName", "Version", "ConformanceLevel")
    ]
    assert said == ["INVOICE", "factur-x.xml", "1.0", "EN 16931"]
    assert b"pdfaExtension:schemas" in etree.tostring(xmp)  # what fx: means, which PDF/A wants to be explained
    # It carries its colours, and no encryption, scripts or other files
    reader = reader_of(made.pdf)
    root = reader.root_object
    (intent,) = root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1"
    assert intent.get_object()["/DestOutputProfile"].get_object().get_data()[36:40] == b"acsp"  # an ICC profile
    assert len(reader.trailer["/ID"]) == 2
    assert not {"/Encrypt"} & set(reader.trailer)
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root)
    # The XML is attached to the document, as another form of the same invoice
    (attached,) = (one.get_object() for one in root["/AF"])
    assert root["/Names"]["/EmbeddedFiles"]["/Names"][0] == "factur-x.xml"
    assert root["/Names"]["/EmbeddedFiles"]["/Names"][1].get_object() == attached
    assert (attached["/AFRelationship"], attached["/F"], attached["/UF"]) == (
        "/Alternative",
        "factur-x.xml",
        "factur-x.xml",
    )
    file = attached["/EF"]["/F"].get_object()
    assert (file["/Subtype"], file["/Params"]["/Size"]) == ("/text/xml", len(made.xml or b""))
    assert file.get_data() == made.xml
    assert get_xml_from_pdf(made.pdf) == ("factur-x.xml", made.xml)


def test_every_font_is_in_the_file() -> None:
    reader = reader_of(print_invoice(hybrid(recipient=replace(FIRM, name="王 伟 😀 สมชาย"))).pdf)
    fonts = [
        one for one in map(reader.get_object, range(1, len(reader.xref[0]) + 1)) if isinstance(one, DictionaryObject)
    ]
    described = [one for one in fonts if one.get("/Type") == "/FontDescriptor"]
    assert len(described) >= 4
    assert all({"/FontFile2", "/FontFile3"} & set(one) for one in described)


def test_people_read_the_same_as_in_the_plain_pdf() -> None:
    for make, _ in DOCUMENTS.values():
        view = make(recipient=FIRM, e_invoice=EInvoice.ZUGFERD)
        assert words_of(print_invoice(view).pdf) == words_of(render_invoice(view))


def test_a_consumer_gets_the_plain_pdf() -> None:
    made = print_invoice(samples.invoice())

    assert made.xml is None
    assert made.pdf == render_invoice(samples.invoice())
    assert "/AF" not in reader_of(made.pdf).root_object


def test_an_authority_gets_xml_and_a_plain_pdf_beside_it() -> None:
    view = samples.invoice(recipient=AUTHORITY, e_invoice=EInvoice.XRECHNUNG)

    made = print_invoice(view)

    assert made.pdf == render_invoice(view)
    assert "Leitweg-ID 04011000-12345-03" in words_of(made.pdf)
    assert "/AF" not in reader_of(made.pdf).root_object
    (profile,) = found(made.xml or b"", "GuidelineSpecifiedDocumentContextParameter", "ID")
    assert profile.endswith("xrechnung_3.0")


def test_printed_again_it_is_the_same_file() -> None:
    first = print_invoice(hybrid())
    time.sleep(1.1)  # the library writes down the second in which it ran

    assert print_invoice(hybrid()) == first
    xmp = metadata_of(first.pdf)
    assert xmp.findtext(f".//{XMP}CreateDate") == xmp.findtext(f".//{XMP}ModifyDate") == "2026-11-26T07:30:00+00:00"
    information = reader_of(first.pdf).metadata
    assert information["/CreationDate"] == information["/ModDate"] == "D:20261126073000+00'00'"
    assert information["/Title"] == "Schlussrechnung B01-2026-000123"


@pytest.mark.parametrize("name", NAMES)
def test_names_in_other_scripts(name: str) -> None:
    made = print_invoice(hybrid(recipient=replace(FIRM, name=name, extra=None)))

    assert f"13581 Berlin {name} Straße des 17. Juni 135" in words_of(made.pdf)
    assert found(made.xml or b"", "BuyerTradeParty", "Name") == [name]


def test_a_character_that_no_font_has_does_not_stop_an_invoice() -> None:
    made = print_invoice(hybrid(recipient=replace(FIRM, name="\U00013000 Müller 王 GmbH", extra=None)))

    assert f"13581 Berlin {MISSING} Müller 王 GmbH Straße" in words_of(made.pdf)
    assert found(made.xml or b"", "BuyerTradeParty", "Name") == ["\U00013000 Müller 王 GmbH"]
    assert broken(made.xml or b"") == []


def test_a_drawing_of_the_car_is_no_hindrance() -> None:
    spot = DamageSpot(view="REAR", x=0.2, y=0.7)
    made = print_invoice(samples.damage_claim(recipient=FIRM, e_invoice=EInvoice.ZUGFERD, damage_at=spot))

    assert metadata_of(made.pdf).findtext(f".//{PDFA}part") == "3"


def test_a_view_that_was_kept_before_there_were_e_invoices_is_printed_as_it_was() -> None:
    view = samples.invoice(kind=InvoiceKind.FINAL_INVOICE)
    kept = view.as_json()
    del kept["e_invoice"]
    for line in kept["lines"]:
        del line["unit"]
    for name in ("is_business", "buyer_reference"):
        del kept["recipient"][name]
    del kept["supplier"]["seat"]

    assert print_invoice(InvoiceView.of_json(kept)).pdf == render_invoice(view)
