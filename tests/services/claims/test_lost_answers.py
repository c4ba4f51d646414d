"""Whatever is lost between us and the provider, and wherever the process dies: nothing is taken twice."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from server.errors import VersionConflict
from server.jobs import TryLater
from server.services.claims import collection, decisions
from server.services.claims.decisions import Decision
from server.services.payments import attempts
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.claims.damaged import (
    CONFIRMED,
    acting,
    claim_it,
    claims,
    collect,
    damage_of,
    damaged,
    decided_for_customer,
    moved,
    open_cents,
    said,
)

D1 = [("capture", "300.00", "approved"), ("sale", "320.00", "approved")]


@pytest.mark.parametrize("kind", ["capture", "sale"])
async def test_a_lost_answer_is_looked_up_and_never_repeated_blindly(bench: Bench, kind: str) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    bench.books.script("capture" if kind == "capture" else "sale", "lost")
    await claim_it(shop)

    await collect(bench, contract)

    # Then: nothing goes on before it is known
    assert [state for _kind, state, _cents in await bench.payments(contract.id)].count("UNKNOWN") == 1
    assert (await damage_of(bench)).liability.value == "CLAIMED"
    # When
    await bench.look_up(contract.id)
    await collect(bench, contract)
    # Then
    assert moved(bench, contract) == D1
    assert (await damage_of(bench)).liability.value == "PAID"
    assert (await bench.deposit(contract.id)).used_cents == 30_000
    assert (await bench.contract(contract.id)).paid_cents == 5_900


async def test_a_provider_that_is_away_is_asked_again_by_the_job(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    bench.books.script("capture", "503")
    await claim_it(shop)

    await collect(bench, contract)
    assert moved(bench, contract) == []
    for _ in range(6):
        bench.later(minutes=10)
        with contextlib.suppress(TryLater):
            await bench.look_up(contract.id)

    assert moved(bench, contract) == D1
    assert (await damage_of(bench)).liability.value == "PAID"


async def test_a_process_that_dies_between_the_steps_goes_on_where_it_was(bench: Bench) -> None:
    # Given: each step is prepared and made by a process that dies right after it
    shop = await open_shop(bench)
    contract = await damaged(shop, back_with={"fuel": 5}, card_token="tok-declined-later")
    await decided_for_customer(shop, "280.00")
    await claim_it(shop)
    steps = []
    while (step := await collection._next_step(bench.outside, contract.id)) is not None:
        # Prepared and never sent: nobody prepares it again.
        assert await collection._next_step(bench.outside, contract.id) is None
        await attempts.execute(bench.outside, step)
        steps.append(step)
    # When: another process comes
    await collect(bench, contract)
    # Then
    assert len(steps) == 1
    assert moved(bench, contract)[1:] == [("capture", "300.00", "approved")]
    assert await open_cents(bench, contract) == [3_438]
    assert (await damage_of(bench)).liability.value == "PAID"


async def test_jobs_that_run_side_by_side_move_money_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")
    await claim_it(shop)

    await asyncio.gather(*(collection.collect(bench.outside, contract.id) for _ in range(4)))
    await collect(bench, contract)

    assert moved(bench, contract) == D1
    assert (await damage_of(bench)).liability.value == "PAID"


async def test_of_two_decisions_at_once_one_is_made(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    damage = await damage_of(bench)
    said_by_both = Decision(CONFIRMED, "geprüft")

    answers = await asyncio.gather(
        *(decisions.decide(bench.outside, acting(shop), damage.id, 1, said_by_both) for _ in range(2)),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [VersionConflict]
    assert (await damage_of(bench)).version == 2
    assert len(await said(bench, contract, "DAMAGE_NOTICE")) == 1


async def test_of_two_claims_at_once_one_is_issued(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop)
    await decided_for_customer(shop, "620.00")

    answers = await asyncio.gather(*(claim_it(shop) for _ in range(2)), return_exceptions=True)
    await collect(bench, contract)

    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [VersionConflict]
    assert len(await claims(bench, contract)) == 1
    assert moved(bench, contract) == D1


async def test_a_declined_card_leaves_an_open_item_and_a_mail(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await damaged(shop, card_token="tok-declined-later")
    await decided_for_customer(shop, "620.00")

    await claim_it(shop)
    await collect(bench, contract)

    assert moved(bench, contract) == [("capture", "300.00", "approved"), ("sale", "320.00", "declined")]
    assert await open_cents(bench, contract) == [32_000]
    (text,) = await said(bench, contract, "PAYMENT_FAILED")
    (document,) = await claims(bench, contract)
    assert (
        f"wir konnten 320,00 € der Forderung {document.number} über 620,00 € Ihrer hinterlegten Karte nicht belasten."
        in text
    )
    assert "300,00 € haben wir der hinterlegten Kaution entnommen." in text
    assert "Bitte überweisen Sie den offenen Betrag bis zum 23.09.2026" in text
    settled = await bench.contract(contract.id)
    assert (settled.settlement_state.value, settled.paid_cents) == ("PAID", 5_900)
