"""When a booking that nobody picks up ends: from when on staff may say so, and when it ends by itself (domain 4.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.database import Session
from server.jobs import enqueue
from server.models import Contract
from server.models.job import JobKind, OfContract

_BY_STAFF = timedelta(hours=2)
_BY_ITSELF = timedelta(hours=24)


def from_when(contract: Contract) -> datetime:
    """The first instant at which staff may say that nobody came."""
    return contract.starts_at + _BY_STAFF


def by_itself_at(contract: Contract) -> datetime:
    """When the system says so: a day after the planned start, and at the planned end at the latest."""
    return min(contract.ends_at, contract.starts_at + _BY_ITSELF)


async def plan(session: Session, contract: Contract, *, now: datetime) -> None:
    """Writes the job that looks at that instant. One of another period finds that it is too early, and does nothing.

    Whoever was taken up again, or had no car, has until the planned end; after it the job looks once a day.
    """
    at = next((one for one in (by_itself_at(contract), contract.ends_at) if one > now), now + _BY_ITSELF)
    key = f"no_show:{contract.id}:{contract.version}:{at.isoformat()}"
    await enqueue(session, JobKind.MARK_NO_SHOW, OfContract(contract.id), key=key, now=now, due_at=at)
