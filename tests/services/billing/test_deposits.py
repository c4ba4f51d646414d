"""The deposit: placed when it is useful, renewed before it ends, and never two holds for longer than a moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.models import Contract
from server.services.payments import deposits
from tests.builders.bench import Bench
from tests.builders.rentals import book, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)


def holds(bench: Bench, contract: Contract) -> list[str]:
    """States of the holds at the gateway, oldest first."""
    return [state for kind, _amount, state in bench.books.ledger(contract) if kind == "hold"]


async def out_for(shop: Shop, days: int) -> Contract:
    """A contract whose car is out since its start."""
    contract = await book(shop, START, START + days * DAY)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract)
    return contract


async def place_at(bench: Bench, contract: Contract, instant: datetime) -> None:
    bench.clock.move_to(instant)
    await deposits.place(bench.outside, contract.id)


def test_it_is_placed_at_booking_within_five_days_and_else_the_day_before() -> None:
    now, minute = START, timedelta(minutes=1)

    assert deposits.due_at(now + 5 * DAY, now) == now
    assert deposits.due_at(now + 5 * DAY + minute, now) == now + 4 * DAY + minute


async def test_the_day_before_and_not_sooner(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START + 7 * DAY, START + 8 * DAY)

    await place_at(bench, contract, START + 6 * DAY - timedelta(seconds=1))
    assert holds(bench, contract) == []

    await place_at(bench, contract, START + 6 * DAY)
    await deposits.place(bench.outside, contract.id)
    assert holds(bench, contract) == ["approved"]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.expires_at) == ("ACTIVE", START + 11 * DAY)


async def test_it_is_renewed_a_day_before_it_ends_and_the_old_one_lifted(bench: Bench) -> None:
    shop = await open_shop(bench)
    placed = bench.now
    contract = await out_for(shop, 10)

    await place_at(bench, contract, placed + 4 * DAY - timedelta(seconds=1))
    assert holds(bench, contract) == ["approved"]

    await place_at(bench, contract, placed + 4 * DAY)
    assert holds(bench, contract) == ["voided", "approved"]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.expires_at) == ("ACTIVE", placed + 9 * DAY)


async def test_a_renewal_that_is_declined_leaves_the_first_hold_until_it_ends(bench: Bench) -> None:
    shop = await open_shop(bench)
    placed = bench.now
    contract = await out_for(shop, 10)
    bench.books.script("hold", "decline:51", f"{contract.number}-H2")

    await place_at(bench, contract, placed + 4 * DAY)

    assert holds(bench, contract) == ["approved", "declined"]
    deposit = await bench.deposit(contract.id)
    assert (deposit.state.value, deposit.expires_at) == ("ACTIVE", placed + 5 * DAY)


async def test_a_hold_that_cannot_be_placed_is_said(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START + 7 * DAY, START + 8 * DAY)
    bench.books.script("hold", "decline:51", f"{contract.number}-H1")

    await place_at(bench, contract, START + 6 * DAY)

    assert (await bench.deposit(contract.id)).state.value == "FAILED"
    assert (await bench.contract(contract.id)).state.value == "RESERVED"


async def test_for_a_car_that_is_late_it_is_renewed_for_a_week_longer(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await out_for(shop, 1)
    end = START + DAY

    for days in (4, 8):
        await place_at(bench, contract, at("2026-09-07 10:00") + days * DAY)
    assert holds(bench, contract) == ["voided", "voided", "approved"]

    # A card is not blocked for ever: the last one ends by itself.
    await place_at(bench, contract, end + 7 * DAY)
    await place_at(bench, contract, at("2026-09-07 10:00") + 13 * DAY)
    assert holds(bench, contract) == ["voided", "voided", "expired"]
    assert (await bench.deposit(contract.id)).state.value == "EXPIRED"


async def test_it_is_not_lifted_while_the_contract_lives(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await out_for(shop, 2)

    await deposits.release(bench.outside, contract.id)

    assert holds(bench, contract) == ["approved"]
    assert (await bench.deposit(contract.id)).state.value == "ACTIVE"
