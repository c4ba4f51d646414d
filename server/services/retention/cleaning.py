"""What nobody needs any more and no law keeps, deleted every night: bookkeeping of the system, and uploads that nobody
has attached to anything. Contracts, and all that is theirs, end by their own clocks (`clocks.py`).

In batches, each a short transaction; what one night does not get done, the next minutes do. One kind that fails does
not keep the others from being cleaned.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from server import jobs
from server.clock import SystemClock
from server.database import RETENTION, SYSTEM, Session
from server.jobs import TryLater
from server.models.job import JobKind, OfNothing
from server.services.booking import idempotency
from server.services.outside import Outside
from server.services.people import sessions, sign_in_limits
from server.services.retention import unattached

KEPT = timedelta(days=30)
"""How long finished jobs, answers to idempotency keys, and uploads that nobody attaches are kept."""
NIGHT_HOUR = 2
"""UTC: when the job begins; in the middle of the night wherever it is used."""
MOST_ROWS = 1000
"""Of one batch."""
BUDGET_SECONDS = 45.0
"""How long one try goes on beginning batches; a try may last 100 seconds."""
GO_ON_AFTER = timedelta(minutes=2)
_KEY = "clean"
Batch = Callable[[Session], Awaitable[int]]


async def schedule(session: Session, *, now: datetime) -> None:
    """Sees to it that the job is there once, and is going: asked for by every worker that starts."""
    await jobs.keep_going(session, JobKind.CLEAN, OfNothing(), key=_KEY, now=now, due_at=_next_night(now))


async def clean(outside: Outside) -> None:
    """Deletes what is over. Always raises TryLater, for the next night or for what is left, or what went wrong."""
    now, machine_now = outside.clock.now(), SystemClock().now()
    until = time.monotonic() + BUDGET_SECONDS
    is_done, failure = True, None
    for batch in _batches(now, machine_now):
        try:
            is_done &= await _repeated(outside, batch, until)
        except Exception as error:  # the rest is cleaned first; then the job says what went wrong
            failure = failure or error
    try:
        await _uploads(outside, now, until)
    except Exception as error:
        failure = failure or error
    if failure is not None:
        raise failure
    raise TryLater(_next_night(now) if is_done else now + GO_ON_AFTER)


def _batches(now: datetime, machine_now: datetime) -> list[Batch]:
    """What is deleted in the system's own scope; each deletes so many rows at most and tells how many there were."""
    before = now - KEPT
    return [
        lambda session: jobs.forget_done(session, done_before=machine_now - KEPT, most=MOST_ROWS),
        lambda session: sessions.forget_ended(session, now=machine_now, most=MOST_ROWS),
        lambda session: sign_in_limits.forget_over(session, now=machine_now, most=MOST_ROWS),
        lambda session: idempotency.forget(session, asked_before=before, most=MOST_ROWS),
    ]


async def _repeated(outside: Outside, batch: Batch, until: float) -> bool:
    """Whether nothing is left of a kind."""
    while time.monotonic() < until:
        async with outside.database.transaction(SYSTEM) as session:
            if await batch(session) < MOST_ROWS:
                return True
    return False


async def _uploads(outside: Outside, now: datetime, until: float) -> None:
    """From the youngest back to the oldest: what is left for lack of time was looked at in the nights before."""
    for kind in unattached.KINDS:
        place: unattached.Place | None = unattached.Place(now - KEPT)
        while place is not None and time.monotonic() < until:
            async with outside.database.transaction(RETENTION) as session:
                place = await unattached.erase_page(session, kind, place, now=now, most=MOST_ROWS)


def _next_night(now: datetime) -> datetime:
    tonight = now.astimezone(UTC).replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > now else tonight + timedelta(days=1)
