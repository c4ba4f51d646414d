"""What the tests of changed periods ask, and what they look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from server.models import Contract, Email, HistoryEntry, Occupancy, Vehicle
from server.models.fleet import BlockReason
from server.models.staff import Role
from server.services.acting import Acting
from server.services.changes import edit, period
from server.services.changes.edit import Prospect
from server.services.changes.period import PeriodChange
from server.services.fleet import vehicles
from tests.builders.bench import Bench
from tests.builders.rows import Shop
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
END = START + DAY
HOUR = timedelta(hours=1)


async def change(shop: Shop, contract: Contract, start: datetime, end: datetime, **more: Any) -> Contract:
    """By a clerk, unless told otherwise, with the version that is stored."""
    role = more.pop("role", Role.CLERK)
    now = await shop.bench.contract(contract.id)
    wanted = PeriodChange(start, end, **more)
    acting = Acting(shop.bench.now, shop.somebody(role))
    await period.change(shop.bench.outside, acting, contract.id, now.version, wanted)
    return await shop.bench.contract(contract.id)


async def preview(shop: Shop, contract: Contract, start: datetime, end: datetime) -> Prospect:
    look = partial(period.look, wanted=PeriodChange(start, end))
    return await edit.preview(shop.bench.outside, Acting(shop.bench.now, shop.somebody()), contract.id, look)


async def car_of(bench: Bench, contract: Contract) -> Vehicle:
    (found,) = await bench.all(Vehicle, id=contract.vehicle_id)
    stored: Vehicle = found
    return stored


async def uses(bench: Bench, contract: Contract) -> list[tuple[Any, datetime, datetime]]:
    """The contract's active uses of cars: which, from when to when it is planned."""
    found = await bench.all(Occupancy, contract_id=contract.id, active=True)
    return [(use.vehicle_id, use.starts_at, use.ends_at) for use in found]


async def block(shop: Shop, contract: Contract, start: datetime) -> None:
    """A day in the workshop for the contract's car."""
    async with shop.bench.outside.database.transaction(shop.somebody().scope) as session:
        await vehicles.block(
            session, contract.vehicle_id, start, start + DAY, BlockReason.WORKSHOP, None, now=shop.bench.now
        )


async def written(bench: Bench, contract: Contract) -> list[Any]:
    now = await bench.contract(contract.id)
    mails = await bench.all(Email, contract_id=contract.id)
    entries = await bench.all(HistoryEntry, contract_id=contract.id)
    agreed = [now.starts_at, now.ends_at, now.total_cents, now.vehicle_id]
    return [now.version, agreed, len(mails), len(entries), await uses(bench, contract)]
