"""Reads what comes from outside: JSON without traps, fields with the type that they should have.

A server, a proxy or an older app may have written it. Whatever is odd is said with its place in the answer, and before
it has replaced anything.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

_Item = TypeVar("_Item")
MOST_CHARACTERS = 20_000
"""No single text of an answer is longer; a longer one is an accident, and would be drawn on a screen."""
MOST_NUMBER = 2**53
"""No whole number is beyond this: JSON's other readers could not tell it from its neighbour."""


class Unreadable(ValueError):
    """Something is not what it should be. `place` is its path; what stood there is never quoted."""

    def __init__(self, place: str, wanted: str) -> None:
        super().__init__(f"{place}: {wanted} expected")
        self.place = place


def json_of(content: bytes | str) -> Any:
    """The value of a JSON text. `Unreadable` for what is none, is nested too deeply, or holds NaN or Infinity.

    Python's reader takes NaN, and reads 1e999 as Infinity; neither could ever be sent again.
    """
    try:
        return json.loads(content, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise Unreadable("answer", "JSON that is not nested so deeply") from error
    except (ValueError, TypeError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable("answer", "JSON") from error


def _no_number(_name: str) -> NoReturn:
    raise Unreadable("answer", "a finite number")


def _finite(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits)


class Fields:
    """The fields of one JSON object, each asked for by its name and type. Every method raises `Unreadable`."""

    def __init__(self, value: object, place: str = "answer") -> None:
        if not isinstance(value, Mapping):
            raise Unreadable(place, "an object")
        self.raw: Mapping[str, Any] = value
        self.place = place

    def _at(self, name: str) -> str:
        return f"{self.place}.{name}"

    def has(self, name: str) -> bool:
        """Whether there is something else than null."""
        return self.raw.get(name) is not None

    def text(self, name: str) -> str:
        """A text, which may be empty."""
        return text_at(self.raw.get(name), self._at(name))

    def name(self, name: str) -> str:
        """A text that is not empty: an id, a code, a state."""
        return self.text(name) or _refuse(self._at(name), "a text that is not empty")

    def text_or(self, name: str, otherwise: str = "") -> str:
        """A text, or the other one where there is null or nothing."""
        return self.text(name) if self.has(name) else otherwise

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self.raw.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST_NUMBER:
            _refuse(self._at(name), "a whole number")
        return int(value)

    def whole_or_none(self, name: str) -> int | None:
        """A whole number, or None where there is null or nothing."""
        return self.whole(name) if self.has(name) else None

    def fraction(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self.raw.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            _refuse(self._at(name), "a number from 0 to 1")
        return float(value)

    def yes(self, name: str) -> bool:
        """True or false; nothing is false: an older app did not ask for it."""
        value = self.raw.get(name)
        return bool(value) if value is None or isinstance(value, bool) else _refuse(self._at(name), "true or false")

    def instant(self, name: str) -> datetime:
        """An instant with its offset."""
        return instant_at(self.text(name), self._at(name))

    def part(self, name: str) -> Fields:
        """An object."""
        return Fields(self.raw.get(name), self._at(name))

    def part_or_none(self, name: str) -> Fields | None:
        """An object, or None where there is null or nothing."""
        return self.part(name) if self.has(name) else None

    def parts(self, name: str) -> list[Fields]:
        """A list of objects; nothing is an empty one."""
        return self.items(name, Fields)

    def anything(self, name: str) -> list[Any]:
        """A list of whatever it is, to be read one by one; nothing is an empty one."""
        return self.items(name, lambda item, _place: item)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; nothing is an empty one."""
        return tuple(self.items(name, text_at))

    def items(self, name: str, read: Callable[[Any, str], _Item]) -> list[_Item]:
        """A list whose items are read one by one; nothing is an empty one."""
        value = self.raw.get(name)
        if value is None:
            return []
        if not isinstance(value, Sequence) or isinstance(value, str):
            _refuse(self._at(name), "a list")
        return [read(item, f"{self._at(name)}[{index}]") for index, item in enumerate(value)]


def text_at(value: object, place: str) -> str:
    """A text that can be shown, stored and sent. `Unreadable`."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS:
        _refuse(place, "a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse(place, "a text of whole characters")
    return value


def instant_at(text: str, place: str) -> datetime:
    """An instant of ISO 8601 with its offset: one without could be any hour. `Unreadable`."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        _refuse(place, "an instant")
    if value.utcoffset() is None or not 2000 <= value.year <= 2200:
        _refuse(place, "an instant with its offset, of this century or the next")
    return value


def _refuse(place: str, wanted: str) -> NoReturn:
    raise Unreadable(place, wanted)
