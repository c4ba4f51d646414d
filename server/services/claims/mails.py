"""Mails about damages: one that is confirmed, one that costs nothing, a claim, and a claim that the card refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.models import Contract, Damage, Deposit, Document, OpenItem, Payment, Vehicle
from server.models.email import EmailTemplate, StoredFile
from server.paper.views import DepositNote, MailView, PaymentPart
from server.services.billing import collection as rent
from server.services.billing import documents
from server.services.claims.plan import Plan
from server.services.claims.wording import named
from server.services.mail import emails, letters, parts
from server.services.mail.emails import MailDraft
from server.services.payments import deposits


@dataclass(frozen=True)
class Bundle:
    """What goes with the mail of a claim besides its document, and links to what is too heavy for it."""

    protocols: Sequence[StoredFile] = ()
    photos: Sequence[StoredFile] = ()
    evidence: Sequence[StoredFile] = ()
    protocol_links: Sequence[str] = ()
    photos_url: str | None = None


@dataclass(frozen=True)
class Issued:
    """A claim that was issued: its document, how it is paid, what the deposit pays, what goes with its mail."""

    document: Document
    ways: Sequence[PaymentPart]
    plan: Plan
    bundle: Bundle


async def confirmed(session: Session, contract: Contract, damage: Damage, cause_id: UUID, *, now: datetime) -> None:
    """It arose in the rental, and who pays is still to be decided."""
    view = await _with_deposit(session, contract, await _view(session, contract, damage))
    await emails.queue(session, contract, MailDraft(EmailTemplate.DAMAGE_NOTICE, cause_id, view), now=now)


async def cleared(
    session: Session, contract: Contract, damage: Damage, cause_id: UUID, plan: Plan, *, now: datetime
) -> None:
    """The customer pays nothing for it, and what becomes of the deposit."""
    view = await _with_deposit(session, contract, await _view(session, contract, damage))
    view = replace(_with_share(view, plan), damage_cleared=True)
    await emails.queue(session, contract, MailDraft(EmailTemplate.DAMAGE_NOTICE, cause_id, view), now=now)


async def claimed(
    session: Session,
    contract: Contract,
    damage: Damage,
    issued: Issued,
    *,
    now: datetime,
) -> None:
    """The claim, how it is paid, and everything that speaks for it."""
    document, bundle, plan = issued.document, issued.bundle, issued.plan
    view = await _view(session, contract, damage)
    view = _with_share(view, plan) if plan.parts else await _with_deposit(session, contract, view)
    view = replace(
        view,
        is_claim=True,
        document_number=document.number,
        total_cents=document.total_cents,
        payments=issued.ways,
        protocols_attached=bool(bundle.protocols),
        attached_photos=len(bundle.photos),
        evidence=len(bundle.evidence),
        protocol_links=bundle.protocol_links,
        photos_url=bundle.photos_url,
    )
    files = [*documents.attachments(document), *bundle.evidence, *bundle.protocols, *bundle.photos]
    draft = MailDraft(EmailTemplate.DAMAGE_CLAIM, document.id, view, files, waits_for_paper=True)
    await emails.queue(session, contract, draft, now=now)


async def not_paid(
    session: Session,
    contract: Contract,
    claim: Document,
    sale: Payment,
    from_deposit: int,
    item: OpenItem,
    *,
    now: datetime,
) -> None:
    """The card was declined: what was taken from the deposit, and what is to be transferred until when."""
    view = replace(
        await _view(session, contract, None),
        is_claim=True,
        document_number=claim.number,
        payable_cents=from_deposit + sale.amount_cents,
        open_cents=item.open_cents,
        due_on=item.due_on,
    )
    await emails.queue(session, contract, MailDraft(EmailTemplate.PAYMENT_FAILED, sale.id, view), now=now)


async def _view(session: Session, contract: Contract, damage: Damage | None) -> MailView:
    vehicle = await session.by_id(Vehicle, damage.vehicle_id) if damage else None
    language = parts.wording(contract.language)
    return replace(
        await letters.frame(session, contract),
        vehicle=f"{vehicle.make} {vehicle.model}, {vehicle.plate}" if vehicle else None,
        occurred_at=damage.seen_at if damage else None,
        damage=named(damage, language) if damage else None,
    )


async def _with_deposit(session: Session, contract: Contract, view: MailView) -> MailView:
    """What becomes of the deposit; nothing is said of it while a rental without another damage goes on."""
    held = deposits.held_cents(await session.by_id(Deposit, contract.id))
    if await deposits.awaits_decision(session, contract.id):
        return replace(view, deposit_cents=held, deposit_note=DepositNote.KEPT)
    told = held if contract.state in rent.OVER else None
    return replace(view, deposit_cents=told, deposit_note=DepositNote.RELEASED)


def _with_share(view: MailView, plan: Plan) -> MailView:
    """What the one capture takes for the rent, too."""
    if plan.rent_share is None:
        return view
    document, cents = plan.rent_share
    return replace(view, deposit_share_cents=cents, deposit_share_for=document.number)
