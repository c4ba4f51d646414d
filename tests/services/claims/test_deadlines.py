"""Claims lapse: the station is reminded, and the deposit is renewed as long as people decide."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from server.models import Email, Job
from server.models.damage import DamageLiability
from server.models.job import JobKind
from server.services.claims import deadlines, deposit_watch
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.claims.damaged import (
    START,
    claim_it,
    collect,
    damage_of,
    damaged,
    decide,
    decided_for_customer,
    moved,
    said,
)
from tests.services.samples import at

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("returned", "deadline"),
    [
        (date(2026, 9, 9), date(2027, 3, 9)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 6, 30), date(2026, 12, 30)),
        (date(2026, 12, 31), date(2027, 6, 30)),
    ],
)
def test_six_months_or_the_months_last_day(returned: date, deadline: date) -> None:
    assert deadlines.deadline_of(returned) == deadline


async def reminders(bench: Bench) -> list[datetime]:
    return sorted(job.due_at for job in await bench.all(Job, kind=JobKind.DAMAGE_REMINDER))


async def test_the_station_is_reminded_after_three_and_five_months_once_each(bench: Bench) -> None:
    shop = await open_shop(bench, email="station@example.com")
    contract = await damaged(shop)
    assert await reminders(bench) == [at("2026-12-09 08:00"), at("2027-02-09 08:00")]
    damage = await damage_of(bench)

    await deadlines.remind(bench.outside, damage.id)
    assert await said(bench, contract, "STATION_NOTICE") == []

    for instant in await reminders(bench):
        bench.clock.move_to(instant)
        for _ in range(2):
            await deadlines.remind(bench.outside, damage.id)

    texts = await said(bench, contract, "STATION_NOTICE")
    assert len(texts) == 2
    assert all("Der Anspruch verjährt: Der letzte Tag ist der 09.03.2027." in text for text in texts)
    assert {mail.to for mail in await bench.all(Email, template="STATION_NOTICE")} == {"station@example.com"}


async def test_nobody_is_reminded_of_what_is_decided(bench: Bench) -> None:
    shop = await open_shop(bench, email="station@example.com")
    contract = await damaged(shop)
    await decide(shop, DamageLiability.REJECTED)
    bench.clock.move_to(at("2027-02-09 08:00"))

    await deadlines.remind(bench.outside, (await damage_of(bench)).id)

    assert await said(bench, contract, "STATION_NOTICE") == []


async def test_who_has_decided_and_not_claimed_is_reminded(bench: Bench) -> None:
    shop = await open_shop(bench, email="station@example.com")
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    bench.clock.move_to(at("2026-12-09 08:00"))

    await deadlines.remind(bench.outside, (await damage_of(bench)).id)

    assert len(await said(bench, contract, "STATION_NOTICE")) == 1


async def test_the_deposit_is_renewed_while_a_damage_is_open(bench: Bench) -> None:
    # Given: held since the booking on the 7th, until the 12th
    shop = await open_shop(bench)
    contract = await damaged(shop)
    placed = at("2026-09-07 10:00")

    bench.clock.move_to(placed + 4 * DAY)
    await deposit_watch.place(bench.outside, contract.id)

    assert moved(bench, contract) == [("hold", "300.00", "approved"), ("void", "300.00", "approved")]
    assert [line[2] for line in bench.books.ledger(contract) if line[0] == "hold"] == ["voided", "approved"]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.expires_at) == ("ACTIVE", placed + 9 * DAY)
    # When: it is claimed after the first would have ended
    bench.clock.move_to(placed + 6 * DAY)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    # Then
    assert moved(bench, contract)[2:] == [("capture", "300.00", "approved"), ("sale", "320.00", "approved")]


async def test_it_is_not_renewed_for_what_is_decided(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decide(shop, DamageLiability.REJECTED)
    bench.clock.move_to(at("2026-09-11 10:00"))

    await deposit_watch.place(bench.outside, contract.id)

    assert [line for line in bench.books.ledger(contract) if line[0] == "hold"] == [("hold", "300.00", "approved")]


async def test_it_is_not_renewed_beyond_the_deadline(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    bench.clock.move_to(START + 200 * DAY)

    await deposit_watch.place(bench.outside, contract.id)

    assert (await bench.deposit(contract.id)).state.value == "EXPIRED"


async def test_a_deposit_that_cannot_be_renewed_is_told_to_the_station(bench: Bench) -> None:
    # Given: the renewal is declined, and the first hold ends
    shop = await open_shop(bench, email="station@example.com")
    contract = await damaged(shop)
    for days, suffix in ((4, "H2"), (5, "H3")):
        bench.books.script("hold", "decline:51", f"{contract.number}-{suffix}")
        bench.clock.move_to(at("2026-09-07 10:00") + days * DAY)
        await deposit_watch.place(bench.outside, contract.id)
        await deposit_watch.look(bench.outside, contract.id)
    # Then
    assert (await bench.deposit(contract.id)).state.value == "FAILED"
    (text,) = await said(bench, contract, "STATION_NOTICE")
    assert "Die Kaution ließ sich nicht erneuern, während ein Schaden noch nicht entschieden ist" in text
    # When
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)
    await collect(bench, contract)
    # Then: everything is the card's
    assert [line for line in moved(bench, contract) if line[0] in {"capture", "sale"}] == [
        ("sale", "620.00", "approved")
    ]
