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
    """What the line is for, as an enum for programs."""
    text: str
    """What the line is for, in words for the customer."""
    quantity: Decimal
    """How much of it: packages or days, kilometres, litres, kilowatt-hours or pieces."""
    taxable: bool
    """Whether VAT is in the amount; a damage bears none."""
    explanation: str
    """How the amount came about, in words that a customer understands."""

    @strawberry.field
    def unit_price(self) -> Money:
        """Gross price of one: `quantity` times it, rounded half up to a cent, is `total`."""
        return money(row_of(self).unit_cents)

    @strawberry.field
    def total(self) -> Money:
        """Gross amount of the line; negative where money is taken off."""
        return money(row_of(self).total_cents)


@row_type(PriceFound)
class PriceBreakdown:
    """A price, line by line, with the reason for each line in words. Net and VAT are per document, not per line."""

    lines: list[PriceLine]
    """What the price is made of, line by line."""
    days: int
    """How many days are billed, at least one; lateness within the grace time adds none."""
    included_km: int | None
    """Kilometres included for the whole rental; null: unlimited."""

    @strawberry.field
    def total(self) -> Money:
        """Gross total of the lines."""
        return money(row_of(self).total_cents)

    @strawberry.field
    def net(self) -> Money:
        """Net total of the lines."""
        return money(row_of(self).net_cents)

    @strawberry.field
    def vat(self) -> Money:
        """VAT: gross minus net, to the cent."""
        return money(row_of(self).vat_cents)
