"""A mail that staff send once more, because it did not arrive or went to a wrong address."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import NotFound, Sentence
from server.jobs import enqueue
from server.models import Email
from server.models.columns import uuid7
from server.models.contract_parts import HistoryAction
from server.models.email import EmailState
from server.models.job import JobKind, OfEmail
from server.services import contact_data
from server.services.acting import Acting
from server.services.contract import contracts, effects, history, keeping
from server.services.mail import emails
from server.services.outside import Outside


async def resend(outside: Outside, acting: Acting, email_id: UUID | None, wanted: str | None) -> UUID:
    """Sends a mail once more, as one of its own, to the same address or a corrected one; returns its id. One that still
    waits for the address that it has is left to its job; with another address it takes the place of what waits. Asked
    for twice, it is one.

    Raises NotFound, and InvalidInput for what is no address.
    """
    address = contact_data.email(wanted, ("to",)) if wanted is not None else None
    async with outside.database.snapshot(acting.person.scope) as session:
        seen = await session.by_id(Email, email_id)
    if seen is None:
        raise NotFound(Sentence("There is no such mail.", "Diese E-Mail gibt es nicht."), field=["email_id"])
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, seen.contract_id)
        keeping.require_person(contract, field=["email_id"])
        email = await session.by_id(Email, seen.id, lock=True)
        if email is None:
            raise LookupError(f"mail {seen.id}")
        if email.state is EmailState.QUEUED and address in (None, email.to):
            return email.id
        to = address or email.to
        if (waiting := await _waiting(session, email, to)) is not None:
            return waiting
        if email.state is EmailState.QUEUED:
            email.state = EmailState.REPLACED
            await session.store(email)
        again = _once_more(email, to, acting.now)
        await session.store(again)
        await enqueue(session, JobKind.SEND_EMAIL, OfEmail(again.id), key=emails.key_of(again), now=acting.now)
        await effects.let_rest(session, contract, emails.key_of(email), acting.now)
        await history.record(session, contract, HistoryAction.EMAIL_RESENT, acting, before=email.to, after=again.to)
        return again.id


async def _waiting(session: Session, email: Email, to: str) -> UUID | None:
    """The mail that says this one once more and is still to go there, if there is one."""
    again = select(Email.id).where(
        # By the contract, which has an index: a table of all mails is long.
        col(Email.contract_id) == email.contract_id,
        col(Email.resend_of_id) == email.id,
        col(Email.to) == to,
        col(Email.state) == EmailState.QUEUED,
    )
    return await session.first(again)


def _once_more(email: Email, to: str, now: datetime) -> Email:
    content = email.model_dump(exclude={"id", "cause_id", "queued_at", "sent_at", "tries", "last_error", "state"})
    made = uuid7()
    return Email(**content | {"id": made, "cause_id": made, "to": to, "resend_of_id": email.id, "queued_at": now})
