"""Mails: what the customer is told, in both languages, and that text stays text."""

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.paper.mail_templates import TEMPLATES, MailIncomplete, UnknownMail, compile_all, render_mail
from server.paper.views import DepositNote, FuelRule, OpeningWindow, PaymentPart, PaymentWay

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

    @pytest.mark.parametrize("template", [name for name in TEMPLATES if name != "STATION_NOTICE"])  # goes to ourselves
    @pytest.mark.parametrize(("language", "seat"), [("de", "Sitz: Berlin"), ("en", "Registered in: Berlin")])
    def test_names_seat_and_directors_of_a_gmbh_and_what_an_xml_is(
        self, template: str, language: Any, seat: str
    ) -> None:
        gmbh = replace(samples.SUPPLIER, seat="Berlin")
        made = render_mail(template, language, samples.mail(supplier=gmbh, xrechnung_attached=True))
        assert seat in made.text
        assert "Katharina Lindner" in made.text
        assert made.text.count("XRechnung") == 1
        assert "XRechnung" not in render_mail(template, language, samples.mail(supplier=gmbh)).text

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

    @pytest.mark.parametrize("template", ["NO_SUCH", "../x", "reminder"])
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
        assert "3 new items of damage" in render_mail("CHECK_IN_PROTOCOL", "en", samples.mail(new_damages=3)).text

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


BOTH = [("de", 0), ("en", 1)]


def said(template: str, language: Any, **changes: Any) -> str:
    return plain(render_mail(template, language, samples.mail(**changes)).text)


@pytest.mark.parametrize(("language", "at"), BOTH)
class TestOnlyWhatIsTrueForThisContract:
    @pytest.mark.parametrize(
        ("facts", "rests"),
        [
            (
                {},
                (
                    "Nach der Rückgabe: 118,00 € nach heutigem Stand, Ihrer hinterlegten Karte belastet",
                    "After the return: 118.00 EUR as things stand, charged to your stored card",
                ),
            ),
            (
                {"rest_from_card": False, "payer_name": "Nordlicht Versicherung AG"},
                (
                    "Nach der Rückgabe: 118,00 € nach heutigem Stand, zahlbar von Nordlicht Versicherung AG",
                    "After the return: 118.00 EUR as things stand, payable by Nordlicht Versicherung AG",
                ),
            ),
            (
                {"rest_from_card": False},
                (
                    "Nach der Rückgabe: 118,00 € nach heutigem Stand, zahlbar auf Rechnung",
                    "After the return: 118.00 EUR as things stand, payable on invoice",
                ),
            ),
        ],
    )
    def test_who_pays_the_rest(self, language: Any, at: int, facts: dict[str, Any], rests: tuple[str, str]) -> None:
        text = said("BOOKING_CONFIRMATION", language, **facts)
        assert rests[at] in text
        assert ("hinterlegten Karte" in text or "stored card" in text) is (facts == {})

    def test_nothing_to_pay_after_the_return(self, language: Any, at: int) -> None:
        text = said("BOOKING_CONFIRMATION", language, price_cents=5900)
        assert ("Nach der Rückgabe:", "After the return:")[at] not in text

    @pytest.mark.parametrize("deposit", [30000, None])
    def test_who_booked_without_a_card_brings_one_for_a_deposit(
        self, language: Any, at: int, deposit: int | None
    ) -> None:
        facts = {"booked_with_card": False, "rest_from_card": False, "deposit_cents": deposit}
        text = said("BOOKING_CONFIRMATION", language, **facts)
        assert ("mit der Sie gebucht", "that you booked with")[at] not in text
        assert (("- eine Karte für die Kaution", "- a card for the deposit")[at] in text) is (deposit is not None)

    def test_free_cancellation_that_is_over_is_not_promised(self, language: Any, at: int) -> None:
        text = said("BOOKING_CONFIRMATION", language, free_cancellation_over=True)
        over = (
            "- Die Frist für eine kostenfreie Stornierung ist bereits abgelaufen. Für eine Stornierung berechnen wir 59,00 €.",
            "- The period for cancelling free of charge has already passed. We charge 59.00 EUR for a cancellation.",
        )
        assert over[at] in text
        assert ("kostenfrei bis", "free of charge until")[at] not in text

    def test_open_all_day_and_with_a_break(self, language: Any, at: int) -> None:
        zone = ZoneInfo("Europe/Berlin")
        day = [datetime(2026, 11, 23, hour, tzinfo=zone) for hour in (0, 8, 12, 13, 18)]
        whole = (OpeningWindow(opens=day[0], closes=datetime(2026, 11, 24, tzinfo=zone)),)
        parted = (OpeningWindow(opens=day[1], closes=day[2]), OpeningWindow(opens=day[3], closes=day[4]))
        confirmed = said("BOOKING_CONFIRMATION", language, check_out_hours=whole, check_in_hours=parted)
        handed_over = said("CHECK_OUT_PROTOCOL", language, check_in_hours=whole)
        assert ("Geöffnet an diesem Tag: durchgehend geöffnet", "Open on that day: open all day")[at] in confirmed
        breaks = (
            "Geöffnet am Rückgabetag: 08:00 Uhr – 12:00 Uhr, 13:00 Uhr – 18:00 Uhr",
            "Open on the day of return: 08:00 – 12:00, 13:00 – 18:00",
        )
        assert breaks[at] in confirmed
        assert ("Geöffnet am Rückgabetag: durchgehend", "Open on the day of return: open all day")[at] in handed_over

    @pytest.mark.parametrize(
        ("photos", "returned", "handed_over"),
        [
            (
                0,
                ("festgehalten; die Beschreibung steht im Protokoll.", "the description is in the protocol."),
                ("mit dem Zustand des Fahrzeugs. Fällt", "with the condition of the car. If you"),
            ),
            (
                1,
                ("Fotos und Beschreibung stehen im Protokoll.", "photos and a description are in the protocol."),
                ("und einem Foto. Fällt", "and one photo. If"),
            ),
            (
                8,
                ("Fotos und Beschreibung stehen im Protokoll.", "photos and a description are in the protocol."),
                ("und 8 Fotos. Fällt", "and 8 photos. If"),
            ),
        ],
    )
    def test_photos_only_where_there_are_some(
        self, language: Any, at: int, photos: int, returned: tuple[str, str], handed_over: tuple[str, str]
    ) -> None:
        assert returned[at] in said("CHECK_IN_PROTOCOL", language, new_damages=1, photo_count=photos)
        assert handed_over[at] in said("CHECK_OUT_PROTOCOL", language, photo_count=photos)

    def test_after_a_swap_the_rental_goes_on(self, language: Any, at: int) -> None:
        goes_on = (
            "Sie fahren mit einem anderen Fahrzeug weiter; die Rechnung erhalten Sie, wenn es zurück ist.",
            "You carry on with another car; you will receive the invoice once it is back.",
        )
        assert goes_on[at] in said("CHECK_IN_PROTOCOL", language, is_swap=True)
        own_mail = (
            "Die Rechnung erhalten Sie in einer eigenen E-Mail.",
            "You will receive the invoice in a separate email.",
        )
        assert own_mail[at] in said("CHECK_IN_PROTOCOL", language)

    def test_the_customer_is_not_asked_for_the_payers_money(self, language: Any, at: int) -> None:
        owed = (PaymentPart(way=PaymentWay.TRANSFER, amount_cents=15850, due_on=date(2026, 12, 10)),)
        text = said("FINAL_INVOICE", language, payments=owed, payer_name="Nordlicht Versicherung AG")
        payable = (
            "158,50 € sind bis zum 10.12.2026 von Nordlicht Versicherung AG zu zahlen; auf diesen Namen lautet die"
            " Rechnung.",
            "158.50 EUR is payable by 10 Dec 2026 by Nordlicht Versicherung AG, to whom the invoice is made out.",
        )
        assert payable[at] in text
        assert ("überweisen Sie", "Please transfer")[at] not in text


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    ("template", "changes"),
    [
        ("FINAL_INVOICE", {"payments": (PaymentPart(way=PaymentWay.TRANSFER, amount_cents=15850),)}),
        ("DAMAGE_CLAIM", {"payments": (PaymentPart(way=PaymentWay.TRANSFER, amount_cents=15850),)}),
        ("CANCELLATION", {"refund_cents": None, "rest_from_card": False}),
        ("PAYMENT_FAILED", {}),
        ("PAYMENT_REMINDER", {}),
    ],
)
def test_a_company_without_an_account_names_none(template: str, changes: dict[str, Any], language: Any) -> None:
    supplier = replace(samples.SUPPLIER, iban=None, bank=None)
    named = ("auf das", "steht auf der Rechnung", "to the account named", "are on the invoice", "IBAN")
    asks = ("nennt Ihnen die Station", "the station will give you")[language == "en"]

    without, with_one = (said(template, language, **changes | more) for more in ({"supplier": supplier}, {}))

    assert (asks in without, any(words in without for words in named)) == (True, False)
    assert (asks in with_one, any(words in with_one for words in named)) == (False, True)
