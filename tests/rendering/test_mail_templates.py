"""Mails: what the customer is told, in both languages, and that text stays text."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from server.paper.mail_templates import TEMPLATES, MailIncomplete, UnknownMail, compile_all, render_mail
from server.paper.views import DepositNote, FuelRule, PaymentPart, PaymentWay

from . import samples

HOSTILE = [
    "{{7*7}}",
    "{% for x in y %}",
    "{# no #}",
    "<script>alert(1)</script>",
    "${7*7}",
    "&amp; \"x\" 'y'",
    "😀 Ünï",
]


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


class TestEveryTemplate:
    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize("language", ["de", "en"])
    def test_has_subject_html_and_text_without_personal_data_in_the_subject(self, template: str, language: Any) -> None:
        made = render_mail(template, language, samples.mail())
        assert made.subject
        assert "\n" not in made.subject
        for secret in ("Müßig", "B-EW 4711", "juergen"):
            assert secret not in made.subject
        assert "Jürgen Müßig" in made.html
        assert "Jürgen Müßig" in made.text
        assert f'lang="{language}"' in made.html
        for leftover in ("{{", "{%", "None", "&lt;", "mj-"):
            assert leftover not in made.text, leftover
        assert "gutschrift" not in made.html.lower()

    @pytest.mark.parametrize("template", TEMPLATES)
    def test_loads_nothing_from_other_servers(self, template: str) -> None:
        html = render_mail(template, "de", samples.mail()).html
        html = re.sub(r'<a href="https://[^"]*"', "<a", html)  # where a reader may go, but nothing is loaded from
        for marker in ("https://", "<img", "<link", "@import", "url("):
            assert marker not in html, marker

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_text_stays_text(self, template: str, text: str) -> None:
        station = replace(samples.STATION, name=text)
        made = render_mail(template, "de", samples.mail(greeting_name=text, reason=text, station=station))
        assert f"Guten Tag {text}," in made.text
        assert "<script>" not in made.html
        assert "49" not in made.html.split("Guten Tag")[1].split("</div>")[0]

    def test_line_breaks_in_a_name_do_not_make_new_lines(self) -> None:
        made = render_mail("REFUND", "de", samples.mail(greeting_name="A\r\nBcc: x@example.com\n\nZahlen Sie"))
        assert "Guten Tag A Bcc: x@example.com Zahlen Sie," in made.text

    @pytest.mark.parametrize("language", ["de", "en"])
    def test_both_languages_name_the_same_amounts(self, language: Any) -> None:
        text = plain(render_mail("FINAL_INVOICE", language, samples.mail()).text)
        amounts = ("217,50 €", "59,00 €", "158,50 €") if language == "de" else ("217.50 EUR", "59.00 EUR", "158.50 EUR")
        assert all(amount in text for amount in amounts)

    def test_all_compile(self) -> None:
        compile_all()

    @pytest.mark.parametrize("template", ["NO_SUCH", "../x", "DAMAGE_CLAIM"])
    def test_unknown_template(self, template: str) -> None:
        with pytest.raises(UnknownMail):
            render_mail(template, "de", samples.mail())

    @pytest.mark.parametrize(
        ("template", "missing"),
        [
            ("BOOKING_CONFIRMATION", "start"),
            ("BOOKING_CONFIRMATION", "price_cents"),
            ("CHECK_OUT_PROTOCOL", "odometer_km"),
            ("CHECK_IN_PROTOCOL", "vehicle"),
            ("FINAL_INVOICE", "document_number"),
            ("REFUND", "refund_cents"),
            ("PAYMENT_FAILED", "payable_cents"),
        ],
    )
    def test_a_missing_fact_is_an_error_and_not_the_word_none(self, template: str, missing: str) -> None:
        with pytest.raises(MailIncomplete):
            render_mail(template, "de", samples.mail(**{missing: None}))


class TestBookingConfirmation:
    def test_german(self) -> None:
        text = plain(render_mail("BOOKING_CONFIRMATION", "de", samples.mail()).text)
        for required in (
            "Abholung: Montag, 23.11.2026, 08:00 Uhr",
            "Ort: Berlin-Spandau, Brunsbütteler Damm 132, 13581 Berlin",
            "Geöffnet an diesem Tag: 07:30 Uhr – 18:00 Uhr",
            "Führerschein im Original",
            "die Karte, mit der Sie gebucht haben",
            "Gesamtpreis: 177,00 € einschließlich Umsatzsteuer",
            "Jetzt bezahlt: 59,00 €",
            "Nach der Rückgabe: 118,00 €",
            "300,00 € sind auf Ihrer Karte blockiert, nicht abgebucht",
            "60 Minuten nach der vereinbarten Zeit noch pünktlich",
            "demselben Tankstand",
            "kostenfrei bis 22.11.2026, 08:00 Uhr. Danach berechnen wir 59,00 €",
            "§ 312g Abs. 2 Nr. 9 BGB",
        ):
            assert required in text, required

    def test_english(self) -> None:
        text = plain(render_mail("BOOKING_CONFIRMATION", "en", samples.mail()).text)
        for required in (
            "Pick-up: Monday, 23 Nov 2026, 08:00",
            "original driving licence",
            "the card that you booked with",
            "Total price: 177.00 EUR including VAT",
            "300.00 EUR is blocked on your card, not debited",
            "no statutory right of withdrawal",
            "312g (2) no. 9 BGB",
        ):
            assert required in text, required

    def test_courtesy_car_without_money_and_an_electric_one(self) -> None:
        view = samples.mail(
            price_cents=0,
            paid_cents=None,
            deposit_cents=None,
            cancellation_fee_cents=None,
            free_cancellation_until=None,
            fuel_rule=FuelRule.SAME_CHARGE,
            document_number=None,
        )
        text = plain(render_mail("BOOKING_CONFIRMATION", "de", view).text)
        assert "Kaution" not in text
        assert "Jetzt bezahlt" not in text
        assert "demselben Ladestand" in text
        assert "bis zur Abholung kostenfrei" in text


class TestOthers:
    def test_return_without_and_with_new_damage(self) -> None:
        clean = samples.mail(deposit_note=DepositNote.RELEASED)
        assert "ohne neuen Schaden zurückgegeben" in render_mail("CHECK_IN_PROTOCOL", "de", clean).text
        one = render_mail("CHECK_IN_PROTOCOL", "de", samples.mail(new_damages=1)).text
        assert "einen neuen Schaden" in one
        assert "noch nicht fest" in one
        assert "3 new damages" in render_mail("CHECK_IN_PROTOCOL", "en", samples.mail(new_damages=3)).text

    def test_final_invoice_says_how_it_is_paid(self) -> None:
        parts = (
            PaymentPart(way=PaymentWay.FROM_DEPOSIT, amount_cents=10000),
            PaymentPart(way=PaymentWay.TRANSFER, amount_cents=5850, due_on=date(2026, 12, 10)),
        )
        text = plain(render_mail("FINAL_INVOICE", "de", samples.mail(payments=parts)).text)
        assert "100,00 € wurden der hinterlegten Kaution entnommen." in text
        assert "Bitte überweisen Sie 58,50 € bis zum 10.12.2026" in text
        refund = samples.mail(payable_cents=-443, payments=())
        assert "Erstattung: 4,43 €" in plain(render_mail("FINAL_INVOICE", "de", refund).text)

    def test_payment_failed_names_account_and_reference(self) -> None:
        text = plain(render_mail("PAYMENT_FAILED", "de", samples.mail()).text)
        assert "IBAN: DE02 1203 0000 0000 2020 51" in text
        assert "Verwendungszweck: B01-2026-000123" in text
        assert "Zahlbar bis: 10.12.2026" in text
