"""What the customer is told of documents that were taken back by hand, or because somebody else pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from server.database import Session
from server.models import Contract, Document
from server.models.email import EmailTemplate
from server.models.recipient import Recipient
from server.paper.views import MailView
from server.services.billing import documents
from server.services.fleet import company_data, stations
from server.services.mail import emails, parts
from server.services.mail.emails import MailDraft
from server.services.payments import attempts


@dataclass(frozen=True)
class Cancelled:
    """Documents that were taken back (`cancelled`), what was issued because of it, and why, in words of staff."""

    cancelled: Sequence[Document]
    issued: Sequence[Document]
    why: str | None = None

    def back_to(self, contract: Contract) -> int:
        """What goes back to the customer because of it."""
        mirrors = [one for one in self.issued if one.refers_to_id is not None]
        return max(0, -sum(one.moves_cents for one in mirrors if parts.is_customers(contract, one.recipient)))

    @property
    def new(self) -> Document | None:
        """What holds instead."""
        return next((one for one in self.issued if one.refers_to_id is None), None)


async def tell(session: Session, contract: Contract, told: Cancelled, *, now: datetime) -> None:
    """Writes one mail to the customer with all documents: what holds no more, what holds instead, and what goes back,
    to the card as far as cards have paid it. What another payer had, and gets back, that payer is told.
    """
    others = [one for one in told.cancelled if not parts.is_customers(contract, one.recipient)]
    if others and others[0].recipient.email:
        await _tell_payer(session, contract, told, others[0].recipient, now=now)
    if len(others) < len(told.cancelled) or told.new is not None:
        await _tell_customer(session, contract, told, now=now)


async def _tell_customer(session: Session, contract: Contract, told: Cancelled, *, now: datetime) -> None:
    on_cards = sum(cents for _, cents in attempts.refundable(await attempts.of_contract(session, contract.id)))
    station = await stations.get(session, contract.station_id)
    view = MailView(
        time_zone=station.time_zone,
        supplier=parts.supplier_of(await company_data.require(session)),
        station=parts.place_of(station),
        greeting_name=contract.customer.display_name,
        contract_number=contract.number,
        cancelled=tuple(document.number for document in told.cancelled),
        documents=tuple(document.number for document in told.issued),
        billed_anew=told.new is not None,
        total_cents=told.new.total_cents if told.new else None,
        refund_cents=(back := told.back_to(contract)) or None,
        to_card_cents=min(back, on_cards),
        reason=told.why,
        payer_name=parts.payer_name(contract),
    )
    files = [documents.attachment(document) for document in told.issued]
    cause: UUID = told.issued[-1].id
    draft = MailDraft(EmailTemplate.CORRECTION, cause, view, files, waits_for_paper=True)
    await emails.queue(session, contract, draft, now=now)


async def _tell_payer(
    session: Session, contract: Contract, told: Cancelled, payer: Recipient, *, now: datetime
) -> None:
    mirrors = [one for one in told.issued if one.refers_to_id is not None and one.recipient == payer]
    gone = {one.refers_to_id for one in mirrors}
    back = max(0, -sum(one.moves_cents for one in mirrors))
    station = await stations.get(session, contract.station_id)
    view = MailView(
        time_zone=station.time_zone,
        supplier=parts.supplier_of(await company_data.require(session)),
        station=parts.place_of(station),
        greeting_name=payer.name,
        contract_number=contract.number,
        cancelled=tuple(one.number for one in told.cancelled if one.id in gone),
        documents=tuple(one.number for one in mirrors),
        refund_cents=back or None,
        to_card_cents=0,
        reason=told.why,
    )
    files = [documents.attachment(document) for document in mirrors]
    cause = uuid5(told.issued[-1].id, "payer")
    draft = MailDraft(EmailTemplate.CORRECTION, cause, view, files, waits_for_paper=True, to=payer.email)
    await emails.queue(session, contract, draft, now=now)
