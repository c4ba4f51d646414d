"""What a clerk sends besides photos."""

from __future__ import annotations

import io

from pypdf import PdfWriter


def estimate(pages: int = 1) -> bytes:
    """A PDF of empty pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
