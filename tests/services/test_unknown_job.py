"""A job that this version of the server does not know is given up where people see it, and stops nothing else."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from server.database import SYSTEM
from server.jobs import RETRY_MINUTES, ClaimedJob, Worker, enqueue
from server.models.job import JobKind, OfContract
from tests.builders.bench import Bench


async def test_it_fails_at_last_and_the_others_are_done(bench: Bench) -> None:
    # Given: one that a server of version 0.1 wrote after the upgrade, and one behind it
    done: list[str] = []

    async def settle(job: ClaimedJob) -> None:
        done.append(job.key)

    worker = Worker(bench.outside.database, bench.clock, {JobKind.SETTLE: settle})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write(
            "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
            " values (:id, 'settle', 'settle:old', '{}', 'WAITING', :now, 0, :now)",
            {"id": uuid4(), "now": bench.now - timedelta(seconds=1)},
        )
        await enqueue(session, JobKind.SETTLE, OfContract(uuid4()), key="settle:new", now=bench.now)
    # When
    ran = [await worker.run_due()]
    for minutes in RETRY_MINUTES:
        bench.later(minutes=minutes)
        ran.append(await worker.run_due())
    # Then
    assert (ran, done) == ([(2, 1), *[(1, 1)] * len(RETRY_MINUTES)], ["settle:new"])
    async with bench.outside.database.transaction(SYSTEM) as session:
        rows = await session.rows("select key, state, last_error from job order by key")
    assert [tuple(row) for row in rows] == [("settle:new", "DONE", None), ("settle:old", "FAILED", "ValueError")]
