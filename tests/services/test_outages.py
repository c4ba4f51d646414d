"""A weekend in which something outside is away: nothing is lost, nothing is given up, and what waited is done by
itself when it is back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from server.models import Contract, Document, Email, Job
from server.models.contract import ContractState, SettlementState
from server.models.email import EmailState
from server.models.job import JobKind, JobState
from server.runtime import NoMailer
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_in, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at
from tests.services.world_outside import OutsideWorld, once_each, outside_world

THURSDAY, FRIDAY = at("2026-09-10 16:00"), at("2026-09-11 16:00")
WEEKEND = timedelta(hours=72)


@pytest.fixture
def world(bench: Bench, tmp_path: Path) -> Iterator[OutsideWorld]:
    with outside_world(bench, tmp_path) as made:
        yield made


async def out_since_thursday(world: OutsideWorld) -> tuple[Shop, Contract]:
    """A car that is out, and everything about it told and paid so far."""
    shop = await open_shop(world.bench)
    contract = await book(shop, THURSDAY, FRIDAY)
    await world.pass_time(THURSDAY)
    await check_out(shop, contract)
    await world.pass_time(FRIDAY)
    return shop, contract


async def waiting(bench: Bench) -> list[Job]:
    return [job for job in await bench.all(Job, state=JobState.WAITING) if job.due_at <= bench.now or job.waits_since]


@pytest.mark.parametrize("away", [["mail"], ["store"], ["gateway"], ["mail", "store", "gateway"]], ids="+".join)
async def test_a_weekend_loses_nothing_and_drains_by_itself(world: OutsideWorld, away: list[str]) -> None:
    # Given a car that comes back with kilometres to pay, on a Friday after which something is away
    bench = world.bench
    shop, contract = await out_since_thursday(world)
    told_before = len(world.arrived())
    for what in away:
        world.take_away(what)
    await check_in(shop, contract, km=10_400)
    # When: a weekend
    await world.pass_time(FRIDAY + WEEKEND)
    # Then: it waits, and nothing has been given up
    assert await waiting(bench) != []
    assert await bench.all(Job, state=JobState.FAILED) == []
    assert await bench.all(Email, state=EmailState.FAILED) == []
    assert (await bench.contract(contract.id)).effects_failed is False
    assert len(world.arrived()) == told_before or "mail" not in away
    # When it is back: within the longest wait, and what follows from it
    for what in away:
        world.bring_back(what)
    await world.pass_time(bench.now + timedelta(hours=3))
    # Then
    now = await bench.contract(contract.id)
    assert (now.state, now.settlement_state, now.effects_failed) == (ContractState.BILLED, SettlementState.PAID, False)
    assert await waiting(bench) == await bench.all(Job, state=JobState.FAILED) == []
    mails = await bench.all(Email, contract_id=contract.id)
    assert {mail.state for mail in mails} == {EmailState.SENT}
    assert once_each(world.arrived())
    assert Counter(to for _template, to, _times in world.arrived()) == Counter(mail.to for mail in mails)
    assert all(document.sha256 for document in await bench.all(Document))
    charges = [line for line in bench.books.ledger(contract) if line[0] == "sale"]
    assert len(charges) == 2  # the day in advance, and what was driven
    assert len([kind for kind, _state, _cents in await bench.payments(contract.id) if kind == "SALE"]) == 2


async def test_without_a_mail_server_in_the_settings_mails_wait_and_say_so(world: OutsideWorld) -> None:
    # Given
    bench = world.bench
    smtp = bench.outside.mailer
    bench.outside = replace(bench.outside, mailer=NoMailer())
    shop = await open_shop(bench)
    contract = await book(shop, THURSDAY, FRIDAY)
    # When: a day
    await world.pass_time(bench.now + timedelta(days=1))
    # Then
    (mail,) = await bench.all(Email, contract_id=contract.id)
    assert mail.state is EmailState.QUEUED
    assert mail.last_error == "no mail server is configured (ERSATZWAGEN_SMTP_URL): BOOKING_CONFIRMATION waits"
    # When one is configured
    bench.outside = replace(bench.outside, mailer=smtp)
    await world.pass_time(bench.now + timedelta(hours=1))
    # Then
    assert world.arrived() == [("BOOKING_CONFIRMATION", contract.customer.email, 1)]


async def test_a_mail_that_would_not_be_true_any_more_ends_without_a_flag(world: OutsideWorld) -> None:
    # Given a reminder of tomorrow, and no mail server
    bench = world.bench
    shop = await open_shop(bench)
    contract = await book(shop, THURSDAY, FRIDAY)
    await world.pass_time(at("2026-09-09 08:00"))
    world.take_away("mail")
    await world.pass_time(THURSDAY - timedelta(hours=1))
    # When
    world.bring_back("mail")
    await world.pass_time(THURSDAY)
    # Then
    mails = {mail.template.value: mail for mail in await bench.all(Email, contract_id=contract.id)}
    assert (mails["REMINDER"].state, mails["REMINDER"].last_error) == (
        EmailState.FAILED,
        "it could not be sent in time",
    )
    assert await bench.all(Job, kind=JobKind.SEND_EMAIL, state=JobState.FAILED) == []
    assert (await bench.contract(contract.id)).effects_failed is False
