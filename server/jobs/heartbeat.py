"""Which processes do jobs: each says so again and again, by the machine's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.database import Session

BEAT_SECONDS = 15.0
ALIVE = timedelta(seconds=60)
"""Whoever has said nothing for so long is gone, or hangs."""
_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True)
class Beats:
    """How many processes do jobs, and when the last of them said so; None if nobody has for a day."""

    alive: int
    last: datetime | None


async def beat(session: Session, worker_id: UUID, now: datetime) -> None:
    """Says that a worker is at work, and forgets those that are gone."""
    await session.write("delete from worker_beat where beat_at < :before", {"before": now - _FORGOTTEN})
    await session.write(
        "insert into worker_beat (worker_id, beat_at) values (:id, :now)"
        " on conflict (worker_id) do update set beat_at = excluded.beat_at",
        {"id": worker_id, "now": now},
    )


async def beats(session: Session, now: datetime) -> Beats:
    """Who has been at work lately."""
    (found,) = await session.rows(
        "select count(*) filter (where beat_at > :since) as alive, max(beat_at) as last from worker_beat",
        {"since": now - ALIVE},
    )
    return Beats(found.alive, found.last)
