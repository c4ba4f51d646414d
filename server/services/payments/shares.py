"""What was paid for a document: the only place that knows, because one capture of a hold may pay for several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.models import Payment, PaymentShare
from server.models.payment import PaymentKind
from server.services.payments import attempts


@dataclass(frozen=True)
class Split:
    """The attempts of a contract, and how those are divided that pay for several documents, in cents of each."""

    made: Sequence[Payment]
    shares: Mapping[UUID, Mapping[UUID, int]]

    def part(self, payment: Payment, document_id: UUID) -> int:
        """Cents of an attempt that are a document's, whatever became of it."""
        if payment.id in self.shares:
            return self.shares[payment.id].get(document_id, 0)
        return payment.amount_cents if payment.document_id == document_id else 0

    def paid_for(self, document_id: UUID) -> int:
        """Cents that were paid for a document, in whatever way, refunds deducted."""
        return sum(self._moved(one, document_id) for one in self.made)

    def refundable(self, document_id: UUID, mirror_id: UUID | None) -> list[tuple[Payment, int]]:
        """What cards paid for a document, and how many cents of that are still here after what its mirror gave back."""
        back: Counter[UUID | None] = Counter()
        for one in self.made:
            if one.kind is PaymentKind.REFUND and one.document_id == mirror_id:
                back[one.refers_to_id] -= one.moved_cents
        by_card = [one for one in self.made if one.kind in {PaymentKind.SALE, PaymentKind.CAPTURE}]
        took = [(one, self._moved(one, document_id)) for one in by_card]
        return [(one, cents - back[one.id]) for one, cents in took if cents > 0]

    def _moved(self, payment: Payment, document_id: UUID) -> int:
        if payment.id in self.shares:  # a capture
            return self.part(payment, document_id) if payment.moved_cents else 0
        return payment.moved_cents if payment.document_id == document_id else 0


async def of_contract(session: Session, contract_id: UUID) -> Split:
    """All that was paid, or was to be paid, for the documents of a contract."""
    made = await attempts.of_contract(session, contract_id)
    found: dict[UUID, dict[UUID, int]] = {}
    for share in await session.all(select(PaymentShare).where(col(PaymentShare.contract_id) == contract_id)):
        found.setdefault(share.payment_id, {})[share.document_id] = share.cents
    return Split(made, found)


async def divide(session: Session, payment: Payment, parts: Sequence[tuple[UUID, int]]) -> None:
    """Writes down, with an attempt that pays for several documents, what of it is whose. For one there is nothing to
    write: it is the attempt's own.
    """
    if len(parts) < 2:
        return
    await session.store(
        *(
            PaymentShare(
                payment_id=payment.id,
                document_id=document_id,
                contract_id=payment.contract_id,
                station_id=payment.station_id,
                cents=cents,
            )
            for document_id, cents in parts
        )
    )
