"""What is offered: counts and prices for a period, the next possible time, and what could be booked instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, OutsideOpeningHours, Path, Sentence
from server.models import Station, Tariff, VehicleGroup
from server.models.contract import ContractKind
from server.models.price import PriceBreakdown
from server.services.booking import free_cars
from server.services.booking.free_cars import Slot
from server.services.fleet import groups, stations
from server.services.fleet.opening import opening_rules
from server.services.pricing import tariffs
from server.services.pricing.price import Facts, advance_cents, breakdown

LONGEST_DAYS = 365
EARLIEST_START = timedelta(minutes=15)


@dataclass(frozen=True)
class GroupAvailability:
    """What a group offers in a period. `price` is None where the group has no tariff on the day of asking."""

    group: VehicleGroup
    free_count: int
    deposit_cents: int
    next_free: datetime | None
    zone: ZoneInfo
    price: PriceBreakdown | None
    due_now_cents: int


@dataclass(frozen=True)
class Availability:
    """A station's groups in a period."""

    station: Station
    start: datetime
    end: datetime
    groups: list[GroupAvailability]


@dataclass(frozen=True)
class Alternative:
    """Something that could be booked instead."""

    group: VehicleGroup
    station: Station
    start: datetime
    end: datetime
    total_cents: int


def check_period(start: datetime, end: datetime, now: datetime, field: Path) -> None:
    """Refuses what cannot be booked: backwards, in the past (a quarter of an hour is allowed), too far or too long."""
    if end <= start:
        raise InvalidInput(
            Sentence("The end must lie after the start.", "Das Ende muss nach dem Beginn liegen."),
            field=[*field, "end"],
        )
    if start < now - EARLIEST_START:
        raise InvalidInput(
            Sentence("The start lies in the past.", "Der Beginn liegt in der Vergangenheit."), field=[*field, "start"]
        )
    if start > now + timedelta(days=LONGEST_DAYS):
        raise InvalidInput(
            Sentence("The start lies more than 365 days ahead.", "Der Beginn liegt mehr als 365 Tage in der Zukunft."),
            field=[*field, "start"],
        )
    if end - start > timedelta(days=LONGEST_DAYS):
        raise InvalidInput(
            Sentence("A rental lasts at most 365 days.", "Eine Miete dauert höchstens 365 Tage."), field=[*field, "end"]
        )


_AT = {"start": "zu Beginn des Zeitraums", "end": "am Ende des Zeitraums"}


def check_opening(station: Station, return_station: Station, start: datetime, end: datetime, field: Path) -> None:
    """Refuses a start or an end at which nobody is there; a key can be dropped later where the station allows it."""
    for at, where, name in [(start, station, "start"), (end, return_station, "end")]:
        rules = opening_rules(where)
        if rules.is_open(at) or (name == "end" and where.after_hours_return):
            continue
        message = Sentence(
            f"{where.name} is closed at the {name} of the period.", f"{where.name} ist {_AT[name]} geschlossen."
        )
        following = rules.next_open(at)
        following = following and following.astimezone(rules.zone)
        raise OutsideOpeningHours(message, next_possible=following, field=[*field, name])


def is_after_hours(return_station: Station, end: datetime) -> bool:
    """Whether a planned return falls outside opening hours."""
    return not opening_rules(return_station).is_open(end)


async def at_station(
    session: Session,
    station_id: UUID | None,
    group_id: UUID | None,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    language: str,
) -> Availability:
    """What a station offers in a period that could be booked; refusals name the arguments of the query."""
    station = await stations.get(session, station_id, field=["station_id"])
    check_period(start, end, now, ["period"])
    if group_id is not None:
        await groups.get(session, group_id, field=["group_id"])
    return await availability(session, Slot(station, start, end), now=now, group_id=group_id, language=language)


async def availability(
    session: Session, slot: Slot, *, now: datetime, group_id: UUID | None = None, language: str = "en"
) -> Availability:
    """Counts and prices of every group, or of one. Three statements, four if a group has nothing free."""
    counts = await free_cars.counts(session, slot, now)
    statement = select(VehicleGroup).order_by(col(VehicleGroup.code))
    if group_id is not None:
        statement = statement.where(col(VehicleGroup.id) == group_id)
    wanted = await session.all(statement)
    today = slot.station.day_of(now)
    prices = await tariffs.applicable_by_group(session, today)
    taken = [group.id for group in wanted if not counts.get(group.id)]
    following = await free_cars.next_free(session, slot, now, taken)
    found = []
    for group in wanted:
        free = counts.get(group.id, 0)
        next_free = slot.start if free else following.get(group.id)
        price = _price(slot, prices.get(group.id), language)
        found.append(GroupAvailability(group, free, group.deposit_cents, next_free, slot.station.zone, *price))
    return Availability(slot.station, slot.start, slot.end, found)


def _price(slot: Slot, tariff: Tariff | None, language: str) -> tuple[PriceBreakdown | None, int]:
    """The price and what of it is due at booking; None where there is no tariff."""
    if tariff is None:
        return None, 0
    facts = Facts(
        ContractKind.RENTAL,
        slot.start,
        slot.end,
        slot.station.zone,
        after_hours=is_after_hours(slot.station, slot.end),
        language=language,
    )
    price = breakdown(tariff.terms, facts)
    return price, advance_cents(tariff.terms, ContractKind.RENTAL, price.total_cents)


async def alternatives(
    session: Session, slot: Slot, group: VehicleGroup, others: Sequence[Station], *, now: datetime
) -> list[Alternative]:
    """What could be booked instead, nearest first: another group here, the same group elsewhere, then later here."""
    station, start, end = slot.station, slot.start, slot.end
    here = await availability(session, slot, now=now)
    found = [
        Alternative(other.group, station, start, end, other.price.total_cents)
        for other in sorted(here.groups, key=lambda g: abs(g.group.deposit_cents - group.deposit_cents))
        if other.group.id != group.id and other.free_count and other.price is not None
    ]
    for other_station in others:
        there = await availability(session, replace(slot, station=other_station), now=now, group_id=group.id)
        open_there = opening_rules(other_station).is_open(start)
        found += [
            Alternative(group, other_station, start, end, item.price.total_cents)
            for item in there.groups
            if open_there and item.free_count and item.price is not None
        ]
    own = next((item for item in here.groups if item.group.id == group.id), None)
    if own is not None and own.next_free is not None and own.next_free > start and own.price is not None:
        found.append(Alternative(group, station, own.next_free, own.next_free + (end - start), own.price.total_cents))
    return found
