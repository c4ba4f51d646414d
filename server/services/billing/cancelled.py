"""What the customer is told of documents that were taken back by hand, or because somebody else pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.models import Contract, Document
from server.models.email import EmailTemplate
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

    @property
    def back_cents(self) -> int:
        """What goes back because of it."""
        return -sum(one.moves_cents for one in self.issued if one.refers_to_id is not None)

    @property
    def new(self) -> Document | None:
        """What holds instead."""
        return next((one for one in self.issued if one.refers_to_id is None), None)


async def tell(session: Session, contract: Contract, told: Cancelled, *, now: datetime) -> None:
    """Writes one mail to the customer with all documents: what holds no more, what holds instead, and what goes back,
    to the card as far as cards have paid it.
    """
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
        refund_cents=told.back_cents or None,
        to_card_cents=min(told.back_cents, on_cards),
        reason=told.why,
        payer_name=parts.payer_name(contract),
    )
    files = [documents.attachment(document) for document in told.issued]
    cause: UUID = told.issued[-1].id
    draft = MailDraft(EmailTemplate.CORRECTION, cause, view, files, waits_for_paper=True)
    await emails.queue(session, contract, draft, now=now)
