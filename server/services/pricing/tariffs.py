"""Tariffs: creating them, finding the one that applies, freezing it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session, violated_constraint
from server.errors import InvalidInput, NotFound, Path, Sentence
from server.models import Tariff, VehicleGroup
from server.models.columns import Json
from server.models.money import CURRENCY
from server.models.tariff import (
    Bundle,
    BundleUnit,
    EarlyReturnPolicy,
    Extra,
    WeekMoment,
    bundle_json,
    extra_json,
    terms_json,
)
from server.services import validation

INPUT = ("input",)


@dataclass(frozen=True, kw_only=True)
class NewBundle:
    """A package of days as it is entered; the price in euros, gross."""

    unit: BundleUnit
    days: int
    price: Decimal
    included_km: int | None = None
    window_start: WeekMoment | None = None
    window_end: WeekMoment | None = None


@dataclass(frozen=True, kw_only=True)
class NewExtra:
    """An extra as it is entered; prices in euros, gross, per day or per rental."""

    code: str
    name: str
    per_day: Decimal | None = None
    maximum: Decimal | None = None
    per_rental: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class NewTariff:
    """A tariff as it is entered; prices in euros, gross; `vat_rate` as a fraction."""

    code: str
    name: str
    valid_from: date
    valid_until: date | None = None
    vat_rate: Decimal = Decimal("0.19")
    bundles: tuple[NewBundle, ...]
    grace_minutes: int = 60
    extra_km: Decimal
    fuel_per_litre: Decimal
    fuel_service: Decimal
    energy_per_kwh: Decimal = Decimal(0)
    charging_service: Decimal = Decimal(0)
    cleaning_heavy: Decimal
    cleaning_special: Decimal
    extras: tuple[NewExtra, ...] = ()
    early_return: EarlyReturnPolicy = EarlyReturnPolicy.RECALCULATE


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
        raise NotFound(
            Sentence(
                "There is no such tariff for this group and day.",
                "Diesen Tarif gibt es für diese Gruppe und diesen Tag nicht.",
            ),
            field=[*field, "tariff_code"],
        )
    if tariff is None:
        raise none_today(field)
    return tariff


def none_today(field: Path) -> InvalidInput:
    """The refusal of a group that has no price on the day of booking. `field` is where `group_id` stands."""
    message = Sentence(
        "There is no tariff for this group on this day.", "Für diese Gruppe gibt es an diesem Tag keinen Tarif."
    )
    return InvalidInput(message, field=[*field, "group_id"])


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


async def create(session: Session, group: VehicleGroup, new: NewTariff) -> Tariff:
    """A new tariff of a group. InvalidInput names the field that is wrong."""
    if new.valid_until is not None and new.valid_until < new.valid_from:
        raise InvalidInput(
            Sentence("The last day must not lie before the first.", "Der letzte Tag darf nicht vor dem ersten liegen."),
            field=[*INPUT, "valid_until"],
        )
    tariff = Tariff(
        code=validation.code(new.code, (*INPUT, "code")),
        name=validation.text(new.name, (*INPUT, "name")),
        group_id=group.id,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        currency=CURRENCY,
        vat_rate_bp=_vat_rate(new.vat_rate),
        bundles_json=_bundles(new.bundles),
        grace_minutes=validation.number(new.grace_minutes, (*INPUT, "grace_minutes"), lowest=0, highest=720),
        extras_json=_extras(new.extras),
        early_return=new.early_return,
        extra_km_cents=validation.cents(new.extra_km, (*INPUT, "extra_km")),
        fuel_per_litre_cents=validation.cents(new.fuel_per_litre, (*INPUT, "fuel_per_litre")),
        fuel_service_cents=validation.cents(new.fuel_service, (*INPUT, "fuel_service")),
        energy_per_kwh_cents=validation.cents(new.energy_per_kwh, (*INPUT, "energy_per_kwh")),
        charging_service_cents=validation.cents(new.charging_service, (*INPUT, "charging_service")),
        cleaning_heavy_cents=validation.cents(new.cleaning_heavy, (*INPUT, "cleaning_heavy")),
        cleaning_special_cents=validation.cents(new.cleaning_special, (*INPUT, "cleaning_special")),
    )
    try:
        await session.store(tariff)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_tariff_code":
            raise InvalidInput(
                Sentence("There is a tariff of that code already.", "Einen Tarif mit diesem Kürzel gibt es schon."),
                field=[*INPUT, "code"],
            ) from error
        raise
    return tariff


def _vat_rate(rate: Decimal) -> int:
    basis_points = rate * 10_000
    if not rate.is_finite() or not 0 <= rate <= Decimal("0.5") or basis_points != int(basis_points):
        message = Sentence(
            "A VAT rate lies between 0 and 0.5 and has at most four decimals.",
            "Ein Umsatzsteuersatz liegt zwischen 0 und 0,5 und hat höchstens vier Nachkommastellen.",
        )
        raise InvalidInput(message, field=[*INPUT, "vat_rate"])
    return int(basis_points)


def _bundles(entries: Sequence[NewBundle]) -> list[Json]:
    bundles = [_bundle(entry, (*INPUT, "bundles", str(index))) for index, entry in enumerate(entries)]
    days = [bundle for bundle in bundles if bundle.unit is BundleUnit.DAY]
    if len(days) != 1 or days[0].days != 1:
        raise InvalidInput(
            Sentence(
                "A tariff needs exactly one DAY bundle, of one day.",
                "Ein Tarif braucht genau ein DAY-Paket über einen Tag.",
            ),
            field=[*INPUT, "bundles"],
        )
    return [bundle_json(bundle) for bundle in bundles]


def _bundle(entry: NewBundle, field: Path) -> Bundle:
    window = [entry.window_start, entry.window_end]
    is_weekend = entry.unit is BundleUnit.WEEKEND
    if is_weekend != (None not in window) or (not is_weekend and window != [None, None]):
        message = Sentence(
            "A WEEKEND bundle needs a window from and to, the others have none.",
            "Ein WEEKEND-Paket braucht ein Zeitfenster mit Anfang und Ende; die anderen haben keines.",
        )
        raise InvalidInput(message, field=[*field, "window_start"])
    km = validation.optional_number(entry.included_km, (*field, "included_km"), lowest=0, highest=1_000_000)
    return Bundle(
        unit=entry.unit,
        days=validation.number(entry.days, (*field, "days"), lowest=1, highest=366),
        price_cents=validation.cents(entry.price, (*field, "price")),
        included_km=km,
        window_start=entry.window_start,
        window_end=entry.window_end,
    )


def _extras(entries: Sequence[NewExtra]) -> list[Json]:
    stored: list[Extra] = []
    for index, entry in enumerate(entries):
        field = (*INPUT, "extras", str(index))
        code = validation.code(entry.code.replace("_", "-"), (*field, "code")).replace("-", "_")
        if any(other.code == code for other in stored):
            raise InvalidInput(
                Sentence("This extra is there twice.", "Diese Zusatzleistung kommt zweimal vor."),
                field=[*field, "code"],
            )
        extra = Extra(
            code,
            validation.text(entry.name, (*field, "name")),
            per_day_cents=validation.optional_cents(entry.per_day, (*field, "per_day")),
            maximum_cents=validation.optional_cents(entry.maximum, (*field, "maximum")),
            per_rental_cents=validation.optional_cents(entry.per_rental, (*field, "per_rental")),
        )
        if extra.per_day_cents is None and extra.per_rental_cents is None:
            raise InvalidInput(
                Sentence(
                    "An extra has a price per day or per rental.",
                    "Eine Zusatzleistung hat einen Preis je Tag oder je Miete.",
                ),
                field=[*field, "per_day"],
            )
        stored.append(extra)
    return [extra_json(extra) for extra in stored]
