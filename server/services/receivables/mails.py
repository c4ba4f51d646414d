"""Mails about what is owed after billing: reminders, and money that is transferred back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID, uuid5

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Document, Email, OpenItem, Payment, Station
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.paper.views import MailView
from server.services.billing import addressee, documents
from server.services.mail import emails, letters
from server.services.mail.emails import MailDraft


async def reminder(session: Session, contract: Contract, document: Document, item: OpenItem, *, now: datetime) -> bool:
    """Reminds whoever the document is made out to, with the document. False if somebody else than the customer owes it
    and has no mail address.
    """
    view, to = await _addressed(session, contract, document)
    if to is None:
        return False
    view = replace(
        view,
        document_number=document.number,
        is_claim=document.type is DocumentType.DAMAGE_CLAIM,
        total_cents=document.total_cents,
        open_cents=item.open_cents,
        due_on=item.due_on,
    )
    cause = _cause(item, item.reminders)
    draft = MailDraft(EmailTemplate.PAYMENT_REMINDER, cause, view, documents.attachments(document), to=to)
    await emails.queue(session, contract, draft, now=now)
    return True


def _cause(item: OpenItem, reminders: int) -> UUID:
    return uuid5(item.id, f"reminder:{reminders}")


async def told_on(session: Session, item: OpenItem, station: Station) -> date | None:
    """On which day whoever owes an item was reminded last; None if never."""
    statement = select(Email).where(
        col(Email.contract_id) == item.contract_id,
        col(Email.template) == EmailTemplate.PAYMENT_REMINDER,
        col(Email.cause_id) == _cause(item, item.reminders - 1),
    )
    last = await session.first(statement)
    return None if last is None else station.day_of(last.queued_at)


async def _addressed(session: Session, contract: Contract, document: Document) -> tuple[MailView, str | None]:
    """A mail to whoever a document is made out to, and the address; None if that is another payer who gave none."""
    view, payer = await letters.frame(session, contract), await addressee.other_payer(session, contract, document)
    if payer is None:
        return view, contract.customer.email
    return replace(view, greeting_name=payer.name), payer.email


async def transferred_back(
    session: Session, contract: Contract, document: Document, payment: Payment, *, now: datetime
) -> None:
    """Money was transferred back that no card could take: to whoever the document was made out to."""
    view, to = await _addressed(session, contract, document)
    if to is None:
        return
    view = replace(view, document_number=document.number, refund_cents=-payment.amount_cents, refund_by_hand=True)
    await emails.queue(session, contract, MailDraft(EmailTemplate.REFUND, payment.id, view, to=to), now=now)
