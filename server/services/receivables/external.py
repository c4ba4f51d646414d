"""What was paid without the gateway: by transfer, at the dealer's till, or transferred back to the customer.

It is entered by a clerk for the open item of a document, with the bank's or the till's reference (domain 3.12).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, Sentence
from server.jobs import enqueue
from server.models import Contract, Document, OpenItem, Payment
from server.models.columns import uuid7
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import PaymentKind, PaymentState, Purpose
from server.services import validation
from server.services.acting import Acting
from server.services.billing import cancellations, invoice, open_items, sources
from server.services.changes import edit
from server.services.contract import blocks, history
from server.services.outside import Outside
from server.services.receivables import mails, standing

_FIELD = ("amount",)
_NOTHING_OPEN = Sentence(
    "Nothing is open of this document: what a card pays is entered by itself.",
    "Von diesem Beleg ist nichts offen: was eine Karte zahlt, wird von selbst eingetragen.",
)


@dataclass(frozen=True)
class ExternalPayment:
    """An amount in cents (negative: transferred back to the customer) and the reference by which it is found again."""

    amount_cents: int
    reference: str

    @classmethod
    def of(cls, amount: Decimal, reference: str) -> ExternalPayment:
        """As people write it. InvalidInput for an amount that is none."""
        return cls(validation.cents(amount, _FIELD, lowest=-validation.HIGHEST_CENTS), reference)


@tried_again
async def record(outside: Outside, acting: Acting, document_id: UUID | None, paid: ExternalPayment) -> UUID:
    """Enters what was paid for a document; returns its id. The same amount with the same reference again is the first.

    Raises NotFound; InvalidInput for an amount that is not open or an empty reference; PAYMENT_UNRESOLVED while money
    of the contract is under way.
    """
    reference = validation.text(paid.reference, ("reference",), longest=60)
    async with edit.editing_document(outside, acting, document_id) as (session, contract, document):
        if await _known(session, document, paid.amount_cents, reference):
            return document.id
        await invoice.refuse_under_way(session, contract)
        item = await _open_item(session, document, paid.amount_cents)
        payment = _payment(contract, document, paid.amount_cents, reference, acting)
        await session.store(payment)
        await _book(session, contract, document, item, payment, acting)
        return document.id


async def _known(session: Session, document: Document, cents: int, reference: str) -> bool:
    statement = select(Payment.id).where(
        col(Payment.document_id) == document.id,
        col(Payment.kind) == PaymentKind.EXTERNAL,
        col(Payment.amount_cents) == cents,
        col(Payment.order_reference) == reference,
    )
    return await session.first(statement) is not None


async def _open_item(session: Session, document: Document, cents: int) -> OpenItem:
    """What an amount pays of: something that is open, and not more than that."""
    item = await open_items.of_document(session, document.id)
    if item is None or item.open_cents == 0:
        raise InvalidInput(_NOTHING_OPEN, field=["document_id"])
    fits = 0 < cents <= item.open_cents if item.open_cents > 0 else item.open_cents <= cents < 0
    if not fits:
        left = f"{item.open_cents / 100:.2f}"
        raise InvalidInput(
            Sentence(
                f"{left} EUR is open of this document: an amount has the same sign and is not larger.",
                f"Von diesem Beleg sind {left} EUR offen: ein Betrag hat dasselbe Vorzeichen und ist nicht größer.",
            ),
            field=list(_FIELD),
        )
    return item


def _payment(contract: Contract, document: Document, cents: int, reference: str, acting: Acting) -> Payment:
    return Payment(
        contract_id=contract.id,
        station_id=contract.station_id,
        kind=PaymentKind.EXTERNAL,
        purpose=Purpose.OUTSIDE,
        state=PaymentState.SUCCEEDED,
        amount_cents=cents,
        order_reference=reference,
        attempt_reference=uuid7().hex,
        document_id=document.id,
        created_at=acting.now,
        resolved_at=acting.now,
    )


async def _book(
    session: Session, contract: Contract, document: Document, item: OpenItem, payment: Payment, acting: Acting
) -> None:
    """What the money changes: the open item, what is paid of the contract, and whether it is settled."""
    before, item.open_cents = item.open_cents, item.open_cents - payment.amount_cents
    contract.version += 1
    if document.id not in await sources.of_damages(session, contract.id):
        contract.paid_cents += payment.amount_cents
    elif document.type is DocumentType.DAMAGE_CLAIM:  # its damage is paid when nothing is open any more
        key = f"claims:{payment.id}"
        await enqueue(session, JobKind.COLLECT_CLAIMS, OfContract(contract.id), key=key, now=acting.now)
    await session.store(item, contract)
    words = {"before": str(before), "after": str(item.open_cents)}
    await history.record(
        session, contract, HistoryAction.PAYMENT_RECORDED, acting.because(payment.order_reference), **words
    )
    if payment.amount_cents < 0:
        await mails.transferred_back(session, contract, document, payment, now=acting.now)
        if not await open_items.payable(session, contract.id):
            await blocks.withdraw(session, contract, cancellations.BY_HAND, acting)
            await invoice.bill_soon(session, contract, acting)
    await standing.look(session, contract, document, item, acting)
