"""Money: integer cents inside, exact decimals on the wire, one rounding rule (half away from zero)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency, as the API shows it."""

    cents: int
    currency: str = CURRENCY

    @property
    def amount(self) -> Decimal:
        """The amount with exactly two decimals."""
        return Decimal(self.cents).scaleb(-2)


@dataclass(frozen=True, slots=True)
class VatSplit:
    """A gross amount with its parts, all in cents. `net + vat == gross`, always."""

    gross: int
    net: int
    vat: int

    def minus(self, other: "VatSplit") -> "VatSplit":
        """What remains after a deduction, part by part: never computed anew (domain 3.4, example E17)."""
        return VatSplit(self.gross - other.gross, self.net - other.net, self.vat - other.vat)


def divide_half_up(numerator: int, denominator: int) -> int:
    """The nearest whole quotient; a half goes away from zero, so that a cancellation mirrors its original.

    The denominator is positive.
    """
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def split_vat(gross: int, rate_basis_points: int) -> VatSplit:
    """Net and VAT of a gross sum in cents; the rate in basis points (1900 = 19 %).

    Source: § 14 Abs. 4 UStG; one rounding per document and rate (domain 4.5 rule 1).
    """
    net = divide_half_up(gross * 10_000, 10_000 + rate_basis_points)
    return VatSplit(gross, net, gross - net)


def spread_net(gross: Sequence[int], net: int, rate_basis_points: int) -> list[int]:
    """The net sum of gross lines, cent by cent on the lines: each is rounded down, what is missing goes to those that
    lost most, the first of equals first (domain 4.5 rule 2). A cancellation mirrors its original.
    """
    if net < 0:
        return [-part for part in spread_net([-line for line in gross], -net, rate_basis_points)]
    divided = [divmod(line * 10_000, 10_000 + rate_basis_points) for line in gross]
    parts = [quotient for quotient, _ in divided]
    by_loss = sorted(range(len(parts)), key=lambda place: -divided[place][1])
    for place in by_loss[: net - sum(parts)]:
        parts[place] += 1
    return parts


def cents_of(amount: Decimal) -> int:
    """Cents of an exact decimal. ValueError if there are more than two decimals or it is not a number."""
    if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")):
        raise ValueError("an amount has at most two decimals")
    return int(amount.scaleb(2))
