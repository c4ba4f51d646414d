"""Tariffs: creating them, finding the one that applies, freezing it."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session, violated_constraint
from server.errors import InvalidInput, NotFound, Path
from server.models import Tariff, VehicleGroup
from server.models.columns import Json
from server.models.money import CURRENCY
from server.models.tariff import Bundle, BundleUnit, Extra, WeekMoment, bundle_json, extra_json, terms_json
from server.services import validation

Values = dict[str, Any]
INPUT = ("input",)
_PRICES = [
    ("extra_km", "extraKm"),
    ("fuel_per_litre", "fuelPerLitre"),
    ("fuel_service", "fuelService"),
    ("energy_per_kwh", "energyPerKwh"),
    ("charging_service", "chargingService"),
    ("cleaning_heavy", "cleaningHeavy"),
    ("cleaning_special", "cleaningSpecial"),
]


async def listed(session: Session, group_id: UUID | None, on: date | None) -> list[Tariff]:
    """The price list, by code; of one group, and as valid on one day, if those are given."""
    statement = select(Tariff).order_by(col(Tariff.code))
    if group_id is not None:
        statement = statement.where(col(Tariff.group_id) == group_id)
    if on is not None:
        statement = statement.where(*_valid(on))
    return await session.all(statement)


async def applicable(session: Session, group_id: UUID, code: str | None, on: date, *, field: Path) -> Tariff:
    """The tariff for a booking made on a day: the one asked for, else the group's newest valid one."""
    statement = select(Tariff).where(col(Tariff.group_id) == group_id, *_valid(on))
    if code is not None:
        statement = statement.where(col(Tariff.code) == code.strip().upper())
    tariff = await session.first(statement.order_by(col(Tariff.valid_from).desc(), col(Tariff.code)))
    if tariff is None and code is not None:
        raise NotFound("tariff for this group and day", field=[*field, "tariffCode"])
    if tariff is None:
        raise InvalidInput("There is no tariff for this group on this day.", field=[*field, "groupId"])
    return tariff


async def applicable_by_group(session: Session, on: date) -> dict[UUID, Tariff]:
    """The tariff of every group for a booking made on a day."""
    statement = select(Tariff).where(*_valid(on)).order_by(col(Tariff.valid_from), col(Tariff.code).desc())
    return {tariff.group_id: tariff for tariff in await session.all(statement)}


def _valid(on: date) -> tuple[Any, ...]:
    return (
        col(Tariff.valid_from) <= on,
        or_(col(Tariff.valid_until).is_(None), col(Tariff.valid_until) >= on),
    )


def freeze(tariff: Tariff) -> tuple[Json, str]:
    """The terms as they are kept on a contract, and their SHA-256."""
    snapshot = terms_json(tariff)
    return snapshot, hashlib.sha256(orjson.dumps(snapshot, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def create(session: Session, group: VehicleGroup, values: Values) -> Tariff:
    """A new tariff of a group. InvalidInput names the field that is wrong."""
    if values.get("valid_until") is not None and values["valid_until"] < values["valid_from"]:
        raise InvalidInput("The last day must not lie before the first.", field=[*INPUT, "validUntil"])
    prices: Values = {f"{name}_cents": validation.cents(values[name], (*INPUT, field)) for name, field in _PRICES}
    tariff = Tariff(
        code=validation.code(values["code"], (*INPUT, "code")),
        name=validation.text(values["name"], (*INPUT, "name")),
        group_id=group.id,
        valid_from=values["valid_from"],
        valid_until=values.get("valid_until"),
        currency=CURRENCY,
        vat_rate_bp=_vat_rate(values["vat_rate"]),
        bundles=_bundles(values["bundles"]),
        grace_minutes=validation.number(values["grace_minutes"], (*INPUT, "graceMinutes"), lowest=0, highest=720),
        extras=_extras(values["extras"]),
        early_return=values["early_return"],
        **prices,
    )
    try:
        await session.store(tariff)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_tariff_code":
            raise InvalidInput("There is a tariff of that code already.", field=[*INPUT, "code"]) from error
        raise
    return tariff


def _vat_rate(rate: Decimal) -> int:
    basis_points = rate * 10_000
    if not rate.is_finite() or not 0 <= rate <= Decimal("0.5") or basis_points != int(basis_points):
        raise InvalidInput(
            "A VAT rate lies between 0 and 0.5 and has at most four decimals.", field=[*INPUT, "vatRate"]
        )
    return int(basis_points)


def _bundles(entries: list[Values]) -> list[Json]:
    bundles = [_bundle(entry, (*INPUT, "bundles", str(index))) for index, entry in enumerate(entries)]
    days = [bundle for bundle in bundles if bundle.unit is BundleUnit.DAY]
    if len(days) != 1 or days[0].days != 1:
        raise InvalidInput("A tariff needs exactly one DAY bundle, of one day.", field=[*INPUT, "bundles"])
    return [bundle_json(bundle) for bundle in bundles]


def _bundle(entry: Values, field: tuple[str, ...]) -> Bundle:
    window = [_moment(entry.get(name)) for name in ("window_start", "window_end")]
    is_weekend = entry["unit"] is BundleUnit.WEEKEND
    if is_weekend != (None not in window) or (not is_weekend and window != [None, None]):
        raise InvalidInput(
            "A WEEKEND bundle needs a window from and to, the others have none.", field=[*field, "windowStart"]
        )
    return Bundle(
        unit=entry["unit"],
        days=validation.number(entry["days"], (*field, "days"), lowest=1, highest=366),
        price_cents=validation.cents(entry["price"], (*field, "price")),
        included_km=validation.optional_number(
            entry.get("included_km"), (*field, "includedKm"), lowest=0, highest=1_000_000
        ),
        window_start=window[0],
        window_end=window[1],
    )


def _moment(entry: Values | None) -> WeekMoment | None:
    return WeekMoment(entry["weekday"], entry["time"]) if entry else None


def _extras(entries: list[Values]) -> list[Json]:
    stored: list[Json] = []
    for index, entry in enumerate(entries):
        field = (*INPUT, "extras", str(index))
        code = validation.code(entry["code"].replace("_", "-"), (*field, "code")).replace("-", "_")
        if any(other["code"] == code for other in stored):
            raise InvalidInput("This extra is there twice.", field=[*field, "code"])
        amounts = {
            f"{name}_cents": None if entry.get(name) is None else validation.cents(entry[name], (*field, wire))
            for name, wire in [("per_day", "perDay"), ("maximum", "maximum"), ("per_rental", "perRental")]
        }
        if amounts["per_day_cents"] is None and amounts["per_rental_cents"] is None:
            raise InvalidInput("An extra has a price per day or per rental.", field=[*field, "perDay"])
        name = validation.text(entry["name"], (*field, "name"))
        stored.append(extra_json(Extra(code, name, **amounts)))
    return stored
