"""A document that a manager takes back by hand.

What was paid for a document goes back; a rental whose final invoice is gone waits until somebody has put right what was
wrong, and is billed anew then.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, Sentence
from server.models import Contract, Document
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.document import DocumentType
from server.models.job import JobKind
from server.services import validation
from server.services.acting import Acting
from server.services.billing import cancellations, cancelled, collection, documents, invoice
from server.services.billing.cancelled import Cancelled
from server.services.changes import edit
from server.services.contract import blocks, contracts
from server.services.outside import Outside

_FIELD = ("document_id",)
_POSSIBLE = frozenset({DocumentType.ADVANCE_INVOICE, DocumentType.FINAL_INVOICE})
_NOT_THIS = Sentence(
    "Only an advance invoice, a final invoice or a claim for a damage is taken back by hand.",
    "Von Hand storniert werden nur Anzahlungsrechnungen, Schlussrechnungen und Schadenersatzforderungen.",
)


@tried_again
async def cancel(outside: Outside, acting: Acting, document_id: UUID | None, reason: str) -> UUID:
    """Takes an invoice back by a cancellation invoice, whose id is returned; what was paid for it goes back.

    Raises NotFound, InvalidInput without a reason or for a document that cannot be taken back (any more),
    PAYMENT_UNRESOLVED while money is under way.
    """
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    async with edit.editing_document(outside, acting, document_id) as (session, contract, document):
        await _require_possible(session, contract, document)
        await invoice.refuse_under_way(session, contract)
        gone = [document, *await _of_the_fee(session, contract, document)]
        mirrors = await cancellations.cancel_all(session, contract, gone, acting)
        if document.type is DocumentType.FINAL_INVOICE:
            await _without_invoice(session, contract, document, mirrors, acting)
        contract.version += 1
        await session.store(contract)
        await collection.go_on_with(session, contract, JobKind.COLLECT, acting.now)
        await cancelled.tell(session, contract, Cancelled(gone, mirrors, acting.why), now=acting.now)
        done, of_contract = mirrors[0].id, contract.id
    await documents.print_unprinted(outside, of_contract)
    return done


async def require_standing(session: Session, document: Document) -> None:
    """InvalidInput for a document that was taken back already, naming by which one."""
    mirror = await session.first(select(Document).where(col(Document.refers_to_id) == document.id))
    if mirror is not None:
        raise InvalidInput(
            Sentence(
                f"{document.number} was taken back by {mirror.number} already.",
                f"{document.number} ist schon durch {mirror.number} storniert.",
            ),
            field=list(_FIELD),
        )


async def _require_possible(session: Session, contract: Contract, document: Document) -> None:
    if document.type not in _POSSIBLE:
        raise InvalidInput(_NOT_THIS, field=list(_FIELD))
    await require_standing(session, document)
    if document.type is DocumentType.FINAL_INVOICE:
        return
    for final in await documents.standing(session, contract.id, DocumentType.FINAL_INVOICE):
        if any(advance["document_id"] == str(document.id) for advance in final.advances):
            raise InvalidInput(
                Sentence(
                    f"{final.number} deducts this advance: take that one back first.",
                    f"{final.number} zieht diese Anzahlung ab: bitte zuerst diese Rechnung stornieren.",
                ),
                field=list(_FIELD),
            )


async def _of_the_fee(session: Session, contract: Contract, document: Document) -> list[Document]:
    """The advances that the fee of a booking has used up: with the fee they go, too."""
    is_fee = document.type is DocumentType.FINAL_INVOICE and contract.state is not ContractState.BILLED
    return await documents.advances_of(session, contract.id) if is_fee else []


async def _without_invoice(
    session: Session, contract: Contract, document: Document, mirrors: Sequence[Document], acting: Acting
) -> None:
    """A rental is back and not billed; of a fee nothing but the money that goes back is left."""
    if contract.state is not ContractState.BILLED:
        contract.settlement_state = collection.before_money(sum(mirror.moves_cents for mirror in mirrors))
        return
    contract.billed_at, contract.settlement_state = None, SettlementState.NONE
    await contracts.move_back(session, contract, ContractState.RETURNED, acting)
    await blocks.block_billing(
        session, contract, BillingBlock.DOCUMENT_CANCELLED, acting.because(None), detail=document.number
    )
