"""A document before it has its number: what stands on it, and how much money moves because of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.models import Contract, Document
from server.models.columns import Json
from server.models.document import DocumentType
from server.models.money import VatSplit
from server.models.price import PriceLine
from server.models.recipient import Recipient
from server.paper.views import DamageSpot, DepositNote, PaymentPart, VehicleUse
from server.services.mail import parts


@dataclass(frozen=True)
class Deduction:
    """An advance that a document deducts; negative where a cancellation takes the deduction back."""

    document_id: UUID
    number: str
    issued_at: datetime
    sums: VatSplit

    @classmethod
    def of(cls, advance: Document) -> Deduction:
        """The whole of an advance invoice."""
        return cls(advance.id, advance.number, advance.issued_at, advance.sums)

    def as_json(self) -> Json:
        """As the document keeps it."""
        return {
            "document_id": str(self.document_id),
            "number": self.number,
            "total_cents": self.sums.gross,
            "net_cents": self.sums.net,
            "vat_cents": self.sums.vat,
        }


@dataclass(frozen=True)
class Draft:
    """A document that has everything but its number. `sums` are those of the lines; `payments` say how money moves, and
    `to_move_cents` how much (`Document.moves_cents`). One that `refers_to` another takes it back, for a `reason`;
    `kept_cents` of what was paid for that one stay here.
    `objections_to`: where the customer disputes a claim; `damage_at`: where on the car what it claims is.
    """

    type: DocumentType
    service_from: datetime
    service_until: datetime
    lines: Sequence[PriceLine]
    sums: VatSplit
    advances: Sequence[Deduction] = ()
    payments: Sequence[PaymentPart] = ()
    vehicles: Sequence[VehicleUse] = ()
    deposit_cents: int | None = None
    deposit_note: DepositNote = DepositNote.BLOCKED
    to_move_cents: int = 0
    kept_cents: int = 0
    refers_to: Document | None = None
    reason: str | None = None
    objections_to: str | None = None
    damage_at: DamageSpot | None = None
    remarks: str | None = None

    @property
    def payable_cents(self) -> int:
        """What remains to be paid, or goes back."""
        return self.sums.gross - sum(advance.sums.gross for advance in self.advances)

    @property
    def is_untaxed(self) -> bool:
        """Whether it is outside VAT: compensation for a damage (tax code O), also where that is taken back."""
        of = self.refers_to.type if self.refers_to else self.type
        return of is DocumentType.DAMAGE_CLAIM

    def recipient(self, contract: Contract) -> Recipient:
        """Who it is made out to: what is taken back goes to whoever had it."""
        if self.refers_to:
            return self.refers_to.recipient
        return parts.customer_of(contract) if self.is_untaxed else parts.recipient_of(contract)

    def vat_rate_bp(self, contract: Contract) -> int:
        """The rate of the VAT in it."""
        if self.refers_to:
            return self.refers_to.vat_rate_bp
        return 0 if self.is_untaxed else contract.terms.vat_rate_bp
