"""Names that are wider than their place break; nothing is printed over what stands beside it or glued to it."""

import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from server.models.recipient import Recipient
from server.paper.typesetter import render_invoice, render_protocol
from server.paper.views import AccessoryLine, DriverLine

from . import samples
from .reading import pages_of, words_of

WIDE = "W" * 80
"""The widest letter: 36 of them, after which any text may break, are wider than half a page."""
MOST = {"address": 25, "half": 27, "fact": 15, "line": 33}
"""How many of them fit into a place of these documents."""


def longest(pdf: bytes) -> int:
    """How many of them stand on one line."""
    return max(map(len, re.findall("W+", words_of(pdf))))


@pytest.mark.parametrize(
    ("view", "most"),
    [
        (samples.invoice(recipient=replace(samples.CUSTOMER, name=WIDE)), MOST["address"]),
        (samples.invoice(workshop_order=WIDE), MOST["fact"]),
        (samples.invoice(lines=(replace(samples.RENTAL, text=WIDE), samples.EXTRA_KM)), MOST["line"]),
        (samples.invoice(vehicles=(replace(samples.CAR, model=WIDE),)), MOST["line"]),
    ],
)
def test_on_an_invoice(view: object, most: int) -> None:
    assert longest(render_invoice(view)) <= most  # type: ignore[arg-type]  # rows of one kind


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({"customer": Recipient(name=WIDE)}, MOST["half"]),
        ({"station": replace(samples.STATION, name=WIDE)}, MOST["half"]),
        ({"drivers": (DriverLine(name=WIDE),)}, MOST["half"]),
        ({"signed_by": WIDE}, MOST["half"]),
        ({"staff_name": WIDE, "staff_signature": None}, MOST["half"]),
        ({"vehicle": replace(samples.check_in().vehicle, model=WIDE)}, MOST["fact"]),
        ({"accessories": (AccessoryLine(name=WIDE, expected=1, present=0),)}, MOST["half"]),
        ({"damages": (replace(samples.KNOWN[0], note=WIDE),)}, MOST["line"]),
    ],
)
def test_on_a_protocol(changes: dict[str, object], most: int) -> None:
    assert longest(render_protocol(samples.check_in(**changes))) <= most


def test_a_word_that_fits_stays_whole() -> None:
    name = "Donaudampfschifffahrtsgesellschaft"
    pdf = render_invoice(samples.invoice(recipient=replace(samples.CUSTOMER, name=f"Erste {name} mbH")))
    assert f"Erste {name} mbH" in words_of(pdf)


def test_columns_at_the_foot_do_not_touch() -> None:
    # Given a company that has much to say there
    supplier = replace(
        samples.SUPPLIER,
        name="Autohaus Sonnenfeld GmbH",
        email="rechnung@autohaus-sonnenfeld.example",
        website="https://autohaus-sonnenfeld.example",
        seat="Berlin",
        register="Amtsgericht Charlottenburg, HRB 999123 B",
        directors="Petra Sommer, Jens Feldmann",
        bic=None,
    )
    # When
    (page,) = PdfReader(io.BytesIO(render_invoice(samples.invoice(supplier=supplier)))).pages
    # Then there is room before the second and the third column
    foot = page.extract_text(extraction_mode="layout").replace("\u00a0", " ")
    assert re.search(r"GmbH +Tel\. 030", foot)
    assert not re.search(r"\.exampleUSt", foot)


def test_the_heading_of_the_photos_stands_with_them() -> None:
    # Given lists of every length, so that somewhere a page ends just there
    for count in range(8, 32, 4):
        pages = pages_of(render_protocol(samples.check_in(damages=(samples.KNOWN[1],) * count)))
        (headed,) = [page for page in pages if "Fotos" in page]
        assert "1 · Vorne" in headed, count


def test_a_return_without_accessories_is_not_signed_on_a_page_that_says_nothing() -> None:
    for count in range(4):
        damages = (samples.KNOWN[0],) * count
        pages = pages_of(render_protocol(samples.check_in(accessories=(), photos=(), damages=damages)))
        (signed,) = [page for page in pages if "Unterschriften" in page]
        assert "Das Fahrzeug wurde ohne neuen Schaden zurückgegeben." in signed, count


def lowest(pdf: bytes) -> float:
    """How high above the edge of the paper the lowest text stands, in points."""
    found: list[float] = []

    def look(text: str, matrix: list[float], place: list[float], *_: object) -> None:
        if text.strip():
            found.append(place[5] * matrix[3] + matrix[5])

    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=look)
    return min(found)


@pytest.mark.parametrize(
    "directors", ["Petra Sommer", ", ".join(f"Maximilian Obermeier-{name}" for name in "ABCDEFGH")]
)
def test_whatever_a_company_says_at_the_foot_stays_on_the_paper(directors: str) -> None:
    supplier = replace(samples.SUPPLIER, seat="Berlin", directors=directors)
    for pdf in (
        render_invoice(samples.invoice(supplier=supplier)),
        render_protocol(samples.check_in(supplier=supplier)),
    ):
        assert lowest(pdf) > 15
