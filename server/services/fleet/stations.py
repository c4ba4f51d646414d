"""Stations: creating and changing them, and the company that they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session, violated_constraint
from server.errors import InvalidInput, NotFound, Path, ProblemCode, Refused, VersionConflict
from server.models import Company, Station
from server.models.station import Weekday
from server.services import validation
from server.services.fleet.opening import MIDNIGHT, is_holiday_region

Values = dict[str, Any]
INPUT = ("input",)


async def visible_stations(session: Session) -> list[Station]:
    """The stations of the caller, by code."""
    return await session.all(select(Station).order_by(col(Station.code)))


async def get(session: Session, station_id: UUID | None, *, field: Path | None = None) -> Station:
    """A station that the caller may see, or NotFound."""
    found = await session.by_id(Station, station_id)
    if found is None:
        raise NotFound("station", field=field)
    return found


async def create(session: Session, values: Values, *, now: datetime) -> Station:
    """A new station. InvalidInput names the field that is wrong."""
    station = Station(
        code=validation.code(values.pop("code"), (*INPUT, "code"), longest=12),
        time_zone=validation.time_zone(values.pop("time_zone"), (*INPUT, "timeZone")),
        created_at=now,
        **_checked(values),
    )
    try:
        await session.store(station)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_station_code":
            raise InvalidInput("There is a station of that code already.", field=[*INPUT, "code"]) from error
        raise
    return station


async def update(session: Session, station_id: UUID | None, version: int, values: Values) -> Station:
    """Changes what is given. NotFound, VersionConflict, InvalidInput."""
    station = await session.by_id(Station, station_id, lock=True)
    if station is None:
        raise NotFound("station", field=["id"])
    if station.version != version:
        raise VersionConflict(station.version)
    for name, value in _checked(values).items():
        setattr(station, name, value)
    station.version += 1
    await session.store(station)
    return station


def _checked(values: Values) -> Values:
    """The given fields in their stored form."""
    validation.no_nulls(
        values,
        INPUT,
        address="address",
        turnaround_minutes="turnaroundMinutes",
        after_hours_return="afterHoursReturn",
        opening_hours="openingHours",
        opening_exceptions="openingExceptions",
    )
    checked: Values = {}
    if "name" in values:
        checked["name"] = validation.text(values["name"], (*INPUT, "name"))
    if "address" in values:
        checked |= validation.address(values["address"], (*INPUT, "address"))
    country = checked.get("country", "DE")
    if "phone" in values:
        checked["phone"] = validation.phone(values["phone"], (*INPUT, "phone"), country)
    if "email" in values:
        checked["email"] = values["email"] and validation.email(values["email"], (*INPUT, "email"))
    if "turnaround_minutes" in values:
        field = (*INPUT, "turnaroundMinutes")
        checked["turnaround_minutes"] = validation.number(values["turnaround_minutes"], field, lowest=0, highest=1440)
    if "after_hours_return" in values:
        checked["after_hours_return"] = values["after_hours_return"]
    if "holiday_region" in values:
        checked["holiday_region"] = _holiday_region(values["holiday_region"])
    if "opening_hours" in values:
        checked["opening_hours"] = _opening_hours(values["opening_hours"])
    if "opening_exceptions" in values:
        checked["opening_exceptions"] = _opening_exceptions(values["opening_exceptions"])
    return checked


def _holiday_region(value: str | None) -> str | None:
    if value and not is_holiday_region(value):
        message = "No public holidays are known for this region; give an ISO 3166-2 code such as DE-BY."
        raise InvalidInput(message, field=[*INPUT, "holidayRegion"])
    return value or None


def _opening_hours(entries: list[Values]) -> list[Values]:
    stored: list[Values] = []
    for index, entry in enumerate(entries):
        field = (*INPUT, "openingHours", str(index))
        window = _window(entry, field)
        earlier = [other for other in stored if other["weekday"] == entry["weekday"].value]
        _refuse_overlap(window, earlier, field)
        stored.append({"weekday": entry["weekday"].value, **window})
    order = [weekday.value for weekday in Weekday]
    return sorted(stored, key=lambda entry: (order.index(entry["weekday"]), entry["opens"]))


def _opening_exceptions(entries: list[Values]) -> list[Values]:
    stored: list[Values] = []
    for index, entry in enumerate(entries):
        field = (*INPUT, "openingExceptions", str(index))
        day = entry["date"].isoformat()
        if any(other["date"] == day for other in stored):
            raise InvalidInput("This date is there twice.", field=[*field, "date"])
        windows: list[Values] = []
        for position, given in enumerate(entry["windows"]):
            window = _window(given, (*field, "windows", str(position)))
            _refuse_overlap(window, windows, (*field, "windows", str(position)))
            windows.append(window)
        note = validation.optional_text(entry.get("note"), (*field, "note"))
        stored.append({"date": day, "windows": sorted(windows, key=lambda w: w["opens"]), "note": note})
    return sorted(stored, key=lambda entry: entry["date"])


def _window(entry: Values, field: Path) -> Values:
    opens, closes = entry["opens"], entry["closes"]
    if closes != MIDNIGHT and closes <= opens:
        raise InvalidInput("Closing must come after opening; 00:00 means midnight.", field=[*field, "closes"])
    return {"opens": opens.isoformat("minutes"), "closes": closes.isoformat("minutes")}


def _refuse_overlap(window: Values, others: list[Values], field: Path) -> None:
    end_of_day = "24:00"
    closes = window["closes"] if window["closes"] != "00:00" else end_of_day
    for other in others:
        other_closes = other["closes"] if other["closes"] != "00:00" else end_of_day
        if window["opens"] < other_closes and other["opens"] < closes:
            raise InvalidInput("This overlaps with another window of the day.", field=[*field, "opens"])


async def company(session: Session) -> Company | None:
    """The company's legal data, if they have been entered."""
    return await session.first(select(Company))


async def require_company(session: Session) -> Company:
    """The company's legal data. BILLING_BLOCKED if they are missing: no invoice is possible without (§ 14 UStG)."""
    found = await company(session)
    if found is None:
        message = "The company's legal data are missing; an administrator enters them with updateCompany."
        raise Refused(ProblemCode.BILLING_BLOCKED, message)
    return found


async def update_company(session: Session, values: Values) -> Company:
    """Enters or changes the company's legal data; documents that are issued keep the old ones."""
    checked = validation.address(values["address"], (*INPUT, "address"))
    for name in ["tax_number", "vat_id", "register_entry", "bank", "iban", "website"]:
        checked[name] = validation.optional_text(values.get(name), (*INPUT, name))  # type: ignore[assignment]
    if not checked["tax_number"] and not checked["vat_id"]:
        raise InvalidInput("An invoice needs the tax number or the VAT id (§ 14 Abs. 4 UStG).", field=[*INPUT, "vatId"])
    email = values.get("email") and validation.email(values["email"], (*INPUT, "email"))
    phone = validation.phone(values.get("phone"), (*INPUT, "phone"), checked["country"])
    name = validation.text(values["name"], (*INPUT, "name"))
    row = await company(session) or Company(name=name, street="", postcode="", city="")
    for attribute, value in {**checked, "name": name, "email": email, "phone": phone}.items():
        setattr(row, attribute, value)
    row.version += 1
    await session.store(row)
    return row
