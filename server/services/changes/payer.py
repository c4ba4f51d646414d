"""Who pays: an insurer, a maker, an employer; or the customer again. Until the rental is billed."""

from __future__ import annotations

from uuid import UUID

from server.database import Session
from server.database_conflicts import tried_again
from server.errors import DomainError
from server.models import Contract, Document
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.job import JobKind
from server.models.recipient import Recipient
from server.services.acting import Acting
from server.services.billing import cancellations, collection, documents, invoice
from server.services.changes import edit, said
from server.services.changes.edit import Done, Prospect
from server.services.mail import parts
from server.services.outside import Outside

FIELD = ("payer",)
_POSSIBLE = frozenset({ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED})


async def look(session: Session, contract: Contract, _acting: Acting, *, payer: Recipient | None) -> Prospect:
    """What would go back to the customer's card: an advance that it paid for what somebody else is to pay."""
    problems: list[DomainError] = edit.against_state(contract, _POSSIBLE)
    try:
        _ = payer and parts.checked_payer(payer, FIELD)
    except DomainError as problem:
        problems.append(problem)
    advances = await _to_refund(session, contract, payer)
    back = [await cancellations.paid_for(session, contract.id, advance) for advance in advances]
    return Prospect(before=contract.price, after=contract.price, moved_cents=-sum(back), problems=problems)


@tried_again
async def change(
    outside: Outside, acting: Acting, contract_id: UUID | None, version: int, payer: Recipient | None
) -> UUID:
    """Has somebody else pay, or the customer again (None). What a card paid in advance goes back, and its invoice is
    taken back; what the payer owes is an open item, and never debited from the customer's card.

    Raises NotFound, VersionConflict, InvalidTransition, InvalidInput.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        (await look(session, contract, acting, payer=payer)).refuse()
        before = parts.payer_name(contract)
        advances = await _to_refund(session, contract, payer)
        silent = acting.because(None)
        back = [await cancellations.cancel(session, contract, advance, silent) for advance in advances]
        contract.pay_by(parts.checked_payer(payer, FIELD) if payer else None)
        done = Done(
            action=HistoryAction.PAYER_CHANGED,
            before=before,
            after=parts.payer_name(contract),
            told=said.payer(contract, before),
            issued=back,
        )
        await edit.finish(session, contract, done, acting)
        if back:
            await collection.go_on_with(session, contract, JobKind.COLLECT, acting.now)
        await invoice.go_on_with_address(session, contract, acting)
        changed = contract.id
    await documents.print_unprinted(outside, changed)
    return changed


async def _to_refund(session: Session, contract: Contract, payer: Recipient | None) -> list[Document]:
    """The advance invoices of what the card has paid, if somebody else is to pay from now on."""
    return await documents.advances_of(session, contract.id) if payer is not None else []
