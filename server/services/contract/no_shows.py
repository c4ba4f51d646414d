"""When a booking that nobody picks up ends: from when on staff may say so, and when it ends by itself (domain 4.3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.database import Session
from server.jobs import enqueue
from server.models import Contract
from server.models.job import JobKind, OfContract
from server.models.protocol import LONGEST_WITHOUT_NETWORK

_BY_STAFF = timedelta(hours=2)
_BY_ITSELF = LONGEST_WITHOUT_NETWORK + timedelta(days=1)
"""Before that the car may be on the road, and nobody here knows (docs/adr/0024)."""
_LOOK_AGAIN = timedelta(days=1)


def from_when(contract: Contract) -> datetime:
    """The first instant at which staff may say that nobody came."""
    return contract.starts_at + _BY_STAFF


def by_itself_at(contract: Contract) -> datetime:
    """When the system says so: no tablet can bring a hand-over any more. The car is kept to the planned end only."""
    return contract.starts_at + _BY_ITSELF


async def plan(session: Session, contract: Contract, *, now: datetime) -> None:
    """Writes the job that looks at that instant. One of another period finds that it is too early, and does nothing.

    Whoever was taken up again, or had no car, has until the planned end; after it the job looks once a day.
    """
    at = next((one for one in (by_itself_at(contract), contract.ends_at) if one > now), now + _LOOK_AGAIN)
    key = f"no_show:{contract.id}:{contract.version}:{at.isoformat()}"
    await enqueue(session, JobKind.MARK_NO_SHOW, OfContract(contract.id), key=key, now=now, due_at=at)
