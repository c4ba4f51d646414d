"""Reading a PDF back: its words with every kind of space and minus made plain."""

import io
import re

from pypdf import PdfReader


def words_of(pdf: bytes) -> str:
    """The text of all pages, spaces collapsed."""
    return " ".join(pages_of(pdf))


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page, spaces collapsed."""
    return [_plain(page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


def title_of(pdf: bytes) -> str:
    """What a reader shows as the file's title."""
    found = PdfReader(io.BytesIO(pdf)).metadata
    return str(found.title) if found else ""


def _plain(text: str) -> str:
    text = re.sub("[\x00-\x08]", "", text)  # what pypdf leaves where several glyphs stand for one syllable
    return re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\u2212", "-").replace("\u00a0", " "))


def page_count(pdf: bytes) -> int:
    """How many pages there are."""
    return len(PdfReader(io.BytesIO(pdf)).pages)


def image_count(pdf: bytes) -> int:
    """How many pictures are on its pages."""
    return sum(len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages)
