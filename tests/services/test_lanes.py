"""Money, paper and mail do not wait for each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx2
import psycopg
import pytest

from server.app import create_app
from server.clock import SystemClock
from server.config import Settings
from server.database import SYSTEM
from server.gateways.mailer import MailUnavailable, OutgoingMail, SmtpMailer
from server.jobs import ClaimedJob, enqueue, heartbeat
from server.jobs.loops import LOOPS, Lane, Worker
from server.models import Document, Email, Job
from server.models.contract import ContractState, SettlementState
from server.models.email import EmailState
from server.models.job import JobKind, JobState, OfContract
from server.runtime import Runtime
from server.worker import create_worker, recover
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import open_shop
from tests.services.samples import at
from tests.silence import silent_server

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
ALL_TRIES = 600


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run_forever(poll_seconds=0.05))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(ALL_TRIES):
        if await is_so():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it never came to that")


async def test_a_mail_server_that_never_answers_holds_up_mails_only(bench: Bench) -> None:
    # Given mails of several bookings, and a car that has come back with kilometres to pay
    shop = await open_shop(bench, cars=4)
    for _ in range(3):
        await book(shop, START + 2 * DAY, START + 3 * DAY)
    contract = await rented(shop, START, START + DAY, km=400)

    async def is_paid() -> bool:
        now = await bench.contract(contract.id)
        documents = await bench.all(Document, contract_id=contract.id)
        printed = len(documents) == 2 and all(document.sha256 for document in documents)
        return now.state is ContractState.BILLED and now.settlement_state is SettlementState.PAID and printed

    async with silent_server() as (address, connected):
        bench.outside = replace(bench.outside, mailer=SmtpMailer(f"smtp://{address}", "a@example.com", timeout=3600.0))
        # When
        async with working(create_worker(bench.outside)):
            await until(is_paid)

            # Then: the mails' loops are all held, and nobody else is
            async def is_held() -> bool:
                return len(connected) == LOOPS[Lane.MAIL]

            await until(is_held)
            bench.later(minutes=2)  # what was put off for a minute
            await until(is_paid)
    assert len(connected) == LOOPS[Lane.MAIL]
    assert {mail.state for mail in await bench.all(Email)} == {EmailState.QUEUED}


@pytest.mark.parametrize("goes_on", [b"", b"220-wait\r\n"], ids=["silent", "dribbling"])
async def test_a_try_ends_however_the_mail_server_delays_it(goes_on: bytes) -> None:
    mail = OutgoingMail(
        message_id="<1@example.com>",
        date=START,
        to="kunde@example.com",
        subject="x",
        html="x",
        text="x",
        template="REMINDER",
    )
    async with silent_server(goes_on=goes_on) as (address, connected):
        with pytest.raises(MailUnavailable):
            await SmtpMailer(f"smtp://{address}", "a@example.com", timeout=0.3).send(mail)
    assert connected == [1]


async def test_a_loop_that_hangs_keeps_nobody_in_its_lane_waiting(bench: Bench) -> None:
    # Given a job of money that never ends, and one that comes while it hangs
    hangs, done = asyncio.Event(), asyncio.Event()

    async def hang(_job: ClaimedJob) -> None:
        hangs.set()
        await asyncio.Event().wait()

    async def bill(_job: ClaimedJob) -> None:
        done.set()

    handlers = {JobKind.COLLECT: hang, JobKind.BILL: bill}
    worker = Worker(bench.outside.database, bench.clock, handlers, lanes=dict.fromkeys(handlers, Lane.MONEY))
    async with working(worker):
        for kind, seen in ((JobKind.COLLECT, hangs), (JobKind.BILL, done)):
            async with bench.outside.database.transaction(SYSTEM) as session:
                await enqueue(session, kind, OfContract(uuid4()), key=kind.value, now=bench.now)
            # Then
            await asyncio.wait_for(seen.wait(), 60)


async def test_a_worker_that_ends_begins_nothing_more_and_waits_for_what_has_begun(bench: Bench) -> None:
    # Given a job that is being done, and one behind it
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def bill(_job: ClaimedJob) -> None:
        begun.set()
        await goes_on.wait()

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill}, lanes={JobKind.BILL: Lane.MONEY})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="first", now=bench.now)
    async with working(worker):
        await asyncio.wait_for(begun.wait(), 60)
        # When
        resting = asyncio.create_task(worker.come_to_rest(60))
        await asyncio.sleep(0.1)
        assert not resting.done()
        async with bench.outside.database.transaction(SYSTEM) as session:
            await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="second", now=bench.now)
        goes_on.set()
        await asyncio.wait_for(resting, 60)
    # Then
    assert {job.key: job.state for job in await bench.all(Job)} == {"first": JobState.DONE, "second": JobState.WAITING}


async def test_what_it_is_just_taking_counts_as_begun(bench: Bench) -> None:
    # Given a worker that asks for work, which takes its time
    done: list[str] = []

    async def bill(job: ClaimedJob) -> None:
        done.append(job.key)

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: bill}, lanes={JobKind.BILL: Lane.MONEY})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill", now=bench.now)
    async with bench.owned() as owner:
        await owner.write("lock table job in exclusive mode")
        round_ = asyncio.create_task(worker.work(Lane.MONEY))
        await asyncio.sleep(0.2)
        # When
        resting = asyncio.create_task(worker.come_to_rest(60))
        await asyncio.sleep(0.1)
        assert not resting.done()
    await asyncio.wait_for(resting, 60)
    await round_
    # Then
    assert (done, [job.state for job in await bench.all(Job)]) == (["bill"], [JobState.DONE])


async def test_what_does_not_end_with_it_is_left_to_the_next_worker(bench: Bench) -> None:
    # Given
    begun = asyncio.Event()

    async def hang(_job: ClaimedJob) -> None:
        begun.set()
        await asyncio.Event().wait()

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: hang}, lanes={JobKind.BILL: Lane.MONEY})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill", now=bench.now)
    async with working(worker):
        await asyncio.wait_for(begun.wait(), 60)
        # When
        await asyncio.wait_for(worker.come_to_rest(0.1), 60)
    # Then: it waits, and is nobody else's before its lease ends
    (job,) = await bench.all(Job)
    assert (job.state, job.tries, job.faults, job.leased_until is None) == (JobState.WAITING, 1, 0, False)


async def test_what_hangs_is_cut_off_and_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.jobs.loops.TRY_SECONDS", 0.1)

    async def hang(_job: ClaimedJob) -> None:
        await asyncio.Event().wait()

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: hang})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill", now=bench.now)
    assert await worker.run_due() == (1, 1)
    (job,) = await bench.all(Job)
    assert (job.state, job.last_error, job.faults) == (JobState.WAITING, "TimeoutError", 0)
    assert job.due_at == bench.now + timedelta(minutes=1)


async def test_lanes_take_their_own_jobs(bench: Bench) -> None:
    ran: list[str] = []

    async def run(job: ClaimedJob) -> None:
        ran.append(job.kind)

    lanes = {JobKind.BILL: Lane.MONEY, JobKind.SEND_EMAIL: Lane.MAIL, JobKind.PROTOCOL_SHEET: Lane.PAPER}
    worker = Worker(bench.outside.database, bench.clock, dict.fromkeys(lanes, run), lanes=lanes)
    async with bench.outside.database.transaction(SYSTEM) as session:
        for number, kind in enumerate(lanes):
            due_at = bench.now - timedelta(seconds=number)
            await enqueue(session, kind, OfContract(uuid4()), key=kind.value, now=bench.now, due_at=due_at)
    await worker.work(Lane.MAIL)
    await worker.work(Lane.DIARY)
    assert ran == ["SEND_EMAIL"]
    # And where a clock is moved, all of them in the order of their times
    assert await worker.run_due() == (2, 0)
    assert ran == ["SEND_EMAIL", "PROTOCOL_SHEET", "BILL"]


async def test_a_worker_says_that_it_is_at_work(bench: Bench) -> None:
    database, now = bench.outside.database, SystemClock().now()
    async with database.transaction(SYSTEM) as session:
        assert await heartbeat.beats(session, now) == heartbeat.Beats(0, None)
        await heartbeat.beat(session, uuid4(), now - timedelta(days=2))  # one that was killed

    async def has_beaten() -> bool:
        async with database.transaction(SYSTEM) as session:
            return (await heartbeat.beats(session, SystemClock().now())).alive == 1

    async with working(create_worker(bench.outside)):
        await until(has_beaten)
    async with database.transaction(SYSTEM) as session:
        assert await session.value("select count(*) from worker_beat") == 1


async def test_a_server_is_ready_whether_or_not_somebody_does_jobs(bench: Bench) -> None:
    # Given a job that should have begun long ago, and no worker: a server that was taken out would mend neither
    app = create_app(Runtime(Settings(_env_file=None), bench.outside, create_worker(bench.outside), None))
    async with bench.outside.database.transaction(SYSTEM) as session:
        late = bench.now - timedelta(hours=1)
        await enqueue(session, JobKind.SEND_EMAIL, OfContract(uuid4()), key="late", now=late)
    # Then
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://server") as client:
        answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "schema": True})


async def test_a_restart_tries_at_once_what_had_to_wait(bench: Bench) -> None:
    # Given one for which something was away for a day, one that is put off, and one with a fault
    async def wait(_job: ClaimedJob) -> None:
        raise ConnectionError

    async def fail(_job: ClaimedJob) -> None:
        raise KeyError

    made = {JobKind.BILL: wait, JobKind.PROTOCOL_SHEET: fail}
    worker = Worker(bench.outside.database, bench.clock, made)
    async with bench.outside.database.transaction(SYSTEM) as session:
        for kind in made:
            await enqueue(session, kind, OfContract(uuid4()), key=kind.value, now=bench.now)
        later = bench.now + DAY
        await enqueue(session, JobKind.OVERDUE, OfContract(uuid4()), key="OVERDUE", now=bench.now, due_at=later)
    await worker.run_due()
    # When
    bench.later(seconds=1)
    await recover(bench.outside)
    # Then
    due = {job.key: job.due_at - bench.now for job in await bench.all(Job) if job.kind is not JobKind.CLEAN}
    second = timedelta(seconds=1)
    assert due == {"BILL": 0 * second, "PROTOCOL_SHEET": 59 * second, "OVERDUE": DAY - second}


async def test_a_loop_ends_though_its_cancellation_comes_out_as_something_else(bench: Bench) -> None:
    # Given a job in which the driver makes an error of its own of a cancellation
    begun = asyncio.Event()

    async def lose(_job: ClaimedJob) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cancelled:
            raise psycopg.OperationalError("server closed the connection unexpectedly") from cancelled

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: lose})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill", now=bench.now)
    task = asyncio.create_task(worker.run_forever(poll_seconds=0.05))
    await begun.wait()
    # When
    task.cancel()
    _done, pending = await asyncio.wait([task], timeout=60)
    # Then
    assert pending == set()
    assert task.cancelled()
