"""When things happen in the tests: the sandbox begins at one fixed instant, and no test knows today's date.

`TEST_BEGINS` sets another begin, a day or an instant: `TEST_BEGINS=2028-02-29 python3 dev.py test`. The clock of a server
that tests share only moves on, so a test that needs certain weekdays, or no change of clocks, moves it there itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
QUIET_WEDNESDAY = "2026-09-02T10:20:00+02:00"
"""No holiday, no change of clocks and no end of a year for weeks around."""


def _begin(text: str) -> datetime:
    """An instant; a day alone begins at twenty past ten in Berlin."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=BERLIN)
    return instant if "T" in text else instant.replace(hour=10, minute=20)


BEGINS = _begin(os.environ.get("TEST_BEGINS") or QUIET_WEDNESDAY)
SETTINGS = {"ERSATZWAGEN_SANDBOX_BEGINS": BEGINS.isoformat()}
"""The environment of every sandbox that a test starts."""


AROUND = {"start": f"{BEGINS.year}-01-01T00:00:00Z", "end": f"{BEGINS.year + 2}-01-01T00:00:00Z"}
"""A period in which everything lies that a test does with a fresh server."""
AROUND_LITERAL = f'{{start:"{AROUND["start"]}",end:"{AROUND["end"]}"}}'
"""The same as it stands in a document."""
IN_HALF_A_YEAR = (BEGINS + 180 * DAY).date().isoformat()


class Movable(Protocol):
    """A server whose clock can be moved on."""

    def now(self) -> datetime: ...

    def move_to(self, instant: datetime) -> None: ...


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def day_of(instant: datetime) -> date:
    """The calendar day in Berlin."""
    return instant.astimezone(BERLIN).date()


def is_quiet(first: date, weeks: int) -> bool:
    """Whether neither a year ends nor the clocks change from this day on."""
    last = first + 7 * weeks * DAY
    return first.year == last.year and local(last, 12) - local(first, 12) == last - first


def quiet_monday(server: Movable, weeks: int = 5) -> date:
    """The Monday on which the server's clock stands from now on, with so many quiet weeks before it."""
    now = server.now()
    monday = day_of(now)
    if monday.weekday() == 0 and now < local(monday, 18) and is_quiet(monday, weeks):
        return monday
    monday += (7 - monday.weekday()) * DAY
    while not is_quiet(monday, weeks):
        monday += 7 * DAY
    server.move_to(local(monday, 10))
    return monday


def soon(server: Movable, *, hour: int = 9) -> datetime:
    """An hour on a Tuesday, on the eve of which the clock stands: the deposit is held at booking, for the whole week."""
    return local(quiet_monday(server) + DAY, hour)


def next_weekday(server: Movable, weekday: int, *, weeks: int = 0) -> date:
    """The next such weekday (0 is Monday) after the Monday on which the clock stands, some weeks on."""
    return weekday_after(quiet_monday(server, 5 + weeks), weekday) + 7 * weeks * DAY


def weekday_after(day: date, weekday: int) -> date:
    """The next such weekday strictly after a day, whatever lies between."""
    return day + ((weekday - day.weekday() - 1) % 7 + 1) * DAY


def morning(server: Movable) -> datetime:
    """A moment of a day with at least eleven hours before midnight, to which the clock is moved if need be; now."""
    now = server.now()
    if not 7 <= now.astimezone(BERLIN).hour <= 12:
        server.move_to(local(day_of(now) + DAY, 8))
    return server.now()


def ahead_of_machine(instant: datetime) -> timedelta:
    """For the clock of another process: what it has to add to the machine's time."""
    return instant - datetime.now(UTC)


def running_from(begin: datetime) -> Callable[[], datetime]:
    """A device's own clock, which is set to an instant and runs."""
    set_at = time.monotonic()
    return lambda: begin + timedelta(seconds=time.monotonic() - set_at)
