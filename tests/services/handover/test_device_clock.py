"""Days are billed by a device's clock: if it seems to be wrong, somebody looks before money moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from server.database import SYSTEM
from server.models import Contract, Protocol, User
from server.models.contract_attention import BillingBlock
from server.models.customer import email_key
from server.models.staff import Role
from server.services.acting import Acting
from server.services.contract import blocks
from server.services.handover import device_clock, exchange
from server.services.people import callers, sessions
from tests.builders import rentals
from tests.builders.bench import NOW, Bench
from tests.builders.rentals import check_out, rented
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


async def back(shop: Shop, contract: Contract, occurred_at: datetime, since: datetime | None) -> Contract:
    """The car comes back now, by a device that says nothing of its clock and has been in contact since then."""
    bench = shop.bench
    yard = replace(shop.somebody(Role.YARD), in_contact_since=since)
    report = rentals.report(contract, occurred_at, 10_100, {})
    async with bench.outside.database.transaction(yard.scope) as session:
        await exchange.check_in(session, report, Acting(bench.now, yard))
    return await bench.contract(contract.id)


async def out(shop: Shop) -> Contract:
    contract = await rentals.book(shop, START, START + 2 * DAY)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract)
    shop.bench.clock.move_to(START + 2 * DAY)
    return contract


@pytest.mark.parametrize(
    ("away", "in_contact_for", "doubted"),
    [
        (-DAY, 16 * MINUTE, "−24:00"),
        (-61 * MINUTE, 15 * MINUTE, "−1:01"),
        (-60 * MINUTE, 16 * MINUTE, None),
        (-DAY, 14 * MINUTE, None),  # it was offline, and has just come back into the network
        (-DAY, None, None),
        (61 * MINUTE, None, "+1:01"),
        (60 * MINUTE, 16 * MINUTE, None),
    ],
)
async def test_what_a_device_tells_late_although_it_was_in_contact(
    bench: Bench, away: timedelta, in_contact_for: timedelta | None, doubted: str | None
) -> None:
    shop = await open_shop(bench)
    contract = await out(shop)
    since = None if in_contact_for is None else bench.now - in_contact_for

    contract = await back(shop, contract, bench.now + away, since)

    expected = BillingBlock.DEVICE_CLOCK if doubted else None
    assert (contract.billing_block, contract.billing_block_detail) == (expected, doubted)
    assert (contract.state.value, contract.protocol_conflict) == ("RETURNED", doubted is not None)


@pytest.mark.parametrize(("difference", "doubted"), [(HOUR, False), (HOUR + timedelta(seconds=1), True), (-DAY, True)])
async def test_a_device_that_says_how_far_its_clock_is_off(bench: Bench, difference: timedelta, doubted: bool) -> None:
    shop = await open_shop(bench)

    contract = await rented(shop, START, START + DAY, back_with={"clock_difference": difference})

    assert (contract.billing_block is BillingBlock.DEVICE_CLOCK) is doubted
    last = (await bench.all(Protocol, type="CHECK_IN"))[0]
    assert last.clock_difference_seconds == difference.total_seconds()
    assert last.received_at == bench.now


async def test_a_right_clock_may_tell_of_what_happened_hours_ago(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await out(shop)
    bench.clock.move_to(bench.now + 5 * HOUR)
    report = rentals.report(contract, START + 2 * DAY, 10_100, {"clock_difference": timedelta(seconds=3)})
    yard = replace(shop.somebody(Role.YARD), in_contact_since=NOW)
    async with bench.outside.database.transaction(yard.scope) as session:
        await exchange.check_in(session, report, Acting(bench.now, yard))
    assert (await bench.contract(contract.id)).billing_block is None


async def test_the_reason_is_said_in_words(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await rented(shop, START, START + DAY, back_with={"clock_difference": -DAY})
    assert blocks.text(contract, "de") == (
        "Die Uhr des Geräts, das ein Protokoll gemacht hat, geht wohl um −24:00 Stunden falsch: bitte Zeiten prüfen."
    )
    assert device_clock.in_hours(timedelta(minutes=30)) == "+0:30"


class TestContact:
    """Since when a session's device calls without a break of more than a quarter of an hour."""

    async def signed_in(self, bench: Bench) -> sessions.Tokens:
        email = f"{uuid4().hex}@example.com"
        user = User(
            email=email, email_key=email_key(email), name="Yard", role=Role.YARD, password_hash="", created_at=NOW
        )
        await bench.put(user)
        async with bench.outside.database.transaction(SYSTEM) as session:
            return await sessions.open_session(session, user, timedelta(hours=1), now=NOW)

    async def calls(self, bench: Bench, token: str, minute: int) -> int | None:
        """Calls at that minute; since which minute the device is in contact then."""
        called_at = NOW + minute * MINUTE
        caller = await callers.authenticate(bench.outside.database, token, now=NOW, called_at=called_at)
        assert caller is not None
        assert caller.in_contact_since is not None
        return int((caller.in_contact_since - NOW) / MINUTE)

    async def test_it_begins_anew_after_a_silence(self, bench: Bench) -> None:
        token = (await self.signed_in(bench)).access_token
        since = [await self.calls(bench, token, minute) for minute in (0, 15, 30, 46, 47, 62, 78)]
        assert since == [0, 0, 0, 46, 46, 46, 78]

    async def test_it_survives_a_refresh(self, bench: Bench) -> None:
        tokens = await self.signed_in(bench)
        assert await self.calls(bench, tokens.access_token, 0) == 0
        anew = await sessions.refresh(bench.outside, tokens.refresh_token, now=NOW)
        assert await self.calls(bench, anew.access_token, 10) == 0
