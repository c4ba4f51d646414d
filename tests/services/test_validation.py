"""What a value must look like: plates, VINs, phones, mail addresses, text, amounts."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.gateways.mailer import OutgoingMail, _sender, compose
from server.models.recipient import PostalAddress
from server.services import contact_data, validation
from tests.thoroughness import tried

FIELD = ("input", "value")


def refused(check: Callable[..., Any], *values: Any, **options: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check(*values, FIELD, **options)
    assert tuple(caught.value.field or ())[:2] == FIELD
    return caught.value


class TestPlates:
    @pytest.mark.parametrize(
        ("given_plate", "stored"),
        [
            ("hh-zu101", "HH-ZU 101"),
            ("HH-ZU 101", "HH-ZU 101"),
            ("hh zu 101", "HH-ZU 101"),
            ("  b-ew1234 ", "B-EW 1234"),
            ("b - ew 1", "B-EW 1"),
            ("hvl-as 301", "HVL-AS 301"),
            ("mü-xy 12", "MÜ-XY 12"),
            ("lö-a1", "LÖ-A 1"),
            ("mu\u0308-xy 12", "MÜ-XY 12"),  # written as u with a combining diaeresis
            ("B-EW 123e", "B-EW 123E"),
            ("b-ew 12 3h", "B-EW 12 3H"),  # not the German form: kept as written
            ("HH ZU 101H", "HH-ZU 101H"),
            ("B\u00a0EW 12", "B-EW 12"),
            ("B.QX.4711", "B-QX 4711"),
            ("B–QX 4711-", "B-QX 4711"),
            ("B-QY 4711 E", "B-QY 4711E"),
            ("В-ЕХ 12 Н", "B-EX 12H"),  # typed on a Cyrillic keyboard
        ],
    )
    def test_german(self, given_plate: str, stored: str) -> None:
        assert validation.plate(given_plate, FIELD) == stored

    @pytest.mark.parametrize(
        ("given_plate", "stored"),
        [
            ("W-12345 X", "W-12345 X"),
            ("ab-123-cd", "AB-123-CD"),
            ("1ab   2345", "1AB 2345"),
            ("LU 1234", "LU 1234"),
            ("HHZU101", "HHZU101"),
            ("0-17-4", "0-17-4"),
            ("12.345 ñ", "12.345 Ñ"),
        ],
    )
    def test_foreign(self, given_plate: str, stored: str) -> None:
        assert validation.plate(given_plate, FIELD) == stored

    @pytest.mark.parametrize(
        "given_plate",
        ["", "   ", "ABC", "B-EW 12\n34", "B-EW 12\x00", "B/EW 12", "B-EW 1234567890 12", "-B 12", "B-EW 1٢", "🚗 1"],
    )
    def test_refused(self, given_plate: str) -> None:
        refused(validation.plate, given_plate)

    @given(st.text(max_size=20))
    def test_stored_is_a_fixed_point(self, text: str) -> None:
        try:
            stored = validation.plate(text, FIELD)
        except InvalidInput:
            return
        assert validation.plate(stored, FIELD) == stored


class TestVin:
    @pytest.mark.parametrize(
        ("given_vin", "stored"),
        [
            ("WVWZZZCDZSW123456", "WVWZZZCDZSW123456"),
            (" wvwzzzcdzsw123456 ", "WVWZZZCDZSW123456"),
            ("WVW ZZZ-CDZ.SW 123456", "WVWZZZCDZSW123456"),
            (None, None),
            ("", None),
            ("  ", None),
        ],
    )
    def test_accepted(self, given_vin: str | None, stored: str | None) -> None:
        assert validation.vin(given_vin, FIELD) == stored

    @pytest.mark.parametrize(
        "given_vin",
        [
            "WVWZZZCDZSW12345",
            "WVWZZZCDZSW1234567",
            "WVWZZZCDZSW12345I",
            "WVWZZZCDZSW12345O",
            "WVWZZZCDZSW12345Q",
            "WVWZZZ CDZSW12345",
            "WVWZZZCDZSW12345٣",
            "ÄVWZZZCDZSW123456",
        ],
    )
    def test_refused(self, given_vin: str) -> None:
        refused(validation.vin, given_vin)


class TestNoted:
    """What is a remark only is brought into form if it has one, and kept as it was typed if not."""

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            (" b–xy1001 ", "B-XY 1001"),
            ("АА 1234 ВВ", "AA 1234 BB"),
            ("ЖЯ 1234 Ю", "ЖЯ 1234 Ю"),
            ("B-XY 1234 04/10", "B-XY 1234 04/10"),
            ("Neuwagen, noch ohne", "Neuwagen, noch ohne"),
            ("rotes Kennzeichen 06-12345 im Fenster", "rotes Kennzeichen 06-12345 im Fenster"),
            ("", None),
            ("\u200b", None),
            (None, None),
        ],
    )
    def test_plates(self, typed: str | None, kept: str | None) -> None:
        assert validation.noted_plate(typed, FIELD) == kept

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("118304852", "118304852"),
            ("WVW ZZZ 1KZ AW 123456", "WVWZZZ1KZAW123456"),
            ("steht im Schein, Feld E", "steht im Schein, Feld E"),
            (" ", None),
            (None, None),
        ],
    )
    def test_vins(self, typed: str | None, kept: str | None) -> None:
        assert validation.noted_vin(typed, FIELD) == kept

    @pytest.mark.parametrize("typed", ["B-XY 1\n2", "B-XY\x00", "x" * 41])
    def test_what_cannot_be_printed_or_is_too_long_is_refused(self, typed: str) -> None:
        refused(validation.noted_plate, typed)
        refused(validation.noted_vin, typed)


class TestPhone:
    @pytest.mark.parametrize(
        ("given_phone", "country", "stored"),
        [
            ("030 23125 100", "DE", "+49 30 23125100"),
            ("+49 (0)30 23125-100", "DE", "+49 30 23125100"),
            ("0049 30 23125100", "DE", "+49 30 23125100"),
            ("+43 1 5130000", "DE", "+43 1 5130000"),
            ("01 5130000", "AT", "+43 1 5130000"),
            (None, "DE", None),
            ("", "DE", None),
        ],
    )
    def test_accepted(self, given_phone: str | None, country: str, stored: str | None) -> None:
        assert contact_data.phone(given_phone, FIELD, country) == stored

    @pytest.mark.parametrize("given_phone", ["anna", "1", "+49", "+4930231251001234567890", "030 1\x00", "+999 123456"])
    def test_refused(self, given_phone: str) -> None:
        with pytest.raises(InvalidInput) as said:
            contact_data.phone(given_phone, FIELD, "DE")
        assert said.value.field == list(FIELD)


class TestAddress:
    @pytest.mark.parametrize(
        ("postcode", "country", "stored"),
        [
            ("13581", "DE", "13581"),
            (" 01067 ", "DE", "01067"),
            ("1010", "AT", "1010"),
            ("1012 ab", "NL", "1012 AB"),
            ("00-950", "PL", "00-950"),
            ("SW1A 1AA", "GB", "SW1A 1AA"),
            ("", "HK", ""),
            ("\u200b", "AE", ""),
            ("00000", "AE", "00000"),
            ("", "IE", ""),
            ("A-1010", "AT", "1010"),
            ("a 1010", "AT", "1010"),
            ("AT–1010", "AT", "1010"),
            ("CH-8001", "CH", "8001"),
            ("D-13581", "DE", "13581"),
            ("DE 13581", "DE", "13581"),
            ("F-75001", "FR", "75001"),
            ("NL-1012 AB", "NL", "1012 AB"),
            ("PL-00-950", "PL", "00-950"),
            ("FL-9490", "LI", "9490"),
            ("LV-1010", "LV", "LV-1010"),
        ],
    )
    def test_postcodes(self, postcode: str, country: str, stored: str) -> None:
        assert contact_data.postcode(postcode, country, FIELD) == stored

    @pytest.mark.parametrize(
        ("postcode", "country"),
        [
            ("1358", "DE"),
            ("135811", "DE"),
            ("1358A", "DE"),
            ("１３５８１", "DE"),
            ("", "DE"),
            ("10105", "AT"),
            ("", "GB"),
            ("", "AT"),
            ("A-10105", "AT"),
            ("D-1010", "AT"),
            ("1234567890123", "GB"),
        ],
    )
    def test_refused_postcodes(self, postcode: str, country: str) -> None:
        refused(contact_data.postcode, postcode, country)

    @pytest.mark.parametrize(("given_country", "stored"), [("de", "DE"), (" AT ", "AT"), ("GB", "GB")])
    def test_countries(self, given_country: str, stored: str) -> None:
        assert contact_data.country(given_country, FIELD) == stored

    @pytest.mark.parametrize("given_country", ["", "D", "DEU", "XX", "49", "D\n"])
    def test_refused_countries(self, given_country: str) -> None:
        refused(contact_data.country, given_country)

    def test_whole(self) -> None:
        given_address = PostalAddress(street=" Am Juliusturm 12 ", postcode="13599", city="Berlin", country="de")
        stored = PostalAddress(street="Am Juliusturm 12", postcode="13599", city="Berlin", country="DE")
        assert contact_data.address(given_address, FIELD) == stored

    @pytest.mark.parametrize("name", ["street", "postcode", "city", "country"])
    def test_names_the_part_that_is_wrong(self, name: str) -> None:
        right = PostalAddress(street="Am Juliusturm 12", postcode="13599", city="Berlin", country="DE")
        assert refused(contact_data.address, replace(right, **{name: ""})).field == [*FIELD, name]


ADDRESSES = [
    ("anna@example.com", "anna@example.com"),
    ("x@kunde.example", "x@kunde.example"),
    ("a@b.test", "a@b.test"),
    (" anna.müller@example.de ", "anna.müller@example.de"),
    ("Anna.B@EXAMPLE.de", "Anna.B@example.de"),
    ("anna+auto@example.org", "anna+auto@example.org"),
    ("anna@müller.example", "anna@müller.example"),
    ("anna@xn--mller-kva.example", "anna@müller.example"),
    ("o'brien@example.ie", "o'brien@example.ie"),
    ("info@autohaus-sonnenfeld.example", "info@autohaus-sonnenfeld.example"),
    ("a" * 64 + "@example.de", "a" * 64 + "@example.de"),
]
NO_ADDRESSES = [
    "",
    "anna",
    "anna@",
    "@example.de",
    "anna@localhost",
    "anna@b.local",
    "anna@b.invalid",
    "anna@b.onion",
    "anna@example",
    "anna@example..de",
    ".anna@example.de",
    "anna.@example.de",
    "an na@example.de",
    "anna@exa mple.de",
    "anna@[127.0.0.1]",
    "Anna <anna@example.de>",
    "anna@example.de, evil@example.com",
    "anna@example.de;evil@example.com",
    "anna@example.de\r\nBcc: evil@example.com",
    "anna@example.de\nBcc: evil@example.com",
    "anna\r\n@example.de",
    "anna@example.de\x00",
    "anna\x00@example.de",
    "anna@example.de\x1b[31m",
    "anna@example.de\u2028Bcc: evil@example.com",
    "anna@example.de\ud800",
    "anna@example.de (evil@example.com)",
    '"anna, evil@example.com"',
    "@evil.example:anna@example.de",
    "anna@example.de@evil.example",
]


def mail_to(address: str) -> OutgoingMail:
    return OutgoingMail(
        message_id="<1@lindner.example>",
        date=datetime(2026, 11, 23, 8, tzinfo=UTC),
        to=address,
        subject="",
        html="",
        text="",
        template="BOOKING_CONFIRMATION",
    )


class TestEmail:
    @pytest.mark.parametrize(("address", "stored"), ADDRESSES)
    def test_accepted(self, address: str, stored: str) -> None:
        assert contact_data.email(address, FIELD) == stored

    @pytest.mark.parametrize("address", NO_ADDRESSES)
    def test_refused(self, address: str) -> None:
        refused(contact_data.email, address)

    @pytest.mark.parametrize("stored", [stored for _, stored in ADDRESSES])
    def test_whatever_is_accepted_can_be_sent_to(self, stored: str) -> None:
        message = compose(mail_to(stored), _sender("Autohaus <mietwagen@lindner.example>"))
        [recipient] = message["To"].addresses
        assert recipient.username == stored.rpartition("@")[0]

    @tried(200)
    @given(st.emails() | st.from_regex(r"[\w.+-]{1,12}@[\w.-]{1,12}\.(de|example|test)", fullmatch=True))
    def test_the_mailer_agrees(self, address: str) -> None:
        try:
            stored = contact_data.email(address, FIELD)
        except InvalidInput:
            return
        assert contact_data.email(stored, FIELD) == stored
        compose(mail_to(stored), _sender("a@lindner.example"))


class TestText:
    @pytest.mark.parametrize(
        ("given_text", "stored"),
        [
            ("  Anna  ", "Anna"),
            ("Mu\u0308ller", "Müller"),
            ("Łukasz Żółć", "Łukasz Żółć"),
            ("أنا", "أنا"),
            ("👩\u200d🔧", "👩\u200d🔧"),
            ("<b>&amp;'\"--", "<b>&amp;'\"--"),
            ("x" * 200, "x" * 200),
        ],
    )
    def test_kept(self, given_text: str, stored: str) -> None:
        assert validation.text(given_text, FIELD) == stored

    @pytest.mark.parametrize(
        "given_text",
        [
            "",
            "  ",
            "\t\n",
            "An\x00na",
            "An\nna",
            "An\tna",
            "An\x1bna",
            "An\x85na",
            "An\u2028na",
            "An\ud800na",
            "x" * 201,
        ],
    )
    def test_refused(self, given_text: str) -> None:
        refused(validation.text, given_text)

    @pytest.mark.parametrize(
        "given_text",
        [
            "\u200b",  # zero-width space
            "\u3164",  # Hangul filler
            "\u115f\u1160",
            "\uffa0",
            "\u2800",  # braille without dots
            "\ufeff",
            "\u2060\u200d\u200c",
            "\u00ad",  # soft hyphen
            "\u200e\u200f\u202a",  # marks of direction
            "\u034f\ufe0f",
            "\U000e0041",  # a tag
            "\u0301",  # an accent on nothing
            "\ue000",  # private use
            "\u00a0\u3000 \u200b\u2800",
        ],
    )
    def test_nothing_to_be_seen_is_nothing(self, given_text: str) -> None:
        assert "empty" in str(refused(validation.text, given_text))
        assert validation.optional_text(given_text, FIELD) is None

    @pytest.mark.parametrize("given_text", [".", "李", "ไทย", "अ\u200dब", "👩", "e\u0323", "Anna\u200b"])
    def test_a_mark_with_ink_is_something(self, given_text: str) -> None:
        assert validation.text(given_text, FIELD) == unicodedata.normalize("NFC", given_text)

    def test_several_lines_where_they_belong(self) -> None:
        assert validation.text("eins\n\tzwei", FIELD, multiline=True) == "eins\n\tzwei"
        assert validation.text("eins\r\nzwei\r\n", FIELD, multiline=True) == "eins\nzwei"
        refused(validation.text, "eins\rzwei", multiline=True)
        refused(validation.text, "eins\x0bzwei", multiline=True)

    def test_length_is_counted_in_composed_characters(self) -> None:
        assert len(validation.text("u\u0308" * 10, FIELD, longest=10)) == 10
        refused(validation.text, "x" * 11, longest=10)

    def test_optional(self) -> None:
        assert validation.optional_text(None, FIELD) is None
        assert validation.optional_text("  ", FIELD) is None
        assert validation.optional_text(" a ", FIELD) == "a"
        refused(validation.optional_text, "\x00a")

    @given(st.text(max_size=50))
    def test_what_is_kept_is_stable_and_can_be_stored(self, given_text: str) -> None:
        try:
            stored = validation.text(given_text, FIELD)
        except InvalidInput:
            return
        assert validation.text(stored, FIELD) == stored
        assert "\x00" not in stored
        stored.encode()


class TestNumbers:
    @pytest.mark.parametrize(
        ("amount", "cents"), [("59.00", 5900), ("0", 0), ("10000000", 1_000_000_000), ("1E+2", 10_000), ("0.010", 1)]
    )
    def test_cents(self, amount: str, cents: int) -> None:
        assert validation.cents(Decimal(amount), FIELD) == cents

    @pytest.mark.parametrize(
        "amount", ["0.001", "-0.01", "10000000.01", "NaN", "sNaN", "Infinity", "1E+40", "1E-40", "-1E+999999"]
    )
    def test_refused_amounts(self, amount: str) -> None:
        refused(validation.cents, Decimal(amount))

    def test_the_lowest_can_be_moved(self) -> None:
        assert validation.cents(Decimal("-5"), FIELD, lowest=-500) == -500
        assert "between 0.01 and" in str(refused(validation.cents, Decimal(0), lowest=1))

    def test_whole_numbers(self) -> None:
        assert validation.number(1, FIELD, lowest=1, highest=8) == 1
        assert validation.number(8, FIELD, lowest=1, highest=8) == 8
        assert validation.optional_number(None, FIELD, lowest=1, highest=8) is None
        refused(validation.number, 0, lowest=1, highest=8)
        refused(validation.optional_number, 9, lowest=1, highest=8)


class TestCodesAndHashes:
    @pytest.mark.parametrize(("given_code", "stored"), [("ber", "BER"), (" b-01 ", "B-01"), ("9", "9")])
    def test_codes(self, given_code: str, stored: str) -> None:
        assert validation.code(given_code, FIELD) == stored

    @pytest.mark.parametrize("given_code", ["", "-B", "B 1", "B_1", "Ä", "B\n1", "X" * 33])
    def test_refused_codes(self, given_code: str) -> None:
        refused(validation.code, given_code)

    def test_a_shorter_code(self) -> None:
        refused(validation.code, "X" * 13, longest=12)

    def test_sha256(self) -> None:
        assert validation.sha256(" " + "AB" * 32 + "\n", FIELD) == "ab" * 32
        for wrong in ("", "ab" * 31, "ab" * 33, "g" * 64, "ab" * 31 + "a\n"):
            refused(validation.sha256, wrong)

    def test_ids(self) -> None:
        known = UUID(int=7)
        assert validation.as_uuid(str(known)) == validation.as_uuid(known) == known
        for nothing in ("", "7", "x" * 36, None):
            assert validation.as_uuid(nothing) is None


class TestTimes:
    def test_zones(self) -> None:
        assert validation.time_zone("Europe/Berlin", FIELD) == "Europe/Berlin"
        for wrong in ("", "Berlin", "europe/berlin", "../etc/passwd", "+01:00"):
            refused(validation.time_zone, wrong)

    def test_birth_dates(self) -> None:
        today = date(2028, 2, 29)
        for right in (None, today, date(1908, 1, 1), date(1990, 5, 17)):
            assert validation.birth_date(right, FIELD, today) == right
        for wrong in (date(1907, 12, 31), today + timedelta(days=1)):
            with pytest.raises(InvalidInput):
                validation.birth_date(wrong, FIELD, today)

    def test_periods(self) -> None:
        start = datetime(2026, 11, 23, tzinfo=UTC)
        validation.period(start, start + timedelta(minutes=1), FIELD)
        for end in (start, start - timedelta(minutes=1)):
            assert refused(validation.period, start, end).field == [*FIELD, "end"]
