"""What the mail about an edited tariff names: each term that has changed, in the contract's language."""

from __future__ import annotations

from collections.abc import Callable

from server.errors import Sentence
from server.models import Contract
from server.models.tariff import PriceLineKind, TariffTerms
from server.paper import notation
from server.paper.views import Changed, Language
from server.services.mail import parts
from server.services.pricing import edits

_LINES = {
    PriceLineKind.RENTAL: Sentence("rental", "Miete"),
    PriceLineKind.EXTRA: Sentence("extras", "Zusatzleistungen"),
    PriceLineKind.EXTRA_KM: Sentence("extra kilometres", "Mehrkilometer"),
    PriceLineKind.FUEL: Sentence("missing fuel", "fehlender Kraftstoff"),
    PriceLineKind.ENERGY: Sentence("missing charge", "fehlende Ladung"),
    PriceLineKind.CLEANING: Sentence("cleaning", "Reinigung"),
    PriceLineKind.AFTER_HOURS: Sentence("outside opening hours", "außerhalb der Öffnungszeiten"),
    PriceLineKind.ONE_WAY: Sentence("return to another station", "Rückgabe an anderer Station"),
    PriceLineKind.CANCELLATION_FEE: Sentence("cancellation fee", "Stornogebühr"),
    PriceLineKind.NO_SHOW_FEE: Sentence("fee for not picking up", "Gebühr bei Nichtabholung"),
}
Said = Callable[[TariffTerms, Language], str | None]
"""A term's value in words; None for none."""


def changes(contract: Contract, before: TariffTerms, after: TariffTerms) -> list[Changed]:
    """Every term that has changed."""
    language = parts.wording(contract.language)
    lines = [Changed(label=label.within(language), before=say(before, language), after=say(after, language))
             for label, say in _TERMS]  # fmt: skip
    return [line for line in lines if line.before != line.after]


def _money(cents: Callable[[TariffTerms], int]) -> Said:
    return lambda terms, language: notation.money(cents(terms), language)


def _share(terms: TariffTerms, language: Language) -> str | None:
    discount = edits.percentage(terms)
    return notation.rate(discount.basis_points, language) if discount else None


def _amount(terms: TariffTerms, language: Language) -> str | None:
    discount = edits.fixed(terms)
    return notation.money(discount.cents, language) if discount else None


def _kilometres(terms: TariffTerms, language: Language) -> str | None:
    included = terms.day.included_km
    return None if included is None else notation.kilometres(included, language)


def _waived(terms: TariffTerms, language: Language) -> str | None:
    return ", ".join(_LINES[waiver.kind].within(language) for waiver in terms.waivers) or None


_TERMS: tuple[tuple[Sentence, Said], ...] = (
    (Sentence("Price of one day", "Preis eines Tages"), _money(lambda terms: terms.day.price_cents)),
    (Sentence("Discount", "Nachlass"), _share),
    (Sentence("Discount", "Nachlass"), _amount),
    (Sentence("Kilometres included per day", "Freikilometer je Tag"), _kilometres),
    (Sentence("Price of an extra kilometre", "Preis eines Mehrkilometers"), _money(lambda terms: terms.extra_km_cents)),
    (Sentence("Price of missing fuel per litre", "Preis je Liter fehlender Kraftstoff"),
     _money(lambda terms: terms.fuel_per_litre_cents)),
    (Sentence("Price of missing charge per kWh", "Preis je kWh fehlender Ladung"),
     _money(lambda terms: terms.energy_per_kwh_cents)),
    (Sentence("Not charged", "Wird nicht berechnet"), _waived),
)  # fmt: skip
