"""PDFs as somebody sends them."""

from __future__ import annotations

import io

from pypdf import PdfWriter


def empty_pdf(pages: int = 1, *, weight: int = 0, password: str | None = None) -> bytes:
    """A PDF of empty pages; `weight` are so many bytes that nobody sees."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if weight:
        writer.add_metadata({"/Subject": "x" * weight})
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
