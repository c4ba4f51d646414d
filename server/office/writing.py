"""Writes pages: the templates, and how money, dates and the API's values are written in them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from babel.dates import format_date, format_datetime

from server.errors import Sentence
from server.office.words.catalogue import value_words
from server.paper import notation

STATIC = Path(__file__).parent.parent / "static" / "office"
_LOCALES = {"de": "de_DE", "en": "en_GB"}


@cache
def _versioned(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/office/static/{name}?v={digest}"


def asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that browsers may keep it for ever."""
    return _versioned(name)


class Pages:
    """Templates in two languages: each sentence stands in its template in both, English first."""

    def __init__(self) -> None:
        self._by_language = {language: _environment(language) for language in _LOCALES}

    def write(self, template: str, language: str, **values: Any) -> str:
        """A page, or a part of one."""
        return self._by_language[language].get_template(template).render(**values)

    def money(self, euros: float, language: str) -> str:
        """An amount beside a bar."""
        return notation.money(round(euros * 100), "de" if language == "de" else "en")


def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    writer = _Writer(language)
    environment.globals |= {"say": writer.say, "asset": asset, "language": language}
    environment.filters |= {
        "money": writer.money, "at": writer.at, "day": writer.day, "clock": writer.clock, "word": writer.word,
        "km": writer.km, "number": writer.number, "weekday": writer.weekday,
    }  # fmt: skip
    return environment


class _Writer:
    """Filters of one language. Instants come from the API in their station's offset, and are shown as they come."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._locale = _LOCALES[language]

    def say(self, en: str | Sentence, de: str = "") -> str:
        sentence = en if isinstance(en, Sentence) else Sentence(en, de)
        return sentence.within(self._language)

    def money(self, money: dict[str, str] | None) -> str:
        if money is None:
            return "–"
        return notation.money(int(Decimal(money["amount"]).scaleb(2)), "de" if self._language == "de" else "en")

    def at(self, instant: str | None) -> str:
        """ "Mi. 2. Dez. 2026, 09:00"."""
        if not instant:
            return "–"
        pattern = "EEE d. MMM yyyy, HH:mm" if self._language == "de" else "EEE d MMM yyyy, HH:mm"
        wall = datetime.fromisoformat(instant).replace(tzinfo=None)
        return str(format_datetime(wall, pattern, locale=self._locale))

    def day(self, value: str | date | None) -> str:
        if not value:
            return "–"
        given = value if isinstance(value, date) else date.fromisoformat(value[:10])
        return notation.day(given, "de" if self._language == "de" else "en")

    def weekday(self, value: str | date) -> str:
        given = value if isinstance(value, date) else date.fromisoformat(value[:10])
        return str(
            format_date(given, "EEEE, d. MMMM yyyy" if self._language == "de" else "EEEE, d MMMM yyyy", self._locale)
        )

    def clock(self, instant: str | None) -> str:
        return datetime.fromisoformat(instant).strftime("%H:%M") if instant else "–"

    def word(self, value: str, enum: str) -> str:
        return value_words(enum)[value].within(self._language)

    def km(self, value: int | None) -> str:
        return "–" if value is None else notation.kilometres(value, "de" if self._language == "de" else "en")

    def number(self, value: float | str) -> str:
        return notation.number(Decimal(str(value)), "de" if self._language == "de" else "en")
