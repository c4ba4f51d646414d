"""Work after the transaction: written with it, done after it, repeated until it succeeds or is given up.

Why a table of our own and not a library: docs/adr/0006. Due times are those of the server's clock, which the sandbox
can move; jobs that are due run in the order of their due times. Handlers must be safe to repeat: a process can die
at any point.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson
import structlog

from server.clock import Clock, SystemClock
from server.database import SYSTEM, Database, Session
from server.models.columns import Json, uuid7
from server.models.job import About, JobKind
from server.outage import OUTAGE, is_away

RETRY_MINUTES = (1, 5, 30, 120, 720)
"""When a failed job is tried again (domain 4.6); after the last it is given up."""
LEASE = timedelta(seconds=120)
AT_ONCE = 3
_log = structlog.get_logger("jobs")

_CLAIM = """
update job set tries = tries + 1, leased_until = :lease_end, lease_id = :lease
where id = (
  select id from job
  where state = 'WAITING' and due_at <= :now and (leased_until is null or leased_until < :machine_now)
  order by due_at, id limit 1 for update skip locked
)
returning id, kind, key, payload, tries
"""


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this worker holds until its lease ends."""

    id: UUID
    kind: str
    """As it is stored: another version of the server may have written one that this one does not know."""
    key: str
    payload: Json
    tries: int
    lease: UUID

    @property
    def is_last_try(self) -> bool:
        """Whether the job is given up if it fails once more."""
        return self.tries > len(RETRY_MINUTES)


class TryLater(Exception):
    """The handler asks to be run again at a certain time; that is not a failure."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


Handler = Callable[[ClaimedJob], Awaitable[None]]


async def enqueue(
    session: Session, kind: JobKind, about: About, *, key: str, now: datetime, due_at: datetime | None = None
) -> None:
    """Writes a job in the caller's transaction, due now unless told otherwise. The same key a second time changes
    nothing.
    """
    await session.write(
        "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
        " values (:id, :kind, :key, cast(:payload as jsonb), 'WAITING', :due_at, 0, :now) on conflict (key) do nothing",
        {
            "id": uuid7(),
            "kind": kind.value,
            "key": key,
            "payload": orjson.dumps(asdict(about)).decode(),
            "due_at": due_at or now,
            "now": now,
        },
    )
    await _wake(session)


async def hasten(session: Session, key: str, *, now: datetime) -> None:
    """Has a waiting job run now and not at its time."""
    await session.write("update job set due_at = :now where key = :key and state = 'WAITING'", {"now": now, "key": key})
    await _wake(session)


async def hasten_untried(session: Session, key: str, *, now: datetime) -> None:
    """The same for a job that nobody has tried: one that has failed keeps its time, also if it fails just now."""
    await session.write(
        "update job set due_at = :now where key = :key and state = 'WAITING' and tries = 0", {"now": now, "key": key}
    )
    await _wake(session)


async def hasten_all(session: Session, kinds: Collection[JobKind], *, now: datetime) -> None:
    """Has all waiting jobs of these kinds run now, unless their time had come before."""
    await session.write(
        "update job set due_at = least(due_at, :now) where state = 'WAITING' and kind = any(:kinds)",
        {"now": now, "kinds": _names(kinds)},
    )


async def line_up(session: Session, kinds: Collection[JobKind], *, since: datetime, behind: datetime) -> None:
    """Makes jobs of these kinds that are due before `behind` due right after it, in their present order: their times,
    counted from `since`, become fractions of a second.
    """
    await session.write(
        "update job set due_at = cast(:behind as timestamptz) + (due_at - cast(:since as timestamptz)) / 1e6"
        " where kind = any(:kinds) and state = 'WAITING' and due_at < :behind",
        {"kinds": _names(kinds), "since": since, "behind": behind},
    )


async def call_off(session: Session, kinds: Collection[JobKind], *, now: datetime) -> None:
    """Marks waiting jobs of these kinds as done: they are not run."""
    await session.write(
        "update job set state = 'DONE', done_at = :now where kind = any(:kinds) and state = 'WAITING'",
        {"kinds": _names(kinds), "now": now},
    )


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


def _names(kinds: Collection[JobKind]) -> list[str]:
    return [kind.value for kind in kinds]


async def _wake(session: Session) -> None:
    # Heard only after the commit: a job that was rolled back wakes nobody.
    await session.rows("select pg_notify('job', '')")


class Worker:
    """Runs jobs whose time has come. Several workers may share a database.

    In the background a few run at once, so that a slow gateway does not keep mails waiting.
    """

    def __init__(self, database: Database, clock: Clock, handlers: Mapping[JobKind, Handler]) -> None:
        self._database = database
        self._clock = clock
        self._machine = SystemClock()
        self._handlers = handlers
        self._wake = asyncio.Event()
        self._left: list[ClaimedJob] = []
        self.paused = False

    async def run_due(self, *, until: datetime | None = None) -> tuple[int, int]:
        """Runs what is due until nothing is, and tells how many ran and how many of them failed."""
        ran = failed = 0
        while (job := await self._claim(until or self._clock.now())) is not None:
            ran += 1
            failed += not await self._run(job)
        return ran, failed

    async def next_due(self) -> datetime | None:
        """When the next waiting job is due."""
        async with self._database.transaction(SYSTEM) as session:
            due = await session.value("select min(due_at) from job where state = 'WAITING'")
        return due if isinstance(due, datetime) else None

    async def idle(self) -> bool:
        """Whether nothing is due and nobody holds a job."""
        async with self._database.transaction(SYSTEM) as session:
            waiting = await session.value(
                "select count(*) from job where state = 'WAITING' and (due_at <= :now or leased_until > :machine_now)",
                {"now": self._clock.now(), "machine_now": self._machine.now()},
            )
        return bool(waiting == 0)

    async def run_forever(self, *, poll_seconds: float = 1.0) -> None:
        """Works until cancelled: wakes up for new jobs, and looks by itself once a second."""
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                if not self.paused:
                    await self._work_once()
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), poll_seconds)
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener

    async def _work_once(self) -> None:
        try:
            for job in tuple(self._left):  # what the database's absence has stopped has not been tried
                await self._finish(job, "WAITING", due_at=self._clock.now(), tries=job.tries - 1)
                self._left.remove(job)
            # Every loop is waited for: one that went on by itself would work beside the next round's.
            ended = await asyncio.gather(*(self.run_due() for _ in range(AT_ONCE)), return_exceptions=True)
            if fault := next((one for one in ended if isinstance(one, BaseException)), None):
                raise fault
        except Exception as error:  # the database may be away for a while; the worker must outlive it
            if is_away(error):
                OUTAGE.began(error)
            else:
                _log.exception("worker.round_failed")
        else:
            OUTAGE.over()

    async def _listen(self) -> None:
        """Wakes the worker when another connection has committed a job."""
        while True:
            try:
                async with self._database.listen("job") as notifications:
                    async for _ in notifications:
                        self._wake.set()
            except Exception as error:  # without notifications the worker still looks once a second
                if not is_away(error):
                    _log.exception("worker.listen_failed")
            await asyncio.sleep(5)

    async def _claim(self, now: datetime) -> ClaimedJob | None:
        lease = uuid4()
        machine_now = self._machine.now()
        parameters = {"now": now, "machine_now": machine_now, "lease_end": machine_now + LEASE, "lease": lease}
        async with self._database.transaction(SYSTEM) as session:
            found = await session.rows(_CLAIM, parameters)
        if not found:
            return None
        row = found[0]
        return ClaimedJob(row.id, row.kind, row.key, row.payload, row.tries, lease)

    async def _run(self, job: ClaimedJob) -> bool:
        try:
            await self._handlers[JobKind(job.kind)](job)
        except TryLater as later:
            await self._finish(job, "WAITING", due_at=later.at, tries=job.tries - 1)
        except Exception as error:  # whatever it is: record it, try again, never lose the job
            if is_away(error):
                self._left.append(job)
                raise
            _log.exception("job.failed", kind=job.kind, key=job.key, tries=job.tries)
            wait = timedelta(minutes=0 if job.is_last_try else RETRY_MINUTES[job.tries - 1])
            again = None if job.is_last_try else self._clock.now() + wait
            # The type alone: a message may carry a customer's data.
            await self._finish(job, "WAITING" if again else "FAILED", due_at=again, reason=type(error).__name__)
            return False
        else:
            await self._finish(job, "DONE")
        return True

    async def _finish(
        self,
        job: ClaimedJob,
        state: str,
        *,
        due_at: datetime | None = None,
        reason: str | None = None,
        tries: int | None = None,
    ) -> None:
        # The lease id fences: a worker that was asleep past its lease no longer decides about the job.
        async with self._database.transaction(SYSTEM) as session:
            await session.write(
                "update job set state = :state, due_at = coalesce(cast(:due_at as timestamptz), due_at),"
                " last_error = cast(:reason as text), tries = :tries, leased_until = null, lease_id = null,"
                " done_at = cast(:done_at as timestamptz) where id = :id and lease_id = :lease",
                {
                    "state": state,
                    "due_at": due_at,
                    "reason": reason,
                    "tries": job.tries if tries is None else tries,
                    "done_at": None if state == "WAITING" else self._machine.now(),
                    "id": job.id,
                    "lease": job.lease,
                },
            )


async def release_leases(database: Database) -> None:
    """Frees the jobs of a worker that was killed; for a start where no other worker can be running."""
    async with database.transaction(SYSTEM) as session:
        await session.write("update job set leased_until = null where state = 'WAITING' and leased_until is not null")
