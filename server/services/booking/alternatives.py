"""What could be booked instead: each offer by the rule by which a booking is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from server.database import Session
from server.models import Station, Tariff, VehicleGroup
from server.services.booking.availability import availability, price_of
from server.services.booking.slot import Slot
from server.services.pricing import tariffs

Fits = Callable[[VehicleGroup, Slot], bool]
"""Whether the drivers that are named may drive a vehicle of the group in a slot."""


@dataclass(frozen=True)
class Alternative:
    """Something that could be booked instead."""

    group: VehicleGroup
    station: Station
    start: datetime
    end: datetime
    total_cents: int


async def alternatives(
    session: Session, slot: Slot, group: VehicleGroup, others: Sequence[Station], *, now: datetime, fits: Fits
) -> list[Alternative]:
    """What could be booked instead, nearest first: another group here, the same group elsewhere, then later here.

    Of the request only group, station or period changes: a one-way rental still ends where it was to end, any other
    comes back to the station where it begins.
    """
    here = await availability(session, slot, now=now)
    found = [
        Alternative(other.group, slot.station, slot.start, slot.end, other.price.total_cents)
        for other in sorted(here.groups, key=lambda g: abs(g.group.deposit_cents - group.deposit_cents))
        if other.group.id != group.id and other.problem is None and other.price is not None and fits(other.group, slot)
    ]
    for station in others:
        there = replace(slot, station=station)
        offer = await availability(session, there, now=now, group_id=group.id)
        found += [
            Alternative(group, station, slot.start, slot.end, item.price.total_cents)
            for item in offer.groups
            if item.problem is None and item.price is not None and fits(group, there)
        ]
    own = next((item for item in here.groups if item.group.id == group.id), None)
    if own is not None and own.next_free is not None and own.next_free > slot.start:
        later, tariff = slot.beginning(own.next_free), await _tariff(session, slot, group, now)
        if tariff is not None and fits(group, later):
            price, _due_now = price_of(later, tariff, "en")
            found.append(Alternative(group, slot.station, later.start, later.end, price.total_cents))
    return found


async def _tariff(session: Session, slot: Slot, group: VehicleGroup, now: datetime) -> Tariff | None:
    return (await tariffs.applicable_by_group(session, slot.station.day_of(now))).get(group.id)
