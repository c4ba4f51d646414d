"""Work that was given up: shown on its contract, counted, and set going again by people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from server import metrics
from server.clock import SystemClock
from server.database import SYSTEM
from server.errors import NotFound
from server.gateways.mailer import MailRefused, OutgoingMail
from server.jobs import MOST_FAULTS, ClaimedJob, enqueue
from server.jobs import figures as job_figures
from server.jobs.loops import FAULT_MINUTES, Lane, Worker
from server.models import Contract, Email, HistoryEntry, Job
from server.models.contract_attention import ContractFlag
from server.models.contract_parts import HistoryAction
from server.models.email import EmailState
from server.models.job import JobKind, JobState, OfContract, OfOpenItem
from server.models.staff import Role
from server.services.acting import Acting
from server.services.contract import effects
from server.services.lists import attention
from server.services.mail import resending
from server.worker import LANES, WORK, handlers
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at
from tests.services.world_outside import OutsideWorld, outside_world

START = at("2026-09-10 09:00")
DAY = timedelta(days=1)
NAME = "Annabel Geheim"


@pytest.fixture
def world(bench: Bench, tmp_path: Path) -> Iterator[OutsideWorld]:
    with outside_world(bench, tmp_path) as made:
        yield made


async def flags(shop: Shop, contract: Contract) -> list[ContractFlag]:
    """Those that the contract has, which are those by which it is found."""
    bench = shop.bench
    now = await bench.contract(contract.id)
    shown = attention.flags(now, None, at_risk=False, now=bench.now)
    async with bench.outside.database.snapshot(shop.somebody().scope) as session:
        found = await session.all(select(Contract).where(attention.with_flag(ContractFlag.EFFECTS_FAILED, bench.now)))
    assert (ContractFlag.EFFECTS_FAILED in shown) == (contract.id in [one.id for one in found])
    return shown


async def history(bench: Bench, contract: Contract) -> list[tuple[Any, ...]]:
    wanted = {HistoryAction.EFFECT_FAILED, HistoryAction.EFFECTS_RETRIED}
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    return [(one.action.value, one.after, one.reason, one.actor) for one in entries if one.action in wanted]


def counted(kind: JobKind, outcome: str) -> float:
    labels = {"kind": kind.value, "outcome": outcome}
    return metrics.registry.get_sample_value("ersatzwagen_jobs_total", labels) or 0.0


async def standing(bench: Bench, kind: JobKind, state: JobState) -> float | None:
    async with bench.outside.database.transaction(SYSTEM) as session:
        await job_figures.show(session, now=bench.now, machine_now=SystemClock().now(), lanes=LANES)
    labels = {"kind": kind.value, "state": state.value}
    return metrics.registry.get_sample_value("ersatzwagen_jobs_standing", labels)


def failing(bench: Bench, kind: JobKind, fault: list[Exception]) -> Worker:
    """The worker, with a fault in one handler for as long as it is in the list."""
    made = handlers(bench.outside)
    real = made[kind]

    async def run(job: ClaimedJob) -> None:
        if fault:
            raise fault[0]
        await real(job)

    lanes = {one: work.lane for one, work in WORK.items()}
    return Worker(bench.outside.database, bench.clock, made | {kind: run}, lanes=lanes, tell=effects.given_up)


async def run_for(bench: Bench, worker: Worker, delta: timedelta) -> None:
    until = bench.now + delta
    await worker.run_due()
    while (due := await worker.next_due()) is not None and due <= until:
        bench.clock.move_to(max(due, bench.now))
        await worker.run_due()
    bench.clock.move_to(until)


async def refused(world: OutsideWorld) -> tuple[Shop, Contract, Email]:
    """A booking whose confirmation the mail server refuses for good."""
    shop = await open_shop(world.bench)
    contract = await book(shop, START, START + DAY)
    world.mails.behave("550")
    await world.worker().run_due()
    (mail,) = await world.bench.all(Email, contract_id=contract.id)
    return shop, contract, mail


async def test_a_mail_that_is_refused_for_good_is_shown_on_its_contract(world: OutsideWorld) -> None:
    bench, before = world.bench, counted(JobKind.SEND_EMAIL, "refused")
    # When
    shop, contract, mail = await refused(world)
    # Then: at once
    assert (mail.state, mail.last_error, mail.tries) == (EmailState.FAILED, "550 no such mailbox", 1)
    (job,) = await bench.all(Job, state=JobState.FAILED)
    assert (job.kind, job.last_error, job.contract_id) == (JobKind.SEND_EMAIL, "MailRefused", contract.id)
    assert await flags(shop, contract) == [ContractFlag.EFFECTS_FAILED]
    assert (await bench.contract(contract.id)).version == contract.version + 1
    assert await history(bench, contract) == [("EFFECT_FAILED", "SEND_EMAIL", "MailRefused", "System")]
    assert counted(JobKind.SEND_EMAIL, "refused") - before == 1
    assert await standing(bench, JobKind.SEND_EMAIL, JobState.FAILED) == 1.0
    assert world.arrived() == []


async def test_what_was_refused_goes_on_when_it_is_retried(world: OutsideWorld) -> None:
    # Given
    bench = world.bench
    shop, contract, mail = await refused(world)
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    # When it is refused once more
    await effects.retry(bench.outside, manager, contract.id)
    assert await flags(shop, contract) == []
    await world.worker().run_due()
    # Then it is shown again
    assert await flags(shop, contract) == [ContractFlag.EFFECTS_FAILED]
    # When the mailbox is there
    world.mails.behave("ok")
    await effects.retry(bench.outside, manager, contract.id)
    await world.worker().run_due()
    # Then
    assert await flags(shop, contract) == []
    assert world.arrived() == [("BOOKING_CONFIRMATION", mail.to, 1)]
    ((now,),) = [await bench.all(Email, contract_id=contract.id)]
    assert (now.state, now.last_error) == (EmailState.SENT, None)
    told = [(action, after, actor) for action, after, _why, actor in await history(bench, contract)]
    failed = ("EFFECT_FAILED", "SEND_EMAIL", "System")
    retried = ("EFFECTS_RETRIED", "SEND_EMAIL", manager.name)
    assert told == [failed, retried, failed, retried]
    assert await standing(bench, JobKind.SEND_EMAIL, JobState.FAILED) == 0.0


async def test_where_nothing_was_given_up_a_retry_changes_nothing(world: OutsideWorld) -> None:
    shop = await open_shop(world.bench)
    contract = await book(shop, START, START + DAY)
    await world.worker().run_due()
    before = await world.bench.contract(contract.id), await world.bench.all(Job), world.arrived()
    # When
    done = await effects.retry(world.outside, Acting(world.bench.now, shop.somebody(Role.MANAGER)), contract.id)
    # Then
    assert done == contract.id
    assert (await world.bench.contract(contract.id), await world.bench.all(Job), world.arrived()) == before
    assert await history(world.bench, contract) == []


async def test_nobody_retries_what_he_does_not_see(world: OutsideWorld) -> None:
    _shop, contract, _mail = await refused(world)
    stranger = (await open_shop(world.bench)).somebody(Role.MANAGER)
    with pytest.raises(NotFound):
        await effects.retry(world.outside, Acting(world.bench.now, stranger), contract.id)
    assert len(await world.bench.all(Job, state=JobState.FAILED)) == 1
    assert (await world.bench.contract(contract.id)).effects_failed


async def test_a_mail_that_is_sent_to_another_address_no_longer_counts(world: OutsideWorld) -> None:
    # Given
    bench = world.bench
    shop, contract, mail = await refused(world)
    world.mails.behave("ok")
    # When
    await resending.resend(bench.outside, Acting(bench.now, shop.somebody()), mail.id, "neu@example.com")
    # Then
    assert await flags(shop, contract) == []
    await world.worker().run_due()
    assert world.arrived() == [("BOOKING_CONFIRMATION", "neu@example.com", 1)]
    assert await flags(shop, contract) == []
    # And is not set going by a retry of something else
    assert await effects.retry_jobs(bench.outside) == 0


async def test_a_refusal_of_a_mail_that_was_replaced_meanwhile_concerns_nobody(world: OutsideWorld) -> None:
    # Given: a try is under way when a clerk corrects the address
    bench = world.bench
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    (mail,) = await bench.all(Email, contract_id=contract.id)
    clerk = Acting(bench.now, shop.somebody())

    @dataclass
    class Slow:
        """Refuses a mail after somebody has had it sent elsewhere."""

        async def send(self, sending: OutgoingMail) -> None:
            if sending.to == mail.to:
                await resending.resend(bench.outside, clerk, mail.id, "neu@example.com")
                raise MailRefused("550 no such mailbox")

    bench.outside = replace(bench.outside, mailer=Slow())
    # When
    await world.worker().run_due()
    # Then
    states = {one.to: one.state for one in await bench.all(Email, contract_id=contract.id)}
    assert states == {mail.to: EmailState.REPLACED, "neu@example.com": EmailState.SENT}
    assert await bench.all(Job, state=JobState.FAILED) == []
    assert await flags(shop, contract) == []


async def test_a_fault_of_ours_ends_at_last_and_says_so(world: OutsideWorld) -> None:
    # Given a handler with a bug, whose message quotes the customer
    bench = world.bench
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    fault: list[Exception] = [KeyError(NAME)]
    worker = failing(bench, JobKind.SEND_EMAIL, fault)
    before, faults = (
        counted(JobKind.SEND_EMAIL, "failed"),
        metrics.registry.get_sample_value("ersatzwagen_faults_total"),
    )
    # When
    with capture_logs() as logged:
        await run_for(bench, worker, timedelta(minutes=sum(FAULT_MINUTES)))
    # Then
    (job,) = await bench.all(Job, kind=JobKind.SEND_EMAIL)
    assert (job.state, job.last_error, job.tries, job.faults) == (
        JobState.FAILED,
        "KeyError",
        MOST_FAULTS + 1,
        MOST_FAULTS + 1,
    )
    assert await flags(shop, contract) == [ContractFlag.EFFECTS_FAILED]
    assert await history(bench, contract) == [("EFFECT_FAILED", "SEND_EMAIL", "KeyError", "System")]
    assert counted(JobKind.SEND_EMAIL, "failed") - before == 1
    now = metrics.registry.get_sample_value("ersatzwagen_faults_total")
    assert (now or 0) - (faults or 0) == MOST_FAULTS + 1
    entries = [entry for entry in logged if entry["event"] == "job.failed"]
    assert [entry["given_up"] for entry in entries] == [*[False] * MOST_FAULTS, True]
    assert NAME not in str([{**entry, "exc_info": None} for entry in logged])
    # When it is mended, and an administrator sets it going
    fault.clear()
    assert await effects.retry_jobs(bench.outside, ids=[job.id]) == 1
    await worker.run_due()
    # Then
    assert await flags(shop, contract) == []
    assert world.arrived() == [("BOOKING_CONFIRMATION", contract.customer.email, 1)]


async def test_a_fault_in_sending_ends_the_mail_too_and_tells_nothing_of_it(world: OutsideWorld) -> None:
    # Given a mail whose file was lost
    bench = world.bench
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    for file in world.media.rglob("*.pdf"):
        file.unlink()
    # When
    await world.pass_time(bench.now + DAY)
    # Then
    (mail,) = await bench.all(Email, contract_id=contract.id)
    assert (mail.state, mail.last_error) == (EmailState.FAILED, "ObjectMissing")
    assert await flags(shop, contract) == [ContractFlag.EFFECTS_FAILED]


async def test_some_of_a_kind_or_all_are_set_going(world: OutsideWorld) -> None:
    # Given jobs of two kinds that were given up, one of which is about nothing that is there
    bench = world.bench
    shop = await open_shop(bench)
    contract = await book(shop, START, START + DAY)
    async with bench.outside.database.transaction(SYSTEM) as session:
        await enqueue(session, JobKind.BILL, OfContract(contract.id), key="bill", now=bench.now)
        await enqueue(session, JobKind.REMIND_OF_PAYMENT, OfOpenItem(uuid4()), key="remind", now=bench.now)

    async def fail(_job: ClaimedJob) -> None:
        raise ZeroDivisionError

    kinds = (JobKind.BILL, JobKind.REMIND_OF_PAYMENT)
    worker = Worker(
        bench.outside.database,
        bench.clock,
        handlers(bench.outside) | dict.fromkeys(kinds, fail),
        lanes=dict.fromkeys(kinds, Lane.MONEY),
        tell=effects.given_up,
    )
    await run_for(bench, worker, DAY)
    failed = {job.kind: job for job in await bench.all(Job, state=JobState.FAILED)}
    assert {kind: job.contract_id for kind, job in failed.items()} == {
        JobKind.BILL: contract.id,
        JobKind.REMIND_OF_PAYMENT: None,
    }
    # When, Then
    assert await effects.retry_jobs(bench.outside, kind="REMIND_OF_PAYMENT") == 1
    assert await flags(shop, contract) == [ContractFlag.EFFECTS_FAILED]
    assert await effects.retry_jobs(bench.outside, ids=[uuid4()]) == 0
    assert await effects.retry_jobs(bench.outside) == 1
    assert await flags(shop, contract) == []


async def test_what_was_seen_to_in_another_way_is_shown_no_longer(world: OutsideWorld) -> None:
    # Given
    bench = world.bench
    shop, contract, mail = await refused(world)
    (job,) = await bench.all(Job, state=JobState.FAILED)
    # When
    assert not await effects.dismiss(bench.outside, uuid4())
    assert await effects.dismiss(bench.outside, job.id)
    # Then
    assert await flags(shop, contract) == []
    entries = await bench.all(HistoryEntry, contract_id=contract.id, action=HistoryAction.EFFECT_DISMISSED)
    assert [(entry.actor, entry.after) for entry in entries] == [("System", "SEND_EMAIL")]
    assert (await bench.all(Email, id=mail.id))[0].state is EmailState.FAILED
    world.mails.behave("ok")
    await world.worker().run_due()
    assert world.arrived() == []
    assert not await effects.dismiss(bench.outside, job.id)


async def test_the_oldest_that_waits_is_as_old_as_its_first_try(world: OutsideWorld) -> None:
    # Given
    bench = world.bench
    shop = await open_shop(bench)
    await book(shop, START, START + DAY)
    world.take_away("mail")
    begun = bench.now
    # When
    await world.pass_time(begun + timedelta(hours=20))
    # Then: though its next try is within the hour
    assert await standing(bench, JobKind.SEND_EMAIL, JobState.WAITING) == 1.0
    age = metrics.registry.get_sample_value("ersatzwagen_jobs_oldest_seconds", {"kind": "SEND_EMAIL"})
    assert age is not None
    assert timedelta(hours=19) < timedelta(seconds=age) <= timedelta(hours=20)
    assert metrics.registry.get_sample_value("ersatzwagen_jobs_oldest_seconds", {"kind": "BILL"}) == 0.0
