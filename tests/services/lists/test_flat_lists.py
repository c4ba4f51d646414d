"""A station's day and the contracts at risk are found by indexes that do not grow with the history, in the role of the
clerk who asks: under row-level security the planner might not use them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from server import batches
from server.database import Session
from server.models import Contract, Vehicle
from server.services.handover import day
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import Shop, open_shop
from tests.services.booking.lateness import DAY, END, FREE, HOUR, behind, out
from tests.traffic import watched

_BILLED = """
insert into contract select (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'number', 'old' || n,
  'state', 'BILLED', 'starts_at', c.starts_at - n * interval '1 day', 'ends_at', c.ends_at - n * interval '1 day'))).*
from contract c, generate_series(cast(:first as int), cast(:last as int)) n where c.id = :contract"""


async def old(bench: Bench, contract: Contract, first: int, last: int) -> None:
    """Contracts of the same car and station that are over for good."""
    async with bench.owned(past_triggers=True) as session:
        await session.write(_BILLED, {"contract": contract.id, "first": first, "last": last})
        await session.write("analyze contract")
        await session.write("analyze vehicle")


async def buffers(shop: Shop, work: Callable[[Session], Awaitable[Any]]) -> int:
    """What the statements of some work touch, run once more as the clerk who asks."""
    async with shop.bench.outside.database.snapshot(shop.somebody().scope) as session:
        await session.value("select 1")  # it has begun
        with watched() as traffic:
            await work(session)
        connection, touched = await session.connection(), 0
        for statement, parameters in traffic.sent:
            found = await connection.exec_driver_sql(f"explain (analyze, buffers, format json) {statement}", parameters)
            (plan,) = found.scalar_one()
            touched += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        assert touched
        return touched


async def test_a_long_history_costs_a_day_nothing(bench: Bench) -> None:
    # Given: a car that is late, a contract behind it, one to hand over today, and years of contracts before
    shop, late = await out(bench, cars=2)
    hit = await behind(shop, END + 3 * HOUR, END + DAY)
    await book(shop, END + 3 * HOUR, END + DAY, vehicle_id=shop.vehicles[1].id, **FREE)
    bench.clock.move_to(END + 2 * HOUR)

    async def day_of(session: Session) -> None:
        found = await day.of(session, shop.station.id, shop.station.day_of(bench.now), now=bench.now)
        assert ([len(found.check_outs), len(found.check_ins)], found.overdue[0].id) == ([2, 0], late.id)

    async def risks(session: Session) -> None:
        assert await batches.at_risk(session, [(hit.id, bench.now)]) == [True]

    await old(bench, late, 1, 3_000)
    before = [await buffers(shop, one) for one in (day_of, risks)]
    # When there are five times as many
    await old(bench, late, 3_001, 15_000)
    after = [await buffers(shop, one) for one in (day_of, risks)]
    # Then: an index may have grown by a level
    assert all(more <= few * 1.1 + 10 for few, more in zip(before, after, strict=True)), (before, after)


_OUT_ELSEWHERE = """
with made as (
  insert into contract select (jsonb_populate_record(c, jsonb_build_object('id', md5('c' || n)::uuid, 'number', 'out' || n,
    'vehicle_id', md5('v' || n)::uuid))).*
  from contract c, generate_series(1, cast(:cars as int)) n where c.id = :contract
)
insert into vehicle select (jsonb_populate_record(v, jsonb_build_object('id', md5('v' || n)::uuid, 'plate', 'B-FF ' || n,
  'plate_key', 'BFF' || n, 'vin', null, 'vin_key', null, 'out_contract_id', md5('c' || n)::uuid))).*
from vehicle v, generate_series(1, cast(:cars as int)) n where v.out_contract_id = :contract"""


async def test_cars_that_are_out_elsewhere_cost_a_station_nothing(bench: Bench) -> None:
    # Given: a one-way rental that comes here
    there, away = await out(bench)
    here = await open_shop(bench)
    async with bench.owned(past_triggers=True) as session:
        await session.write(
            "update contract set return_station_id = :here where id = :id", {"here": here.station.id, "id": away.id}
        )

    async def cars(session: Session) -> None:
        found = {row[0] for row in await session.rows("select * from vehicles_here()")}
        assert found == {*(car.id for car in here.vehicles), there.vehicles[0].id}

    before = await buffers(here, cars)
    # When six hundred cars of another station are out that come back there
    elsewhere, gone = await out(bench)
    async with bench.owned(past_triggers=True) as session:
        await session.write(_OUT_ELSEWHERE, {"cars": 600, "contract": gone.id})
        await session.write("analyze contract")
        await session.write("analyze vehicle")
    assert len(await bench.all(Vehicle, station_id=elsewhere.station.id)) == 600 + len(elsewhere.vehicles)
    # Then
    assert await buffers(here, cars) <= before + 60
