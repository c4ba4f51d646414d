"""Who does jobs: a few loops for each lane, which never wait for another lane, and what becomes of a try that fails.

What is away is tried again for as long as it is away; a fault of ours some times; what was refused for good, never.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from server import jobs, metrics
from server.clock import Clock, SystemClock
from server.database import SYSTEM, Database, Session
from server.database.news import follow
from server.database.outage import OUTAGE, end_if_cancelled, is_away
from server.jobs import ClaimedJob, GivenUp, Handler, Standing, TryLater, heartbeat
from server.jobs import lists as job_lists
from server.jobs.absences import is_absent
from server.models.columns import uuid7
from server.models.job import JobKind, JobState

AWAY_MINUTES = (1, 5, 15, 30, 60)
"""When a job is tried again for which something is away; the last of them again and again, without an end."""
FAULT_MINUTES = (1, 5, 30, 120, 720)
"""When a job is tried again that ran into a fault of ours; after the last it is given up (`MOST_FAULTS`)."""
TRY_SECONDS = 100.0
"""The longest try: what hangs is cut off while the lease still lasts, as if the process had died."""
_KINDS = frozenset(JobKind)
_log = structlog.get_logger("jobs")


class Lane(StrEnum):
    """What jobs wait for. Whatever hangs holds up its own lane only."""

    MONEY = "MONEY"
    """The payment gateway."""
    PAPER = "PAPER"
    """The object store, and making PDFs."""
    MAIL = "MAIL"
    """The mail server."""
    DIARY = "DIARY"
    """Nobody: what a day brings, in the database alone."""
    RETENTION = "RETENTION"
    """What is to be erased, here, in the object store and at the gateway: nothing else waits for that."""


FORGETS_AFTER = timedelta(hours=1)
"""A job that asks to come again as much later begins anew then: what went wrong before counts no longer."""
LOOPS = {Lane.MONEY: 3, Lane.PAPER: 2, Lane.MAIL: 2, Lane.DIARY: 1, Lane.RETENTION: 1}
"""How many jobs of a lane one process does at once."""

Tell = Callable[[Session, ClaimedJob, str, datetime], Awaitable[None]]
"""Tells people, in the transaction that gives a job up: which job, why (nobody's data), and when."""


@dataclass(frozen=True)
class _Ended:
    """How a try ended: the word for it in the figures, how the job stands, whether that was a failure."""

    outcome: str
    standing: Standing
    failed: bool = True


class Worker:
    """Runs jobs whose time has come. Several workers may share a database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        handlers: Mapping[JobKind, Handler],
        *,
        lanes: Mapping[JobKind, Lane] | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._machine = SystemClock()
        self._handlers = handlers
        self._lanes = lanes or {}
        self._tell = tell
        self._id = uuid7()
        self._wakes = {lane: asyncio.Event() for lane in Lane}
        self._stopped: list[ClaimedJob] = []
        self._rounds = 0
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._rests = False
        self.paused = False

    async def run_due(self) -> tuple[int, int]:
        """Runs what is due in all lanes, one after the other in the order of their times, until nothing is; tells how
        many ran and how many of them failed.
        """
        ran = failed = 0
        while (job := await self._claim(None)) is not None:
            ran += 1
            failed += not await self._run(job)
        return ran, failed

    async def next_due(self) -> datetime | None:
        """When the next waiting job is due that this worker can do."""
        async with self._database.transaction(SYSTEM) as session:
            return await job_lists.next_due(session, self._kinds())

    async def idle(self) -> bool:
        """Whether nothing is due that this worker can do, and nobody holds a job of these kinds."""
        now, machine_now = self._clock.now(), self._machine.now()
        async with self._database.transaction(SYSTEM) as session:
            unfinished = await job_lists.count_unfinished(session, self._kinds(), now=now, machine_now=machine_now)
        return unfinished == 0

    async def run_forever(self, *, poll_seconds: float = 1.0) -> None:
        """Works until cancelled: wakes up for new jobs, and looks by itself once a second."""
        loops = [self._serve(lane) for lane, most in LOOPS.items() for _ in range(most)]
        async with asyncio.TaskGroup() as group:
            for forever in (
                *loops,
                self._look(poll_seconds),
                follow(self._database.listen, "job", heard=lambda news: self._call(news.said)),
                self._beat(),
            ):
                group.create_task(forever)

    async def come_to_rest(self, seconds: float) -> None:
        """Begins nothing more, and waits for what has begun, so many seconds at most. What is cut off after that is
        somebody else's when its lease ends.
        """
        self._rests = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._at_rest.wait()

    async def _look(self, every_seconds: float) -> None:
        """Calls the lanes in which something is due: one question for all of them, again and again."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                async with self._database.transaction(SYSTEM) as session:
                    now, machine_now = self._clock.now(), self._machine.now()
                    due = await job_lists.due_kinds(session, self._kinds(), now=now, machine_now=machine_now)
                for kind in due:
                    self._call(kind)
            except Exception as error:
                if not is_away(error):
                    _log.exception("worker.look_failed")
                self._call("")  # the loops say what is wrong, and notice when it is over
            if self._stopped or OUTAGE.lasts:
                self._call("")
            end_if_cancelled()

    def _call(self, kind: str) -> None:
        """Calls the loops of a kind's lane; of every lane for what has none."""
        lane = self._lanes.get(JobKind(kind)) if kind in _KINDS else None
        for its, wake in self._wakes.items():
            if lane in (None, its):
                wake.set()

    async def _serve(self, lane: Lane) -> None:
        wake = self._wakes[lane]
        while True:
            wake.clear()
            await self.work(lane)
            end_if_cancelled()
            await wake.wait()

    async def work(self, lane: Lane | None = None) -> None:
        """One round of a loop: first puts back what the database's absence has stopped, then does what is due in the
        lane. Never raises: a worker must outlive whatever there is.
        """
        self._rounds += 1
        self._at_rest.clear()
        try:
            await self._put_back()
            while not (self.paused or self._rests) and (job := await self._claim(lane)) is not None:
                if lane is not None:
                    self._wakes[lane].set()  # there may be more than this one
                await self._run(job)
                end_if_cancelled()
        except Exception as error:  # the database may be away for a while
            if is_away(error):
                OUTAGE.began(error)
            else:
                _log.exception("worker.round_failed")
        else:
            OUTAGE.over()
        finally:
            self._rounds -= 1
            if not self._rounds:
                self._at_rest.set()

    async def _put_back(self) -> None:
        while self._stopped:
            job = self._stopped.pop()
            try:  # it has not been tried
                now = self._clock.now()
                await self._finish(job, Standing(JobState.WAITING, job.tries - 1, job.faults, due_at=now))
            except BaseException:
                self._stopped.append(job)
                raise

    async def _beat(self) -> None:
        """Says again and again that this process works, for whoever watches it."""
        while True:
            try:
                async with self._database.transaction(SYSTEM) as session:
                    await heartbeat.beat(session, self._id, self._machine.now())
            except Exception as error:  # the loops say what is wrong
                if not is_away(error):
                    _log.exception("worker.beat_failed")
            end_if_cancelled()
            await asyncio.sleep(heartbeat.BEAT_SECONDS)

    async def _claim(self, lane: Lane | None) -> ClaimedJob | None:
        now, machine_now = self._clock.now(), self._machine.now()
        async with self._database.transaction(SYSTEM) as session:
            return await jobs.claim(session, self._kinds(lane), now=now, machine_now=machine_now)

    def _kinds(self, lane: Lane | None = None) -> list[JobKind]:
        """What this worker can do, in a lane or at all. A kind that only another version of the program knows waits for
        a worker of that version: tried here, it would be given up in time.
        """
        return [kind for kind in self._handlers if lane in (None, self._lanes.get(kind, lane))]

    async def _run(self, job: ClaimedJob) -> bool:
        deadline = asyncio.timeout(TRY_SECONDS)
        try:
            async with deadline:
                await self._handlers[job.kind](job)
        except TryLater as later:
            # Whatever was away before is there again. Faults are forgotten by what comes again much later only.
            faults = job.faults if later.at - self._clock.now() < FORGETS_AFTER else 0
            ended = _Ended("later", Standing(JobState.WAITING, faults, faults, later.at), failed=False)
        except GivenUp as refusal:
            _log.warning("job.refused", kind=job.kind, key=job.key, reason=refusal.reason)
            ended = _Ended("refused", Standing(JobState.FAILED, job.tries, job.faults, reason=refusal.reason))
        except Exception as error:  # whatever it is: record it, try again, never lose the job
            if is_away(error) and not deadline.expired():
                self._stopped.append(job)
                raise
            ended = self._waits(job, error) if is_absent(error) else self._at_fault(job, error)
        else:
            ended = _Ended("done", Standing(JobState.DONE, job.tries, job.faults), failed=False)
        await self._finish(job, ended.standing)
        metrics.jobs.labels(job.kind, ended.outcome).inc()
        return not ended.failed

    def _waits(self, job: ClaimedJob, error: Exception) -> _Ended:
        # The type alone: a message may carry a customer's data.
        reason = type(error).__name__
        before = max(job.tries - job.faults, 1)
        again = self._clock.now() + timedelta(minutes=AWAY_MINUTES[min(before, len(AWAY_MINUTES)) - 1])
        _log.warning("job.waits", kind=job.kind, key=job.key, tries=job.tries, reason=reason)
        return _Ended("away", Standing(JobState.WAITING, job.tries, job.faults, again, reason))

    def _at_fault(self, job: ClaimedJob, error: Exception) -> _Ended:
        reason, faults = type(error).__name__, job.faults + 1
        _log.exception("job.failed", kind=job.kind, key=job.key, faults=faults, given_up=job.is_last_try)
        metrics.faults.inc()
        if job.is_last_try:
            return _Ended("failed", Standing(JobState.FAILED, job.tries, faults, reason=reason))
        again = self._clock.now() + timedelta(minutes=FAULT_MINUTES[job.faults])
        return _Ended("fault", Standing(JobState.WAITING, job.tries, faults, again, reason))

    async def _finish(self, job: ClaimedJob, standing: Standing) -> None:
        async with self._database.transaction(SYSTEM) as session:
            is_ours = await jobs.finish(session, job, standing, machine_now=self._machine.now())
            if is_ours and standing.state is JobState.FAILED and self._tell is not None:
                await self._tell(session, job, standing.reason or "", self._clock.now())
