"""Stations: creating and changing them, with their opening hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session
from server.database.errors import violated_constraint
from server.database.reference import Reference
from server.errors import InvalidInput, NotFound, Path, Sentence, VersionConflict
from server.models import Station
from server.models.opening_times import MIDNIGHT, ExceptionalDay, OpeningWindow, Window, ends_after
from server.models.recipient import PostalAddress
from server.models.staff import Role
from server.models.unset import UNSET, Maybe
from server.security import Principal
from server.services import contact_data, validation
from server.services.fleet import holiday_regions

INPUT = ("input",)
KNOWN = Reference(Station)
"""Stations, as those who only read them may have read them before."""
_BY_CODE = KNOWN.query(select(Station).order_by(col(Station.code)))
LONGEST_NIGHT = timedelta(hours=12)
"""How long a window may be that ends on the next day."""


@dataclass(frozen=True, kw_only=True)
class NewStation:
    """A station as it is entered."""

    code: str
    name: str
    address: PostalAddress
    phone: str | None = None
    email: str | None = None
    time_zone: str = "Europe/Berlin"
    turnaround_minutes: int = 60
    after_hours_return: bool = False
    holiday_region: str | None = None
    opening_hours: tuple[OpeningWindow, ...] = ()
    opening_exceptions: tuple[ExceptionalDay, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StationChange:
    """What changes of a station; what is not given stays as it is. Lists replace what was there."""

    name: Maybe[str | None] = UNSET
    address: Maybe[PostalAddress | None] = UNSET
    phone: Maybe[str | None] = UNSET
    email: Maybe[str | None] = UNSET
    turnaround_minutes: Maybe[int | None] = UNSET
    after_hours_return: Maybe[bool | None] = UNSET
    holiday_region: Maybe[str | None] = UNSET
    opening_hours: Maybe[tuple[OpeningWindow, ...] | None] = UNSET
    opening_exceptions: Maybe[tuple[ExceptionalDay, ...] | None] = UNSET


async def visible_stations(session: Session) -> list[Station]:
    """The stations of the caller, by code; to be looked at only."""
    return list(await _BY_CODE.all(session))


async def get(session: Session, station_id: UUID | None, *, field: Path | None = None) -> Station:
    """A station that the caller may see, or NotFound."""
    found = await KNOWN.by_id(session, station_id)
    if found is None:
        raise NotFound(Sentence("There is no such station.", "Diese Station gibt es nicht."), field=field)
    return found


async def find(session: Session, station_id: UUID | None, code: str | None) -> Station | None:
    """A visible station by its code or, without one, by its id."""
    if code is None:
        return await session.by_id(Station, station_id)
    return await session.first(select(Station).where(col(Station.code) == code.strip().upper()))


async def create(session: Session, new: NewStation, *, now: datetime) -> Station:
    """A new station. InvalidInput names the field that is wrong."""
    address = contact_data.address(new.address, (*INPUT, "address"))
    station = Station(
        code=validation.code(new.code, (*INPUT, "code"), longest=12),
        name=validation.text(new.name, (*INPUT, "name")),
        time_zone=validation.time_zone(new.time_zone, (*INPUT, "time_zone")),
        phone=contact_data.phone(new.phone, (*INPUT, "phone"), address.country),
        email=contact_data.email(new.email, (*INPUT, "email")) if new.email else None,
        turnaround_minutes=_turnaround(new.turnaround_minutes),
        after_hours_return=new.after_hours_return,
        holiday_region=holiday_regions.checked(new.holiday_region, address.country, (*INPUT, "holiday_region")),
        created_at=now,
        **asdict(address),
    )
    station.open_during(_opening_hours(new.opening_hours))
    station.except_on(_opening_exceptions(new.opening_exceptions))
    try:
        await session.store(station)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_station_code":
            raise InvalidInput(
                Sentence("There is a station of that code already.", "Eine Station mit diesem Kürzel gibt es schon."),
                field=[*INPUT, "code"],
            ) from error
        raise
    return station


async def update(session: Session, station_id: UUID | None, version: int, change: StationChange) -> Station:
    """Changes what is given. NotFound, VersionConflict, InvalidInput."""
    station = await session.by_id(Station, station_id, lock=True)
    if station is None:
        raise NotFound(Sentence("There is no such station.", "Diese Station gibt es nicht."), field=["id"])
    if station.version != version:
        raise VersionConflict(station.version)
    _apply(change, station)
    station.version += 1
    await session.store(station)
    return station


def _apply(change: StationChange, station: Station) -> None:
    if change.name is not UNSET:
        station.name = validation.text(change.name or "", (*INPUT, "name"))
    _apply_address(change, station)
    if change.phone is not UNSET:
        station.phone = contact_data.phone(change.phone, (*INPUT, "phone"), station.country)
    if change.email is not UNSET:
        station.email = contact_data.email(change.email, (*INPUT, "email")) if change.email else None
    field = (*INPUT, "turnaround_minutes")
    station.turnaround_minutes = _turnaround(
        validation.kept(change.turnaround_minutes, station.turnaround_minutes, field)
    )
    field = (*INPUT, "after_hours_return")
    station.after_hours_return = validation.kept(change.after_hours_return, station.after_hours_return, field)
    if change.holiday_region is not UNSET:
        field = (*INPUT, "holiday_region")
        station.holiday_region = holiday_regions.checked(change.holiday_region, station.country, field)
    if change.opening_hours is not UNSET:
        field = (*INPUT, "opening_hours")
        station.open_during(_opening_hours(validation.kept(change.opening_hours, (), field)))
    if change.opening_exceptions is not UNSET:
        field = (*INPUT, "opening_exceptions")
        station.except_on(_opening_exceptions(validation.kept(change.opening_exceptions, (), field)))


def _apply_address(change: StationChange, station: Station) -> None:
    if change.address is UNSET:
        return
    if change.address is None:
        raise validation.cannot_be_emptied((*INPUT, "address"))
    address = contact_data.address(change.address, (*INPUT, "address"))
    for column, value in asdict(address).items():
        setattr(station, column, value)


def _turnaround(minutes: int) -> int:
    return validation.number(minutes, (*INPUT, "turnaround_minutes"), lowest=0, highest=1440)


def _opening_hours(entries: Sequence[OpeningWindow]) -> list[OpeningWindow]:
    checked: list[OpeningWindow] = []
    for index, entry in enumerate(entries):
        field = (*INPUT, "opening_hours", str(index))
        earlier = [(other.opens, other.closes) for other in checked if other.weekday is entry.weekday]
        _check_window((entry.opens, entry.closes), earlier, field)
        checked.append(entry)
    return checked


def _opening_exceptions(entries: Sequence[ExceptionalDay]) -> list[ExceptionalDay]:
    checked: dict[date, ExceptionalDay] = {}
    for index, entry in enumerate(entries):
        field = (*INPUT, "opening_exceptions", str(index))
        if entry.date in checked:
            raise InvalidInput(
                Sentence("This date is there twice.", "Dieses Datum kommt zweimal vor."), field=[*field, "date"]
            )
        for position, window in enumerate(entry.windows):
            _check_window(window, entry.windows[:position], (*field, "windows", str(position)))
        note = validation.optional_text(entry.note, (*field, "note"))
        checked[entry.date] = ExceptionalDay(entry.date, tuple(sorted(entry.windows)), note)
    return list(checked.values())


def _check_window(window: Window, earlier: Sequence[Window], field: Path) -> None:
    opens, closes = window
    too_long = closes < opens and _length(window) > LONGEST_NIGHT  # opening and closing mixed up, most likely
    if closes != MIDNIGHT and (closes == opens or too_long):
        raise InvalidInput(
            Sentence(
                "Closing must come after opening; 00:00 means midnight. Hours that end on the next day last at most"
                " twelve hours.",
                "Die Schließzeit muss nach der Öffnungszeit liegen; 00:00 heißt Mitternacht. Öffnungszeiten, die erst"
                " am Folgetag enden, dauern höchstens zwölf Stunden.",
            ),
            field=[*field, "closes"],
        )
    for other in earlier:
        if opens < _end(other) and other[0] < _end(window):
            raise InvalidInput(
                Sentence(
                    "This overlaps with another window of the day.",
                    "Das überschneidet sich mit einer anderen Öffnungszeit dieses Tages.",
                ),
                field=[*field, "opens"],
            )


def _length(window: Window) -> timedelta:
    opens, closes = (datetime.combine(date.min, at) for at in window)
    return closes + ends_after(window) - opens


def _end(window: Window) -> time:
    """Its end within its day."""
    return time.max if ends_after(window) else window[1]


async def worked_at(session: Session, principal: Principal) -> list[UUID]:
    """Ids of the stations that a person works at; an administrator works at all of them. They may use what the person
    uploads.
    """
    everywhere = principal.role is Role.ADMIN
    return await session.all(select(Station.id)) if everywhere else list(principal.stations)
