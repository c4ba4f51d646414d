"""Stations and the dealer company that they belong to."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from server.models.columns import Json, json_column, new_id
from server.models.local_time import day_of
from server.models.opening_times import ExceptionalDay, OpeningWindow


class Company(SQLModel, table=True):
    """The dealer group: what § 14 UStG and § 35a GmbHG want to see of the supplier on every invoice. One row."""

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
    seat: str | None = None
    managing_directors: str | None = None
    bank: str | None = None
    iban: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    terms_url: str | None = None
    privacy_url: str | None = None
    breakdown_phone: str | None = None
    accident_phone: str | None = None
    version: int = 1
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)


class Station(SQLModel, table=True):
    """A place where cars go out and come back. Opening hours are JSON because they are read with the row, always."""

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
    opening_hours_json: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'", name="opening_hours"))
    opening_exceptions_json: list[Json] = Field(
        default_factory=list, sa_column=json_column("'[]'", name="opening_exceptions")
    )
    version: int = 1
    created_at: datetime
    __table_args__ = (CheckConstraint("turnaround_minutes between 0 and 1440", name="turnaround"),)

    @property
    def opening_hours(self) -> tuple[OpeningWindow, ...]:
        """The week's rule, in order; without any window every day is open, but for exceptions and public holidays."""
        return tuple(OpeningWindow.of_json(stored) for stored in self.opening_hours_json)

    @property
    def opening_exceptions(self) -> tuple[ExceptionalDay, ...]:
        """Days that differ from the week's rule, in order."""
        return tuple(ExceptionalDay.of_json(stored) for stored in self.opening_exceptions_json)

    def open_during(self, windows: Iterable[OpeningWindow]) -> None:
        """Sets the week's rule."""
        order = sorted(windows, key=lambda window: (window.weekday.number, window.opens))
        self.opening_hours_json = [window.as_json() for window in order]

    def except_on(self, days: Iterable[ExceptionalDay]) -> None:
        """Sets the days that differ from the week's rule."""
        self.opening_exceptions_json = [day.as_json() for day in sorted(days, key=lambda day: day.date)]

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
        return day_of(instant, self.zone)


class DocumentSeries(SQLModel, table=True):
    """The last number that a station used in a year; locked by the transaction that takes the next one."""

    __tablename__ = "document_series"
    station_id: UUID = Field(foreign_key="station.id", primary_key=True)
    year: int = Field(primary_key=True)
    last_number: int = 0
    last_hash: str | None = None
