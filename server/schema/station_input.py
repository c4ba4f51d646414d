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
    """A postal address, in parts."""

    street: str
    """Street and house number, up to 200 characters."""
    postcode: str
    """Postcode; checked where the country's form is known, empty ("") in countries that have none."""
    city: str
    """Name of the town or city, up to 200 characters."""
    country: str = "DE"
    """Country as its ISO 3166 code of two letters, for example DE."""

    def given(self) -> PostalAddress:
        """As the services take it."""
        return PostalAddress(street=self.street, postcode=self.postcode, city=self.city, country=self.country)


@api_input
class OpeningHoursInput:
    """One opening window of the week; a weekday may have several."""

    weekday: Weekday
    """Day of the week to which the window belongs."""
    opens: LocalTime
    """When the station opens, in its own time zone."""
    closes: LocalTime
    """When it closes; 00:00 means midnight, a time before `opens` the next day, at most twelve hours later."""

    def given(self) -> OpeningWindow:
        """As the services take it."""
        return OpeningWindow(self.weekday, self.opens, self.closes)


@api_input
class LocalWindowInput:
    """From one wall-clock time to another."""

    opens: LocalTime
    """When the station opens, in its own time zone."""
    closes: LocalTime
    """When it closes; 00:00 means midnight, a time before `opens` the next day, at most twelve hours later."""


@api_input
class OpeningExceptionInput:
    """A day that differs from the week's rule. No windows: closed all day."""

    date: date
    """The calendar day that differs; each one once."""
    windows: list[LocalWindowInput] = strawberry.field(default_factory=list)
    """When the station is open on that day, also if it is a public holiday; empty: closed."""
    note: str | None = None
    """Why the day differs, for people; up to 200 characters."""

    def given(self) -> ExceptionalDay:
        """As the services take it."""
        return ExceptionalDay(self.date, tuple((w.opens, w.closes) for w in self.windows), self.note)


@api_input
class CompanyInput:
    """The company's legal data, whole: what is not given is emptied."""

    name: str
    """Name of the company with its legal form, up to 200 characters."""
    address: AddressInput
    """Registered address of the company."""
    tax_number: str | None = None
    """Tax number; this or the VAT id is needed."""
    vat_id: str | None = None
    """VAT id in the form of its country, for example DE136695976; this or the tax number is needed."""
    register_entry: str | None = None
    """Court and number of the commercial register, up to 200 characters; a GmbH must show it (§ 35a GmbHG)."""
    seat: str | None = None
    """Town of the company's seat, as the register has it, up to 200 characters; a GmbH must show it."""
    managing_directors: str | None = None
    """All managing directors with at least one first name each, up to 200 characters: "Petra Sommer, Jens Feldmann". A
    GmbH must show them on its letters.
    """
    bank: str | None = None
    """Name of the bank, up to 200 characters."""
    iban: str | None = None
    """IBAN of the account for transfers, with check digits that fit; blanks are left out, and printed on documents."""
    email: str | None = None
    """Mail address of the company."""
    phone: str | None = None
    """Phone number; without a prefix such as +49 it is read as one of the address's country."""
    website: str | None = None
    """Address of the website, up to 200 characters."""
    terms_url: str | None = None
    """Where customers read the terms of rental, a web address of up to 500 characters: mails link to it."""
    privacy_url: str | None = None
    """Where customers read how their data are used, a web address of up to 500 characters: mails link to it."""
    breakdown_phone: str | None = None
    """Whom customers call when the car does not go on; without a prefix read as one of the address's country."""
    accident_phone: str | None = None
    """Whom customers call after an accident; without a prefix read as one of the address's country."""

    def given(self) -> CompanyData:
        """As the services take it."""
        return CompanyData(
            name=self.name,
            address=self.address.given(),
            tax_number=self.tax_number,
            vat_id=self.vat_id,
            register_entry=self.register_entry,
            seat=self.seat,
            managing_directors=self.managing_directors,
            bank=self.bank,
            iban=self.iban,
            email=self.email,
            phone=self.phone,
            website=self.website,
            terms_url=self.terms_url,
            privacy_url=self.privacy_url,
            breakdown_phone=self.breakdown_phone,
            accident_phone=self.accident_phone,
        )


@api_input
class StationInput:
    """A station as it is created."""

    code: str
    """Short code of 1 to 12 capitals, digits and hyphens; cannot be changed later."""
    name: str
    """What the station is called, up to 200 characters."""
    address: AddressInput
    """Postal address of the station."""
    phone: str | None = None
    """Phone number; without a prefix such as +49 it is read as one of the address's country."""
    email: str | None = None
    """Mail address of the station."""
    time_zone: str = "Europe/Berlin"
    """IANA time zone, for example Europe/Berlin; cannot be changed later."""
    turnaround_minutes: int = 60
    """Minutes that a car needs between two customers, 0 to 1440."""
    after_hours_return: bool = False
    """Whether a key can be dropped there outside opening hours; a rental may end then."""
    holiday_region: str | None = None
    """Whose public holidays count as closed, as ISO 3166-2 (DE-BY), or DE-BY-CATHOLIC, DE-BY-AUGSBURG, DE-SN-CATHOLIC,
    DE-TH-CATHOLIC where a place has days of its own; null: none."""
    opening_hours: list[OpeningHoursInput] = strawberry.field(default_factory=list)
    """The week's rule. Without any entry all days are open, but for exceptions and public holidays."""
    opening_exceptions: list[OpeningExceptionInput] = strawberry.field(default_factory=list)
    """Days that differ from the week's rule."""

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
    """What changes of a station; what is not given stays. Lists replace what was there."""

    name: str | None = strawberry.UNSET
    """What the station is called, up to 200 characters; cannot be emptied."""
    address: AddressInput | None = strawberry.UNSET
    """Postal address of the station, whole; cannot be emptied."""
    phone: str | None = strawberry.UNSET
    """Phone number; without a prefix such as +49 it is read as one of the station's country. Null empties it."""
    email: str | None = strawberry.UNSET
    """Mail address of the station; null empties it."""
    turnaround_minutes: int | None = strawberry.UNSET
    """Minutes that a car needs between two customers, 0 to 1440; counts for new bookings."""
    after_hours_return: bool | None = strawberry.UNSET
    """Whether a key can be dropped there outside opening hours; a rental may end then."""
    holiday_region: str | None = strawberry.UNSET
    """Whose public holidays count as closed, as ISO 3166-2 (DE-BY), or DE-BY-CATHOLIC, DE-BY-AUGSBURG, DE-SN-CATHOLIC,
    DE-TH-CATHOLIC where a place has days of its own; null: none."""
    opening_hours: list[OpeningHoursInput] | None = strawberry.UNSET
    """The week's rule, whole. Empty: all days are open, but for exceptions and public holidays."""
    opening_exceptions: list[OpeningExceptionInput] | None = strawberry.UNSET
    """Days that differ from the week's rule, all of them."""

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
