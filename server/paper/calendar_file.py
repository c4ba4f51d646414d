"""The file that puts a rental into the customer's calendar (RFC 5545): pick-up and return at their hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from icalendar import Calendar, Event, vDatetime, vText

from server.paper import notation
from server.paper.views import Language, Place

MEDIA_TYPE: Final = "text/calendar"
_NAMES = {"de": "Miettermin.ics", "en": "Rental.ics"}
_TITLES = {"de": "Mietwagen: {name}", "en": "Rental car: {name}"}
_FREE_TITLES = {"de": "Fahrzeug: {name}", "en": "Car: {name}"}
_NUMBERS = {"de": "Buchungsnummer {number}", "en": "Booking number {number}"}
_BACK = {"de": "Rückgabe: {where}", "en": "Return: {where}"}


@dataclass(frozen=True, kw_only=True)
class Appointment:
    """A rental, or a car that is free (`is_free`), as a calendar shows it. `uid` stays the same for the contract,
    `sequence` grows with each change: so the calendar moves the entry that it has.
    """

    uid: str
    sequence: int
    number: str
    made_at: datetime
    starts_at: datetime
    ends_at: datetime
    station: Place
    return_station: Place | None
    is_off: bool = False
    is_free: bool = False


def name(language: Language) -> str:
    """What the file is called in a mail."""
    return _NAMES[language]


def render(of: Appointment, language: Language) -> str:
    """The file's text; times in UTC, which every calendar shows in the reader's own zone. What `is_off` takes the entry
    out again.
    """
    event = Event()
    event.add("uid", of.uid)
    event.add("sequence", of.sequence)
    event["dtstamp"] = vDatetime(of.made_at)
    event["dtstart"] = vDatetime(of.starts_at)
    event["dtend"] = vDatetime(of.ends_at)
    event["summary"] = vText((_FREE_TITLES if of.is_free else _TITLES)[language].format(name=of.station.name))
    event.add("status", "CANCELLED" if of.is_off else "CONFIRMED")
    event["location"] = vText(_where(of.station, language))
    words = [_NUMBERS[language].format(number=of.number)]
    if of.return_station is not None:
        words.append(_BACK[language].format(where=_where(of.return_station, language)))
    event["description"] = vText("\n".join(words))
    calendar = Calendar()
    calendar.add("prodid", "-//Ersatzwagen//DE")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if of.is_off else "PUBLISH")
    calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


def _where(place: Place, language: Language) -> str:
    return ", ".join([place.name, *notation.address_lines(place.address, language)])
