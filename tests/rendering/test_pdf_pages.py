"""PDFs as they come in: counted without being rendered, and refused in words where they are none."""

from __future__ import annotations

import contextlib
import io
import time
import zlib
from datetime import timedelta

import pytest
import typst
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from server.pdf_pages import MAX_BYTES, MOST_PAGES, PdfRefused, count_pages
from tests.papers import empty_pdf
from tests.thoroughness import tried


def typeset(pages: int) -> bytes:
    """With its objects in compressed streams, as most programs write them today."""
    made: object = typst.compile(b"#set page(height: 3cm)\n" + b"Beleg #pagebreak()\n" * (pages - 1) + b"Ende")
    assert isinstance(made, bytes)
    return made


@pytest.mark.parametrize("pages", [1, 2, 7, MOST_PAGES])
def test_pages_are_counted(pages: int) -> None:
    for pdf in (empty_pdf(pages), typeset(pages)):
        assert count_pages(pdf) == len(PdfReader(io.BytesIO(pdf)).pages) == pages


def test_a_file_that_was_edited_counts_as_it_is_now() -> None:
    # Given: two pages, of which a later part of the file keeps one
    pdf = empty_pdf(2)
    root = pdf.rindex(b"/Root ")
    number = pdf[root + 6 :].split()[0]
    edited = pdf + (
        b"\n90 0 obj\n<< /Type /Pages /Kids [ 91 0 R ] /Count 1 >>\nendobj\n"
        b"91 0 obj\n<< /Type /Page /Parent 90 0 R >>\nendobj\n" + number + b" 0 obj\n<< /Type /Catalog /Pages 90 0 R >>"
        b"\nendobj\ntrailer\n<< /Root " + number + b" 0 R >>\nstartxref\n0\n%%EOF\n"
    )

    assert count_pages(edited) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "This is not a PDF."),
        (b"\xff\xd8\xff\xe0 a photo", "This is not a PDF."),
        (b"%PDF-1.7\nhalf a file", "The PDF is damaged."),
        (b"%PDF-1.7\n%%EOF", "The PDF is damaged."),
        (empty_pdf(1).replace(b"/Count 1", b"/Count 0"), "The PDF is damaged."),
        (empty_pdf(1).replace(b"/Count 1", b"/Count 9"), "The PDF is damaged."),
        (empty_pdf(MOST_PAGES + 1), "The PDF has more than 50 pages: send only those that matter."),
        (empty_pdf(1, password="geheim"), "The PDF is protected by a password: save it without."),
        (b"%PDF-" + b" " * MAX_BYTES, "The PDF is larger than 10 MB."),
    ],
)
def test_what_is_no_usable_pdf_is_refused_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(PdfRefused) as refusal:
        count_pages(content)

    assert str(refusal.value) == reason


def bomb() -> bytes:
    packed = zlib.compress(b"1 0 " * 60_000_000, 9)
    head = b"%PDF-1.7\n5 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\n"
    return head + packed + b"\nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF"


@pytest.mark.parametrize(
    "hostile",
    [
        bomb(),
        b"%PDF-1.7\n" + b"1 0 obj " * 1_250_000 + b"\n%%EOF",
        b"%PDF-1.7\n" + b"9" * 9_000_000 + b"\n%%EOF",
        b"%PDF-1.7\n" + b"1 0 obj<</Type/ObjStm/First 4>>stream\n" * 200_000 + b"\n%%EOF",
        b"%PDF-1.7\n" + b"/Type" * 1_900_000 + b"\n%%EOF",
    ],
)
def test_hostile_files_are_refused_in_bounded_time(hostile: bytes) -> None:
    begun = time.perf_counter()

    with pytest.raises(PdfRefused):
        count_pages(hostile)

    assert time.perf_counter() - begun < timedelta(seconds=15).total_seconds()


@given(st.binary(max_size=400), st.integers(0, 2000), st.integers(0, 50))
@tried(60)
def test_a_mutilated_file_is_counted_or_refused(noise: bytes, place: int, cut: int) -> None:
    pdf = typeset(2)
    mutilated = pdf[:place] + noise + pdf[place + cut :]
    with contextlib.suppress(PdfRefused):
        assert 1 <= count_pages(mutilated) <= MOST_PAGES
