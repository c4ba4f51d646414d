"""How amounts, dates and numbers are written for people, in German and in English, and customer text made printable."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from server.paper.views import Language, OpeningWindow, PostalAddress

NBSP = "\u00a0"
_LOCALES = {"de": "de_DE", "en": "en_GB"}
_COUNTRIES = {
    "de": {"HK": "Hongkong", "MO": "Macau"},
    "en": {"HK": "Hong Kong", "MO": "Macao"},
}
"""As the post writes them; CLDR's names are those of politics ("Sonderverwaltungsregion Hongkong")."""

# Controls, lone surrogates and the marks that turn the reading direction (they could show "00,95" for "59,00").
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_ENDLESS = re.compile(r"\S{36}(?=\S)")


def printable(text: str) -> str:
    """The text without what cannot be printed; runs of more than 36 characters may be broken."""
    return _ENDLESS.sub(lambda run: run[0] + "\u200b", _UNPRINTABLE.sub("", text)).strip()


def plain(text: str) -> str:
    """The text as programs read it: every blank is one, and nothing is in it that XML has no place for."""
    return _UNPRINTABLE.sub("", text).replace(NBSP, " ").replace("\u200b", "").strip()


def printable_html(html: str) -> str:
    """HTML without the characters that nobody can print."""
    return _UNPRINTABLE.sub("", html)


def money(cents: int, language: Language) -> str:
    """5900 → "59,00 €" or "59.00 EUR", with a no-break space and a real minus sign; exact for every integer."""
    sign = "\u2212" if cents < 0 else ""
    amount = format_decimal(Decimal(abs(cents)).scaleb(-2), format="#,##0.00", locale=_LOCALES[language])
    return f"{sign}{amount}{NBSP}{'€' if language == 'de' else 'EUR'}"


def number(value: Decimal | int, language: Language) -> str:
    """1234.50 → "1.234,5" or "1,234.5": at most five decimals (of a kilowatt-hour), no trailing zeros."""
    return str(format_decimal(value, format="#,##0.#####", locale=_LOCALES[language])).replace("-", "\u2212")


def kilometres(value: int, language: Language) -> str:
    """23418 → "23.418 km" or "23,418 km"."""
    return f"{number(value, language)}{NBSP}km"


def rate(basis_points: int, language: Language) -> str:
    """1900 → "19 %" or "19%"."""
    return number(Decimal(basis_points).scaleb(-2), language) + (f"{NBSP}%" if language == "de" else "%")


def day(value: date, language: Language) -> str:
    """A calendar date: "23.11.2026" or "23 Nov 2026". An instant has no date without a zone: see `moment`."""
    return str(format_date(value, "dd.MM.yyyy" if language == "de" else "d MMM yyyy", locale=_LOCALES[language]))


def local_day(instant: datetime, time_zone: str, language: Language) -> str:
    """The calendar date of an instant in a zone."""
    return day(_local(instant, time_zone).date(), language)


def clock_time(instant: datetime, time_zone: str, language: Language) -> str:
    """The wall-clock time of an instant: "08:00 Uhr" or "08:00"."""
    written = format_time(_local(instant, time_zone).time(), "HH:mm", locale=_LOCALES[language])
    return f"{written}{NBSP}Uhr" if language == "de" else str(written)


def opening_hours(windows: Sequence[OpeningWindow], time_zone: str, language: Language) -> str:
    """When a station is open on a day: "08:00 Uhr – 12:00 Uhr, 13:00 Uhr – 18:00 Uhr", or "durchgehend geöffnet"."""
    if any(_is_whole_day(window, time_zone) for window in windows):
        return "durchgehend geöffnet" if language == "de" else "open all day"
    spans = ((window.opens, window.closes) for window in windows)
    return ", ".join(" – ".join(clock_time(end, time_zone, language) for end in span) for span in spans)


def _is_whole_day(window: OpeningWindow, time_zone: str) -> bool:
    return all(_local(end, time_zone).time() == time() for end in (window.opens, window.closes))


def moment(instant: datetime, time_zone: str, language: Language) -> str:
    """Date and wall-clock time of an instant: "23.11.2026, 08:00 Uhr" or "23 Nov 2026, 08:00"."""
    return f"{local_day(instant, time_zone, language)}, {clock_time(instant, time_zone, language)}"


def weekday_moment(instant: datetime, time_zone: str, language: Language) -> str:
    """`moment` with the weekday in front: "Montag, 23.11.2026, 08:00 Uhr"."""
    name = format_date(_local(instant, time_zone).date(), "EEEE", locale=_LOCALES[language])
    return f"{name}, {moment(instant, time_zone, language)}"


_POSTCODE_LAST = (
    "AU BD BR BT CA CN EG GB GG GI HK IE IM IN ID JE JO JP KR KW LB LK MV MY NP NZ PK PH SA SG SZ TH TW UA US VN ZA"
)
"""Where the postcode stands behind the town (Universal Postal Union, addressing systems of its members)."""


def address_lines(address: PostalAddress, language: Language) -> list[str]:
    """Street, postcode and town in the order of their country; its name only where readers do not expect it."""
    town = (
        (address.city, address.postcode)
        if address.country in _POSTCODE_LAST.split()
        else (address.postcode, address.city)
    )
    lines = [printable(address.street), printable(" ".join(part for part in town if part))]
    if address.country != "DE":
        lines.append(_country(address.country, language))
    return [line for line in lines if line]


def _country(code: str, language: Language) -> str:
    name = _COUNTRIES[language].get(code) or Locale.parse(_LOCALES[language]).territories.get(code)
    return str(name or printable(code))


def in_fours(text: str) -> str:
    """An IBAN as people read it, in groups of four (ISO 13616, print format)."""
    compact = "".join(text.split())
    return " ".join(compact[start : start + 4] for start in range(0, len(compact), 4))


def _local(instant: datetime, time_zone: str) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return instant.astimezone(ZoneInfo(time_zone))
