"""Turns views into PDFs with typst: data goes in as JSON, never as markup, so nobody's name can become a command.

The same view gives the same bytes: the document's date is the view's, fonts come from the repository and two
packages that are locked by their hash, nothing is taken from the clock or the machine. The functions compute (some
50 ms each) and block: call them in a thread.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import typst

from server.paper.e_invoice import xml_of
from server.paper.hybrid import PDF_STANDARD, with_xml
from server.paper.invoice_sheet import invoice_sheet
from server.paper.protocol_sheet import protocol_sheet
from server.paper.views import EInvoice, InvoiceView, ProtocolView
from server.paper.words import DOCUMENTS, Sheet
from server.pictures import photo_for_print

FONTS = DOCUMENTS.parent / "fonts"
FALLBACK_FONTS = ("manimgx_fonts", "manimgx_fonts_cjk")
"""Packages that hold nothing but Noto's files, for names in scripts that the repository's two fonts lack."""
MISSING = "□"
"""In an archival PDF, for a character that no font has; the XML has the character itself."""
PREVIEW_PPI = 110.0
PHOTO_BYTES = 4_000_000
"""What the photos of a protocol may weigh together: the PDF stays under 5 MB, which mail servers take."""

Format = Literal["pdf", "png"]


class TypesettingFailed(RuntimeError):
    """The template could not be set: a fault of ours, never of the data."""


@dataclass(frozen=True)
class Printed:
    """An issued document as it leaves the house; `xml` is for businesses only, that of a ZUGFeRD is in the PDF, too."""

    pdf: bytes
    xml: bytes | None = None


def print_invoice(view: InvoiceView) -> Printed:
    """The document in the form in which its recipient gets it."""
    if view.e_invoice is None:
        return Printed(render_invoice(view))
    xml = xml_of(view)
    if view.e_invoice is EInvoice.XRECHNUNG:
        return Printed(render_invoice(view), xml)
    return Printed(with_xml(_archival(view), xml, view), xml)


def render_invoice(view: InvoiceView, format: Format = "pdf") -> bytes:  # noqa: A002
    """The document as PDF for people, or its first page as PNG to look at."""
    return _first(_set("invoice.typ", invoice_sheet(view), view.issued_at, {}, format))


def _archival(view: InvoiceView) -> bytes:
    """The document as PDF/A, which must not show a box for a character that no font has: it shows a sign for it."""
    sheet = invoice_sheet(view)
    try:
        return _first(_set("invoice.typ", sheet, view.issued_at, {}, "pdf", PDF_STANDARD))
    except TypesettingFailed:
        text = json.dumps(sheet, ensure_ascii=False)
        unknown = {char for char in text if not char.isascii() and not _has_glyph(char)}
        if not unknown:
            raise
        known = json.loads(text.translate(dict.fromkeys(map(ord, unknown), MISSING)))
        return _first(_set("invoice.typ", known, view.issued_at, {}, "pdf", PDF_STANDARD))


@lru_cache(maxsize=2000)
def _has_glyph(char: str) -> bool:
    try:
        _set("glyph.typ", {"text": char, "words": {}}, datetime(2000, 1, 1, tzinfo=UTC), {}, "pdf", PDF_STANDARD)
    except TypesettingFailed:
        return False
    return True


def render_protocol(view: ProtocolView, format: Format = "pdf") -> bytes:  # noqa: A002
    """The protocol as PDF with its photos and signatures, or its first page as PNG to look at."""
    return _first(protocol_pages(view, format))


def protocol_pages(view: ProtocolView, format: Format = "png") -> list[bytes]:  # noqa: A002
    """Every page of the protocol as PNG (or one PDF)."""
    return _set("protocol.typ", protocol_sheet(view), view.received_at, _pictures(view), format)


def _pictures(view: ProtocolView) -> dict[str, bytes]:
    """Pictures by the names that the protocol's sheet gives them."""
    share = PHOTO_BYTES // max(1, len(view.photos))
    found = {f"photo-{index}.jpg": photo_for_print(photo.jpeg, share) for index, photo in enumerate(view.photos, 1)}
    signatures = {"customer.png": view.customer_signature, "staff.png": view.staff_signature}
    return found | {name: data for name, data in signatures.items() if data}


def _set(
    template: str,
    sheet: Sheet,
    date: datetime,
    pictures: Mapping[str, bytes],
    format: Format,  # noqa: A002
    standard: Literal["a-3b"] | None = None,
) -> list[bytes]:
    """Compile in a folder of its own, which is also the only one that typst may read."""
    # In UTC: the same instant gives the same bytes, whatever offset the database returns it with.
    date = date.astimezone(UTC).replace(microsecond=0)
    sheet["date"] = [date.year, date.month, date.day]
    with tempfile.TemporaryDirectory(prefix="ersatzwagen-") as folder:
        root = Path(folder)
        shutil.copytree(DOCUMENTS, root, dirs_exist_ok=True)
        for name, data in pictures.items():
            (root / name).write_bytes(data)
        try:
            # typst's types say bytes; with several PNG pages it is a list of them.
            made: object = typst.compile(
                root / template,
                root=root,
                font_paths=_fonts(),
                format=format,
                ppi=PREVIEW_PPI if format == "png" else None,
                sys_inputs={"data": json.dumps(sheet, ensure_ascii=False)},
                timestamp=date,
                pdf_standards=[standard] if standard else [],
            )
        except typst.TypstError as problem:
            raise TypesettingFailed(f"{template}: {problem.message}") from problem
    return [bytes(page) for page in made] if isinstance(made, list) else [made if isinstance(made, bytes) else b""]


@cache
def _fonts() -> typst.Fonts:
    """Read once: the index of all fonts takes longer than many a document."""
    folders = [FONTS, *(Path(str(files(package))) for package in FALLBACK_FONTS)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def _first(pages: list[bytes]) -> bytes:
    return pages[0]
