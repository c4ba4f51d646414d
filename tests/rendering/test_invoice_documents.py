"""Invoices: what the law wants on paper, exact figures, and that nobody's text becomes markup."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.models.recipient import PostalAddress
from server.paper import notation
from server.paper.notation import kilometres, money, number, printable, rate
from server.paper.typesetter import render_invoice
from server.paper.views import (
    DamageSpot,
    DepositNote,
    DocumentReference,
    InvoiceKind,
    InvoiceLine,
    InvoiceView,
    PaymentPart,
    PaymentWay,
)
from server.paper.words import DOCUMENTS, words

from . import samples
from .reading import page_count, words_of

HOSTILE = [
    '#panic("x")',
    "$x$ and $$",
    "*bold* _it_ `raw`",
    "= heading",
    "@ref <label>",
    '#import "/etc/passwd"',
    '#read("words.json")',
    "\\#\\$ // comment /* x */",
    "{{7*7}} {% raw %} ${7*7}",
    "<script>alert(1)</script>&amp;",
    "\"quotes\" 'single' „deutsch“",
    "Ærøskøbing Łódź Ğüneş",
    "{number} {0.__class__}",
    "-- --- ... ~ '",
]


def of_kind(kind: InvoiceKind, **changes: Any) -> InvoiceView:
    makers = {
        InvoiceKind.ADVANCE_INVOICE: samples.advance_invoice,
        InvoiceKind.CANCELLATION_INVOICE: samples.cancellation,
        InvoiceKind.DAMAGE_CLAIM: samples.damage_claim,
    }
    return makers.get(kind, samples.invoice)(kind=kind, **changes)


class TestLegalContents:
    """§ 14 Abs. 4 and 5 UStG, and what a rental customer expects on top."""

    def test_german_final_invoice(self) -> None:
        text = words_of(render_invoice(samples.invoice()))
        for required in (
            "Schlussrechnung",
            "Autohaus Lindner GmbH",
            "Brunsbütteler Damm 132",
            "13581 Berlin",
            "Steuernummer 27/123/45678",
            "USt-IdNr. DE123456789",
            "Amtsgericht Charlottenburg, HRB 12345",
            "IBAN DE02 1203 0000 0000 2020 51",
            "Jürgen Müßig Straße des 17. Juni 135 10623 Berlin",
            "B01-2026-000123",
            "Rechnungsdatum 26.11.2026",
            "Leistungszeitraum 23.11.2026, 08:00 Uhr bis 26.11.2026, 08:00 Uhr",
            "B01-M-2026-00042",
            "Miete Gruppe Kompakt 3 Tage zu je 59,00 €, 450 km inklusive 3 59,00 € 177,00 €",
            "612 km gefahren, 450 km inklusive, 162 km zu je 0,25 € 162 0,25 € 40,50 €",
            "Gesamtbetrag 182,77 € 34,73 € 217,50 €",
            "abzüglich Anzahlungsrechnung B01-2026-000122 vom 20.11.2026 -49,58 € -9,42 € -59,00 €",
            "Zu zahlen 133,19 € 25,31 € 158,50 €",
            "USt 19 %",
            "158,50 € werden Ihrer hinterlegten Karte belastet.",
            "Die blockierten 300,00 € werden freigegeben.",
            "B-EW 4711 · VW Golf 1.5 eTSI 23.418 km 24.030 km 612 km",
            "Seite 1 von 1",
        ):
            assert required in text, required

    def test_english_final_invoice(self) -> None:
        text = words_of(render_invoice(samples.invoice(language="en")))
        for required in (
            "Final invoice",
            "Tax number 27/123/45678",
            "VAT ID DE123456789",
            "Invoice date 26 Nov 2026",
            "Service period 23 Nov 2026, 08:00 to 26 Nov 2026, 08:00",
            "Total 182.77 EUR 34.73 EUR 217.50 EUR",
            "less advance invoice B01-2026-000122 of 20 Nov 2026 -49.58 EUR -9.42 EUR -59.00 EUR",
            "Amount payable 133.19 EUR 25.31 EUR 158.50 EUR",
            "VAT 19%",
            "158.50 EUR will be charged to your stored card.",
            "23,418 km 24,030 km 612 km",
            "Page 1 of 1",
        ):
            assert required in text, required

    def test_advance_invoice_says_that_the_period_is_expected(self) -> None:
        text = words_of(render_invoice(samples.advance_invoice()))
        assert "Anzahlungsrechnung" in text
        assert "Voraussichtlicher Leistungszeitraum" in text
        assert "Bezahlt 49,58 € 9,42 € 59,00 €" in text
        assert "59,00 € wurden Ihrer hinterlegten Karte bereits belastet. Beleg: EW-7f3a." in text
        assert "300,00 € sind auf Ihrer Karte blockiert, nicht abgebucht." in text

    def test_cancellation_names_the_original_and_mirrors_its_figures(self) -> None:
        text = words_of(render_invoice(samples.cancellation()))
        assert "Stornorechnung" in text
        assert "hebt die Anzahlungsrechnung B01-2026-000122 vom 20.11.2026 auf" in text
        assert "Erstattung -49,58 € -9,42 € -59,00 €" in text
        assert "59,00 € werden auf Ihre Karte erstattet." in text

    def test_damage_claim_bears_no_vat(self) -> None:
        text = words_of(render_invoice(samples.damage_claim()))
        assert "Schadenersatzforderung" in text
        assert "Echter Schadenersatz ist kein Entgelt für eine Leistung; er ist nicht steuerbar" in text
        assert "enthält keine Umsatzsteuer" in text
        assert "19 %" not in text
        assert "300,00 € wurden der hinterlegten Kaution entnommen." in text
        assert "überweisen Sie 320,00 € bis zum 10.12.2026" in text
        assert "Verwendungszweck: B01-S-2026-000007" in text

    @pytest.mark.parametrize(("language", "label"), [("de", "Storniert"), ("en", "Cancelled")])
    def test_what_nobody_has_paid_is_not_called_a_refund(self, language: Any, label: str) -> None:
        text = words_of(render_invoice(samples.cancellation(payments=(), language=language)))
        assert f"{label} -" in text
        assert "Erstattung" not in text
        assert "Refund" not in text

    def test_a_claim_that_is_taken_back_shows_no_vat_either(self) -> None:
        (line,) = samples.damage_claim().lines
        text = words_of(
            render_invoice(
                samples.damage_claim(
                    kind=InvoiceKind.CANCELLATION_INVOICE,
                    lines=(replace(line, quantity=-line.quantity, total_cents=-62000),),
                    untaxed_cents=-62000,
                    total_cents=-62000,
                    payable_cents=-62000,
                    payments=(),
                    refers_to=DocumentReference(
                        kind=InvoiceKind.DAMAGE_CLAIM, number="B01-2026-000130", issued_on=date(2026, 12, 1)
                    ),
                )
            )
        )
        assert "Rücknahme einer Schadenersatzforderung" in text
        assert "Rechnung" not in text
        assert "Zurückgenommen -620,00 €" in text
        assert "er ist nicht steuerbar und enthält keine Umsatzsteuer" in text
        assert "19 %" not in text
        assert "einschließlich Umsatzsteuer" not in text

    @pytest.mark.parametrize(
        ("language", "sentences"),
        [
            (
                "de",
                [
                    "300,00 € werden der Kaution entnommen, die auf Ihrer Karte blockiert ist.",
                    "320,00 € werden Ihrer hinterlegten Karte belastet.",
                    "Was von der Kaution übrig bleibt, wird frei.",
                    "Einwände",
                    "schreiben Sie uns bitte unter Angabe des Aktenzeichens: Station Mitte, mitte@example.com.",
                ],
            ),
            (
                "en",
                [
                    "300.00 EUR will be taken from the deposit that is blocked on your card.",
                    "320.00 EUR will be charged to your stored card.",
                    "What is left of the deposit will be released.",
                    "Objections",
                    "please write to us, naming the claim number: Station Mitte, mitte@example.com.",
                    "it is outside the scope of VAT and contains none.",
                ],
            ),
        ],
    )
    def test_a_damage_claim_says_how_it_is_paid_and_where_to_object(self, language: Any, sentences: list[str]) -> None:
        ways = (
            PaymentPart(way=PaymentWay.TO_BE_TAKEN_FROM_DEPOSIT, amount_cents=30000),
            PaymentPart(way=PaymentWay.TO_BE_CHARGED, amount_cents=32000),
        )
        view = samples.damage_claim(
            language=language,
            payments=ways,
            objections_to="Station Mitte, mitte@example.com",
            damage_at=DamageSpot(view="REAR", x=0.2, y=0.7),
        )

        text = words_of(render_invoice(view))

        assert [sentence for sentence in sentences if sentence not in text] == []

    def test_lower_cost_sentence_only_with_a_fuel_line(self) -> None:
        assert "geringerer Aufwand" not in words_of(render_invoice(samples.invoice()))
        fuel = samples.invoice(
            lines=(samples.RENTAL, samples.FUEL, samples.FUEL_SERVICE),
            net_cents=17238,
            vat_cents=3275,
            total_cents=20513,
            payable_cents=14613,
            payments=(),
        )
        assert "Nachweis offen, dass kein oder ein geringerer Aufwand entstanden ist" in words_of(render_invoice(fuel))
        assert "prove that no cost or a lower cost" in words_of(render_invoice(replace(fuel, language="en")))

    def test_fuel_and_its_service_are_lines_that_a_calculator_confirms(self) -> None:
        lines = (samples.RENTAL, samples.FUEL, samples.FUEL_SERVICE)
        fuel = samples.invoice(
            lines=lines, net_cents=17238, vat_cents=3275, total_cents=20513, payable_cents=14613, payments=()
        )
        text = words_of(render_invoice(fuel))
        assert "Fehlender Kraftstoff 1/8 von 50 l: 6,25 l × 2,10 = 13,13 6,25 2,10 € 13,13 €" in text
        assert "Tankservice einmal je Fahrzeug, dem Kraftstoff fehlt 1 15,00 € 15,00 €" in text

    def test_nothing_due_is_still_an_invoice(self) -> None:
        view = samples.invoice(
            lines=(samples.RENTAL,),
            total_cents=17700,
            net_cents=14874,
            vat_cents=2826,
            payable_cents=0,
            payments=(),
            advances=(replace(samples.ADVANCE, net_cents=14874, vat_cents=2826, total_cents=17700),),
        )
        text = words_of(render_invoice(view))
        assert "Restbetrag 0,00 € 0,00 € 0,00 €" in text
        assert "Es ist nichts mehr zu zahlen." in text

    def test_taxed_and_untaxed_parts_are_split(self) -> None:
        fee = InvoiceLine(kind="CANCELLATION_FEE", text="Pauschale", total_cents=5000, taxable=False)
        view = samples.invoice(
            lines=(samples.RENTAL, fee),
            net_cents=14874,
            vat_cents=2826,
            untaxed_cents=5000,
            total_cents=22700,
            payable_cents=22700,
            advances=(),
            payments=(),
        )
        text = words_of(render_invoice(view))
        assert "Leistungen zu 19 % USt 148,74 € 28,26 € 177,00 €" in text
        assert "Nicht steuerbare Beträge 50,00 € – 50,00 €" in text
        assert "Gesamtbetrag 198,74 € 28,26 € 227,00 €" in text

    @pytest.mark.parametrize("note", list(DepositNote))
    @pytest.mark.parametrize("language", ["de", "en"])
    def test_every_deposit_note_has_words(self, note: DepositNote, language: Any) -> None:
        text = words_of(render_invoice(samples.invoice(deposit_note=note, language=language)))
        assert ("300,00 €" if language == "de" else "300.00 EUR") in text

    @pytest.mark.parametrize("kind", list(InvoiceKind))
    @pytest.mark.parametrize("language", ["de", "en"])
    def test_the_word_for_self_billing_is_nowhere(self, kind: InvoiceKind, language: Any) -> None:
        assert "gutschrift" not in words_of(render_invoice(of_kind(kind, language=language))).lower()

    def test_nor_is_it_in_any_template(self) -> None:
        for file in DOCUMENTS.parent.rglob("*"):
            if file.suffix in (".typ", ".json", ".mjml"):
                assert "gutschrift" not in file.read_text(encoding="utf-8").lower(), file

    def test_all_payment_ways_have_words(self) -> None:
        parts = tuple(PaymentPart(way=way, amount_cents=100, due_on=date(2026, 12, 1)) for way in PaymentWay)
        total = sum(part.signed_cents for part in parts)
        line = InvoiceLine(kind="RENTAL", text="x", total_cents=total)
        view = samples.invoice(
            lines=(line,),
            net_cents=total,
            vat_cents=0,
            total_cents=total,
            payable_cents=total,
            advances=(),
            payments=parts,
        )
        assert words_of(render_invoice(view)).count("1,00 €") >= len(parts)


class TestFiguresThatContradict:
    """A document with figures that do not add up cannot be made."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"total_cents": 21751},
            {"net_cents": 18278},
            {"vat_cents": 3472},
            {"payable_cents": 21750},
            {"advances": ()},
            {"advances": (replace(samples.ADVANCE, vat_cents=943),)},
            {"payments": (PaymentPart(way=PaymentWay.CHARGED, amount_cents=15849),)},
            {"kind": InvoiceKind.DAMAGE_CLAIM},
        ],
    )
    def test_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="B01-2026-000123"):
            samples.invoice(**changes)


class TestSameAgain:
    def test_same_view_same_bytes(self) -> None:
        digests = {hashlib.sha256(render_invoice(samples.invoice())).hexdigest() for _ in range(3)}
        assert len(digests) == 1

    def test_the_offset_of_an_instant_does_not_matter(self) -> None:
        view = samples.invoice(issued_at=datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
        berlin = replace(view, issued_at=view.issued_at.astimezone(ZoneInfo("Europe/Berlin")))
        assert render_invoice(view) == render_invoice(berlin)
        assert "26.11.2026" in words_of(render_invoice(view))

    def test_another_cent_other_bytes(self) -> None:
        other = samples.invoice(deposit_cents=30001)
        assert render_invoice(samples.invoice()) != render_invoice(other)


class TestHostileText:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_is_printed_as_it_is(self, text: str) -> None:
        line = replace(samples.RENTAL, text=text, explanation=text)
        view = samples.invoice(
            lines=(line, samples.EXTRA_KM),
            recipient=replace(samples.CUSTOMER, name=text, extra=text),
            reason=text,
            remarks=text,
        )
        assert words_of(render_invoice(view)).count(" ".join(text.split())) >= 4

    def test_emoji_controls_and_endless_words_do_no_harm(self) -> None:
        nasty = "A😀\x00\x07\u202e\u2066B\ud800" + "W" * 400 + "漢字 עברית"
        pdf = render_invoice(samples.invoice(recipient=replace(samples.CUSTOMER, name=nasty), remarks=nasty))
        assert "W" * 30 in words_of(pdf)

    def test_direction_marks_cannot_turn_an_amount(self) -> None:
        assert printable("59\u202e,00\u2066\x00") == "59,00"


class TestLength:
    def test_many_lines_go_over_pages_with_header_and_page_numbers(self) -> None:
        lines = tuple(
            InvoiceLine(kind="EXTRA", text=f"Extra {at}", explanation="lang " * 40, total_cents=100) for at in range(40)
        )
        view = samples.invoice(
            lines=lines, net_cents=3361, vat_cents=639, total_cents=4000, payable_cents=4000, advances=(), payments=()
        )
        pdf = render_invoice(view)
        text = words_of(pdf)
        assert page_count(pdf) >= 4
        assert f"Seite {page_count(pdf)} von {page_count(pdf)}" in text
        assert text.count("Betrag (brutto)") >= 4

    def test_png_for_looking(self) -> None:
        assert render_invoice(samples.invoice(), format="png").startswith(b"\x89PNG")
        assert page_count(render_invoice(samples.invoice())) == 1


class TestNotation:
    @pytest.mark.parametrize(
        ("cents", "german", "english"),
        [
            (0, "0,00 €", "0.00 EUR"),
            (1, "0,01 €", "0.01 EUR"),
            (-1, "−0,01 €", "−0.01 EUR"),
            (123456789, "1.234.567,89 €", "1,234,567.89 EUR"),
            (9007199254740993, "90.071.992.547.409,93 €", "90,071,992,547,409.93 EUR"),
        ],
    )
    def test_money_is_exact(self, cents: int, german: str, english: str) -> None:
        assert money(cents, "de").replace("\u00a0", " ") == german
        assert money(cents, "en").replace("\u00a0", " ") == english

    def test_numbers(self) -> None:
        assert number(Decimal("1234.50"), "de") == "1.234,5"
        assert number(Decimal("6.25"), "en") == "6.25"
        assert number(Decimal("4.06861"), "de") == "4,06861"  # 7 % of a battery of 58,123 Wh
        assert kilometres(23418, "de").replace("\u00a0", " ") == "23.418 km"
        assert rate(1900, "en") == "19%"
        assert rate(750, "de").replace("\u00a0", " ") == "7,5 %"

    def test_both_languages_have_the_same_words(self) -> None:
        def shape(part: Any) -> Any:
            return {key: shape(value) for key, value in part.items()} if isinstance(part, dict) else None

        assert json.dumps(shape(words("de")), sort_keys=True) == json.dumps(shape(words("en")), sort_keys=True)


@pytest.mark.parametrize(
    ("postcode", "city", "country", "german", "english"),
    [
        ("75001", "Paris", "FR", ["75001 Paris", "Frankreich"], ["75001 Paris", "France"]),
        ("1010", "Wien", "AT", ["1010 Wien", "Österreich"], ["1010 Wien", "Austria"]),
        ("", "Hongkong", "HK", ["Hongkong", "Hongkong"], ["Hongkong", "Hong Kong"]),
        ("", "Dubai", "AE", ["Dubai", "Vereinigte Arabische Emirate"], ["Dubai", "United Arab Emirates"]),
        (
            "SW1A 1AA",
            "London",
            "GB",
            ["London SW1A 1AA", "Vereinigtes Königreich"],
            ["London SW1A 1AA", "United Kingdom"],
        ),
        ("10115", "Berlin", "DE", ["10115 Berlin"], ["10115 Berlin"]),
    ],
)
def test_a_country_is_written_by_its_name(
    postcode: str, city: str, country: str, german: list[str], english: list[str]
) -> None:
    address = PostalAddress(street="Weg 1", postcode=postcode, city=city, country=country)

    assert notation.address_lines(address, "de") == ["Weg 1", *german]
    assert notation.address_lines(address, "en") == ["Weg 1", *english]


def test_a_foreign_recipient_can_be_read_on_the_invoice() -> None:
    away = PostalAddress(street="Nathan Road 1", postcode="", city="Hongkong", country="HK")
    recipient = replace(samples.invoice().recipient, address=away)

    assert "Nathan Road 1 Hongkong Hongkong" in words_of(render_invoice(samples.invoice(recipient=recipient)))


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "die Bankverbindung nennt Ihnen die Station"), ("en", "the station will tell you the account")],
)
def test_a_company_without_an_account_points_at_none(language: Any, said: str) -> None:
    by_transfer = (PaymentPart(way=PaymentWay.TRANSFER, amount_cents=15850),)
    supplier = replace(samples.SUPPLIER, iban=None)
    text = words_of(render_invoice(samples.invoice(language=language, payments=by_transfer, supplier=supplier)))
    assert said in text
    assert "unten genannte" not in text
    assert "named below" not in text
