"""Opening hours as they are entered and stored: wall-clock windows of the week, and days that differ from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from server.models.columns import Json

Window = tuple[time, time]
"""From opening to closing, in station time."""
MIDNIGHT = time(0)
"""As a closing time it means the end of the day."""


def ends_after(window: Window) -> timedelta:
    """How many days after its own a window ends: one that closes at midnight or later ends on the next."""
    opens, closes = window
    return timedelta(days=1 if closes <= opens else 0)


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    """Monday in the station's time zone."""
    TUESDAY = "TUESDAY"
    """Tuesday in the station's time zone."""
    WEDNESDAY = "WEDNESDAY"
    """Wednesday in the station's time zone."""
    THURSDAY = "THURSDAY"
    """Thursday in the station's time zone."""
    FRIDAY = "FRIDAY"
    """Friday in the station's time zone."""
    SATURDAY = "SATURDAY"
    """Saturday in the station's time zone."""
    SUNDAY = "SUNDAY"
    """Sunday in the station's time zone."""

    @property
    def number(self) -> int:
        """0 for Monday to 6 for Sunday, as `date.weekday()` counts."""
        return list(Weekday).index(self)

    @classmethod
    def of(cls, day: date) -> Weekday:
        """The weekday of a calendar date."""
        return list(cls)[day.weekday()]


@dataclass(frozen=True)
class OpeningWindow:
    """A window of the week in station time; closing at 00:00 means midnight, before its opening the next day."""

    weekday: Weekday
    opens: time
    closes: time

    def as_json(self) -> Json:
        """As it is stored."""
        return {"weekday": self.weekday.value, **_window_as_json((self.opens, self.closes))}

    @classmethod
    def of_json(cls, stored: Json) -> OpeningWindow:
        """The window that was stored."""
        return cls(Weekday(stored["weekday"]), *_window_of_json(stored))


@dataclass(frozen=True)
class ExceptionalDay:
    """A day that differs from the week's rule, with its windows; none: closed all day."""

    date: date
    windows: tuple[Window, ...] = ()
    note: str | None = None

    def as_json(self) -> Json:
        """As it is stored."""
        windows = [_window_as_json(window) for window in self.windows]
        return {"date": self.date.isoformat(), "windows": windows, "note": self.note}

    @classmethod
    def of_json(cls, stored: Json) -> ExceptionalDay:
        """The day that was stored."""
        windows = tuple(_window_of_json(window) for window in stored["windows"])
        return cls(date.fromisoformat(stored["date"]), windows, stored["note"])


def _window_as_json(window: Window) -> Json:
    opens, closes = window
    return {"opens": opens.isoformat("minutes"), "closes": closes.isoformat("minutes")}


def _window_of_json(stored: Json) -> Window:
    return time.fromisoformat(stored["opens"]), time.fromisoformat(stored["closes"])
