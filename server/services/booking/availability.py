"""What is offered: counts and prices for a period, and the next possible time. What is offered can be booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from server.database import Session
from server.errors import DomainError
from server.models import Station, Tariff, VehicleGroup
from server.models.contract import ContractKind
from server.models.price import PriceBreakdown
from server.services.booking import bookable, free_cars, gaps
from server.services.booking.agreed_price import agreed_price
from server.services.booking.slot import Slot
from server.services.fleet import groups, stations
from server.services.pricing import tariffs
from server.services.pricing.price import advance_cents

PERIOD = ("period",)


@dataclass(frozen=True)
class GroupAvailability:
    """What a group offers in a period. `price` is None where the group has no tariff on the day of asking.

    `problem` says why nothing can be booked; `free_count` is zero then.
    """

    group: VehicleGroup
    free_count: int
    deposit_cents: int
    next_free: datetime | None
    zone: ZoneInfo
    price: PriceBreakdown | None
    due_now_cents: int
    problem: DomainError | None


@dataclass(frozen=True)
class Availability:
    """A station's groups in a period."""

    station: Station
    start: datetime
    end: datetime
    groups: list[GroupAvailability]


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
    bookable.check_period(start, end, now, PERIOD)
    if group_id is not None:
        await groups.get(session, group_id, field=["group_id"])
    return await availability(session, Slot(station, start, end), now=now, group_id=group_id, language=language)


async def availability(
    session: Session, slot: Slot, *, now: datetime, group_id: UUID | None = None, language: str = "en"
) -> Availability:
    """Counts and prices of every group, or of one. Groups and tariffs may be remembered; one statement counts, another
    one is needed if a group has nothing free, two more if room could be made there, or if what is free next is not
    among the nearest.
    """
    closed = bookable.closed(slot, PERIOD)
    wanted = [group for group in await groups.by_code(session) if group_id in (None, group.id)]
    prices = await tariffs.applicable_by_group(session, slot.station.day_of(now))
    priced = [group.id for group in wanted if group.id in prices]
    counts, ahead = await free_cars.bookable_counts(session, slot, now, priced, is_open=closed is None)
    taken = {group: outlook for group, outlook in ahead.items() if not counts.get(group)}
    following = await gaps.next_free(session, slot, now, taken)
    found, after_hours = [], bookable.is_after_hours(slot)
    for group in wanted:
        tariff = prices.get(group.id)
        free = counts.get(group.id, 0) if tariff else 0
        problem = (closed or bookable.taken(slot, group, free)) if tariff else tariffs.none_today(())
        next_free = slot.start if free else following.get(group.id)
        price, due_now = price_of(slot, tariff, language, after_hours=after_hours) if tariff else (None, 0)
        offer = GroupAvailability(
            group, free, group.deposit_cents, next_free, slot.station.zone, price, due_now, problem
        )
        found.append(offer)
    return Availability(slot.station, slot.start, slot.end, found)


def price_of(
    slot: Slot, tariff: Tariff, language: str, *, after_hours: bool | None = None
) -> tuple[PriceBreakdown, int]:
    """What a slot costs as a RENTAL without extras, and what of it is due at booking."""
    terms = tariff.terms
    price = agreed_price(terms, slot, ContractKind.RENTAL, language, after_hours=after_hours)
    return price, advance_cents(terms, ContractKind.RENTAL, price.total_cents)
