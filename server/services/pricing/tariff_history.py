"""What a change of a tariff changed, term by term, as text that needs no language: amounts in euros, "–" for none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server.models.tariff import Bundle, Extra, WeekMoment
from server.models.tariff_change import TariffState

NONE = "–"


@dataclass(frozen=True)
class TermChange:
    """One term, by its name, and its value before and after as text."""

    term: str
    before: str
    after: str


def differences(before: TariffState, after: TariffState) -> tuple[TermChange, ...]:
    """Every term whose value is another one now, in the order of a price list."""
    pairs = [(term, read(before), read(after)) for term, read in _TERMS.items()]
    return tuple(TermChange(term, old, new) for term, old, new in pairs if old != new)


def euros(cents: int | None) -> str:
    """An amount such as 59.00."""
    return NONE if cents is None else str(Decimal(cents).scaleb(-2))


def _plain(name: str) -> Callable[[TariffState], str]:
    def read(state: TariffState) -> str:
        value = getattr(state, name)
        return NONE if value is None else str(value)

    return read


def _term(name: str, say: Callable[[Any], str] = str) -> Callable[[TariffState], str]:
    return lambda state: say(getattr(state.terms, name))


def _rate(basis_points: int) -> str:
    return str(Decimal(basis_points).scaleb(-4).normalize())


def _bundles(bundles: tuple[Bundle, ...]) -> str:
    return "; ".join(map(_bundle, bundles))


def _bundle(bundle: Bundle) -> str:
    km = NONE if bundle.included_km is None else str(bundle.included_km)
    moments = (bundle.window_start, bundle.window_end)
    window = [f"{moment.weekday} {moment.time:%H:%M}" for moment in moments if isinstance(moment, WeekMoment)]
    return f"{bundle.unit} ({bundle.days}) {euros(bundle.price_cents)}, {km} km{''.join(f', {at}' for at in window)}"


def _extras(extras: tuple[Extra, ...]) -> str:
    return "; ".join(map(_extra, extras)) or NONE


def _extra(extra: Extra) -> str:
    parts = {
        "perDay": extra.per_day_cents,
        "maximum": extra.maximum_cents,
        "perRental": extra.per_rental_cents,
    }
    prices = ", ".join(f"{name} {euros(cents)}" for name, cents in parts.items() if cents is not None)
    return f"{extra.code} “{extra.name}” {prices}"


_AMOUNTS = ("extra_km", "fuel_per_litre", "fuel_service", "energy_per_kwh", "charging_service", "cleaning_heavy")
_MORE_AMOUNTS = ("cleaning_special", "cancellation_fee", "no_show_fee")
_TERMS: dict[str, Callable[[TariffState], str]] = {
    **{name: _plain(name) for name in ("name", "valid_from", "valid_until", "ended_at")},
    "vat_rate": _term("vat_rate_bp", _rate),
    "bundles": _term("bundles", _bundles),
    "grace_minutes": _term("grace_minutes"),
    **{name: _term(f"{name}_cents", euros) for name in (*_AMOUNTS, *_MORE_AMOUNTS)},
    "extras": _term("extras", _extras),
    "early_return": _term("early_return"),
    "free_cancellation_hours": _term("free_cancellation_hours"),
}
"""How each term is read as text."""
