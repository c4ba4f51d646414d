"""How long a contract is kept: the job that looks after it, and what is refused once the customer's data are gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from server.database import Session
from server.errors import DomainError, Path, ProblemCode, Refused, Sentence
from server.jobs import enqueue, hasten, keep_going
from server.models import Contract
from server.models.job import JobKind, OfContract

UNCONFIRMED = timedelta(days=30)
"""How long a booking is kept that never came about (domain 3.19); every contract is looked at first then."""
_ERASED = Sentence(
    "The customer's data are erased from this contract: nothing of it can be changed or sent any more.",
    "Die Daten des Kunden sind aus diesem Vertrag gelöscht: Er kann nicht mehr geändert oder verschickt werden.",
)


async def look_after(session: Session, contract_id: UUID, *, now: datetime, due_at: datetime | None = None) -> None:
    """Writes the job that erases, from a contract's booking on, what no law keeps any more; once for each contract."""
    about, due_at = OfContract(contract_id), due_at or now + UNCONFIRMED
    await enqueue(session, JobKind.RETENTION, about, key=key_of(contract_id), now=now, due_at=due_at)


async def look_now(session: Session, contract_id: UUID, *, now: datetime) -> None:
    """Has that job run now, whatever had become of it: also if it was given up, or is just being done."""
    about, key = OfContract(contract_id), key_of(contract_id)
    await keep_going(session, JobKind.RETENTION, about, key=key, now=now, due_at=now)
    await hasten(session, key, now=now)


def key_of(contract_id: UUID) -> str:
    """The job that looks after a contract."""
    return f"retention:{contract_id}"


def require_person(contract: Contract, *, field: Path = ("contract_id",)) -> None:
    """NOT_ALLOWED once the customer's data are erased."""
    for refusal in against_erased(contract, field=field):
        raise refusal


def against_erased(contract: Contract, *, field: Path = ("contract_id",)) -> list[DomainError]:
    """The refusal of every change of a contract whose customer's data are erased; nothing as long as they are there."""
    return [Refused(ProblemCode.NOT_ALLOWED, _ERASED, field=field)] if is_erased(contract) else []


def is_erased(contract: Contract) -> bool:
    """Whether the customer's data are erased: there is nobody any more who could be told or asked anything."""
    return contract.person_erased_at is not None
