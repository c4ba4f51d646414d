"""A price, line by line."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from server.models.price import PriceBreakdown as PriceFound
from server.models.price import PriceLine as LineFound
from server.models.tariff import PriceLineKind
from server.schema.building import row_type
from server.schema.shared import Money, money, row_of


@row_type(LineFound)
class PriceLine:
    """One line of a price."""

    kind: PriceLineKind
    """What it is for."""
    text: str
    """What it is called."""
    quantity: Decimal
    """How much of it."""
    taxable: bool
    """Whether it bears VAT."""
    explanation: str
    """How the amount came about, in words that a customer understands."""

    @strawberry.field
    def unit_price(self) -> Money:
        """Price of one."""
        return money(row_of(self).unit_cents)

    @strawberry.field
    def total(self) -> Money:
        """Gross amount of the line."""
        return money(row_of(self).total_cents)


@row_type(PriceFound)
class PriceBreakdown:
    """A price, line by line, with the reason for each line in words. Net and VAT are per document, not per line."""

    lines: list[PriceLine]
    """The lines."""
    days: int
    """Billed days."""
    included_km: int | None
    """Kilometres included; null: unlimited."""

    @strawberry.field
    def total(self) -> Money:
        """Gross total."""
        return money(row_of(self).total_cents)

    @strawberry.field
    def net(self) -> Money:
        """Net amount."""
        return money(row_of(self).net_cents)

    @strawberry.field
    def vat(self) -> Money:
        """VAT: gross minus net, to the cent."""
        return money(row_of(self).vat_cents)
