"""Stations, their opening hours, and the company."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import strawberry

from server.errors import CallerError, CallerErrorCode, Sentence
from server.models import Company as CompanyRow
from server.models import Station as StationRow
from server.models.opening_times import Weekday, Window
from server.schema.building import api_enum, api_type, row_type
from server.schema.scalars import LocalTime
from server.schema.shared import Period
from server.services.fleet.opening import opening_rules

api_enum(Weekday)


class StationLabel:
    """A foreign station where a contract of one's own is to be returned: only its id, code and name are shown."""

    def __init__(self, station_id: object, code: str, name: str) -> None:
        self.id, self.code, self.name = str(station_id), code, name

    def __getattr__(self, name: str) -> Any:
        raise self.refusal()

    @staticmethod
    def refusal() -> CallerError:
        """What else is asked for is not shown."""
        return CallerError(
            CallerErrorCode.FORBIDDEN,
            Sentence(
                "Of this station you may see only id, code and name.",
                "Von dieser Station sehen Sie nur id, code und name.",
            ),
        )


@api_type
class Address:
    """A postal address, in parts."""

    street: str
    """Street and number of the house."""
    postcode: str
    """Postcode, without the country; empty where the country has none."""
    city: str
    """Name of the town or city."""
    country: str
    """Country as its ISO 3166 code of two letters, for example DE."""


@api_type
class OpeningHours:
    """One opening window of the week; a weekday may have several."""

    weekday: Weekday
    """Day of the week to which the window belongs."""
    opens: LocalTime
    """When the station opens, in its own time zone."""
    closes: LocalTime
    """When it closes; 00:00 means midnight, a time before `opens` the next day."""


@api_type
class LocalWindow:
    """From one wall-clock time to another."""

    opens: LocalTime
    """When the station opens, in its own time zone."""
    closes: LocalTime
    """When it closes; 00:00 means midnight, a time before `opens` the next day."""


@api_type
class OpeningException:
    """A day that differs from the week's rule. No windows: closed all day."""

    date: date
    """The calendar day that differs."""
    windows: list[LocalWindow]
    """When the station is open on that day; empty if it is closed."""
    note: str | None
    """Why the day differs, for people; null if nothing was said."""


def _local(window: Window) -> LocalWindow:
    opens, closes = window
    return LocalWindow(opens=LocalTime(opens), closes=LocalTime(closes))


@row_type(StationRow, StationLabel)
class Station:
    """A place that hands out and takes back cars."""

    id: strawberry.ID
    """The station's id, which other operations take."""
    code: str
    """Short code; document and contract numbers begin with it."""
    name: str
    """What the station is called."""
    phone: str | None
    """Phone number in international form; null if not given."""
    email: str | None
    """Mail address of the station; null if not given."""
    time_zone: str
    """IANA time zone; opening hours, rental days and document dates are counted in it."""
    turnaround_minutes: int
    """Minutes that a car needs between two customers."""
    after_hours_return: bool
    """Whether a key can be dropped there outside opening hours; a rental may end then."""
    version: int
    """Send it with a change as `version`: it grows with each change, and an old one is refused."""
    holiday_region: str | None
    """Whose public holidays count as closed, as ISO 3166-2 (DE-BY), or DE-BY-CATHOLIC, DE-BY-AUGSBURG, DE-SN-CATHOLIC,
    DE-TH-CATHOLIC where a place has days of its own; null: none."""

    @strawberry.field
    def address(self) -> Address:
        """Postal address of the station."""
        row: Any = self
        return Address(street=row.street, postcode=row.postcode, city=row.city, country=row.country)

    @strawberry.field
    def opening_hours(self) -> list[OpeningHours]:
        """The week's rule. Without any entry all days are open, but for exceptions and public holidays."""
        return [
            OpeningHours(weekday=entry.weekday, opens=LocalTime(entry.opens), closes=LocalTime(entry.closes))
            for entry in _row(self).opening_hours
        ]

    @strawberry.field
    def opening_exceptions(
        self,
        from_: Annotated[
            date | None,
            strawberry.argument(name="from", description="The first day to list; earlier ones are left out."),
        ] = None,
        to: Annotated[
            date | None, strawberry.argument(description="The last day to list; later ones are left out.")
        ] = None,
    ) -> list[OpeningException]:
        """Days that differ from the week's rule."""
        return [
            OpeningException(date=day.date, windows=[_local(window) for window in day.windows], note=day.note)
            for day in _row(self).opening_exceptions
            if (from_ is None or day.date >= from_) and (to is None or day.date <= to)
        ]

    @strawberry.field
    def open_on(
        self, date: Annotated[date, strawberry.argument(description="The day, in the station's time zone.")]
    ) -> list[Period]:
        """The opening windows of one calendar day, exceptions and public holidays applied. One that ends past midnight
        is listed on the day on which it begins.
        """
        rules = opening_rules(_row(self))
        return [
            Period(start=opens.astimezone(rules.zone), end=closes.astimezone(rules.zone))
            for opens, closes in rules.windows_on(date)
        ]


def _row(source: Any) -> StationRow:
    if isinstance(source, StationLabel):
        raise source.refusal()
    row: StationRow = source
    return row


@row_type(CompanyRow)
class Company:
    """The dealer group: what the law wants to see of the supplier on every invoice (§ 14 Abs. 4 UStG, § 35a GmbHG)."""

    name: str
    """Name of the company with its legal form."""
    tax_number: str | None
    """Tax number; null if not given: then there is a VAT id."""
    vat_id: str | None
    """VAT id, for example DE136695976; null if not given: then there is a tax number."""
    register_entry: str | None
    """Court and number of the commercial register; null if not given."""
    seat: str | None
    """Town of the company's seat, as the register has it; null if not given."""
    managing_directors: str | None
    """Names of all managing directors, as the letterhead shows them; null if not given."""
    bank: str | None
    """Name of the bank; null if not given."""
    iban: str | None
    """IBAN of the account for transfers; null if not given."""
    email: str | None
    """Mail address of the company; null if not given."""
    phone: str | None
    """Phone number in international form; null if not given."""
    website: str | None
    """Address of the website; null if not given."""
    terms_url: str | None
    """Where customers read the terms of rental: mails link to it; null if not given."""
    privacy_url: str | None
    """Where customers read how their data are used: mails link to it; null if not given."""
    breakdown_phone: str | None
    """Whom customers call when the car does not go on, in international form; null if not given."""
    accident_phone: str | None
    """Whom customers call after an accident, in international form; null if not given."""

    @strawberry.field
    def address(self) -> Address:
        """Registered address of the company."""
        row: Any = self
        return Address(street=row.street, postcode=row.postcode, city=row.city, country=row.country)
