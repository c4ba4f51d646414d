"""Work after the transaction: written with it, done after it by `loops.py`, repeated until it succeeds.

Why a table of our own and not a library: docs/adr/0006. Due times are those of the server's clock, which the sandbox
can move; jobs that are due run in the order of their due times. Handlers must be safe to repeat: a process can die
at any point.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson

from server.database import SYSTEM, Database, Session
from server.jobs.lists import COLUMNS, SeenJob, as_seen, names
from server.models.columns import Json, uuid7
from server.models.job import About, JobKind, JobState

LEASE = timedelta(seconds=120)
"""How long nobody else takes a job that somebody has begun, by the machine's clock. No try lasts as long."""
MOST_FAULTS = 5
"""How often a fault of ours may end a job's try; with one more the job is given up."""

_CLAIM = """
update job set tries = tries + 1, leased_until = :lease_end, lease_id = :lease
where id = (
  select id from job
  where state = 'WAITING' and due_at <= :now and (leased_until is null or leased_until < :machine_now)
    and kind = any(:kinds)
  order by due_at, id limit 1 for update skip locked
)
returning id, kind, key, payload, tries, faults, due_at
"""
_RETRY = f"""
update job set state = 'WAITING', due_at = least(due_at, :now), tries = 0, faults = 0, waits_since = null,
  done_at = null
where state = 'FAILED' and (cast(:ids as uuid[]) is null or id = any(:ids))
  and (cast(:contract as uuid) is null or contract_id = :contract)
  and (cast(:kind as text) is null or kind = :kind)
returning {COLUMNS}
"""  # noqa: S608  # our own columns
_LET_REST = f"""
update job set state = 'DONE', done_at = :now
where (state = 'FAILED' or state = 'WAITING' and kind <> all(:known)
    and (leased_until is null or leased_until < :machine_now))
  and (key = cast(:key as text) or id = cast(:id as uuid))
returning {COLUMNS}
"""  # noqa: S608  # our own columns


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this worker holds until its lease ends."""

    id: UUID
    kind: JobKind
    key: str
    payload: Json
    tries: int
    """How often it was begun, with this time, since it last had nothing to wait for but a time of its own."""
    faults: int
    """How often a fault of ours has ended one of these tries."""
    lease: UUID
    due_at: datetime
    """When it was due; called to an earlier time meanwhile, it keeps that."""

    @property
    def is_last_try(self) -> bool:
        """Whether the job is given up if a fault of ours ends this try, too."""
        return self.faults >= MOST_FAULTS


class TryLater(Exception):
    """The handler asks to be run again at a certain time; that is not a failure."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


class GivenUp(Exception):
    """Somebody outside has refused the work for good, which no repetition cures: the job ends, and people are told.

    `reason` is a word for logs and lists, without anybody's data.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Standing:
    """How a job stands after a try. `due_at` is kept where it is None; `reason` holds nobody's data."""

    state: JobState
    tries: int
    faults: int
    due_at: datetime | None = None
    reason: str | None = None


Handler = Callable[[ClaimedJob], Awaitable[None]]


async def enqueue(
    session: Session, kind: JobKind, about: About, *, key: str, now: datetime, due_at: datetime | None = None
) -> None:
    """Writes a job in the caller's transaction, due now unless told otherwise. The same key a second time changes
    nothing.
    """
    await session.write(
        "with made as ("
        "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
        " values (:id, :kind, :key, cast(:payload as jsonb), 'WAITING', :due_at, 0, :now) on conflict (key) do nothing"
        ") select pg_notify('job', :kind)",
        {
            "id": uuid7(),
            "kind": kind.value,
            "key": key,
            "payload": orjson.dumps(asdict(about)).decode(),
            "due_at": due_at or now,
            "now": now,
        },
    )


async def keep_going(
    session: Session, kind: JobKind, about: About, *, key: str, now: datetime, due_at: datetime
) -> None:
    """Sees to it that a job that comes again and again is there once and waits: also if it was given up, dismissed or
    called off. One that waits keeps its time.
    """
    await enqueue(session, kind, about, key=key, now=now, due_at=due_at)
    await session.write(
        "update job set state = 'WAITING', due_at = :due_at, tries = 0, faults = 0, waits_since = null, done_at = null"
        " where key = :key and state <> 'WAITING'",
        {"key": key, "due_at": due_at},
    )


async def forget_done(session: Session, *, done_before: datetime, most: int) -> int:
    """Deletes jobs that were done before an instant of the machine's clock, so many at most; returns how many. Given-up
    ones stay until somebody has looked at them.
    """
    return await session.write(
        "delete from job where id in (select id from job where state = 'DONE' and done_at < :before"
        " order by done_at limit :most for update skip locked)",
        {"before": done_before, "most": most},
    )


async def hasten(session: Session, key: str, *, now: datetime) -> None:
    """Has a waiting job run now and not at its time."""
    await session.write(
        "with hastened as (update job set due_at = :now where key = :key and state = 'WAITING')"
        " select pg_notify('job', '')",
        {"now": now, "key": key},
    )


async def hasten_untried(session: Session, key: str, *, now: datetime) -> None:
    """The same for a job that nobody has tried: one that has failed keeps its time, also if it fails just now."""
    await session.write(
        "with hastened as (update job set due_at = :now where key = :key and state = 'WAITING' and tries = 0)"
        " select pg_notify('job', '')",
        {"now": now, "key": key},
    )


async def hasten_all(session: Session, kinds: Collection[JobKind], *, now: datetime) -> None:
    """Has all waiting jobs of these kinds run now, unless their time had come before."""
    await session.write(
        "update job set due_at = least(due_at, :now) where state = 'WAITING' and kind = any(:kinds)",
        {"now": now, "kinds": names(kinds)},
    )


async def hasten_tried(session: Session, *, now: datetime) -> None:
    """Has jobs run now for which something was away, instead of at the time of their next try."""
    await session.write(
        "update job set due_at = least(due_at, :now) where state = 'WAITING' and tries > faults", {"now": now}
    )


async def line_up(session: Session, kinds: Collection[JobKind], *, since: datetime, behind: datetime) -> None:
    """Makes jobs of these kinds that are due before `behind` due right after it, in their present order: their times,
    counted from `since`, become fractions of a second.
    """
    await session.write(
        "update job set due_at = cast(:behind as timestamptz) + (due_at - cast(:since as timestamptz)) / 1e6"
        " where kind = any(:kinds) and state = 'WAITING' and due_at < :behind",
        {"kinds": names(kinds), "since": since, "behind": behind},
    )


async def call_off(session: Session, kinds: Collection[JobKind], *, now: datetime) -> None:
    """Marks waiting jobs of these kinds as done: they are not run."""
    await session.write(
        "update job set state = 'DONE', done_at = :now where kind = any(:kinds) and state = 'WAITING'",
        {"kinds": names(kinds), "now": now},
    )


async def _wake(session: Session) -> None:
    # Heard only after the commit: a job that was rolled back wakes nobody.
    await session.rows("select pg_notify('job', '')")


async def claim(
    session: Session, kinds: Collection[JobKind], *, now: datetime, machine_now: datetime
) -> ClaimedJob | None:
    """Takes the job of these kinds that has been due longest."""
    lease = uuid4()
    parameters = {
        "now": now,
        "machine_now": machine_now,
        "lease_end": machine_now + LEASE,
        "lease": lease,
        "kinds": names(kinds),
    }
    found = await session.rows(_CLAIM, parameters)
    if not found:
        return None
    row = found[0]
    return ClaimedJob(row.id, JobKind(row.kind), row.key, row.payload, row.tries, row.faults, lease, row.due_at)


async def finish(session: Session, job: ClaimedJob, standing: Standing, *, machine_now: datetime) -> bool:
    """Writes what became of a try. False if the job is somebody else's by now: whoever was asleep past the end of its
    lease no longer decides.
    """
    touched = await session.write(
        "update job set state = :state, due_at = case when due_at is distinct from cast(:was_due as timestamptz)"
        "   then least(due_at, cast(:due_at as timestamptz)) else coalesce(cast(:due_at as timestamptz), due_at) end,"
        " waits_since = case when :tries > 0 then coalesce(waits_since, due_at) end,"
        " last_error = cast(:reason as text), tries = :tries, faults = :faults, leased_until = null, lease_id = null,"
        " done_at = cast(:done_at as timestamptz) where id = :id and lease_id = :lease",
        {
            "state": standing.state.value,
            "due_at": standing.due_at,
            "was_due": job.due_at,
            "reason": standing.reason,
            "tries": standing.tries,
            "faults": standing.faults,
            "done_at": None if standing.state is JobState.WAITING else machine_now,
            "id": job.id,
            "lease": job.lease,
        },
    )
    return touched == 1


async def belongs_to(session: Session, job_id: UUID, contract_id: UUID) -> None:
    """Notes whose work a job was that has been given up."""
    await session.write(
        "update job set contract_id = :contract where id = :id", {"contract": contract_id, "id": job_id}
    )


async def retry(
    session: Session,
    *,
    now: datetime,
    ids: Collection[UUID] | None = None,
    contract_id: UUID | None = None,
    kind: str | None = None,
) -> list[SeenJob]:
    """Sets jobs going again that were given up, as if they had never been tried: those of these ids, of a contract, of
    a kind, or all. Returns them.
    """
    parameters = {"now": now, "ids": None if ids is None else list(ids), "contract": contract_id, "kind": kind}
    found = await session.rows(_RETRY, parameters)
    await _wake(session)
    return [as_seen(row) for row in found]


async def let_rest(
    session: Session, *, now: datetime, machine_now: datetime, key: str | None = None, job_id: UUID | None = None
) -> list[SeenJob]:
    """Marks a job that was given up as done, or one of a kind that this program does not know and nobody is at:
    somebody has seen to its work in another way. Returns it, if there was one of this key or id.
    """
    known = names(list(JobKind))
    parameters = {"now": now, "machine_now": machine_now, "key": key, "id": job_id, "known": known}
    return [as_seen(row) for row in await session.rows(_LET_REST, parameters)]


async def is_given_up(session: Session, contract_id: UUID) -> bool:
    """Whether work of a contract has been given up."""
    given_up = "select exists (select from job where contract_id = :contract and state = 'FAILED')"
    return bool(await session.value(given_up, {"contract": contract_id}))


async def release_leases(database: Database) -> None:
    """Frees the jobs of a worker that was killed; for a start where no other worker can be running."""
    async with database.transaction(SYSTEM) as session:
        await session.write("update job set leased_until = null where state = 'WAITING' and leased_until is not null")
