"""Stations and the company as they are entered."""

from __future__ import annotations

from datetime import date

import strawberry

from server.models.opening_times import ExceptionalDay, OpeningWindow, Weekday
from server.models.recipient import PostalAddress
from server.schema.building import api_input
from server.schema.scalars import LocalTime
from server.schema.shared import maybe, maybe_all, maybe_given
from server.services.fleet.company_data import CompanyData
from server.services.fleet.stations import NewStation, StationChange


@api_input
class AddressInput:
    """A postal address."""

    street: str
    """Street and number."""
    postcode: str
    """Postcode; checked where the country's form is known."""
    city: str
    """City."""
    country: str = "DE"
    """ISO 3166 code of two letters."""

    def given(self) -> PostalAddress:
        """As the services take it."""
        return PostalAddress(street=self.street, postcode=self.postcode, city=self.city, country=self.country)


@api_input
class OpeningHoursInput:
    """One opening window of the week; a weekday may have several."""

    weekday: Weekday
    """The day."""
    opens: LocalTime
    """When the station opens, in its own time zone."""
    closes: LocalTime
    """When it closes; 00:00 means midnight."""

    def given(self) -> OpeningWindow:
        """As the services take it."""
        return OpeningWindow(self.weekday, self.opens, self.closes)


@api_input
class LocalWindowInput:
    """From one wall-clock time to another."""

    opens: LocalTime
    """When the station opens."""
    closes: LocalTime
    """When it closes; 00:00 means midnight."""


@api_input
class OpeningExceptionInput:
    """A day that differs from the week's rule. No windows: closed all day."""

    date: date
    """The day."""
    windows: list[LocalWindowInput] = strawberry.field(default_factory=list)
    """When the station is open on that day; also on a public holiday."""
    note: str | None = None
    """Why, for people."""

    def given(self) -> ExceptionalDay:
        """As the services take it."""
        return ExceptionalDay(self.date, tuple((w.opens, w.closes) for w in self.windows), self.note)


@api_input
class CompanyInput:
    """The company's legal data, whole."""

    name: str
    """Name with legal form."""
    address: AddressInput
    """Registered address."""
    tax_number: str | None = None
    """Tax number; this or the VAT id is needed."""
    vat_id: str | None = None
    """VAT id; this or the tax number is needed."""
    register_entry: str | None = None
    """Court and number of the commercial register."""
    bank: str | None = None
    """Name of the bank."""
    iban: str | None = None
    """Account for transfers."""
    email: str | None = None
    """Mail address."""
    phone: str | None = None
    """Phone number."""
    website: str | None = None
    """Website."""

    def given(self) -> CompanyData:
        """As the services take it."""
        return CompanyData(
            name=self.name,
            address=self.address.given(),
            tax_number=self.tax_number,
            vat_id=self.vat_id,
            register_entry=self.register_entry,
            bank=self.bank,
            iban=self.iban,
            email=self.email,
            phone=self.phone,
            website=self.website,
        )


@api_input
class StationInput:
    """A new station."""

    code: str
    """Short code in capitals, digits and hyphens; cannot be changed later."""
    name: str
    """What it is called."""
    address: AddressInput
    """Where it is."""
    phone: str | None = None
    """Phone number."""
    email: str | None = None
    """Mail address."""
    time_zone: str = "Europe/Berlin"
    """IANA time zone; cannot be changed later."""
    turnaround_minutes: int = 60
    """Minutes that a car needs between two customers."""
    after_hours_return: bool = False
    """Whether a key can be dropped outside opening hours."""
    holiday_region: str | None = None
    """Whose public holidays count as closed, as ISO 3166-2 (DE-BY); null: none."""
    opening_hours: list[OpeningHoursInput] = strawberry.field(default_factory=list)
    """The week's rule. Without any entry, opening hours are not checked."""
    opening_exceptions: list[OpeningExceptionInput] = strawberry.field(default_factory=list)
    """Days that differ from it."""

    def given(self) -> NewStation:
        """As the services take it."""
        return NewStation(
            code=self.code,
            name=self.name,
            address=self.address.given(),
            phone=self.phone,
            email=self.email,
            time_zone=self.time_zone,
            turnaround_minutes=self.turnaround_minutes,
            after_hours_return=self.after_hours_return,
            holiday_region=self.holiday_region,
            opening_hours=tuple(entry.given() for entry in self.opening_hours),
            opening_exceptions=tuple(entry.given() for entry in self.opening_exceptions),
        )


@api_input
class StationUpdate:
    """Give what changes. Lists replace what was there."""

    name: str | None = strawberry.UNSET
    """What it is called."""
    address: AddressInput | None = strawberry.UNSET
    """Where it is."""
    phone: str | None = strawberry.UNSET
    """Phone number."""
    email: str | None = strawberry.UNSET
    """Mail address."""
    turnaround_minutes: int | None = strawberry.UNSET
    """Minutes that a car needs between two customers; counts for new bookings."""
    after_hours_return: bool | None = strawberry.UNSET
    """Whether a key can be dropped outside opening hours."""
    holiday_region: str | None = strawberry.UNSET
    """Whose public holidays count as closed, as ISO 3166-2 (DE-BY); null: none."""
    opening_hours: list[OpeningHoursInput] | None = strawberry.UNSET
    """The week's rule."""
    opening_exceptions: list[OpeningExceptionInput] | None = strawberry.UNSET
    """Days that differ from it."""

    def given(self) -> StationChange:
        """As the services take it."""
        return StationChange(
            name=maybe(self.name),
            address=maybe_given(self.address),
            phone=maybe(self.phone),
            email=maybe(self.email),
            turnaround_minutes=maybe(self.turnaround_minutes),
            after_hours_return=maybe(self.after_hours_return),
            holiday_region=maybe(self.holiday_region),
            opening_hours=maybe_all(self.opening_hours),
            opening_exceptions=maybe_all(self.opening_exceptions),
        )
