"""On a phone a line breaks between words only: numbers of documents, plates and an IBAN's groups stay in one piece."""

import re
from typing import Any

import pytest

from server.models.email import EmailTemplate
from server.paper.mail_templates import TEMPLATES, render_mail, whole
from server.sandbox.sample_mails import samples as previews

from . import samples

NUMBER = re.compile(r"BER-\d{4}-\d{6}|BER-[A-Z0-9]{6}|DE\d\d(?: \d{2,4}){5}")
"""Of a document, of a contract, of an account."""
_KEPT = re.compile(r'<span style="white-space:nowrap">([^<]*)</span>')


def body_of(html: str) -> str:
    """What is shown: neither head nor the hidden preview line, nor tags and their attributes."""
    shown = html.split("<body", 1)[1].partition(">")[2]
    return re.sub(r'<div style="display:none[^>]*>.*?</div>', "", shown, flags=re.DOTALL)


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_number_of_every_mail_stays_in_one_piece(language: Any) -> None:
    found: set[str] = set()
    for sample in previews(language):
        mail = render_mail(sample.template, language, sample.view)
        html = body_of(mail.html)
        numbers = NUMBER.findall(re.sub(r"<[^>]*>", "", html))
        broken = NUMBER.findall(re.sub(r"<[^>]*>", "", _KEPT.sub("", html)))
        assert broken == [], sample.name
        assert len(numbers) > 0, sample.name
        found.add(sample.template)
    assert found == {template.value for template in EmailTemplate}


def test_text_and_subject_are_as_they_were() -> None:
    for template in TEMPLATES:
        mail = render_mail(template, "de", samples.mail())
        assert "nowrap" not in mail.text
        assert "nowrap" not in mail.subject
    assert "Buchungsnummer: B01-M-2026-00042\n" in render_mail("BOOKING_CONFIRMATION", "de", samples.mail()).text


def test_what_fits_no_phone_may_be_broken_and_stays_text() -> None:
    assert whole("BER-2026-000041") == '<span style="white-space:nowrap">BER-2026-000041</span>'
    assert whole("W-" + "4711-" * 8) == "W-" + "4711-" * 8
    assert whole("<b> & x") == (
        '<span style="white-space:nowrap">&lt;b&gt;</span> <span style="white-space:nowrap">&amp;</span>'
        ' <span style="white-space:nowrap">x</span>'
    )
