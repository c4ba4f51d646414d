"""Who pays: an insurer, a maker, an employer; or the customer again.

Until the rental is billed an advance goes back. Afterwards everything is taken back and billed anew (domain D6), which
is for managers.
"""

from __future__ import annotations

from uuid import UUID

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import DomainError, ProblemCode, Refused, Sentence
from server.models import Contract, Document
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind
from server.models.recipient import Recipient
from server.services.acting import OVERRIDERS, Acting
from server.services.billing import addressee, cancellations, cancelled, collection, documents, invoice, settlements
from server.services.billing.cancelled import Cancelled
from server.services.changes import edit, said
from server.services.changes.edit import Done, Prospect
from server.services.mail import parts
from server.services.outside import Outside

FIELD = ("payer",)
_POSSIBLE = frozenset({ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED, ContractState.BILLED})
_BILL_FIRST = Sentence(
    "What was paid for an invoice that was taken back counts for the next one: bill that first, then change the payer.",
    "Was für eine stornierte Rechnung bezahlt ist, zählt für die nächste: erst abrechnen, dann den Zahler ändern.",
)
_FOR_MANAGERS = Sentence(
    "After billing only a manager can have somebody else pay: the invoice is taken back and issued anew.",
    "Nach der Abrechnung kann nur die Leitung den Zahler ändern: die Rechnung wird storniert und neu ausgestellt.",
)


async def look(session: Session, contract: Contract, acting: Acting, *, payer: Recipient | None) -> Prospect:
    """What would go back: an advance that the customer's card paid for what somebody else is to pay; after billing
    everything that was paid.
    """
    problems: list[DomainError] = edit.against_state(contract, _POSSIBLE)
    try:
        _ = payer and parts.checked_payer(payer, FIELD)
    except DomainError as problem:
        problems.append(problem)
    billed = contract.state is ContractState.BILLED
    if billed:
        problems += await _against_billing_anew(session, contract, acting, payer)
    kept = await cancellations.kept_of_cancelled(session, contract.id)
    if kept and contract.state in _POSSIBLE and not billed:
        problems.append(Refused(ProblemCode.NOT_ALLOWED, _BILL_FIRST, field=list(FIELD)))
    gone = await _to_cancel(session, contract, payer)
    paid = sum([await cancellations.paid_for(session, contract.id, document) for document in gone])
    back = max(0, kept + paid)
    charged = contract.total_cents if billed and payer is None and await settlements.has_card(session, contract) else 0
    return Prospect(before=contract.price, after=contract.price, moved_cents=charged - back, problems=problems)


async def _against_billing_anew(
    session: Session, contract: Contract, acting: Acting, payer: Recipient | None
) -> list[DomainError]:
    problems: list[DomainError] = []
    if acting.person.role not in OVERRIDERS:
        problems.append(Refused(ProblemCode.NOT_ALLOWED, _FOR_MANAGERS, field=list(FIELD)))
    try:
        await invoice.refuse_under_way(session, contract)
    except Refused as problem:
        problems.append(problem)
    if addressee.lacks_address_of(contract, payer, contract.total_cents):
        problems.append(Refused(ProblemCode.BILLING_BLOCKED, addressee.ADDRESS_MISSING))
    return problems


@tried_again
async def change(
    outside: Outside, acting: Acting, contract_id: UUID | None, version: int, payer: Recipient | None
) -> UUID:
    """Has somebody else pay, or the customer again (None). What a card paid in advance goes back, and its invoice is
    taken back; what the payer owes is an open item, and never debited from the customer's card.

    Raises NotFound, VersionConflict, InvalidTransition, InvalidInput; after billing also NOT_ALLOWED for whoever is no
    manager, PAYMENT_UNRESOLVED and BILLING_BLOCKED.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        (await look(session, contract, acting, payer=payer)).refuse()
        if contract.state is ContractState.BILLED:
            await _bill_anew(session, contract, acting, payer)
        else:
            await _agree(session, contract, acting, payer)
        changed = contract.id
    await documents.print_unprinted(outside, changed)
    return changed


async def _agree(session: Session, contract: Contract, acting: Acting, payer: Recipient | None) -> None:
    before = parts.payer_name(contract)
    gone = await _to_cancel(session, contract, payer)
    back = await cancellations.cancel_all(session, contract, gone, acting.because(None)) if gone else []
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


async def _bill_anew(session: Session, contract: Contract, acting: Acting, payer: Recipient | None) -> None:
    """The invoice and the advances are taken back, all that was paid goes back, and the whole is billed to whoever pays
    from now on (domain D6).
    """
    before = parts.payer_name(contract)
    gone = await _to_cancel(session, contract, payer)
    back = await cancellations.cancel_all(session, contract, gone, acting.because(None))
    contract.pay_by(parts.checked_payer(payer, FIELD) if payer else None)
    new = await invoice.issue_for_payer(session, contract, acting)
    done = Done(action=HistoryAction.PAYER_CHANGED, before=before, after=parts.payer_name(contract))
    await edit.finish(session, contract, done, acting)
    await collection.go_on_with(session, contract, JobKind.COLLECT, acting.now)
    await cancelled.tell(session, contract, Cancelled(gone, [*back, new]), now=acting.now)


async def _to_cancel(session: Session, contract: Contract, payer: Recipient | None) -> list[Document]:
    """After billing every document that was made out; before it, the advance invoices of what the card has paid, if
    somebody else is to pay from now on.
    """
    finals = await documents.standing(session, contract.id, DocumentType.FINAL_INVOICE)
    if payer is None and not finals:
        return []
    return [*finals, *await documents.advances_of(session, contract.id)]
