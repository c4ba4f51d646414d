"""Whose money it is: the rent's, or that of a claim for a damage. Neither pays the other back."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, or_, select

from server.database import Session
from server.models import Document, Payment
from server.models.document import DocumentType
from server.services.payments import attempts, shares


async def of_damages(session: Session, contract_id: UUID) -> frozenset[UUID]:
    """The documents of a contract whose money is no rent: claims for damages, and what takes those back."""
    claims = select(Document.id).where(
        col(Document.contract_id) == contract_id, col(Document.type) == DocumentType.DAMAGE_CLAIM
    )
    theirs = select(Document.id).where(
        col(Document.contract_id) == contract_id,
        or_(col(Document.id).in_(claims), col(Document.refers_to_id).in_(claims)),
    )
    return frozenset(await session.all(theirs))


async def on_cards(session: Session, contract_id: UUID, cancelled_id: UUID | None) -> list[tuple[Payment, int]]:
    """The payments by which cards paid what goes back, and how many cents of each are still here: of a claim that is
    taken back its own, of anything else all that cards paid for the rent.
    """
    cancelled = await session.by_id(Document, cancelled_id)
    if cancelled is None or cancelled.type is not DocumentType.DAMAGE_CLAIM:
        return attempts.refundable(await attempts.of_contract(session, contract_id))
    mirror_id = await session.first(select(Document.id).where(col(Document.refers_to_id) == cancelled.id))
    split = await shares.of_contract(session, contract_id)
    return split.refundable(cancelled.id, mirror_id)
