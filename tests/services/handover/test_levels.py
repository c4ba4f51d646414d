"""Fuel and charge that were not read: what is known of a car stays known, and what is missing can be billed."""

from __future__ import annotations

from typing import Any

import pytest

from server.models import Protocol, Vehicle
from server.models.contract import BillingBlock
from server.models.fleet import Energy
from server.services.billing import invoice
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_in, check_out, rented
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
LEVELS = ("fuel_eighths", "state_of_charge_percent")


async def hybrids(bench: Bench, **more: Any) -> Shop:
    """A shop of one plug-in hybrid: full tank, 80 per cent of 13 kWh."""
    shop = await open_shop(bench, cars=0, group_with={"energy": Energy.PLUGIN_HYBRID, "deposit_cents": 0})
    values: dict[str, Any] = {"fuel_eighths": 8, "state_of_charge_percent": 80, "battery_wh": 13_000}
    await shop.add_car(**(values | more))
    return shop


async def levels(bench: Bench) -> list[tuple[Any, ...]]:
    return texts(await bench.all(Vehicle), *LEVELS)


async def protocol_levels(bench: Bench) -> dict[str, tuple[Any, ...]]:
    return {row.type.value: (row.fuel_eighths, row.state_of_charge_percent) for row in await bench.all(Protocol)}


async def test_a_charge_that_was_not_read_stays_as_it_was(bench: Bench) -> None:
    # Given
    shop = await hybrids(bench)

    # When
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract, fuel=7)
    out = await levels(bench)
    bench.clock.move_to(END)
    await check_in(shop, contract, fuel=6)

    # Then
    assert (out, await levels(bench)) == ([(7, 80)], [(6, 80)])
    assert await protocol_levels(bench) == {"CHECK_OUT": (7, 80), "CHECK_IN": (6, None)}


async def test_a_charge_that_was_read_counts(bench: Bench) -> None:
    shop = await hybrids(bench)

    await rented(shop, START, END, out={"charge": 55}, back_with={"charge": 30})

    assert await levels(bench) == [(8, 30)]
    assert await protocol_levels(bench) == {"CHECK_OUT": (8, 55), "CHECK_IN": (8, 30)}


async def test_an_electric_cars_fuel_is_none_of_its_readings(bench: Bench) -> None:
    shop = await open_shop(bench, cars=0, group_with={"energy": Energy.ELECTRIC, "deposit_cents": 0})
    await shop.add_car(state_of_charge_percent=90, battery_wh=58_000)

    await rented(shop, START, END, out={"fuel": None, "charge": 80}, back_with={"fuel": None, "charge": 80})

    assert await levels(bench) == [(None, 80)]


@pytest.mark.parametrize(
    ("back_with", "total"),
    [
        # 40 of 100 per cent × 13 kWh × 0.69 = 3.588, and 10.00 of service.
        ({"charge": 40}, 5_900 + 359 + 1_000),
        ({"charge": 80}, 5_900),
        ({"charge": 100}, 5_900),
        ({}, 5_900),
    ],
)
async def test_what_is_missing_is_billed_from_what_was_known(
    bench: Bench, back_with: dict[str, Any], total: int
) -> None:
    # Given
    shop = await hybrids(bench)
    contract = await rented(shop, START, END, back_with=back_with)

    # When
    await invoice.bill(bench.outside, contract.id)

    # Then
    billed = await bench.contract(contract.id)
    assert (billed.state.value, billed.total_cents, billed.billing_block) == ("BILLED", total, None)


async def test_without_the_size_of_the_battery_billing_waits(bench: Bench) -> None:
    shop = await hybrids(bench, battery_wh=None)
    contract = await rented(shop, START, END, back_with={"charge": 40})

    await invoice.bill(bench.outside, contract.id)

    waiting = await bench.contract(contract.id)
    assert (waiting.state.value, waiting.billing_block) == ("RETURNED", BillingBlock.VEHICLE_SIZE)
