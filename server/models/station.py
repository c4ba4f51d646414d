"""Stations and the dealer company that they belong to."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from server.models.columns import Json, json_column, new_id


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    """Monday."""
    TUESDAY = "TUESDAY"
    """Tuesday."""
    WEDNESDAY = "WEDNESDAY"
    """Wednesday."""
    THURSDAY = "THURSDAY"
    """Thursday."""
    FRIDAY = "FRIDAY"
    """Friday."""
    SATURDAY = "SATURDAY"
    """Saturday."""
    SUNDAY = "SUNDAY"
    """Sunday."""

    @property
    def number(self) -> int:
        """0 for Monday to 6 for Sunday, as `date.weekday()` counts."""
        return list(Weekday).index(self)

    @classmethod
    def of(cls, day: date) -> "Weekday":
        """The weekday of a calendar date."""
        return list(cls)[day.weekday()]


class Company(SQLModel, table=True):
    """The dealer group: what § 14 UStG wants to see of the supplier on every invoice. One row."""

    __tablename__ = "company"
    id: int = Field(default=1, primary_key=True)
    name: str
    street: str
    postcode: str
    city: str
    country: str = "DE"
    tax_number: str | None = None
    vat_id: str | None = None
    register_entry: str | None = None
    bank: str | None = None
    iban: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    version: int = 1
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)


class Station(SQLModel, table=True):
    """A place that hands out and takes back cars. Opening hours are JSON because they are read with the row, always."""

    __tablename__ = "station"
    id: UUID = new_id()
    code: str = Field(unique=True, max_length=12)
    name: str
    street: str
    postcode: str
    city: str
    country: str = "DE"
    phone: str | None = None
    email: str | None = None
    time_zone: str = "Europe/Berlin"
    turnaround_minutes: int = 60
    after_hours_return: bool = False
    holiday_region: str | None = None
    opening_hours: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'"))
    opening_exceptions: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'"))
    version: int = 1
    created_at: datetime
    __table_args__ = (CheckConstraint("turnaround_minutes between 0 and 1440", name="turnaround"),)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its opening hours, rental days and document dates are counted."""
        return ZoneInfo(self.time_zone)

    @property
    def turnaround(self) -> timedelta:
        """What a car needs between two customers."""
        return timedelta(minutes=self.turnaround_minutes)

    def day_of(self, instant: datetime) -> date:
        """The calendar day there at an instant."""
        return instant.astimezone(self.zone).date()


def local_time(text: str) -> time:
    """A stored wall-clock time (HH:MM)."""
    return time.fromisoformat(text)


class DocumentSeries(SQLModel, table=True):
    """The last number that a station used in a year; locked by the transaction that takes the next one."""

    __tablename__ = "document_series"
    station_id: UUID = Field(foreign_key="station.id", primary_key=True)
    year: int = Field(primary_key=True)
    last_number: int = 0
    last_hash: str | None = None
