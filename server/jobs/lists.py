"""What is read of jobs: by administrators, by whoever watches the system, and by a clock that moves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from server.database import Session
from server.models.columns import Json
from server.models.job import JobKind, JobState

COLUMNS = "id, kind, state, payload, tries, faults, due_at, waits_since, last_error, contract_id"
"""Of a job, as `SeenJob` has them."""
_LISTED = f"""
select {COLUMNS} from job where state = :state and (cast(:kind as text) is null or kind = :kind)
order by coalesce(waits_since, due_at), id limit :most
"""  # noqa: S608  # our own columns
_FIGURES = """
select kind, state, count(*) as jobs,
  min(coalesce(waits_since, due_at)) filter (where state = 'WAITING' and coalesce(waits_since, due_at) <= :now) as since
from job where state in ('WAITING', 'FAILED') group by kind, state
"""


@dataclass(frozen=True)
class SeenJob:
    """A job as administrators see it. `kind` as it is stored, `waits_since` is when it first could not be done."""

    id: UUID
    kind: str
    state: JobState
    payload: Json
    tries: int
    faults: int
    due_at: datetime
    waits_since: datetime | None
    last_error: str | None
    contract_id: UUID | None


@dataclass(frozen=True)
class Figures:
    """How many jobs of a kind are in a state, and since when the oldest waits that should have been done."""

    kind: str
    state: JobState
    count: int
    since: datetime | None


async def count_due(session: Session, at: datetime) -> int:
    """How many jobs wait whose time has come."""
    due = await session.value("select count(*) from job where state = 'WAITING' and due_at <= :at", {"at": at})
    return int(due or 0)


async def count_untaken(session: Session, due_before: datetime) -> int:
    """How many jobs should have begun before an instant and are in nobody's hands."""
    found = await session.value(
        "select count(*) from job where state = 'WAITING' and leased_until is null and due_at < :before",
        {"before": due_before},
    )
    return int(found or 0)


async def listed(session: Session, state: JobState, *, kind: str | None = None, most: int = 100) -> list[SeenJob]:
    """Jobs in a state, those that have been due longest first."""
    found = await session.rows(_LISTED, {"state": state.value, "kind": kind, "most": most})
    return [as_seen(row) for row in found]


async def seen(session: Session, job_id: UUID) -> SeenJob | None:
    """One job, or None if there is no such job."""
    found = await session.rows(f"select {COLUMNS} from job where id = :id", {"id": job_id})  # noqa: S608  # our own columns
    return as_seen(found[0]) if found else None


async def figures(session: Session, now: datetime) -> list[Figures]:
    """How many jobs wait and how many are given up, by kind, and how long the oldest has been waiting to be done."""
    found = await session.rows(_FIGURES, {"now": now})
    return [Figures(row.kind, JobState(row.state), row.jobs, row.since) for row in found]


async def due_kinds(
    session: Session, kinds: Collection[JobKind], *, now: datetime, machine_now: datetime
) -> list[JobKind]:
    """Those of these kinds of which the time of a job has come that is in nobody's hands."""
    found = await session.rows(
        "select distinct kind from job where state = 'WAITING' and due_at <= :now and kind = any(:kinds)"
        " and (leased_until is null or leased_until < :machine_now)",
        {"kinds": names(kinds), "now": now, "machine_now": machine_now},
    )
    return [JobKind(row.kind) for row in found]


async def next_due(session: Session, kinds: Collection[JobKind]) -> datetime | None:
    """When the next waiting job of these kinds is due."""
    due = await session.value(
        "select min(due_at) from job where state = 'WAITING' and kind = any(:kinds)", {"kinds": names(kinds)}
    )
    return due if isinstance(due, datetime) else None


async def count_unfinished(
    session: Session, kinds: Collection[JobKind], *, now: datetime, machine_now: datetime
) -> int:
    """How many jobs of these kinds are due or in somebody's hands."""
    waiting = await session.value(
        "select count(*) from job where state = 'WAITING' and kind = any(:kinds)"
        " and (due_at <= :now or leased_until > :machine_now)",
        {"kinds": names(kinds), "now": now, "machine_now": machine_now},
    )
    return int(waiting or 0)


def names(kinds: Collection[JobKind]) -> list[str]:
    """Kinds as they are stored."""
    return [kind.value for kind in kinds]


def as_seen(row: Row[Any]) -> SeenJob:
    """A row of these columns."""
    return SeenJob(
        id=row.id,
        kind=row.kind,
        state=JobState(row.state),
        payload=row.payload,
        tries=row.tries,
        faults=row.faults,
        due_at=row.due_at,
        waits_since=row.waits_since,
        last_error=row.last_error,
        contract_id=row.contract_id,
    )
