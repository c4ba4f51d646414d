"""Whether a period may be booked at a place: the one rule of availability, quotes, alternatives and bookings."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.errors import InvalidInput, OutsideOpeningHours, Path, ProblemCode, Refused, Sentence
from server.models import Station, VehicleGroup
from server.services.booking.slot import Slot
from server.services.fleet.opening import OpeningRules, opening_rules

LONGEST = timedelta(days=365)
"""How far ahead a rental may start, and how long it may last."""
EARLIEST_START = timedelta(minutes=15)
"""How far in the past it may start: the customer is at the counter."""
HORIZON = timedelta(days=90)
"""How far behind the start that was asked for another one is looked for."""
Ends = tuple[OpeningRules, OpeningRules]
"""The opening rules of a slot's check-out and of its check-in."""
_AT = {"start": "zu Beginn des Zeitraums", "end": "am Ende des Zeitraums"}


def check_period(start: datetime, end: datetime, now: datetime, field: Path) -> None:
    """InvalidInput for what nobody could book: backwards, in the past, too far ahead or too long."""
    if end <= start:
        message = Sentence("The end must lie after the start.", "Das Ende muss nach dem Beginn liegen.")
        raise InvalidInput(message, field=[*field, "end"])
    if start < now - EARLIEST_START:
        message = Sentence("The start lies in the past.", "Der Beginn liegt in der Vergangenheit.")
        raise InvalidInput(message, field=[*field, "start"])
    if start > now + LONGEST:
        message = Sentence(
            "The start lies more than 365 days ahead.", "Der Beginn liegt mehr als 365 Tage in der Zukunft."
        )
        raise InvalidInput(message, field=[*field, "start"])
    if end - start > LONGEST:
        message = Sentence("A rental lasts at most 365 days.", "Eine Miete dauert höchstens 365 Tage.")
        raise InvalidInput(message, field=[*field, "end"])


def closed(slot: Slot, field: Path) -> OutsideOpeningHours | None:
    """Why nobody is there at the start or the end; a key can be dropped later where the station allows it."""
    return closed_at_start(slot, field) or closed_at_end(slot, field)


def closed_at_start(slot: Slot, field: Path) -> OutsideOpeningHours | None:
    """Why nobody is there to hand the car over."""
    return _closed(slot.station, slot.start, "start", field)


def closed_at_end(slot: Slot, field: Path) -> OutsideOpeningHours | None:
    """Why nobody is there to take it back, where no key can be dropped."""
    return None if slot.back_at.after_hours_return else _closed(slot.back_at, slot.end, "end", field)


def _closed(where: Station, at: datetime, name: str, field: Path) -> OutsideOpeningHours | None:
    rules = opening_rules(where)
    if rules.is_open(at):
        return None
    following, holiday = rules.next_open(at), rules.why_closed(at)
    following = following and following.astimezone(rules.zone)
    message = _said(where, name, holiday)
    return OutsideOpeningHours(message, next_possible=following, holiday=holiday, field=[*field, name])


def _said(where: Station, name: str, holiday: Sentence | None) -> Sentence:
    if holiday is None:
        return Sentence(
            f"{where.name} is closed at the {name} of the period.", f"{where.name} ist {_AT[name]} geschlossen."
        )
    return Sentence(
        f"{where.name} is closed at the {name} of the period: {holiday.en}.",
        f"{where.name} ist {_AT[name]} geschlossen: {holiday.de}.",
    )


def none_free(group: VehicleGroup, station: Station) -> Sentence:
    """What is said where the station is open and every vehicle of the group is taken."""
    return Sentence(
        f"No vehicle of group {group.name} is free at {station.name} in this period.",
        f"In diesem Zeitraum ist an der Station {station.name} kein Fahrzeug der Gruppe {group.name} frei.",
    )


def taken(slot: Slot, group: VehicleGroup, free: int) -> Refused | None:
    """The refusal where no vehicle of a group is free in a slot that is open; None if one is."""
    return None if free else Refused(ProblemCode.NO_VEHICLE_AVAILABLE, none_free(group, slot.station))


def is_after_hours(slot: Slot) -> bool:
    """Whether the planned check-out or check-in falls outside opening hours: then the fee for it is owed."""
    here, there = ends_of(slot)
    return not (here.is_open(slot.start) and there.is_open(slot.end))


def ends_of(slot: Slot) -> Ends:
    """The opening rules where a slot begins and where it ends, read once for many instants."""
    return opening_rules(slot.station), opening_rules(slot.back_at)


def latest_start(slot: Slot, now: datetime) -> datetime:
    """Until when another start is looked for than the one that was asked for."""
    return min(slot.start + HORIZON, now + LONGEST)


def first_start(slot: Slot, ends: Ends, earliest: datetime, latest: datetime) -> datetime | None:
    """The first instant from `earliest` on at which a slot of this length is open at both ends; None after `latest`."""
    here, there = ends
    candidate: datetime | None = earliest
    while candidate is not None and candidate <= latest:
        candidate = here.next_open(candidate)
        if candidate is None or candidate > latest:
            return None
        end = candidate + slot.length
        following = end if slot.back_at.after_hours_return else there.next_open(end)
        if following == end:
            return candidate
        candidate = following and following - slot.length
    return None
