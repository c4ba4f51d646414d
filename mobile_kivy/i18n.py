"""The app's texts in German and English: `words/<language>.json`. The language is always said, never remembered here:
staff and customer may read different ones on one screen.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

LANGUAGES = ("de", "en")
WORDS: dict[str, dict[str, str]] = {
    language: json.loads((Path(__file__).parent / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
_THOUSANDS = {"de": ".", "en": ","}


def text(language: str, key: str, **figures: object) -> str:
    """The wording of a key; whole numbers among the figures are grouped as the language does. KeyError if none.

    With a `count` of one the wording `<key>_one` is taken, where there is one.
    """
    words = WORDS[language]
    wording = words.get(f"{key}_one", words[key]) if figures.get("count") == 1 else words[key]
    if not figures:
        return wording
    return wording.format(**{name: number(language, value) for name, value in figures.items()})


def accessory(language: str, name: str) -> str:
    """What belongs to a car, in a language if it is one of the usual things; else as the dealership calls it."""
    return WORDS[language].get(f"accessory_{name}", name)


def number(language: str, value: object) -> str:
    """41230 as 41.230 or 41,230; anything but a whole number as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", _THOUSANDS[language])
    return str(value)


def clock(instant: datetime) -> str:
    """14:05, in the instant's own time zone."""
    return f"{instant:%H:%M}"


def day(language: str, instant: datetime) -> str:
    """Sa 21.11. or Sat 21 Nov."""
    names = WORDS[language]["weekdays"].split()
    if language == "de":
        return f"{names[instant.weekday()]} {instant.day}.{instant.month}."
    months = WORDS[language]["months"].split()
    return f"{names[instant.weekday()]} {instant.day} {months[instant.month - 1]}"
