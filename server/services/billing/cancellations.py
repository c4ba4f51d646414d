"""Taking a document back: a cancellation invoice mirrors all its lines, sums and deductions (domain 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Document, HistoryEntry, Payment
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.money import VatSplit
from server.models.payment import PaymentKind, PaymentState
from server.paper.views import PaymentPart, PaymentWay
from server.services.acting import Acting
from server.services.billing import documents, open_items, sources
from server.services.billing.drafts import Deduction, Draft
from server.services.contract import blocks, history
from server.services.fleet import company_data, stations
from server.services.payments import attempts, shares

_NOTHING = VatSplit(0, 0, 0)
BY_HAND = frozenset({BillingBlock.REFUND_ABOVE_PAYMENT, BillingBlock.REFUND_REFUSED})
"""A refund that could not be made: a clerk pays it."""


async def cancel(
    session: Session, contract: Contract, document: Document, acting: Acting, *, back_cents: int | None = None
) -> Document:
    """Takes a document back: what was paid for it is paid back by this one, or what `back_cents` says: nothing, where
    another document takes its place at once. What was still owed for it is owed no more.
    """
    station, company = await stations.get(session, contract.station_id), await company_data.require(session)
    back = -(await paid_for(session, contract.id, document) if back_cents is None else back_cents)
    kept = await _paid_in_all(session, contract.id, document) + back
    draft = Draft(
        type=DocumentType.CANCELLATION_INVOICE,
        service_from=document.service_from,
        service_until=document.service_until,
        lines=[replace(line, quantity=-line.quantity, total_cents=-line.total_cents) for line in document.lines],
        sums=_NOTHING.minus(document.sums),
        advances=await _mirrored(session, document),
        payments=await _payments(session, contract, document, back, kept),
        to_move_cents=back,
        kept_cents=kept,
        refers_to=document,
        reason=acting.why,
    )
    await _close_open_item(session, contract, document)
    if document.moves_cents < 0 and not await open_items.payable(session, contract.id):
        await blocks.withdraw(session, contract, BY_HAND, acting)
    mirror = await documents.issue(session, contract, draft, company, station, now=acting.now)
    await history.record(
        session, contract, HistoryAction.DOCUMENT_CANCELLED, acting, before=document.number, after=mirror.number
    )
    return mirror


async def cancel_all(session: Session, contract: Contract, gone: Sequence[Document], acting: Acting) -> list[Document]:
    """Takes documents back together, a final invoice first: all that is still here of what was paid for them goes back,
    and of what was paid for invoices in whose place it stands. Where one has paid back more than came for it, the next
    one gives back less; nobody is charged, and what is left then counts for the next invoice.
    """
    carried = 0
    if gone[0].type is DocumentType.FINAL_INVOICE:
        carried = await kept_of_cancelled(session, contract.id)
    mirrors = []
    for document in gone:
        paid = carried + await paid_for(session, contract.id, document)
        mirrors.append(await cancel(session, contract, document, acting, back_cents=max(0, paid)))
        carried = min(0, paid)
    return mirrors


async def paid_for(session: Session, contract_id: UUID, document: Document) -> int:
    """Cents that were paid for a document, refunds deducted. An advance is what was taken at booking."""
    made = await attempts.of_contract(session, contract_id)
    if document.type is DocumentType.ADVANCE_INVOICE:
        return document.total_cents if any(_is_paid_advance(payment) for payment in made) else 0
    if document.moves_cents < 0 and await is_paid_by_hand(session, contract_id, document):
        return document.moves_cents
    return (await shares.of_contract(session, contract_id)).paid_for(document.id)


async def _paid_in_all(session: Session, contract_id: UUID, document: Document) -> int:
    """Cents that were paid for a document and, before it was issued, for those in whose place it stands."""
    paid = await paid_for(session, contract_id, document)
    if document.type is DocumentType.ADVANCE_INVOICE:
        return paid
    return document.payable_cents - document.moves_cents + paid


async def is_paid_by_hand(session: Session, contract_id: UUID, document: Document) -> bool:
    """Whether a clerk has said, after a refund could not be made, that the money went back all the same."""
    if document.to_move_cents is not None and await open_items.of_document(session, document.id) is None:
        return False  # it was never owed by hand: what was said is about another document; those of before have no item
    # Ids are in the order in which rows were made: what was said after it was taken back is about another document.
    mirror = await session.first(select(Document).where(col(Document.refers_to_id) == document.id))
    while_it_stood = [col(HistoryEntry.id) > document.id]
    if mirror is not None:
        while_it_stood.append(col(HistoryEntry.id) < mirror.id)
    said = select(HistoryEntry).where(
        col(HistoryEntry.contract_id) == contract_id,
        col(HistoryEntry.action) == HistoryAction.BILLING_RELEASED,
        col(HistoryEntry.before).in_([reason.value for reason in BY_HAND]),
        *while_it_stood,
    )
    return await session.first(said) is not None


async def kept_of_cancelled(session: Session, contract_id: UUID) -> int:
    """Cents that were paid for invoices that were taken back, and stay here: the next one has them. What goes back
    already is not among them, nor what was paid for damages.
    """
    of_damages = await sources.of_damages(session, contract_id)
    all_issued = await session.all(select(Document).where(col(Document.contract_id) == contract_id))
    issued = [one for one in all_issued if one.id not in of_damages]
    mirrors = [one for one in issued if one.refers_to_id is not None]
    gone = {mirror.refers_to_id for mirror in mirrors}
    made = await attempts.of_contract(session, contract_id)
    moved = sum(_moved_by(mirror, made) for mirror in mirrors)
    return moved + sum([await paid_for(session, contract_id, one) for one in issued if one.id in gone])


async def kept_elsewhere(session: Session, contract_id: UUID) -> int:
    """Cents that were paid by transfer or at the till for invoices that were taken back, and are still here."""
    of_damages = await sources.of_damages(session, contract_id)
    made = await attempts.of_contract(session, contract_id)
    paid = [one for one in made if one.kind is PaymentKind.EXTERNAL and one.document_id not in of_damages]
    return sum(one.moved_cents for one in paid)


def _moved_by(mirror: Document, made: list[Payment]) -> int:
    """Cents that a cancellation moves, has moved or has still to move. A refund that was refused is paid by hand; a
    charge that was declined is asked for with the next invoice.
    """
    own = [one.state for one in made if one.document_id == mirror.id]
    may_come = not own or any(state in {PaymentState.SUCCEEDED, *attempts.UNRESOLVED} for state in own)
    return mirror.moves_cents if may_come or mirror.moves_cents < 0 else 0


def _is_paid_advance(payment: Payment) -> bool:
    succeeded = payment.state is PaymentState.SUCCEEDED
    return succeeded and payment.kind is PaymentKind.SALE and payment.document_id is None


async def _mirrored(session: Session, document: Document) -> list[Deduction]:
    found = []
    for item in document.advances:
        advance = await session.by_id(Document, UUID(item["document_id"]))
        if advance is not None:
            found.append(replace(Deduction.of(advance), sums=_NOTHING.minus(advance.sums)))
    return found


async def _payments(
    session: Session, contract: Contract, document: Document, back: int, kept: int
) -> list[PaymentPart]:
    """How the whole of a document goes back, where cards take all of it; else the mail says how."""
    if back == 0 or back - kept != -document.payable_cents:
        return []
    if -back > sum(cents for _, cents in await sources.on_cards(session, contract.id, document.id)):
        return []
    way = PaymentWay.TO_BE_CHARGED if back > 0 else PaymentWay.TO_BE_REFUNDED
    return [PaymentPart(way=way, amount_cents=abs(back))]


async def _close_open_item(session: Session, contract: Contract, document: Document) -> None:
    item = await open_items.of_document(session, document.id)
    if item is not None and (item.open_cents or item.written_off_cents):
        item.open_cents = item.written_off_cents = 0
        await session.store(item)
        await open_items.unflag(session, contract)
