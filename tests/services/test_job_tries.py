"""When a job is given up: after failures only, where people see it, and without stopping anything else."""

from __future__ import annotations

import errno
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from server.database import SYSTEM, outage
from server.database.errors import sql_state
from server.gateways.mailer import MailRefused, MailUnavailable
from server.gateways.object_store import StoreUnavailable
from server.gateways.payment import GatewayMisconfigured, GatewayUnreachable
from server.jobs import MOST_FAULTS, ClaimedJob, TryLater, enqueue, hasten_untried
from server.jobs.absences import is_absent
from server.jobs.loops import AWAY_MINUTES, FAULT_MINUTES, Worker
from server.models import Email, Job
from server.models.email import EmailState
from server.models.job import JobKind, OfContract
from server.services.contract import effects
from server.services.mail import emails
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
LONGER_THAN_ALL_TRIES = MOST_FAULTS + 2


async def told(bench: Bench) -> list[tuple[object, ...]]:
    async with bench.outside.database.transaction(SYSTEM) as session:
        rows = await session.rows("select key, state, last_error from job order by key")
    return [tuple(row) for row in rows]


async def test_an_unknown_kind_waits_for_who_knows_it_and_the_others_are_done(bench: Bench) -> None:
    # Given: one that a server of another version wrote, and one behind it
    done: list[str] = []

    async def bill(job: ClaimedJob) -> None:
        done.append(job.key)

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write(
            "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
            " values (:id, 'settle', 'settle:old', '{}', 'WAITING', :now, 0, :now)",
            {"id": uuid4(), "now": bench.now - timedelta(seconds=1)},
        )
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill:new", now=bench.now)
    # When
    ran = [await worker.run_due()]
    for minutes in FAULT_MINUTES:
        bench.later(minutes=minutes)
        ran.append(await worker.run_due())
    # Then: nobody has tried it, and nobody waits for it
    assert (ran, done) == ([(1, 0), *[(0, 0)] * MOST_FAULTS], ["bill:new"])
    assert (await worker.next_due(), await worker.idle()) == (None, True)
    async with bench.outside.database.transaction(SYSTEM) as session:
        rows = await session.rows("select key, state, tries, last_error from job order by key")
    assert [tuple(row) for row in rows] == [("bill:new", "DONE", 1, None), ("settle:old", "WAITING", 0, None)]


async def test_only_an_unknown_kind_can_be_dismissed_before_it_is_given_up(bench: Bench) -> None:
    # Given
    ids = {"settle": uuid4(), "BILL": uuid4(), "begun": uuid4()}
    async with bench.outside.database.transaction(SYSTEM) as session:
        for kind, job_id in ids.items():
            await session.write(
                "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
                " values (:id, :kind, :kind, '{}', 'WAITING', :now, 0, :now)",
                {"id": job_id, "kind": kind, "now": bench.now},
            )
    async with bench.outside.database.transaction(SYSTEM) as session:  # by a worker that knows it
        await session.write("update job set leased_until = now() + interval '1 minute' where kind = 'begun'")
    # When
    dismissed = {kind: await effects.dismiss(bench.outside, job_id) for kind, job_id in ids.items()}
    # Then
    assert dismissed == {"settle": True, "BILL": False, "begun": False}
    assert await told(bench) == [("BILL", "WAITING", None), ("begun", "WAITING", None), ("settle", "DONE", None)]


async def test_what_is_away_is_tried_for_as_long_as_it_is_away(bench: Bench) -> None:
    # Given
    away, at_times = True, []

    async def bill(job: ClaimedJob) -> None:
        at_times.append(bench.now)
        if away:
            raise ConnectionRefusedError

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill:1", now=bench.now)
    # When: a week
    until = bench.now + timedelta(days=7)
    await worker.run_due()
    while (due := await worker.next_due()) is not None and due <= until:
        bench.clock.move_to(due)
        await worker.run_due()
    # Then: at first soon, then every hour
    waited = [int((later - sooner).total_seconds() // 60) for sooner, later in pairwise(at_times)]
    assert waited == [*AWAY_MINUTES, *[AWAY_MINUTES[-1]] * (len(waited) - len(AWAY_MINUTES))]
    assert len(waited) > 7 * 24
    assert await told(bench) == [("bill:1", "WAITING", "ConnectionRefusedError")]
    (job,) = await bench.all(Job)
    assert (job.faults, job.waits_since) == (0, at_times[0])
    # When it is back
    away = False
    bench.clock.move_to(job.due_at)
    await worker.run_due()
    # Then
    assert await told(bench) == [("bill:1", "DONE", None)]


async def test_time_in_which_something_was_away_does_not_count_against_a_fault(bench: Bench) -> None:
    # Given: a job that has waited for a day, and then runs into a fault
    raised: list[Exception] = [ConnectionResetError() for _ in range(30)] + [KeyError("x")]

    async def bill(job: ClaimedJob) -> None:
        raise raised.pop(0) if len(raised) > 1 else raised[0]

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill:1", now=bench.now)
    while len(raised) > 1:
        await worker.run_due()
        bench.clock.move_to(await worker.next_due() or bench.now)
    # When
    faults = 0
    while (due := await worker.next_due()) is not None:
        bench.clock.move_to(due)
        _ran, failed = await worker.run_due()
        faults += failed
    # Then
    assert faults == MOST_FAULTS + 1
    assert await told(bench) == [("bill:1", "FAILED", "KeyError")]


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OSError(errno.ENOSPC, "no room"), True),
        (OSError(errno.EMFILE, "too many files"), True),
        (TimeoutError(), True),
        (GatewayUnreachable("no connection"), True),
        (GatewayMisconfigured("the certificate has expired"), True),
        (MailUnavailable("421"), True),
        (StoreUnavailable("GenericError"), True),
        (FileNotFoundError(errno.ENOENT, "a template"), False),
        (MailRefused("550"), False),
        (ValueError("x"), False),
        (LookupError("x"), False),
    ],
)
def test_what_is_away_and_what_is_a_fault(error: Exception, away: bool) -> None:
    assert is_absent(error) is away


async def test_to_ask_for_later_is_no_failure(bench: Bench) -> None:
    # Given: one that waits for something longer than it could fail
    asked: list[bool] = []

    async def bill(job: ClaimedJob) -> None:
        asked.append(job.is_last_try)
        if bench.now == START:
            raise ConnectionError
        raise TryLater(bench.now if len(asked) < LONGER_THAN_ALL_TRIES else START)

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill:1", now=bench.now)
    await worker.run_due()
    assert asked == [False] * LONGER_THAN_ALL_TRIES
    # When: what it waited for is there, and then it fails for the first time
    bench.clock.move_to(START)
    await worker.run_due()
    # Then: it is tried again like any other
    assert asked[-1] is False
    assert await told(bench) == [("bill:1", "WAITING", "ConnectionError")]


async def test_a_mail_that_waits_for_its_paper_has_not_been_tried(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench)
    contract = await book(shop, START, START + timedelta(days=1))
    (mail,) = await bench.all(Email, contract_id=contract.id)
    mail.attachments_json = [{"name": "Rechnung.pdf", "type": "application/pdf", "key": "documents/not-yet.pdf"}]
    async with bench.owned(past_triggers=True) as session:
        await session.store(mail)
    # When
    for _ in range(LONGER_THAN_ALL_TRIES):
        try:
            await emails.send(bench.outside, mail.id, is_last_try=False)
        except TryLater as later:
            bench.clock.move_to(later.at)
    # Then
    (waiting,) = await bench.all(Email, id=mail.id)
    assert (waiting.state, waiting.tries, waiting.last_error) == (EmailState.QUEUED, 0, None)


async def test_one_that_has_failed_keeps_its_time_though_its_paper_is_there(bench: Bench) -> None:
    # Given: two, of which one has failed
    async def bill(job: ClaimedJob) -> None:
        raise ConnectionError

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill})
    later = bench.now + timedelta(minutes=30)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="failed", now=bench.now)
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="untried", now=bench.now, due_at=later)
    assert await worker.run_due() == (1, 1)
    # When
    async with bench.outside.database.transaction(SYSTEM) as session:
        for key in ("failed", "untried"):
            await hasten_untried(session, key, now=bench.now)
    # Then
    async with bench.outside.database.transaction(SYSTEM) as session:
        due = {row.key: row.due_at - bench.now for row in await session.rows("select key, due_at from job")}
    assert due == {"failed": timedelta(minutes=AWAY_MINUTES[0]), "untried": timedelta(0)}


async def test_a_database_that_was_away_is_no_try_of_the_job(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given: a job whose database goes away under it
    monkeypatch.setattr(outage.OUTAGE, "_lasts", False)
    away = [psycopg.OperationalError("server closed the connection unexpectedly")]

    async def bill(job: ClaimedJob) -> None:
        if away:
            raise away.pop()

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill:1", now=bench.now)
    await worker.work()
    assert await told(bench) == [("bill:1", "WAITING", None)]
    # When it is there again
    await worker.work()
    # Then
    assert await told(bench) == [("bill:1", "DONE", None)]
    async with bench.outside.database.transaction(SYSTEM) as session:
        assert await session.value("select tries from job") == 1


async def test_a_write_in_a_view_of_our_own_is_a_fault_and_not_waited_for(bench: Bench) -> None:
    with pytest.raises(DBAPIError) as met:
        async with bench.outside.database.snapshot(SYSTEM) as session:
            await session.write("delete from job")
    assert (sql_state(met.value), is_absent(met.value)) == ("25006", False)
