"""Mails: written in the transaction of what caused them, sent by a job, one per cause however often it is retried."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.gateways.mailer import Attachment, MailRefused, MailUnavailable, OutgoingMail
from server.gateways.object_store import ObjectMissing
from server.jobs import GivenUp, TryLater, enqueue, hasten_untried
from server.jobs.absences import is_absent
from server.models import Contract, Document, Email
from server.models.columns import uuid7
from server.models.customer import Language
from server.models.email import XML, EmailState, EmailTemplate, StoredFile
from server.models.job import JobKind, OfEmail
from server.paper.mail_templates import render_mail
from server.paper.views import MailView
from server.services.contract import keeping
from server.services.fleet import company_data, stations
from server.services.mail import parts
from server.services.outside import Outside

_log = structlog.get_logger("emails")
PRINTED_AT_LAST = timedelta(minutes=1)
"""When a mail looks for its PDF by itself, because nobody has called it."""
_ERASED = "the customer is erased"
_TOO_LATE = "it could not be sent in time"
WAITS_FOR_PAPER = timedelta(minutes=10)
"""How long a mail looks again and again for a PDF that is just being made; if it still has to be made, it looks now and
then (`_NOW_AND_THEN`) until whoever makes it at last calls it.
"""
_NOW_AND_THEN = timedelta(minutes=15)
_REFUSED = "MailRefused"


@dataclass(frozen=True)
class MailDraft:
    """A mail to be written: which template, because of what (contract, document, protocol, payment), what it shows.

    `waits_for_paper`: an attachment is still to be printed; whoever prints it calls `send_now`. `to` and `language` are
    the customer's unless given: a notice goes `to` the station. What could only be sent later than `not_after` is given
    up: it would not be true any more.
    """

    template: EmailTemplate
    cause_id: UUID
    view: MailView
    attachments: Sequence[StoredFile] = ()
    protocol_id: UUID | None = None
    waits_for_paper: bool = False
    to: str | None = None
    language: Language | None = None
    not_after: datetime | None = None


async def queue(session: Session, contract: Contract, draft: MailDraft, *, now: datetime) -> Email:
    """Writes a mail and the job that sends it. A second mail for the same cause is the first one."""
    statement = select(Email).where(
        col(Email.contract_id) == contract.id,
        col(Email.template) == draft.template,
        col(Email.cause_id) == draft.cause_id,
    )
    if (existing := await session.first(statement)) is not None:
        return existing
    keeping.require_person(contract)
    language = draft.language or contract.language
    sender_name, reply_to = await _sender(session, contract)
    xrechnung = any(file.type == XML for file in draft.attachments)
    view = replace(draft.view, xrechnung_attached=xrechnung, can_be_answered=reply_to is not None)
    rendered = render_mail(draft.template.value, parts.wording(language), view)
    email = Email(
        id=uuid7(),
        contract_id=contract.id,
        station_id=contract.station_id,
        template=draft.template,
        cause_id=draft.cause_id,
        to=draft.to or contract.customer.email,
        sender_name=sender_name,
        reply_to=reply_to,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        language=language,
        attachments_json=[asdict(file) for file in draft.attachments],
        protocol_id=draft.protocol_id,
        queued_at=now,
        not_after=draft.not_after,
    )
    await session.store(email)
    due_at = now + PRINTED_AT_LAST if draft.waits_for_paper else now
    await enqueue(session, JobKind.SEND_EMAIL, OfEmail(email.id), key=key_of(email), now=now, due_at=due_at)
    return email


async def _sender(session: Session, contract: Contract) -> tuple[str, str | None]:
    """Who writes, and where answers go: the station, or the company where the station has no address of its own, or one
    with letters that a header cannot carry to every mail server.
    """
    station = await stations.get(session, contract.station_id)
    company = await company_data.found(session)
    addresses = (station.email, company.email if company else None)
    plain = (one for one in addresses if one and one.rpartition("@")[0].isascii())
    return station.name, next(plain, None)


def key_of(email: Email) -> str:
    """The job that sends a mail for the first time."""
    return f"email:{email.id}"


async def send_now(session: Session, contract_id: UUID, *, now: datetime) -> None:
    """Sends a contract's mails, now that their PDF is made. One that the mail server has refused keeps its time."""
    waiting = select(Email).where(
        col(Email.contract_id) == contract_id, col(Email.state) == EmailState.QUEUED, col(Email.tries) == 0
    )
    for email in await session.all(waiting):
        await hasten_untried(session, key_of(email), now=now)


async def send(outside: Outside, email_id: UUID, *, is_last_try: bool) -> None:
    """Hands a mail to the mail server. The Message-ID is fixed, so that a mail sent twice is recognised as one.

    While the mail server or the store is away it waits, and says so in `last_error`; the error is raised, for the job
    to be tried again. GivenUp when the mail server refuses it for good. On the last try a fault of ours ends it, too.
    """
    async with outside.database.transaction(SYSTEM) as session:
        email = await session.by_id(Email, email_id)
        contract = await session.by_id(Contract, email.contract_id) if email else None
        is_erased = contract is not None and keeping.is_erased(contract)
    if email is None or email.state is not EmailState.QUEUED:
        return
    if is_erased:
        await _mark(outside, email.id, EmailState.FAILED, error=_ERASED)
        return
    if email.not_after is not None and outside.clock.now() > email.not_after:
        _log.info("email.too_late", email=str(email.id))
        await _mark(outside, email.id, EmailState.FAILED, error=_TOO_LATE)
        return
    try:
        await outside.mailer.send(await _outgoing(outside, email))
    except MailRefused as refusal:
        _log.warning("email.refused", email=str(email.id))
        # One that was replaced meanwhile goes to another address: nobody has to look at it.
        if await _mark(outside, email.id, EmailState.FAILED, error=str(refusal)):
            raise GivenUp(_REFUSED) from refusal
    except Exception as error:
        if isinstance(error, ObjectMissing) and (later := await _printed_later(outside, email)) is not None:
            raise TryLater(later) from error
        is_over = is_last_try and not is_absent(error)
        # What nobody has foreseen may quote a customer.
        words = str(error) if isinstance(error, MailUnavailable) else type(error).__name__
        await _mark(outside, email.id, EmailState.FAILED if is_over else EmailState.QUEUED, error=words)
        raise
    else:
        await _mark(outside, email.id, EmailState.SENT, error=None)


async def _printed_later(outside: Outside, email: Email) -> datetime | None:
    """When a mail looks again for a file that is not there: soon, if it is just being printed; now and then, if it is
    still to be printed because the store is away. None if it should be there.
    """
    now = outside.clock.now()
    if now < email.queued_at + WAITS_FOR_PAPER:
        return now + timedelta(seconds=2)
    keys = [file.key for file in email.attachments if file.key]
    of_mail = col(Document.pdf_key).in_(keys) | col(Document.xml_key).in_(keys)
    unprinted = select(Document.id).where(
        col(Document.contract_id) == email.contract_id, col(Document.sha256).is_(None), of_mail
    )
    async with outside.database.transaction(SYSTEM) as session:
        waits = await session.first(unprinted) is not None
    return now + _NOW_AND_THEN if waits else None


async def _outgoing(outside: Outside, email: Email) -> OutgoingMail:
    files = await asyncio.gather(*(_content(outside, file) for file in email.attachments))
    return OutgoingMail(
        message_id=f"<{email.id}@{outside.mail_domain}>",
        date=email.queued_at,
        to=email.to,
        sender_name=email.sender_name,
        reply_to=email.reply_to,
        subject=email.subject,
        html=email.html,
        text=email.text,
        template=email.template.value,
        attachments=[
            Attachment(file.name, file.type, content) for file, content in zip(email.attachments, files, strict=True)
        ],
    )


async def _content(outside: Outside, file: StoredFile) -> bytes:
    return await outside.objects.get(file.key) if file.text is None else file.text.encode()


async def _mark(outside: Outside, email_id: UUID, state: EmailState, *, error: str | None) -> bool:
    """Whether it was still to be sent."""
    sent_at = outside.clock.now() if state is EmailState.SENT else None
    values = {"state": state.value, "error": error and error[:300], "id": email_id, "sent_at": sent_at}
    async with outside.database.transaction(SYSTEM) as session:
        changed = await session.write(
            # One that was replaced meanwhile stays that, or it would be tried again; unless it has gone out after all.
            "update email set state = :state, tries = tries + 1, last_error = :error, sent_at = :sent_at"
            " where id = :id and (state = 'QUEUED' or :state = 'SENT')",
            values,
        )
    return changed == 1
