"""Prices: a pure function from frozen terms and facts to explained lines. Quote, advance and invoice all use it.

Rules and worked examples: domain 4.5 and 4.7. All amounts are gross cents; VAT is taken out of the sum, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from server.errors import Sentence
from server.models.contract import ContractKind
from server.models.fleet import Cleanliness
from server.models.money import divide_half_up, split_vat
from server.models.price import LineUnit, PriceBreakdown, PriceLine
from server.models.tariff import BundleUnit, EarlyReturnPolicy, Extra, PriceLineKind, TariffTerms
from server.services.pricing.bundle_choice import BundleChoice, choose
from server.services.pricing.kilometre_search import Use
from server.services.pricing.reductions import paid_share, reductions
from server.services.pricing.rental_days import count_days, open_weekends
from server.services.pricing.words import Words

ADDITIONAL_DRIVER, ONE_WAY, AFTER_HOURS = "ADDITIONAL_DRIVER", "ONE_WAY", "AFTER_HOURS"
_KIND_OF_EXTRA = {ONE_WAY: PriceLineKind.ONE_WAY, AFTER_HOURS: PriceLineKind.AFTER_HOURS}
FREE_KINDS = frozenset({ContractKind.COURTESY, ContractKind.TEST_DRIVE, ContractKind.INTERNAL})
"""Kinds whose rental itself costs nothing; kilometres, fuel and the like are billed all the same."""


@dataclass(frozen=True, slots=True)
class LegUse:
    """What one vehicle of the contract used. Levels at hand-over and return; None where it was not recorded."""

    fuel_out: int | None = None
    fuel_in: int | None = None
    tank_litres: int | None = None
    charge_out: int | None = None
    charge_in: int | None = None
    battery_wh: int | None = None
    inside_out: Cleanliness = Cleanliness.CLEAN
    inside_in: Cleanliness = Cleanliness.CLEAN
    outside_out: Cleanliness = Cleanliness.CLEAN
    outside_in: Cleanliness = Cleanliness.CLEAN
    fuel_waived: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a price depends on. Before the return `ends_at` is planned, `driven_km` is unknown and there are no legs.

    `extras` are asked for, as (code, quantity); the booleans and `drivers` (everyone who may drive) are facts for
    which the system adds its own extras where the tariff has them.
    """

    kind: ContractKind
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    planned_end: datetime | None = None
    extras: tuple[tuple[str, int], ...] = ()
    drivers: int = 1
    one_way: bool = False
    after_hours: bool = False
    driven_km: int | None = None
    legs: tuple[LegUse, ...] = ()
    language: str = "en"


class UnknownExtra(ValueError):
    """The tariff has no extra of that code."""

    def __init__(self, code: str, known: Sequence[str]) -> None:
        self.message = Sentence(
            f"The tariff has no extra “{code}”; it has: {', '.join(known) or 'none'}.",
            f"Der Tarif hat keine Zusatzleistung „{code}“; es gibt: {', '.join(known) or 'keine'}.",
        )
        super().__init__(str(self.message))
        self.code = code


def breakdown(terms: TariffTerms, facts: Facts) -> PriceBreakdown:
    """The price of these facts under these terms, line by line. UnknownExtra if an extra is not in the tariff."""
    words = Words(facts.language)
    days = count_days(facts.starts_at, _billed_end(terms, facts), facts.zone, terms.grace_minutes)
    rental, included_km = _rental(terms, facts, days, words)
    lines = [
        rental,
        *_extras(terms, facts, days, words),
        *_extra_km(terms, facts, included_km, words),
        *(line for leg in facts.legs for line in _leg(terms, leg, words)),
    ]
    lines += reductions(terms, lines, words)
    total = sum(line.total_cents for line in lines)
    taxed = split_vat(sum(line.total_cents for line in lines if line.taxable), terms.vat_rate_bp)
    return PriceBreakdown(tuple(lines), total, total - taxed.vat, taxed.vat, days, included_km)


def advance_cents(terms: TariffTerms, kind: ContractKind, total_cents: int) -> int:
    """What is debited at booking: the total or one day's price, if less; nothing for a free car (domain 4.5 rule 4)."""
    return 0 if kind in FREE_KINDS else min(total_cents, terms.day.price_cents)


def _billed_end(terms: TariffTerms, facts: Facts) -> datetime:
    if terms.early_return is EarlyReturnPolicy.CHARGE_PLANNED and facts.planned_end is not None:
        return max(facts.ends_at, facts.planned_end)
    return facts.ends_at


def _rental(terms: TariffTerms, facts: Facts, days: int, words: Words) -> tuple[PriceLine, int | None]:
    if facts.kind in FREE_KINDS:
        day_km = terms.day.included_km
        explanation = words.courtesy(facts.kind, days)
        line = PriceLine(PriceLineKind.RENTAL, words.rental(days), Decimal(days), 0, 0, explanation)
        return line, None if day_km is None else day_km * days
    weekends = open_weekends(terms, facts.starts_at, _billed_end(terms, facts), facts.zone)
    covering = [bundle for bundle in terms.bundles if bundle.unit is not BundleUnit.WEEKEND]
    chosen = choose(covering, weekends, days, _use(terms, facts))
    choice = chosen.choice
    quantity, unit = _quantity(choice)
    explanation = words.bundles(days, chosen, facts.driven_km) + _because_late(terms, facts, days, words)
    line = PriceLine(PriceLineKind.RENTAL, words.rental(days), quantity, unit, choice.price_cents, explanation)
    return line, choice.included_km


def _because_late(terms: TariffTerms, facts: Facts, days: int, words: Words) -> str:
    """Why there are more days than were agreed, if the car came back too late for those."""
    if facts.planned_end is None or facts.ends_at <= facts.planned_end:
        return ""
    more = days - count_days(facts.starts_at, facts.planned_end, facts.zone, terms.grace_minutes)
    return words.late(more, facts.ends_at, facts.planned_end, facts.zone, terms.grace_minutes) if more else ""


def _use(terms: TariffTerms, facts: Facts) -> Use | None:
    """What the packages are chosen by besides the days: nothing while the kilometres are not known, or where they or
    the rental cost the customer nothing, whatever they are.
    """
    share = paid_share(terms)
    each = 0 if terms.waives(PriceLineKind.EXTRA_KM) else terms.extra_km_cents
    return Use(facts.driven_km, each, share) if facts.driven_km is not None and each and share else None


def _quantity(choice: BundleChoice) -> tuple[Decimal, int]:
    (bundle, count), *more = choice.bundles
    return (Decimal(1), choice.price_cents) if more else (Decimal(count), bundle.price_cents)


def asked_and_found(terms: TariffTerms, facts: Facts) -> list[tuple[Extra, int]]:
    """Every extra that applies with its quantity: those asked for, and those that the facts bring with them."""
    quantities: dict[str, int] = {}
    for code, quantity in facts.extras:
        if terms.extra(code) is None:
            raise UnknownExtra(code, [extra.code for extra in terms.extras])
        quantities[code] = quantities.get(code, 0) + quantity
    found = {
        ADDITIONAL_DRIVER: max(0, facts.drivers - 1),
        ONE_WAY: int(facts.one_way),
        AFTER_HOURS: int(facts.after_hours),
    }
    for code, quantity in found.items():
        quantities[code] = max(quantities.get(code, 0), quantity)
    return [(extra, quantities[extra.code]) for extra in terms.extras if quantities.get(extra.code)]


def _extras(terms: TariffTerms, facts: Facts, days: int, words: Words) -> list[PriceLine]:
    lines = []
    for extra, quantity in asked_and_found(terms, facts):
        piece = extra.per_rental_cents or 0
        if extra.per_day_cents is not None:
            by_day = extra.per_day_cents * days
            piece += by_day if extra.maximum_cents is None else min(by_day, extra.maximum_cents)
        kind = _KIND_OF_EXTRA.get(extra.code, PriceLineKind.EXTRA)
        explanation = words.extra(extra, quantity, days, piece)
        lines.append(PriceLine(kind, extra.name, Decimal(quantity), piece, piece * quantity, explanation))
    return lines


def _extra_km(terms: TariffTerms, facts: Facts, included: int | None, words: Words) -> list[PriceLine]:
    if facts.driven_km is None or included is None or facts.driven_km <= included:
        return []
    extra = facts.driven_km - included
    each, kind, unit = terms.extra_km_cents, PriceLineKind.EXTRA_KM, LineUnit.KILOMETRE
    explanation = words.extra_km(facts.driven_km, included, extra, each)
    return [PriceLine(kind, words.extra_km_text, Decimal(extra), each, extra * each, explanation, unit=unit)]


def _leg(terms: TariffTerms, leg: LegUse, words: Words) -> list[PriceLine]:
    lines = [] if leg.fuel_waived else [*_fuel(terms, leg, words), *_energy(terms, leg, words)]
    return [*lines, *_cleaning(terms, leg, words)]


def _fuel(terms: TariffTerms, leg: LegUse, words: Words) -> list[PriceLine]:
    missing = (leg.fuel_out or 0) - (leg.fuel_in if leg.fuel_in is not None else leg.fuel_out or 0)
    if missing <= 0 or leg.tank_litres is None:
        return []
    each, litres = terms.fuel_per_litre_cents, Decimal(missing * leg.tank_litres) / 8
    amount = divide_half_up(missing * leg.tank_litres * each, 8)
    explanation = words.fuel(missing, leg.tank_litres, litres, each, amount)
    return [
        PriceLine(PriceLineKind.FUEL, words.fuel_text, litres, each, amount, explanation, unit=LineUnit.LITRE),
        *_service(PriceLineKind.FUEL, words.fuel_service_text, terms.fuel_service_cents, words.fuel_service),
    ]


def _energy(terms: TariffTerms, leg: LegUse, words: Words) -> list[PriceLine]:
    missing = (leg.charge_out or 0) - (leg.charge_in if leg.charge_in is not None else leg.charge_out or 0)
    if missing <= 0 or leg.battery_wh is None:
        return []
    each, kwh = terms.energy_per_kwh_cents, Decimal(missing * leg.battery_wh) / 100_000
    amount = divide_half_up(missing * leg.battery_wh * each, 100_000)
    explanation = words.energy(missing, leg.battery_wh, kwh, each, amount)
    fee, why, unit = terms.charging_service_cents, words.charging_service, LineUnit.KILOWATT_HOUR
    return [
        PriceLine(PriceLineKind.ENERGY, words.energy_text, kwh, each, amount, explanation, unit=unit),
        *_service(PriceLineKind.ENERGY, words.charging_service_text, fee, why),
    ]


def _service(kind: PriceLineKind, text: str, fee_cents: int, explanation: str) -> list[PriceLine]:
    return [PriceLine(kind, text, Decimal(1), fee_cents, fee_cents, explanation)] if fee_cents else []


def _cleaning(terms: TariffTerms, leg: LegUse, words: Words) -> list[PriceLine]:
    fees = {Cleanliness.HEAVY: terms.cleaning_heavy_cents, Cleanliness.SPECIAL: terms.cleaning_special_cents}
    parts = [("inside", leg.inside_out, leg.inside_in), ("outside", leg.outside_out, leg.outside_in)]
    charged = [
        (fees[after], part, before, after)
        for part, before, after in parts
        if after in fees and before.rank < after.rank
    ]
    if not charged:
        return []
    # Once, the higher of the two (domain 4.7).
    fee, part, before, after = max(charged, key=lambda item: item[0])
    explanation = words.cleaning(part, before, after)
    return [PriceLine(PriceLineKind.CLEANING, words.cleaning_text, Decimal(1), fee, fee, explanation)]
