"""Tariffs: the price list, and the terms that a contract freezes."""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import Field, SQLModel

from server.models.columns import Json, cents_column, enum_column, json_column, new_id
from server.models.opening_times import Weekday

FREE_CANCELLATION_HOURS = 24
"""Until how long before the start cancelling is free, where a tariff says nothing else."""


class BundleUnit(StrEnum):
    """What kind of package of days a bundle is."""

    DAY = "DAY"
    """One day; every tariff has exactly one such bundle, and its price is the advance."""
    WEEK = "WEEK"
    """A week of days, usually seven."""
    MONTH = "MONTH"
    """A month of days, usually thirty."""
    WEEKEND = "WEEKEND"
    """A closed window in station time: the whole rental must lie inside it."""


class EarlyReturnPolicy(StrEnum):
    """What a customer pays who brings the car back early."""

    RECALCULATE = "RECALCULATE"
    """The days used are paid, as if no more had been booked."""
    CHARGE_PLANNED = "CHARGE_PLANNED"
    """The days booked are paid, also those that were not used."""


class PriceLineKind(StrEnum):
    """What a line of a price or a document is for."""

    RENTAL = "RENTAL"
    """The time price: days and packages."""
    EXTRA = "EXTRA"
    """An extra such as an additional driver or a child seat."""
    EXTRA_KM = "EXTRA_KM"
    """Kilometres driven beyond those included."""
    FUEL = "FUEL"
    """Missing fuel: a line of the litres, and one of the service fee."""
    ENERGY = "ENERGY"
    """Missing charge: a line of the kilowatt-hours, and one of the service fee."""
    CLEANING = "CLEANING"
    """Cleaning of a car that came back heavily soiled."""
    AFTER_HOURS = "AFTER_HOURS"
    """Check-out, return or key drop outside opening hours."""
    ONE_WAY = "ONE_WAY"
    """Return to another station than that of the pick-up."""
    DISCOUNT = "DISCOUNT"
    """A reduction, with its reason; negative."""
    WAIVER = "WAIVER"
    """A charge that was waived, with its reason; negative."""
    CANCELLATION_FEE = "CANCELLATION_FEE"
    """Fee for a cancellation that came too late to be free."""
    NO_SHOW_FEE = "NO_SHOW_FEE"
    """Fee for a booking that was never picked up."""
    DAMAGE = "DAMAGE"
    """Compensation for a damage; outside VAT."""


@dataclass(frozen=True, slots=True)
class WeekMoment:
    """A moment of every week, in station time."""

    weekday: Weekday
    time: time


@dataclass(frozen=True, slots=True)
class Bundle:
    """A package of days. `included_km` None: unlimited. A WEEKEND bundle has a window."""

    unit: BundleUnit
    days: int
    price_cents: int
    included_km: int | None = None
    window_start: WeekMoment | None = None
    window_end: WeekMoment | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Something that can be added: a price per day (with an optional maximum per piece) or per rental, in cents."""

    code: str
    name: str
    per_day_cents: int | None = None
    maximum_cents: int | None = None
    per_rental_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A reduction of the rental line of one contract: a share of it in basis points, or an amount in cents; and why."""

    reason: str
    basis_points: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class Waiver:
    """A kind of line that one contract's customer does not pay whenever it arises, and why."""

    kind: PriceLineKind
    reason: str


@dataclass(frozen=True, slots=True)
class TariffTerms:
    """Everything that pricing needs of a tariff. Frozen on the contract at booking; prices are gross cents.

    A fee of None is the smaller of total and one day's price (`pricing/fees.py`). Discounts and waivers are one
    contract's (`pricing/edits.py`).
    """

    code: str
    vat_rate_bp: int
    grace_minutes: int
    extra_km_cents: int
    fuel_per_litre_cents: int
    fuel_service_cents: int
    energy_per_kwh_cents: int
    charging_service_cents: int
    cleaning_heavy_cents: int
    cleaning_special_cents: int
    early_return: EarlyReturnPolicy
    bundles: tuple[Bundle, ...]
    extras: tuple[Extra, ...] = field(default=())
    free_cancellation_hours: int = FREE_CANCELLATION_HOURS
    cancellation_fee_cents: int | None = None
    no_show_fee_cents: int | None = None
    discounts: tuple[Discount, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def day(self) -> Bundle:
        """The DAY bundle, which every tariff has: the advance and the free km of a courtesy car come from it."""
        return next(bundle for bundle in self.bundles if bundle.unit is BundleUnit.DAY)

    def waives(self, kind: PriceLineKind) -> bool:
        """Whether the customer does not pay that kind of line."""
        return any(waiver.kind is kind for waiver in self.waivers)

    def extra(self, code: str) -> Extra | None:
        """The extra of that code, if the tariff has it."""
        return next((extra for extra in self.extras if extra.code == code), None)


class Tariff(SQLModel, table=True):
    """One tariff of the price list. Bundles and extras are read through `terms`. With `ended_at` it is booked no more,
    though its last day may not be over.
    """

    __tablename__ = "tariff"
    id: UUID = new_id()
    code: str = Field(unique=True)
    name: str
    group_id: UUID = Field(foreign_key="vehicle_group.id", index=True)
    valid_from: date
    valid_until: date | None = None
    currency: str = "EUR"
    vat_rate_bp: int
    bundles_json: list[Json] = Field(sa_column=json_column(name="bundles"))
    grace_minutes: int
    extra_km_cents: int = Field(sa_column=cents_column())
    fuel_per_litre_cents: int = Field(sa_column=cents_column())
    fuel_service_cents: int = Field(sa_column=cents_column())
    energy_per_kwh_cents: int = Field(sa_column=cents_column())
    charging_service_cents: int = Field(sa_column=cents_column())
    cleaning_heavy_cents: int = Field(sa_column=cents_column())
    cleaning_special_cents: int = Field(sa_column=cents_column())
    extras_json: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'", name="extras"))
    early_return: EarlyReturnPolicy = Field(sa_column=enum_column(EarlyReturnPolicy))
    free_cancellation_hours: int = FREE_CANCELLATION_HOURS
    cancellation_fee_cents: int | None = Field(default=None, sa_column=cents_column(nullable=True))
    no_show_fee_cents: int | None = Field(default=None, sa_column=cents_column(nullable=True))
    ended_at: datetime | None = None
    version: int = 1

    @property
    def terms(self) -> TariffTerms:
        """What pricing needs of it."""
        return terms_of(terms_json(self))


_TERMS = [
    "code",
    "vat_rate_bp",
    "grace_minutes",
    "extra_km_cents",
    "fuel_per_litre_cents",
    "fuel_service_cents",
    "energy_per_kwh_cents",
    "charging_service_cents",
    "cleaning_heavy_cents",
    "cleaning_special_cents",
]
# What is not in a snapshot has this value. It is not written either, so that terms keep the hash that they had before
# these were terms: a quote of before an update finds them by it.
_LATER_TERMS: Json = {
    "free_cancellation_hours": FREE_CANCELLATION_HOURS,
    "cancellation_fee_cents": None,
    "no_show_fee_cents": None,
}


def terms_json(tariff: Tariff) -> Json:
    """The terms of a price-list row as they are frozen on a contract."""
    return _plain_json(tariff) | {"bundles": tariff.bundles_json, "extras": tariff.extras_json}


def _plain_json(source: Tariff | TariffTerms) -> Json:
    later = {name: getattr(source, name) for name, usual in _LATER_TERMS.items() if getattr(source, name) != usual}
    named = {name: getattr(source, name) for name in _TERMS}
    return {**named, "early_return": source.early_return.value, **later}


def snapshot_of(terms: TariffTerms) -> Json:
    """Terms as they are frozen on a contract, its discounts and waivers included."""
    own = {
        "discounts": [asdict(discount) for discount in terms.discounts],
        "waivers": [{"kind": waiver.kind.value, "reason": waiver.reason} for waiver in terms.waivers],
    }
    return {
        **_plain_json(terms),
        "bundles": [bundle_json(bundle) for bundle in terms.bundles],
        "extras": [extra_json(extra) for extra in terms.extras],
        **{name: entries for name, entries in own.items() if entries},
    }


def terms_sha256(snapshot: Json) -> str:
    """By which frozen terms are recognised."""
    return hashlib.sha256(orjson.dumps(snapshot, option=orjson.OPT_SORT_KEYS)).hexdigest()


def terms_of(snapshot: Json) -> TariffTerms:
    """Reads frozen terms back."""
    later: Json = {name: snapshot.get(name, usual) for name, usual in _LATER_TERMS.items()}
    return TariffTerms(
        **{name: snapshot[name] for name in _TERMS},
        early_return=EarlyReturnPolicy(snapshot["early_return"]),
        bundles=tuple(bundle_of(bundle) for bundle in snapshot["bundles"]),
        extras=tuple(Extra(**extra) for extra in snapshot["extras"]),
        discounts=tuple(Discount(**entry) for entry in snapshot.get("discounts", [])),
        waivers=tuple(Waiver(PriceLineKind(w["kind"]), w["reason"]) for w in snapshot.get("waivers", [])),
        **later,
    )


def bundle_json(bundle: Bundle) -> Json:
    """A bundle as it is stored."""
    return {
        "unit": bundle.unit.value,
        "days": bundle.days,
        "price_cents": bundle.price_cents,
        "included_km": bundle.included_km,
        "window_start": _moment_json(bundle.window_start),
        "window_end": _moment_json(bundle.window_end),
    }


def bundle_of(stored: Json) -> Bundle:
    """Reads a stored bundle."""
    return Bundle(
        unit=BundleUnit(stored["unit"]),
        days=stored["days"],
        price_cents=stored["price_cents"],
        included_km=stored["included_km"],
        window_start=_moment_of(stored.get("window_start")),
        window_end=_moment_of(stored.get("window_end")),
    )


def extra_json(extra: Extra) -> Json:
    """An extra as it is stored."""
    return asdict(extra)


def _moment_json(moment: WeekMoment | None) -> Json | None:
    if moment is None:
        return None
    return {"weekday": moment.weekday.value, "time": moment.time.isoformat("minutes")}


def _moment_of(stored: dict[str, Any] | None) -> WeekMoment | None:
    return WeekMoment(Weekday(stored["weekday"]), time.fromisoformat(stored["time"])) if stored else None
