"""When a station is open: the week's rule, exceptions, and the public holidays of its Land. Pure, in station time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.errors import Sentence
from server.models.local_time import day_of, wall_clock
from server.models.opening_times import MIDNIGHT, Weekday, Window, ends_after
from server.models.station import Station
from server.services.fleet.holiday_regions import holidays_of


@dataclass(frozen=True)
class OpeningRules:
    """When a station opens. `weekly` empty: every day is open, but for exceptions and public holidays."""

    zone: ZoneInfo
    weekly: dict[Weekday, tuple[Window, ...]]
    exceptions: dict[date, tuple[Window, ...]]
    holiday_region: str | None
    notes: dict[date, str] = field(default_factory=dict)
    _known: dict[date, list[tuple[datetime, datetime]]] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out of days: whoever looks for a time asks for the same ones again and again."""

    def why_closed(self, instant: datetime) -> Sentence | None:
        """The public holiday, or the note of the exception, if it is that day's; None for an ordinary closing hour."""
        day = day_of(instant, self.zone)
        if day in self.exceptions:
            note = self.notes.get(day)
            return Sentence(note, note) if note else None
        return holidays_of(self.holiday_region, day.year).get(day) if self.holiday_region else None

    def windows_on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The windows that begin on a calendar day as UTC instants, exceptions and public holidays applied. One that
        ends past midnight belongs to the day on which it begins, whatever the next one is.
        """
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._worked_out(day)
        return known

    def _worked_out(self, day: date) -> list[tuple[datetime, datetime]]:
        if day.year in {date.min.year, date.max.year}:  # the day before or after may not exist
            return []
        return [
            (wall_clock(day, window[0], self.zone), wall_clock(day + ends_after(window), window[1], self.zone))
            for window in self._local_windows(day)
        ]

    def is_open(self, instant: datetime) -> bool:
        """Whether somebody is there at an instant; the closing minute still counts."""
        day = day_of(instant, self.zone)
        days = (day - timedelta(days=1), day)
        return any(opens <= instant <= closes for one in days for opens, closes in self.windows_on(one))

    def next_open(self, instant: datetime, *, days_ahead: int = 366) -> datetime | None:
        """The first instant from `instant` on at which the station is open, or None within a year."""
        if self.is_open(instant):
            return instant
        first = day_of(instant, self.zone)
        upcoming: Iterator[datetime] = (
            opens
            for ahead in range(days_ahead)
            for opens, _closes in self.windows_on(first + timedelta(days=ahead))
            if opens >= instant
        )
        return next(upcoming, None)

    def _local_windows(self, day: date) -> tuple[Window, ...]:
        if day in self.exceptions:
            return self.exceptions[day]
        if self.holiday_region and day in holidays_of(self.holiday_region, day.year):
            return ()
        if not self.weekly:
            return ((MIDNIGHT, MIDNIGHT),)
        return self.weekly.get(Weekday.of(day), ())


def opening_rules(station: Station) -> OpeningRules:
    """The rules of a station's row."""
    weekly: dict[Weekday, tuple[Window, ...]] = {}
    for entry in station.opening_hours:
        weekly[entry.weekday] = (*weekly.get(entry.weekday, ()), (entry.opens, entry.closes))
    exceptions = {day.date: day.windows for day in station.opening_exceptions}
    notes = {day.date: day.note for day in station.opening_exceptions if day.note}
    return OpeningRules(station.zone, weekly, exceptions, station.holiday_region, notes)
