"""Values as people type and read them in a form, and the API's values of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from graphql import Undefined

from server.errors import Sentence

_WIDGETS = {
    "DateTime": "datetime-local",
    "Date": "date",
    "LocalTime": "time",
    "Boolean": "checkbox",
    "Int": "number",
    "Float": "number",
}
_BY_NAME = {"email": "email", "phone": "tel", "password": "password", "current": "password", "new": "password"}
_THOUSANDS = re.compile(r"(?<=\d)\.(?=\d{3}(\D|$))")
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Birthdays are the oldest days that anybody types."""
NO_SUCH_DATE = Sentence("There is no such date.", "Dieses Datum gibt es nicht.")
NO_SUCH_TIME = Sentence(
    "This time does not exist: the clocks go forward here.",
    "Diese Uhrzeit gibt es nicht: hier wird die Uhr vorgestellt.",
)
NO_NUMBER = Sentence("Please enter a number.", "Bitte eine Zahl eingeben.")


class Choice(NamedTuple):
    """Something that can be picked."""

    value: str
    text: str


class Unreadable(Exception):
    """What was typed is none of the field's values; says what would be right."""

    def __init__(self, says: Sentence) -> None:
        super().__init__(str(says))
        self.says = says


def widget_of(scalar: str, name: str, has_choices: bool, *, hidden: bool, long: bool) -> str:
    """How a value is asked for."""
    if hidden:
        return "hidden"
    if has_choices:
        return "select"
    if scalar == "String" and long:
        return "textarea"
    return _WIDGETS.get(scalar) or _BY_NAME.get(name, "text")


def shown(value: Any, scalar: str, zone: ZoneInfo, language: str) -> str:
    """A value as it stands in its field."""
    value = plain(value)
    if value is None:
        return ""
    if scalar == "Boolean":
        return "on" if value else ""
    if scalar == "DateTime":
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    if scalar == "Decimal":
        return str(value).replace(".", ",") if language == "de" else str(value)
    return str(getattr(value, "value", value))


def plain(value: Any) -> Any:
    """A value as the API takes it, None if there is none: of money, as the API tells it, the amount."""
    if value is Undefined:
        return None
    return value["amount"] if isinstance(value, dict) else value


def read(text: str, scalar: str, zone: ZoneInfo, language: str) -> Any:
    """The API's value of what was typed; Unreadable if there is none."""
    if scalar == "Boolean":
        return bool(text)
    if scalar == "DateTime":
        return instant(text, zone)
    if scalar in {"Date", "LocalTime"}:
        return _calendar(text, scalar)
    if scalar == "Int":
        return _whole(text)
    if scalar == "Decimal":
        return _decimal(text, language)
    return text


def instant(text: str, zone: ZoneInfo) -> str:
    """A wall-clock time of a station as an instant. Of an hour that is there twice the first is meant."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(NO_SUCH_DATE) from None
    if local.tzinfo is not None or not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Unreadable(NO_SUCH_DATE)
    at = local.replace(tzinfo=zone)
    if at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise Unreadable(NO_SUCH_TIME)
    return at.isoformat()


def day_in(text: str) -> date | None:
    """A day as an address names it; None if it names none, or one that no calendar of ours reaches."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _calendar(text: str, scalar: str) -> str:
    try:
        if scalar == "LocalTime":
            return time.fromisoformat(text).isoformat("minutes")
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Unreadable(NO_SUCH_DATE) from None


def _whole(text: str) -> int:
    plain = _THOUSANDS.sub("", text).replace(" ", "")
    if not re.fullmatch(r"[+-]?\d{1,15}", plain, re.ASCII):
        raise Unreadable(NO_NUMBER)
    if not -(2**31) <= (number := int(plain)) < 2**31:
        raise Unreadable(NO_NUMBER)
    return number


def _decimal(text: str, language: str) -> str:
    """An amount as a German or an English reader writes it: "1.234,50" or "1,234.50"."""
    plain = text.replace(" ", "").replace("\u00a0", "").removesuffix("€").removesuffix("EUR")
    if language == "de" and "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    elif language == "de":
        plain = _THOUSANDS.sub("", plain)
    elif re.fullmatch(r"\d+,\d{1,2}", plain):
        plain = plain.replace(",", ".")
    else:
        plain = plain.replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,12}(\.\d{1,6})?", plain, re.ASCII):
        raise Unreadable(NO_NUMBER)
    return plain.removeprefix("+")
