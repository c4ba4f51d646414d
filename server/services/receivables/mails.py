"""Mails about what is owed after billing: reminders, and money that is transferred back."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid5

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Document, Email, OpenItem, Payment, Station
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.paper.views import MailView
from server.services.billing import documents
from server.services.fleet import company_data, stations
from server.services.mail import emails, parts
from server.services.mail.emails import MailDraft


async def reminder(session: Session, contract: Contract, document: Document, item: OpenItem, *, now: datetime) -> bool:
    """Reminds whoever the document is made out to, with the document. False if somebody else than the customer owes it
    and has no mail address.
    """
    to = _owes_it(contract, document)
    if to is None:
        return False
    view = await _view(
        session,
        contract,
        greeting_name=document.recipient.name,
        document_number=document.number,
        is_claim=document.type is DocumentType.DAMAGE_CLAIM,
        total_cents=document.total_cents,
        open_cents=item.open_cents,
        due_on=item.due_on,
    )
    cause = _cause(item, item.reminders)
    draft = MailDraft(EmailTemplate.PAYMENT_REMINDER, cause, view, [documents.attachment(document)], to=to)
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


def _owes_it(contract: Contract, document: Document) -> str | None:
    """The address of whoever a document is made out to; None if that is another payer who gave none."""
    return contract.customer.email if parts.is_customers(contract, document.recipient) else document.recipient.email


async def transferred_back(
    session: Session, contract: Contract, document: Document, payment: Payment, *, now: datetime
) -> None:
    """Money was transferred back that no card could take: to whoever the document was made out to."""
    to = _owes_it(contract, document)
    if to is None:
        return
    view = await _view(
        session,
        contract,
        greeting_name=document.recipient.name,
        document_number=document.number,
        refund_cents=-payment.amount_cents,
        reason=None,
        refund_by_hand=True,
    )
    await emails.queue(session, contract, MailDraft(EmailTemplate.REFUND, payment.id, view, to=to), now=now)


async def _view(session: Session, contract: Contract, **more: object) -> MailView:
    station = await stations.get(session, contract.station_id)
    facts: dict[str, object] = {"greeting_name": contract.customer.display_name, **more}
    return MailView(
        time_zone=station.time_zone,
        supplier=parts.supplier_of(await company_data.require(session)),
        station=parts.place_of(station),
        contract_number=contract.number,
        **facts,  # type: ignore[arg-type]  # the callers' keywords are the view's own
    )
