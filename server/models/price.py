"""A price as it is kept: explained lines and their sum, in gross cents; how it is stored and read back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum

from server.models.columns import Json
from server.models.money import VatSplit
from server.models.tariff import PriceLineKind


class LineUnit(StrEnum):
    """What the quantity of a line counts."""

    PIECE = "PIECE"
    KILOMETRE = "KILOMETRE"
    LITRE = "LITRE"
    KILOWATT_HOUR = "KILOWATT_HOUR"


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line: `quantity` × `unit_cents`, rounded half up to a cent, is `total_cents`. Lines of version 0.1
    have the service fee in a FUEL or ENERGY line, and lines that were stored before it say no unit.
    """

    kind: PriceLineKind
    text: str
    quantity: Decimal
    unit_cents: int
    total_cents: int
    explanation: str
    taxable: bool = True
    unit: LineUnit = LineUnit.PIECE

    def as_json(self) -> Json:
        """As it is stored."""
        plain = {"kind": self.kind.value, "quantity": str(self.quantity), "unit": self.unit.value}
        return {**asdict(self), **plain}

    @classmethod
    def of_json(cls, stored: Json) -> PriceLine:
        """Reads a stored line back."""
        values = {**stored, "kind": PriceLineKind(stored["kind"]), "quantity": Decimal(stored["quantity"])}
        return cls(**values | {"unit": LineUnit(stored.get("unit", LineUnit.PIECE))})


@dataclass(frozen=True, slots=True)
class PriceBreakdown:
    """A price with its lines. `net + vat == total`; `included_km` None: unlimited."""

    lines: tuple[PriceLine, ...]
    total_cents: int
    net_cents: int
    vat_cents: int
    days: int
    included_km: int | None

    @property
    def sums(self) -> VatSplit:
        """Gross, net and VAT of the whole."""
        return VatSplit(self.total_cents, self.net_cents, self.vat_cents)

    def as_json(self) -> Json:
        """As it is stored with the contract."""
        return {
            "lines": [line.as_json() for line in self.lines],
            "total_cents": self.total_cents,
            "net_cents": self.net_cents,
            "vat_cents": self.vat_cents,
            "days": self.days,
            "included_km": self.included_km,
        }

    @classmethod
    def of_json(cls, stored: Json) -> PriceBreakdown:
        """Reads a stored price back."""
        return cls(**{**stored, "lines": tuple(PriceLine.of_json(line) for line in stored["lines"])})
