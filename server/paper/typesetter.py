"""Turns views into PDFs with typst: data goes in as JSON, never as markup, so nobody's name can become a command.

The same view gives the same bytes: the document's date is the view's, fonts come from the repository and two
packages that are locked by their hash, nothing is taken from the clock or the machine. The functions compute (some
50 ms each) and block: call them in a thread.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import typst

from server.paper.invoice_sheet import invoice_sheet
from server.paper.protocol_sheet import protocol_sheet
from server.paper.views import InvoiceView, ProtocolView
from server.paper.words import DOCUMENTS, Sheet
from server.pictures import photo_for_print

FONTS = DOCUMENTS.parent / "fonts"
FALLBACK_FONTS = ("manimgx_fonts", "manimgx_fonts_cjk")
"""Packages that hold nothing but Noto's files, for names in scripts that the repository's two fonts lack."""
PREVIEW_PPI = 110.0
PHOTO_BYTES = 4_000_000
"""What the photos of a protocol may weigh together: the PDF stays under 5 MB, which mail servers take."""

Format = Literal["pdf", "png"]


class TypesettingFailed(RuntimeError):
    """The template could not be set: a fault of ours, never of the data."""


def render_invoice(view: InvoiceView, format: Format = "pdf") -> bytes:  # noqa: A002
    """The document as PDF, or its first page as PNG to look at."""
    return _first(_set("invoice.typ", invoice_sheet(view), view.issued_at, {}, format))


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


def _set(template: str, sheet: Sheet, date: datetime, pictures: Mapping[str, bytes], format: Format) -> list[bytes]:  # noqa: A002
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
