"""In which time zone an instant is shown: that of the station that its row belongs to; UTC if it belongs to none.

The zones of the caller's own stations come with the caller, others through a batch function. Where a zone is known
already, the field is a plain value that nobody waits for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry
from sqlmodel import SQLModel

from server import batches
from server.batches import Batch
from server.context import Context
from server.models import Vehicle

Place = tuple[Batch[UUID, ZoneInfo | None], UUID]
"""How the zone of a place is found, and by which id."""


@lru_cache(maxsize=1000)
def _lacks(kind: Any, name: str) -> bool:
    """Whether no row of this model has an attribute: pydantic takes long to say so for each."""
    return issubclass(kind, SQLModel) and not hasattr(kind, name)


def _place(row: object) -> Place | None:
    """Where a row belongs: the station where it was written, else its station, else that of its vehicle."""
    kind: Any = type(row)
    for name in ("at_station_id", "station_id"):
        if not _lacks(kind, name) and (station_id := getattr(row, name, None)) is not None:
            return batches.zone, station_id
    vehicle_id = None if _lacks(kind, "vehicle_id") else getattr(row, "vehicle_id", None)
    return None if vehicle_id is None else (batches.zone_of_vehicle, vehicle_id)


def know_cars(context: Context, cars: Iterable[Vehicle | None]) -> None:
    """What is told of these cars, such as their damages, is told in the zones of their stations, as far as those are
    known: nobody has to look for them.
    """
    zones = context.zones
    zones.update({car.id: zones[car.station_id] for car in cars if car is not None and car.station_id in zones})


async def zone_of(row: object, context: Context) -> ZoneInfo | None:
    """The zone of the row's station; None if it belongs to none."""
    place = _place(row)
    if place is None:
        return None
    known = context.zones.get(place[1])
    if known is None and (known := await context.load(*place)) is not None:
        context.zones[place[1]] = known
    return known


def known_zone(row: object, context: Context) -> tzinfo | None:
    """The zone of the row's station, UTC if it belongs to none; None if it has to be found first."""
    place = _place(row)
    return UTC if place is None else context.zones.get(place[1])


def shown(row: object, instant: datetime, context: Context) -> datetime | Awaitable[datetime]:
    """An instant of a row, in its zone."""
    place = _place(row)
    if place is None:
        return instant  # in UTC as it is stored, or in the zone in which a service has made it
    known = context.zones.get(place[1])
    return local(row, instant, context) if known is None else instant.astimezone(known)


async def local(row: object, instant: datetime, context: Context) -> datetime:
    """An instant of a row, in its zone, for a resolver that can wait."""
    return instant.astimezone(await zone_of(row, context) or UTC)


def instant_of(attribute: str) -> Callable[..., Any]:
    """The resolver of a field that shows an instant of its row."""

    def resolve(root: Any, info: strawberry.Info[Context, None]) -> Any:
        instant = getattr(root, attribute)
        return None if instant is None else shown(root, instant, info.context)

    return resolve
