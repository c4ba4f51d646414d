"""What the customer is told of documents that were taken back by hand, or because somebody else pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid5

from server.database import Session
from server.models import Contract, Document
from server.models.document import DocumentType
from server.models.email import EmailTemplate
from server.services.billing import addressee, documents, mails, sources
from server.services.mail import emails, letters, parts
from server.services.mail.emails import MailDraft


@dataclass(frozen=True)
class Cancelled:
    """Documents that were taken back (`cancelled`), what was issued because of it, and why, in words of staff."""

    cancelled: Sequence[Document]
    issued: Sequence[Document]
    why: str | None = None

    @property
    def mirrors(self) -> list[Document]:
        """What takes them back."""
        return [one for one in self.issued if one.refers_to_id is not None]

    @property
    def new(self) -> Document | None:
        """What holds instead."""
        return next((one for one in self.issued if one.refers_to_id is None), None)


async def tell(session: Session, contract: Contract, told: Cancelled, *, now: datetime) -> None:
    """Writes one mail to the customer with all documents: what holds no more, what holds instead, and what goes back,
    to the card as far as cards have paid it. What another payer had, and gets back, that payer is told.
    """
    of_payer = {one.id: await addressee.other_payer(session, contract, one) for one in told.mirrors}
    payers = [one for one in told.mirrors if of_payer[one.id] is not None]
    customers = [one for one in told.mirrors if of_payer[one.id] is None]
    if payers and payers[0].recipient.email:
        await _tell_payer(session, contract, told, payers, now=now)
    if customers or told.new is not None:
        await _tell_customer(session, contract, told, customers, now=now)


async def tell_payer(session: Session, contract: Contract, issued: Sequence[Document], *, now: datetime) -> None:
    """Whoever else pays gets what was made out to them: an invoice, with what takes back the one before it, or that
    alone. The caller tells the customer. What takes an advance back, which a card had paid, is the customer's affair.
    """
    own = [one for one in issued if await addressee.other_payer(session, contract, one) is not None]
    gone = [found for one in own if (found := await session.by_id(Document, one.refers_to_id)) is not None]
    finals = [one.id for one in gone if one.type is DocumentType.FINAL_INVOICE]
    mirrors = [one for one in own if one.refers_to_id in finals]
    new = next((one for one in own if one.refers_to_id is None), None)
    if new is not None:
        await mails.to_payer(session, contract, new, documents.shown(new).payments, mirrors=mirrors, now=now)
    elif mirrors and mirrors[0].recipient.email:
        await _tell_payer(session, contract, Cancelled(gone, issued), mirrors, now=now)


async def _tell_customer(
    session: Session, contract: Contract, told: Cancelled, own: Sequence[Document], *, now: datetime
) -> None:
    back, by_card = _back(own), await sources.on_cards(session, contract.id, own[0].refers_to_id) if own else []
    view = replace(
        await letters.frame(session, contract),
        cancelled=tuple(document.number for document in told.cancelled),
        documents=tuple(document.number for document in told.issued),
        billed_anew=told.new is not None,
        total_cents=told.new.total_cents if told.new else None,
        refund_cents=back or None,
        to_card_cents=min(back, sum(cents for _, cents in by_card)),
        is_claim=told.cancelled[0].type is DocumentType.DAMAGE_CLAIM,
        reason=told.why,
        payer_name=parts.payer_name(contract),
    )
    files = documents.attachments(*told.issued)
    draft = MailDraft(EmailTemplate.CORRECTION, told.issued[-1].id, view, files, waits_for_paper=True)
    await emails.queue(session, contract, draft, now=now)


async def _tell_payer(
    session: Session, contract: Contract, told: Cancelled, own: Sequence[Document], *, now: datetime
) -> None:
    payer, gone = own[0].recipient, {one.refers_to_id for one in own}
    view = replace(
        await letters.frame(session, contract),
        greeting_name=payer.name,
        cancelled=tuple(one.number for one in told.cancelled if one.id in gone),
        documents=tuple(one.number for one in own),
        refund_cents=_back(own) or None,
        to_card_cents=0,
        counts_for_next=any(documents.shown(one).kept_cents > 0 for one in own),
        reason=told.why,
    )
    files, cause = documents.attachments(*own), uuid5(told.issued[-1].id, "payer")
    draft = MailDraft(EmailTemplate.CORRECTION, cause, view, files, waits_for_paper=True, to=payer.email)
    await emails.queue(session, contract, draft, now=now)


def _back(mirrors: Sequence[Document]) -> int:
    return max(0, -sum(one.moves_cents for one in mirrors))
