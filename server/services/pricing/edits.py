"""Edits of one contract's own copy of its tariff: a pure function from terms and an edit to other terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from server.models.tariff import Bundle, BundleUnit, Discount, PriceLineKind, TariffTerms, Waiver
from server.services.pricing.tariff_history import NONE, TermChange, euros

WAIVABLE = frozenset(PriceLineKind) - {PriceLineKind.DISCOUNT, PriceLineKind.WAIVER, PriceLineKind.DAMAGE}
"""What can be waived: reductions are none, and a damage is not part of the rental."""


@dataclass(frozen=True, kw_only=True)
class TermsEdit:
    """What changes, and why; None stays. Gross cents, basis points, kilometres.

    A discount takes the place of an earlier one of its sort, and zero ends it. `waive` is a kind of line that is not
    paid whenever it arises, `charge` one that is paid again.
    """

    reason: str
    day_price_cents: int | None = None
    extra_km_cents: int | None = None
    discount_basis_points: int | None = None
    discount_cents: int | None = None
    included_km_per_day: int | None = None
    fuel_per_litre_cents: int | None = None
    energy_per_kwh_cents: int | None = None
    waive: PriceLineKind | None = None
    charge: PriceLineKind | None = None


def edited(terms: TariffTerms, edit: TermsEdit) -> TariffTerms:
    """The terms as they are after an edit."""
    return replace(
        terms,
        bundles=tuple(_bundle(bundle, edit) for bundle in terms.bundles),
        extra_km_cents=_given(edit.extra_km_cents, terms.extra_km_cents),
        fuel_per_litre_cents=_given(edit.fuel_per_litre_cents, terms.fuel_per_litre_cents),
        energy_per_kwh_cents=_given(edit.energy_per_kwh_cents, terms.energy_per_kwh_cents),
        discounts=_discounts(terms, edit),
        waivers=_waivers(terms, edit),
    )


def differences(before: TariffTerms, after: TariffTerms) -> tuple[TermChange, ...]:
    """What an edit changed, by the names of its input."""
    pairs = [(name, read(before), read(after)) for name, read in _EDITABLE.items()]
    return tuple(TermChange(name, old, new) for name, old, new in pairs if old != new)


def _given(value: int | None, stored: int) -> int:
    return stored if value is None else value


def _bundle(bundle: Bundle, edit: TermsEdit) -> Bundle:
    per_day, price = edit.included_km_per_day, bundle.price_cents
    if bundle.unit is BundleUnit.DAY:
        price = _given(edit.day_price_cents, price)
    return replace(
        bundle, price_cents=price, included_km=bundle.included_km if per_day is None else per_day * bundle.days
    )


def _discounts(terms: TariffTerms, edit: TermsEdit) -> tuple[Discount, ...]:
    """At most one share of the rental line and one amount, in this order."""
    share, amount = percentage(terms), fixed(terms)
    if edit.discount_basis_points is not None:
        share = Discount(edit.reason, basis_points=edit.discount_basis_points)
    if edit.discount_cents is not None:
        amount = Discount(edit.reason, cents=edit.discount_cents)
    return tuple(one for one in (share, amount) if one is not None and (one.basis_points or one.cents))


def percentage(terms: TariffTerms) -> Discount | None:
    """The discount that is a share of the rental line, if there is one."""
    return next((discount for discount in terms.discounts if discount.basis_points), None)


def fixed(terms: TariffTerms) -> Discount | None:
    """The discount that is an amount, if there is one."""
    return next((discount for discount in terms.discounts if discount.cents), None)


def _waivers(terms: TariffTerms, edit: TermsEdit) -> tuple[Waiver, ...]:
    left = [waiver for waiver in terms.waivers if waiver.kind is not edit.charge]
    if edit.waive is not None and not any(waiver.kind is edit.waive for waiver in left):
        left.append(Waiver(edit.waive, edit.reason))
    return tuple(left)


def _share(terms: TariffTerms) -> str:
    discount = percentage(terms)
    return f"{Decimal(discount.basis_points).scaleb(-2).normalize():f}" if discount else NONE


def _amount(terms: TariffTerms) -> str:
    discount = fixed(terms)
    return euros(discount.cents) if discount else NONE


def _kilometres(terms: TariffTerms) -> str:
    """The allowance of a day where it is the same in all packages, else that of each."""
    each = {(None if b.included_km is None else Decimal(b.included_km) / b.days) for b in terms.bundles}
    if len(each) == 1:
        return _km(terms.day.included_km)
    return ", ".join(f"{bundle.unit} {_km(bundle.included_km)}" for bundle in terms.bundles)


def _km(kilometres: int | None) -> str:
    return NONE if kilometres is None else str(kilometres)


def _kinds(kinds: Iterable[PriceLineKind]) -> str:
    return ", ".join(kinds) or NONE


_EDITABLE: dict[str, Callable[[TariffTerms], str]] = {
    "day_price": lambda terms: euros(terms.day.price_cents),
    "extra_km": lambda terms: euros(terms.extra_km_cents),
    "discount_percent": _share,
    "discount_amount": _amount,
    "included_km_per_day": _kilometres,
    "fuel_per_litre": lambda terms: euros(terms.fuel_per_litre_cents),
    "energy_per_kwh": lambda terms: euros(terms.energy_per_kwh_cents),
    "waive_line": lambda terms: _kinds(waiver.kind for waiver in terms.waivers),
}
"""How each term that can be edited is read as text."""
