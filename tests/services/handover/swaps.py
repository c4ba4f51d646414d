"""Swaps as a test asks for them, and what one has written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from server.models import Contract, HistoryEntry, Job, Protocol, Vehicle, VehicleLeg
from server.models.staff import Role
from server.services.acting import Acting
from server.services.handover import swap
from server.services.handover.swap import SwapRequest
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_out, report
from tests.builders.rows import Shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + 2 * DAY
HOUR = timedelta(hours=1)


def request(shop: Shop, contract: Contract, car: Vehicle, *, km_in: int, km_out: int, **more: Any) -> SwapRequest:
    """Both cars at this moment. `fuel_in` and `fuel_out` are eighths."""
    now = shop.bench.now
    back = report(contract, now, km_in, {"fuel": more.pop("fuel_in", 8)})
    out = report(contract, now, km_out, {"fuel": more.pop("fuel_out", 8)})
    values: dict[str, Any] = {"waive_fuel": False} | more
    return SwapRequest(contract.id, contract.version, car.id, back, out, **values)


async def do(shop: Shop, wanted: SwapRequest, role: Role = Role.YARD) -> Contract:
    async with shop.bench.outside.database.transaction(shop.somebody(role).scope) as session:
        done = await swap.swap(session, wanted, Acting(shop.bench.now, shop.somebody(role)))
    return await shop.bench.contract(done)


async def out(shop: Shop, **more: Any) -> Contract:
    """A rental of two days whose car has gone out."""
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id, **more)
    shop.bench.clock.move_to(START)
    await check_out(shop, contract)
    return await shop.bench.contract(contract.id)


async def written(bench: Bench, contract: Contract) -> list[Any]:
    kinds = [Protocol, VehicleLeg, HistoryEntry]
    counts = [len(await bench.all(kind, contract_id=contract.id)) for kind in kinds]
    now = await bench.contract(contract.id)
    cars = texts(await bench.all(Vehicle), "out_contract_id", "odometer_km", "version")
    return [now.version, now.vehicle_id, counts, cars, len(await bench.all(Job))]
