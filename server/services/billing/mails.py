"""Mails around the final invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid5

from server.database import Session
from server.models import Contract, Deposit, Document, OpenItem, Payment
from server.models.email import EmailTemplate
from server.models.payment import DepositState
from server.paper.views import MailView, PaymentPart, PaymentWay
from server.services.billing import documents
from server.services.billing.drafts import Draft
from server.services.mail import emails, letters, parts
from server.services.mail.emails import MailDraft


async def final_invoice(
    session: Session,
    contract: Contract,
    document: Document,
    draft: Draft,
    deposit: Deposit | None,
    *,
    agreed_cents: int | None,
    now: datetime,
) -> None:
    """The invoice, and how the rest of it will be paid. `agreed_cents` is what the whole was to cost; None where it was
    billed before.
    """
    held = deposit is not None and deposit.state is DepositState.ACTIVE
    view = replace(
        await _view(session, contract, document),
        agreed_cents=agreed_cents,
        payments=draft.payments,
        deposit_cents=deposit.amount_cents if deposit is not None and held else None,
        deposit_note=draft.deposit_note,
    )
    attached = documents.attachments(document)
    mail = MailDraft(EmailTemplate.FINAL_INVOICE, document.id, view, attached, waits_for_paper=True)
    await emails.queue(session, contract, mail, now=now)
    await to_payer(session, contract, document, draft.payments, agreed_cents=agreed_cents, now=now)


async def to_payer(
    session: Session,
    contract: Contract,
    document: Document,
    payments: Sequence[PaymentPart],
    *,
    mirrors: Sequence[Document] = (),
    agreed_cents: int | None = None,
    now: datetime,
) -> None:
    """The invoice to whoever else pays, with how to pay it, and with the `mirrors` of those whose place it takes; the
    customer's copy asks for nothing. Without a mail address of the payer, staff send it by post.
    """
    if contract.payer is None or contract.payer.email is None:
        return
    view = replace(
        await _view(session, contract, document),
        agreed_cents=agreed_cents,
        payments=payments,
        greeting_name=contract.payer.name,
        payer_name=None,
        renter_name=contract.customer.display_name,
        payer_reference=contract.payer.reference,
        cancelled=tuple(documents.original_number(mirror) for mirror in mirrors),
    )
    draft = MailDraft(
        EmailTemplate.FINAL_INVOICE,
        uuid5(document.id, "payer"),
        view,
        documents.attachments(document, *mirrors),
        waits_for_paper=True,
        to=contract.payer.email,
    )
    await emails.queue(session, contract, draft, now=now)


async def refund(session: Session, contract: Contract, document: Document, cents: int, *, now: datetime) -> None:
    """Money is on its way back."""
    part = PaymentPart(way=PaymentWay.REFUNDED, amount_cents=cents)
    view = replace(await _view(session, contract, document), payments=[part], refund_cents=cents)
    await emails.queue(session, contract, MailDraft(EmailTemplate.REFUND, document.id, view), now=now)


async def payment_failed(
    session: Session,
    contract: Contract,
    document: Document,
    sale: Payment,
    from_deposit: int,
    item: OpenItem | None,
    *,
    now: datetime,
) -> None:
    """The card was declined: what was taken from the deposit, and what is to be transferred until when."""
    view = replace(
        await _view(session, contract, document),
        payable_cents=document.moves_cents,  # what the card was to pay, of an invoice issued anew
        open_cents=document.moves_cents - from_deposit,
        due_on=item.due_on if item else None,
    )
    await emails.queue(session, contract, MailDraft(EmailTemplate.PAYMENT_FAILED, sale.id, view), now=now)


async def _view(session: Session, contract: Contract, document: Document) -> MailView:
    return replace(
        await letters.frame(session, contract),
        document_number=document.number,
        payer_name=parts.payer_name(contract),
        lines=parts.lines_of(document.lines),
        total_cents=document.total_cents,
        advance_cents=document.total_cents - document.payable_cents,
        payable_cents=document.payable_cents,
    )
