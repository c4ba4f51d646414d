"""A period at a place: what is asked for, offered and booked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from server.models import Station


@dataclass(frozen=True)
class Slot:
    """From a check-out at a station to a check-in there, or at another one (one-way). Instants are UTC."""

    station: Station
    start: datetime
    end: datetime
    return_station: Station | None = None

    @property
    def back_at(self) -> Station:
        """Where the car comes back."""
        return self.return_station or self.station

    @property
    def one_way(self) -> bool:
        """Whether the car comes back elsewhere."""
        return self.back_at.id != self.station.id

    @property
    def length(self) -> timedelta:
        """How long the rental lasts."""
        return self.end - self.start

    @property
    def until(self) -> datetime:
        """When the car could go out again: the turnaround belongs to it."""
        return self.end + self.station.turnaround

    @property
    def last_day(self) -> date:
        """The last day in the station's time zone, which the inspection must cover."""
        return self.station.day_of(self.end)

    def beginning(self, start: datetime) -> Slot:
        """The same length at the same place from another instant on."""
        return replace(self, start=start, end=start + self.length)
