"""The mail about the end of a booking: what it costs, and what becomes of the money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from server.database import Session
from server.models import Contract, Document, OpenItem
from server.models.columns import uuid7
from server.models.contract import ContractState
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.services.billing import documents, ways
from server.services.billing.settlements import SettlementAction
from server.services.mail import appointment, emails, letters, parts
from server.services.mail.emails import MailDraft


@dataclass(frozen=True)
class Told:
    """What an end has brought: its documents, what is due because of them (negative: paid back) and how it moves."""

    state: ContractState
    fee_cents: int
    documents: Sequence[Document]
    action: SettlementAction
    due_cents: int
    open_item: OpenItem | None = None


async def ended(session: Session, contract: Contract, told: Told, held_cents: int | None, *, now: datetime) -> None:
    """Tells the customer, once for each time that a booking ends, with the documents. `held_cents`: the deposit."""
    last = told.documents[-1] if told.documents else None
    view = replace(
        await letters.frame(session, contract),
        start=contract.starts_at,
        no_show=told.state is ContractState.NO_SHOW,
        cancellation_fee_cents=told.fee_cents or None,
        paid_cents=contract.paid_cents,
        refund_cents=-told.due_cents if told.due_cents < 0 else None,
        open_cents=told.due_cents if told.due_cents > 0 else None,
        rest_from_card=told.action is SettlementAction.CHARGE,
        due_on=told.open_item.due_on if told.open_item else None,
        payer_name=parts.payer_name(contract),
        document_number=last.number if last else None,
        document_cancels=last is not None and last.type is DocumentType.CANCELLATION_INVOICE,
        deposit_cents=held_cents,
        deposit_note=ways.deposit_note(told.action),
    )
    files = [*documents.attachments(*told.documents), appointment.attached(contract, view, now=now)]
    cause = last.id if last else uuid7()  # a booking may end, be taken up again, and end once more
    draft = MailDraft(EmailTemplate.CANCELLATION, cause, view, files, waits_for_paper=last is not None)
    await emails.queue(session, contract, draft, now=now)
