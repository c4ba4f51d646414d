"""An issued document as it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from server.models.money import VatSplit
from server.models.price import LineUnit
from server.models.recipient import Recipient
from server.models.vehicle_body import VehicleBody
from server.paper.views.parts import DepositNote, Language, PaymentPart, Place, Supplier


class InvoiceKind(StrEnum):
    """The kind of an issued document, named like the API's DocumentType."""

    ADVANCE_INVOICE = "ADVANCE_INVOICE"
    FINAL_INVOICE = "FINAL_INVOICE"
    CANCELLATION_INVOICE = "CANCELLATION_INVOICE"
    CORRECTION_INVOICE = "CORRECTION_INVOICE"
    DAMAGE_CLAIM = "DAMAGE_CLAIM"


class EInvoice(StrEnum):
    """In which form a business gets its document: structured data inside its PDF, or beside it for an authority."""

    ZUGFERD = "ZUGFERD"
    XRECHNUNG = "XRECHNUNG"


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """One line: gross total in cents. `kind` is the API's PriceLineKind; FUEL and ENERGY add the lower-cost note."""

    kind: str
    text: str
    total_cents: int
    quantity: Decimal = Decimal(1)
    unit_price_cents: int | None = None
    explanation: str | None = None
    taxable: bool = True
    unit: LineUnit = LineUnit.PIECE


@dataclass(frozen=True, kw_only=True)
class Advance:
    """An advance invoice that is deducted, with its VAT (§ 14 Abs. 5 Satz 2 UStG)."""

    number: str
    issued_on: date
    net_cents: int
    vat_cents: int
    total_cents: int


@dataclass(frozen=True, kw_only=True)
class VehicleUse:
    """A car of the rental with its odometer at both ends, in km; several after a swap."""

    plate: str
    model: str
    km_out: int | None = None
    km_in: int | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentReference:
    """Another issued document that this one cancels, corrects or belongs to."""

    kind: InvoiceKind
    number: str
    issued_on: date


@dataclass(frozen=True, kw_only=True)
class DamageSpot:
    """Where on the car a damage is that is claimed: `x`, `y` are fractions (0 to 1) of that view from its top left.

    `body` is the shape in which the car is drawn; views that were kept without it were drawn as a saloon.
    """

    view: str
    x: float
    y: float
    body: VehicleBody = VehicleBody.SALOON


@dataclass(frozen=True, kw_only=True)
class InvoiceView:
    """An invoice, cancellation, correction or damage claim as it is printed.

    `total_cents` is the sum of the lines and of `net_cents`, `vat_cents` and `untaxed_cents`; `payable_cents` is the
    total minus the advances; `payments`, where given, add up to it, what goes back deducted. Amounts are negative on
    cancellations, whose `kept_cents` were paid for what they take back and stay here for what takes its place (below
    zero: paid back beyond it). `service_start/end` is the rental period, on an advance invoice the expected one.
    `objections_to`: where the customer disputes a claim. `e_invoice` None: paper alone, as for a consumer.
    """

    kind: InvoiceKind
    language: Language
    time_zone: str
    number: str
    issued_at: datetime
    supplier: Supplier
    recipient: Recipient
    contract_number: str
    service_start: datetime
    service_end: datetime
    lines: Sequence[InvoiceLine]
    net_cents: int
    vat_cents: int
    total_cents: int
    payable_cents: int
    vat_rate_bp: int = 1900
    untaxed_cents: int = 0
    advances: Sequence[Advance] = ()
    payments: Sequence[PaymentPart] = ()
    kept_cents: int = 0
    vehicles: Sequence[VehicleUse] = ()
    station: Place | None = None
    workshop_order: str | None = None
    refers_to: DocumentReference | None = None
    reason: str | None = None
    deposit_cents: int | None = None
    deposit_note: DepositNote = DepositNote.BLOCKED
    remarks: str | None = None
    objections_to: str | None = None
    damage_at: DamageSpot | None = None
    e_invoice: EInvoice | None = None

    @property
    def is_outside_vat(self) -> bool:
        """Whether all of it is compensation for a damage, also where that is taken back."""
        return bool(self.untaxed_cents) and not self.net_cents and not self.vat_cents

    @property
    def remaining(self) -> VatSplit:
        """What is left of the total after the advances: gross is what is payable."""
        deducted = VatSplit(
            sum(advance.total_cents for advance in self.advances),
            sum(advance.net_cents for advance in self.advances),
            sum(advance.vat_cents for advance in self.advances),
        )
        return VatSplit(self.total_cents, self.net_cents + self.untaxed_cents, self.vat_cents).minus(deducted)

    def as_json(self) -> dict[str, Any]:
        """As it is kept with its document."""
        kept: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return kept

    @staticmethod
    def of_json(kept: dict[str, Any]) -> "InvoiceView":
        """Reads a kept view back: it prints the same bytes."""
        return _ADAPTER.validate_python(kept)

    def __post_init__(self) -> None:
        total = self.net_cents + self.vat_cents + self.untaxed_cents
        if total != self.total_cents or sum(line.total_cents for line in self.lines) != self.total_cents:
            raise ValueError(f"the figures of {self.number} do not add up to the total {self.total_cents}")
        if self.payable_cents != self.total_cents - sum(advance.total_cents for advance in self.advances):
            raise ValueError(f"{self.number}: total minus advances is not the payable amount {self.payable_cents}")
        moves = sum(part.signed_cents for part in self.payments)
        if self.payments and moves - self.kept_cents != self.payable_cents:
            raise ValueError(f"{self.number}: the payments are not the payable amount {self.payable_cents}")
        if any(advance.net_cents + advance.vat_cents != advance.total_cents for advance in self.advances):
            raise ValueError(f"{self.number}: an advance does not add up")
        if self.kind is InvoiceKind.DAMAGE_CLAIM and (self.vat_cents or self.net_cents):
            raise ValueError(f"{self.number}: a damage claim bears no VAT, its amounts are untaxed")


_ADAPTER = TypeAdapter(InvoiceView)
