"""What one contract's customer does not pay: discounts on the rental line, then waivers. Lines of their own, never less
than nothing (domain 4.5 rules 3 and 9).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from server.models.money import divide_half_up
from server.models.price import PriceLine
from server.models.tariff import Discount, PriceLineKind, TariffTerms, Waiver
from server.services.pricing.words import Words


def reductions(terms: TariffTerms, lines: Sequence[PriceLine], words: Words) -> list[PriceLine]:
    """The lines that take something off these lines of a price; none that takes off nothing."""
    found: list[PriceLine] = []
    for discount in terms.discounts:
        rental, left = _sum(lines, PriceLineKind.RENTAL), _sum([*lines, *found], PriceLineKind.RENTAL)
        cents = min(discounted(discount, rental), left)
        reason = words.discount(discount, rental if discount.basis_points else left, cents)
        found += _off(PriceLineKind.DISCOUNT, words.discount_text, cents, reason)
    for waiver in terms.waivers:
        found += _off(PriceLineKind.WAIVER, *_waived(waiver, [*lines, *found], words), waiver.reason)
    return found


def discounted(discount: Discount, rental_cents: int) -> int:
    """What a discount takes off a rental line by itself: half a cent is a cent (E22)."""
    return discount.cents + divide_half_up(rental_cents * discount.basis_points, 10_000)


def paid_share(terms: TariffTerms) -> int:
    """Basis points of the rental that its customer pays: what shares leave of it, and nothing if it is waived. Amounts
    that are taken off do not count: they are the same whatever the rental is.
    """
    if terms.waives(PriceLineKind.RENTAL):
        return 0
    return max(0, 10_000 - sum(discount.basis_points for discount in terms.discounts))


def _sum(lines: Sequence[PriceLine], kind: PriceLineKind) -> int:
    """What is left of a kind of line: discounts are those of the rental."""
    kinds = {kind, PriceLineKind.DISCOUNT} if kind is PriceLineKind.RENTAL else {kind}
    return sum(line.total_cents for line in lines if line.kind in kinds)


def _waived(waiver: Waiver, lines: Sequence[PriceLine], words: Words) -> tuple[str, int]:
    texts = dict.fromkeys(line.text for line in lines if line.kind is waiver.kind)
    return words.waived(list(texts)), _sum(lines, waiver.kind)


def _off(kind: PriceLineKind, text: str, cents: int, explanation: str) -> list[PriceLine]:
    # A negative quantity, never a negative price: so an electronic invoice can say it (EN 16931, BR-27).
    return [PriceLine(kind, text, Decimal(-1), cents, -cents, explanation)] if cents else []
