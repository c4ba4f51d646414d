"""Names in scripts that the two fonts of the letterhead lack can be read on every document."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from server.paper.typesetter import render_invoice, render_protocol

from . import samples
from .reading import words_of

NAMES = [
    "王 伟",
    "山田 太郎",
    "김 민수",
    "สมชาย ใจดี",
    "नरेन्द्र शर्मा",
    "გიორგი ბერიძე",
    "אברהם",
    "Anna 🚗 Müller",
    "Jürgen 😀 Müßig",
    "Νίκος Παπαδόπουλος",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_recipient_can_be_read_on_the_invoice(name: str) -> None:
    recipient = replace(samples.CUSTOMER, name=name)
    assert f"13581 Berlin {name} Straße des 17. Juni 135" in words_of(
        render_invoice(samples.invoice(recipient=recipient))
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_signatory_and_a_remark_can_be_read_on_the_protocol(name: str) -> None:
    view = samples.check_out(signed_by=name, remarks=f"Kratzer laut {name} bekannt")
    words = words_of(render_protocol(view))
    assert f"Kratzer laut {name} bekannt" in words
    assert f"{name} Mieter" in words


def test_documents_without_such_names_carry_none_of_these_fonts() -> None:
    plain = render_invoice(samples.invoice())
    assert b"NotoSans" not in plain
    assert len(plain) < 60_000
    foreign = render_invoice(samples.invoice(recipient=replace(samples.CUSTOMER, name="王 伟")))
    assert len(foreign) - len(plain) < 20_000


def test_the_fonts_are_shared_by_threads() -> None:
    views = [samples.invoice(recipient=replace(samples.CUSTOMER, name=name)) for name in NAMES]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(render_invoice, views)) == [render_invoice(view) for view in views]
