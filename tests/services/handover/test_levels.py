"""Fuel and charge that were not read: what is known of a car stays known, and what is missing can be billed."""

from __future__ import annotations

from typing import Any

import pytest

from server.database import SYSTEM
from server.errors import InvalidInput
from server.models import Document, Protocol, Vehicle
from server.models.contract_attention import BillingBlock
from server.models.document import DocumentType
from server.models.fleet import Cleanliness, Energy
from server.services.acting import Acting
from server.services.billing import invoice, settlements
from server.services.billing.settlements import PlannedReturn
from server.services.fleet import vehicles
from server.services.fleet.vehicles import VehicleChange
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


async def test_a_hybrid_pays_for_both_and_the_preview_says_so(bench: Bench) -> None:
    # Given: out with eight eighths and 80 per cent, back with six and 40
    shop = await hybrids(bench)
    back = {"fuel": 6, "charge": 40}
    planned = PlannedReturn(
        returned_at=END,
        station_id=None,
        odometer_km=10_100,
        fuel_eighths=6,
        state_of_charge_percent=40,
        cleanliness_inside=Cleanliness.CLEAN,
        cleanliness_outside=Cleanliness.CLEAN,
    )
    contract = await book(shop, START, END)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    async with bench.outside.database.transaction(SYSTEM) as session:
        preview = await settlements.preview(session, contract.id, planned)
    bench.clock.move_to(END)
    await check_in(shop, contract, **back)

    # When
    await invoice.bill(bench.outside, contract.id)

    # Then: 12.5 litres at 2.10 and 15.00; 5.2 kWh at 0.69 and 10.00
    billed = await bench.contract(contract.id)
    total = 5_900 + (2_625 + 1_500) + (359 + 1_000)
    assert (billed.total_cents, preview.price.total_cents) == (total, total)
    by_kind: dict[str, int] = {}
    for line in billed.price.lines:
        by_kind[line.kind.value] = by_kind.get(line.kind.value, 0) + line.total_cents
    assert by_kind == {"RENTAL": 5_900, "FUEL": 4_125, "ENERGY": 1_359}
    (final,) = await bench.all(Document, type=DocumentType.FINAL_INVOICE)
    assert (final.total_cents, final.payable_cents) == (total, total - 5_900)
    assert await levels(bench) == [(6, 40)]


async def test_once_the_size_is_entered_billing_goes_on(bench: Bench) -> None:
    # Given: billing waits for the size of the battery
    shop = await hybrids(bench, battery_wh=None)
    contract = await rented(shop, START, END, back_with={"charge": 40})
    await invoice.bill(bench.outside, contract.id)
    clerk = shop.somebody()

    # When a clerk enters it and clears the block
    async with bench.outside.database.transaction(clerk.scope) as session:
        (car,) = await bench.all(Vehicle)
        change = VehicleChange(battery_wh=13_000)
        await vehicles.update_vehicle(session, car.id, car.version, change, now=bench.now)
    waiting = await bench.contract(contract.id)
    async with bench.outside.database.transaction(clerk.scope) as session:
        await invoice.release_block(session, waiting.id, waiting.version, Acting(bench.now, clerk))
    await invoice.bill(bench.outside, contract.id)

    # Then
    billed = await bench.contract(contract.id)
    assert (billed.state.value, billed.total_cents) == ("BILLED", 5_900 + 359 + 1_000)


@pytest.mark.parametrize(
    ("change", "field"), [({"tank_litres": 301}, "tank_litres"), ({"battery_wh": 499}, "battery_wh")]
)
async def test_a_size_that_cannot_be_is_refused(bench: Bench, change: dict[str, Any], field: str) -> None:
    shop = await hybrids(bench)
    (car,) = await bench.all(Vehicle)
    async with bench.outside.database.transaction(shop.somebody().scope) as session:
        with pytest.raises(InvalidInput) as refused:
            await vehicles.update_vehicle(session, car.id, car.version, VehicleChange(**change), now=bench.now)
    assert refused.value.field == ["input", field]
    (stored,) = await bench.all(Vehicle)
    assert (stored.tank_litres, stored.battery_wh, stored.version) == (50, 13_000, car.version)
