"""A tariff as it is entered, and what of it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from server.errors import InvalidInput, Path, Sentence
from server.models import Tariff
from server.models.columns import Json
from server.models.money import CURRENCY
from server.models.tariff import (
    FREE_CANCELLATION_HOURS,
    Bundle,
    BundleUnit,
    EarlyReturnPolicy,
    Extra,
    WeekMoment,
    bundle_json,
    extra_json,
)
from server.services import validation

LONGEST_FREE_CANCELLATION = 8760
"""Hours: a booking may start a year ahead."""
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
    free_cancellation_hours: int = FREE_CANCELLATION_HOURS
    cancellation_fee: Decimal | None = None
    no_show_fee: Decimal | None = None


def entered(new: NewTariff, group_id: UUID) -> Tariff:
    """A row that is not stored yet. InvalidInput names the field that is wrong."""
    if new.valid_until is not None and new.valid_until < new.valid_from:
        raise InvalidInput(
            Sentence("The last day must not lie before the first.", "Der letzte Tag darf nicht vor dem ersten liegen."),
            field=[*INPUT, "valid_until"],
        )
    tariff = Tariff(
        code=validation.code(new.code, (*INPUT, "code")),
        name=validation.text(new.name, (*INPUT, "name")),
        group_id=group_id,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        currency=CURRENCY,
        vat_rate_bp=_vat_rate(new.vat_rate),
        bundles_json=_bundles(new.bundles),
        grace_minutes=validation.number(new.grace_minutes, (*INPUT, "grace_minutes"), lowest=0, highest=720),
        extra_km_cents=validation.cents(new.extra_km, (*INPUT, "extra_km")),
        fuel_per_litre_cents=validation.cents(new.fuel_per_litre, (*INPUT, "fuel_per_litre")),
        fuel_service_cents=validation.cents(new.fuel_service, (*INPUT, "fuel_service")),
        energy_per_kwh_cents=validation.cents(new.energy_per_kwh, (*INPUT, "energy_per_kwh")),
        charging_service_cents=validation.cents(new.charging_service, (*INPUT, "charging_service")),
        cleaning_heavy_cents=validation.cents(new.cleaning_heavy, (*INPUT, "cleaning_heavy")),
        cleaning_special_cents=validation.cents(new.cleaning_special, (*INPUT, "cleaning_special")),
        extras_json=_extras(new.extras),
        early_return=new.early_return,
    )
    _add_fees(tariff, new)
    return tariff


def _add_fees(tariff: Tariff, new: NewTariff) -> None:
    hours, field = new.free_cancellation_hours, (*INPUT, "free_cancellation_hours")
    tariff.free_cancellation_hours = validation.number(hours, field, lowest=0, highest=LONGEST_FREE_CANCELLATION)
    tariff.cancellation_fee_cents = validation.optional_cents(new.cancellation_fee, (*INPUT, "cancellation_fee"))
    tariff.no_show_fee_cents = validation.optional_cents(new.no_show_fee, (*INPUT, "no_show_fee"))


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
