"""Money, paper and mail do not wait for each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from server import heartbeat, metrics
from server.clock import SystemClock
from server.database import SYSTEM
from server.gateways.mailer import MailUnavailable, OutgoingMail, SmtpMailer
from server.job_loops import LOOPS, Lane, Worker
from server.jobs import ClaimedJob, enqueue
from server.models import Document, Email, Job
from server.models.contract import ContractState, SettlementState
from server.models.email import EmailState
from server.models.job import JobKind, JobState, OfContract
from server.worker import create_worker
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
ALL_TRIES = 600


@asynccontextmanager
async def silent_mail_server(*, dribbles: bool = False) -> AsyncIterator[tuple[str, list[int]]]:
    """Takes connections and never greets, or never comes to the end of its greeting; who has connected."""
    connected: list[int] = []
    talks: list[asyncio.Task[None]] = []

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        try:
            while True:
                if dribbles:
                    writer.write(b"220-wait\r\n")
                await asyncio.sleep(0.05)
        finally:
            writer.close()

    def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(say_nothing(reader, writer)))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", connected
    finally:
        server.close()
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


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

    async with silent_mail_server() as (url, connected):
        bench.outside = replace(bench.outside, mailer=SmtpMailer(url, "a@example.com", timeout=3600.0))
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


@pytest.mark.parametrize("dribbles", [False, True])
async def test_a_try_ends_however_the_mail_server_delays_it(bench: Bench, dribbles: bool) -> None:
    mail = OutgoingMail(
        message_id="<1@example.com>",
        date=START,
        to="kunde@example.com",
        subject="x",
        html="x",
        text="x",
        template="REMINDER",
    )
    async with silent_mail_server(dribbles=dribbles) as (url, connected):
        with pytest.raises(MailUnavailable):
            await SmtpMailer(url, "a@example.com", timeout=0.3).send(mail)
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


async def test_what_hangs_is_cut_off_and_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.job_loops.TRY_SECONDS", 0.1)

    async def hang(_job: ClaimedJob) -> None:
        await asyncio.Event().wait()

    worker = Worker(bench.outside.database, bench.clock, {JobKind.BILL: hang})
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill", now=bench.now)
    assert await worker.run_due() == (1, 1)
    (job,) = await bench.all(Job)
    assert (job.state, job.last_error, job.faults) == (JobState.WAITING, "TimeoutError", 0)
    assert job.due_at == bench.now + timedelta(minutes=1)


async def test_a_job_of_another_version_is_taken_by_some_lane(bench: Bench) -> None:
    worker = create_worker(bench.outside)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write(
            "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
            " values (:id, 'BRAND_NEW', 'x', '{}', 'WAITING', :now, 0, :now)",
            {"id": uuid4(), "now": bench.now},
        )
    before = metrics.registry.get_sample_value("ersatzwagen_jobs_total", {"kind": "unknown", "outcome": "fault"})
    await worker.work(Lane.MAIL)
    after = metrics.registry.get_sample_value("ersatzwagen_jobs_total", {"kind": "unknown", "outcome": "fault"})
    assert (after or 0) - (before or 0) == 1


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
