"""ZUGFeRD: the XML of an invoice inside its PDF, which is a PDF/A-3 then (ISO 19005-3)."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Final, TypeVar

from facturx import generate_from_binary
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, PdfObject, StreamObject, TextStringObject

from server.paper.e_invoice import PROFILE
from server.paper.invoice_sheet import invoice_title
from server.paper.notation import plain
from server.paper.views import InvoiceView

T = TypeVar("T", bound=PdfObject)

PDF_STANDARD: Final = "a-3b"
"""What the PDF has to be before: PDF/A-3, level B, as typst names it."""
_CREATOR = "Ersatzwagen"


def with_xml(pdf: bytes, xml: bytes, view: InvoiceView) -> bytes:
    """The PDF with the XML in it, as a reader for ZUGFeRD and Factur-X finds it: two pictures of one invoice
    ("Alternative"). The same arguments give the same bytes.
    """
    title = f"{plain(invoice_title(view))} {plain(view.number)}"
    about = {"author": plain(view.supplier.name), "title": title, "subject": title, "keywords": "ZUGFeRD, Factur-X"}
    hybrid: bytes = generate_from_binary(
        pdf,
        xml,
        flavor="factur-x",
        level=PROFILE,
        check_xsd=False,  # the XML was checked when it was made
        pdf_metadata=about,
        lang=view.language,
        afrelationship="alternative",
        xmp_compression=False,
    )
    return _dated(hybrid, view.issued_at.astimezone(UTC).replace(microsecond=0))


def _dated(hybrid: bytes, issued_at: datetime) -> bytes:
    """The library writes down when it ran; a document printed again must be the same file."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(hybrid)))
    stamp = TextStringObject(issued_at.strftime("D:%Y%m%d%H%M%S+00'00'"))
    writer.add_metadata({"/Creator": _CREATOR, "/CreationDate": stamp, "/ModDate": stamp})
    attached = _within(_within(writer.root_object, "/AF", ArrayObject)[0].get_object(), "/EF", DictionaryObject)
    facts = _within(_within(attached, "/F", DictionaryObject), "/Params", DictionaryObject)
    facts[NameObject("/ModDate")] = stamp
    described = _within(writer.root_object, "/Metadata", StreamObject)
    described.set_data(_described(described.get_data().decode(), issued_at).encode())
    writer.pdf_header = "%PDF-1.7"  # what PDF/A-3 builds on
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def _described(xmp: str, issued_at: datetime) -> str:
    dated = re.sub(r"(<xmp:(Create|Modify)Date>)[^<]*", rf"\g<1>{issued_at.isoformat()}", xmp)
    return re.sub(r"(<xmp:CreatorTool>)[^<]*", rf"\g<1>{_CREATOR}", dated)


def _within(whole: PdfObject | None, name: str, kind: type[T]) -> T:
    found = whole[name].get_object() if isinstance(whole, DictionaryObject) else None
    if not isinstance(found, kind):
        raise TypeError(f"{name} of the PDF is not what it should be: {found}")
    return found
