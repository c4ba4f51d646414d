"""The plan as it is drawn: lanes with bars, in minutes of the station's wall clock from the plan's first midnight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.office.operations import Answer
from server.office.words.catalogue import value_words

_WEEKDAYS = {"de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"), "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_STATES = {"RETURNED": "done", "BILLED": "done", "CHECKED_OUT": "out"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One use of a car."""

    key: str
    css: str
    start: int
    """Minutes from the plan's first midnight; below zero if it began before, beyond the plan if it ends after it."""
    end: int
    address: str
    text: str
    said: str
    """For who cannot see it: kind, person, from, to, marks."""
    number: str = ""
    version: int = 0
    movable: str = ""
    """`all`, `end` once the car is out, or nothing."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A car and its uses, in the order of time."""

    vehicle: Answer
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Days:
    """The days of a plan at a station."""

    first: date
    count: int
    zone: ZoneInfo
    language: str

    def period(self) -> dict[str, str]:
        """From the first midnight to the last, as the API takes it."""
        ends = (self.first, self.first + timedelta(days=self.count))
        start, end = (datetime.combine(day, time(), self.zone).isoformat() for day in ends)
        return {"start": start, "end": end}

    def minute(self, instant: datetime) -> int:
        """Minutes of the wall clock since the first midnight: on days on which clocks change, too, noon is noon."""
        wall = instant.astimezone(self.zone).replace(tzinfo=None)
        return int((wall - datetime.combine(self.first, time())).total_seconds() // 60)

    def shown(self) -> list[tuple[date, str]]:
        """The days with their weekdays, as they stand above the plan."""
        names = _WEEKDAYS[self.language]
        days = (self.first + timedelta(days=number) for number in range(self.count))
        return [(day, names[day.weekday()]) for day in days]

    def says(self, instant: datetime) -> str:
        """ "Di 1.12. 09:00"."""
        wall = instant.astimezone(self.zone)
        name = _WEEKDAYS[self.language][wall.weekday()]
        return f"{name} {wall.day}.{wall.month}. {wall:%H:%M}"


def lane(row: Answer, days: Days, marked: Mapping[str, Sequence[str]], now: datetime) -> Lane:
    """A car's lane; `marked` are the flags of contracts by their numbers."""
    bars = [_bar(use, days, marked, now) for use in row["occupancy"]]
    return Lane(row["vehicle"], sorted(bars, key=lambda bar: bar.start))


def _bar(use: Answer, days: Days, marked: Mapping[str, Sequence[str]], now: datetime) -> Bar:
    start, end = (datetime.fromisoformat(use["period"][side]) for side in ("start", "end"))
    contract, block = use["contract"], use["block"]
    flags = marked.get(contract["number"], ()) if contract else ()
    state = _STATES.get(contract["state"] if contract else "", "booked")
    css = [f"k-{use['kind']}", f"s-{state}", *(f"f-{flag}" for flag in flags)]
    text = _text(use, days.language, now)
    said = [value_words("OccupancyKind")[use["kind"]].within(days.language), text]
    said += [f"{days.says(start)} – {days.says(end)}"]
    said += [value_words("ContractFlag")[flag].within(days.language) for flag in flags]
    at = days.minute(start), days.minute(end)
    if contract is None:
        name = block["id"] if block else "x"
        return Bar(f"b-{name}", " ".join(css), *at, "", text, ", ".join(said))
    movable = {"RESERVED": "all", "CHECKED_OUT": "end"}.get(contract["state"], "")
    address = f"/office/contracts/{contract['number']}"
    key = f"c-{contract['number']}-{at[0]}"
    return Bar(
        key, " ".join(css), *at, address, text, ", ".join(said), contract["number"], contract["version"], movable
    )


def _text(use: Answer, language: str, now: datetime) -> str:
    if use["contract"] is None:
        block = use["block"]
        reason = value_words("BlockReason")[block["reason"]].within(language) if block else ""
        return f"{reason}: {block['note']}" if block and block["note"] else reason
    customer = use["contract"]["customer"] or {}
    name = customer.get("company") or " ".join(
        part for part in (customer.get("firstName"), customer.get("lastName")) if part
    )
    if use["heldUntil"]:
        left = (datetime.fromisoformat(use["heldUntil"]) - now).total_seconds() // 60
        return f"{name} ({max(0, int(left))} min)"
    return name or use["contract"]["number"]
