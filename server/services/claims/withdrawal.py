"""A document that a manager takes back by hand, also where it claims a damage.

A claim that was wrong, or is disputed rightly, is owed no more, and what was paid for it goes back. Its damage is to be
decided anew: it may be claimed once more, or somebody else pays.
"""

from __future__ import annotations

from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.database.conflicts import tried_again
from server.models import Contract, Damage, Document
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability
from server.models.document import DocumentType
from server.models.job import JobKind
from server.services import validation
from server.services.acting import Acting
from server.services.billing import cancellations, cancelled, collection, documents, invoice
from server.services.billing.cancelled import Cancelled
from server.services.changes import edit
from server.services.claims import cases, decisions
from server.services.contract import history
from server.services.outside import Outside
from server.services.receivables import cancelling


async def cancel_document(outside: Outside, acting: Acting, document_id: UUID | None, reason: str) -> UUID:
    """Takes an invoice or a claim back by a cancellation invoice, whose id is returned; what was paid for it goes back.

    Raises NotFound, InvalidInput without a reason or for a document that cannot be taken back (any more),
    PAYMENT_UNRESOLVED while money is under way.
    """
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await session.by_id(Document, document_id)
    if seen is None or seen.type is not DocumentType.DAMAGE_CLAIM:
        return await cancelling.cancel(outside, acting, document_id, reason)
    return await _withdraw(outside, acting, seen.id, reason)


@tried_again
async def _withdraw(outside: Outside, acting: Acting, claim_id: UUID, reason: str) -> UUID:
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    async with edit.editing_document(outside, acting, claim_id) as (session, contract, claim):
        await cancelling.require_standing(session, claim)
        damage = await _claimed(session, claim)
        await invoice.refuse_under_way(session, contract)
        await cases.open_item(session, damage, field=("document_id",))
        mirror = await cancellations.cancel(session, contract, claim, acting)
        await _decide_anew(session, contract, damage, acting)
        contract.version += 1
        await session.store(contract)
        await collection.go_on_with(session, contract, JobKind.COLLECT, acting.now)
        await cancelled.tell(session, contract, Cancelled([claim], [mirror], acting.why), now=acting.now)
        done, of_contract = mirror.id, contract.id
    await documents.print_unprinted(outside, of_contract)
    return done


async def _claimed(session: Session, claim: Document) -> Damage:
    """The damage of a claim that stands, locked after its contract. LookupError if there is none."""
    damage = await session.first(select(Damage).where(col(Damage.claim_document_id) == claim.id).with_for_update())
    if damage is None:
        raise LookupError(f"the damage of claim {claim.number}")
    return damage


async def _decide_anew(session: Session, contract: Contract, damage: Damage, acting: Acting) -> None:
    before, damage.claim_document_id = damage.liability, None
    await cases.enter(session, damage, DamageLiability.DECIDED_CUSTOMER)
    said = {"before": before.value, "after": decisions.said(damage)}
    await history.record(session, contract, HistoryAction.DAMAGE_DECIDED, acting, **said)
