"""A shop with a late car, and what the tests of late cars look at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from server import batches
from server.database import SYSTEM
from server.models import Contract, Email, Job
from server.models.contract_attention import ContractFlag
from server.models.job import JobKind
from server.models.payment import PaymentMethod
from server.models.staff import Role
from server.services.acting import Acting
from server.services.booking import reassignment
from server.services.booking.reassignment import Reassignment
from server.services.lists import attention
from server.services.lists.search import ContractFilter, contracts
from tests.builders.bench import Bench, texts
from tests.builders.rentals import book, check_out
from tests.builders.rows import Shop, open_shop
from tests.services.samples import at

START, END = at("2026-09-08 09:00"), at("2026-09-09 09:00")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FREE: dict[str, Any] = {"method": PaymentMethod.WAIVED, "waiver_reason": "test", "card_token": None}
NOTICED: dict[str, Any] = {"email": "station@example.com"}


async def out(bench: Bench, *, cars: int = 1, **more: Any) -> tuple[Shop, Contract]:
    """The shop's first car is with a customer until END; its grace is an hour, its turnaround another."""
    shop = await open_shop(bench, cars=cars, **more)
    contract = await book(shop, START, END, vehicle_id=shop.vehicles[0].id, **FREE)
    bench.clock.move_to(START)
    await check_out(shop, contract)
    return shop, contract


async def behind(shop: Shop, start: datetime, end: datetime, *, fixed: bool = False) -> Contract:
    """A next contract of the shop's first car."""
    return await book(shop, start, end, vehicle_id=shop.vehicles[0].id, fixed_vehicle=fixed, **FREE)


async def flags(shop: Shop, contract: Contract) -> list[ContractFlag]:
    """Those of the row; and it is in just these lists."""
    bench = shop.bench
    async with bench.outside.database.transaction(SYSTEM) as session:
        (at_risk,) = await batches.at_risk(session, [(contract.id, bench.now)])
        stored = await session.by_id(Contract, contract.id)
        assert stored is not None
        found = attention.flags(stored, None, at_risk=at_risk, now=bench.now)
        for flag in (ContractFlag.AT_RISK, ContractFlag.OVERDUE):
            filter_ = ContractFilter(station_id=shop.station.id, flags=[flag])
            listing = contracts(filter_, "START_ASC", shop.somebody(), bench.now)
            listed = {row.id for row in await listing.rows(session, 100, None)}
            assert (contract.id in listed) == (flag in found)
    return found


async def reassign(shop: Shop, contract_ids: list[Any] | None = None, *, of: Shop | None = None) -> Reassignment:
    """A clerk of the shop asks, for it or another one."""
    clerk, station = shop.somebody(Role.CLERK), (of or shop).station
    async with shop.bench.outside.database.transaction(clerk.scope) as session:
        return await reassignment.reassign(session, station.id, contract_ids, Acting(shop.bench.now, clerk))


def numbers(found: list[Contract]) -> list[str]:
    return [contract.number for contract in found]


async def mails(bench: Bench) -> list[tuple[Any, ...]]:
    """Overdue mails and notices."""
    written = texts(await bench.all(Email), "template", "to", "language")
    return [(template.value, to, lang.value) for template, to, lang in written if template != "BOOKING_CONFIRMATION"]


async def jobs(bench: Bench) -> list[datetime]:
    return [job.due_at for job in await bench.all(Job, kind=JobKind.OVERDUE)]
