"""What is kept of stations, groups and tariffs: nobody's but the same scope's, and never after a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import pytest

from server.database import ADMINISTRATION, SYSTEM, Scope, memory
from server.models import Occupancy, Station
from server.services.booking import saga
from server.services.fleet import groups, stations
from server.services.pricing import tariffs
from tests.builders.bench import Bench
from tests.builders.rentals import request
from tests.builders.rows import open_shop
from tests.edge.world import until as until_true
from tests.services.samples import at
from tests.traffic import watched

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def until(true: Callable[[], bool]) -> None:
    assert await asyncio.to_thread(until_true, true, 30)


@asynccontextmanager
async def listening(bench: Bench) -> AsyncIterator[None]:
    """While changes are heard of."""
    database = bench.outside.database
    task = asyncio.create_task(database.hearing())
    await until(lambda: database.memory.is_on)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def name_of(bench: Bench, scope: Scope, station_id: UUID) -> tuple[str | None, int]:
    """What a new snapshot calls a station, and how often the table was asked for that."""
    with watched() as traffic:
        async with bench.outside.database.snapshot(scope, remembers=True) as session:
            found = await stations.KNOWN.by_id(session, station_id)
    return found.name if found else None, len([one for one in traffic.statements if "FROM station" in one])


async def renamed(bench: Bench, station_id: UUID, name: str) -> None:
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        row = await session.by_id(Station, station_id)
        assert row is not None
        row.name = name


async def test_what_was_read_is_not_read_again(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,))

    async with listening(bench):
        first, second = [await name_of(bench, scope, shop.station.id) for _ in range(2)]

    assert (first, second) == ((shop.station.name, 1), (shop.station.name, 0))


async def test_who_hears_of_no_changes_keeps_nothing(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,))

    async with listening(bench):
        await name_of(bench, scope, shop.station.id)

    assert [(await name_of(bench, scope, shop.station.id))[1] for _ in range(2)] == [1, 1]


async def test_another_scope_is_told_nothing(bench: Bench) -> None:
    here, there = await open_shop(bench), await open_shop(bench)

    async with listening(bench):
        assert (await name_of(bench, Scope(stations=(here.station.id,)), here.station.id))[0] == here.station.name
        assert await name_of(bench, Scope(stations=(there.station.id,)), here.station.id) == (None, 1)


async def test_an_own_change_is_seen_at_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,))
    memory_of_ours = bench.outside.database.memory
    memory_of_ours.hears()  # as if: no notification comes to help
    try:
        await name_of(bench, scope, shop.station.id)
        await renamed(bench, shop.station.id, "Am Hafen")
        assert await name_of(bench, scope, shop.station.id) == ("Am Hafen", 1)
    finally:
        memory_of_ours.hears_nothing()


async def test_a_change_by_somebody_else_is_heard_of(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,))
    async with listening(bench):
        await name_of(bench, scope, shop.station.id)
        era = bench.outside.database.memory.era
        async with bench.owned() as session:
            await session.write("update station set name = 'Am Hafen' where id = :id", {"id": shop.station.id})
        await until(lambda: bench.outside.database.memory.era > era)

        assert await name_of(bench, scope, shop.station.id) == ("Am Hafen", 1)


async def test_what_a_snapshot_saw_before_a_change_is_not_kept_after_it(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope, old = Scope(stations=(shop.station.id,)), shop.station.name
    async with listening(bench):
        async with bench.outside.database.snapshot(scope, remembers=True) as session:
            await session.value("select 1")  # from here on it sees what is now
            await renamed(bench, shop.station.id, "Am Hafen")
            seen = await stations.KNOWN.by_id(session, shop.station.id)

        assert seen is not None
        assert seen.name == old
        assert await name_of(bench, scope, shop.station.id) == ("Am Hafen", 1)


async def test_a_snapshot_stays_as_it_was(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope, old = Scope(stations=(shop.station.id,)), shop.station.name
    async with listening(bench), bench.outside.database.snapshot(scope, remembers=True) as session:
        await stations.KNOWN.by_id(session, shop.station.id)
        await renamed(bench, shop.station.id, "Am Hafen")
        seen = await stations.KNOWN.by_id(session, shop.station.id)

    assert seen is not None
    assert seen.name == old


async def test_when_nothing_is_heard_any_more_nothing_is_kept(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,))
    async with listening(bench):
        await name_of(bench, scope, shop.station.id)
        era = bench.outside.database.memory.era
        async with bench.owned() as session:
            await session.rows("select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'")
        await until(lambda: bench.outside.database.memory.era > era)

        assert [(await name_of(bench, scope, shop.station.id))[1] for _ in range(2)] == [1, 1]


async def test_nothing_is_kept_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,))
    monkeypatch.setattr(memory, "LONGEST_SECONDS", -1)

    async with listening(bench):
        assert [(await name_of(bench, scope, shop.station.id))[1] for _ in range(2)] == [1, 1]


async def test_who_writes_asks_the_database(bench: Bench) -> None:
    shop = await open_shop(bench)
    async with listening(bench):
        await name_of(bench, SYSTEM, shop.station.id)
        with watched() as traffic:
            async with bench.outside.database.transaction(SYSTEM) as session:
                await stations.get(session, shop.station.id)

    assert len([one for one in traffic.statements if "FROM station" in one]) == 1


async def test_nor_does_a_booking_go_by_what_is_remembered(bench: Bench) -> None:
    # Given: somebody looks at the station, and then it is changed by a process that is not heard any more
    shop = await open_shop(bench)
    memory_of_ours, who = bench.outside.database.memory, shop.somebody()
    memory_of_ours.hears()
    try:
        async with bench.outside.database.snapshot(who.scope, remembers=True) as session:
            await stations.visible_stations(session)
        async with bench.owned() as session:
            await session.write("update station set turnaround_minutes = 240 where id = :id", {"id": shop.station.id})
        # When
        end = at("2026-09-09 09:00")
        await saga.book(bench.outside, who, request(shop, at("2026-09-08 09:00"), end))
    finally:
        memory_of_ours.hears_nothing()
    # Then
    assert [use.busy_until - end for use in await bench.all(Occupancy)] == [timedelta(hours=4)]


async def test_a_snapshot_takes_nothing_newer_than_itself_from_memory(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope, old = Scope(stations=(shop.station.id,)), shop.station.name
    async with listening(bench), bench.outside.database.snapshot(scope, remembers=True) as session:
        await session.value("select 1")  # from here on it sees what is now
        await renamed(bench, shop.station.id, "Am Hafen")
        assert (await name_of(bench, scope, shop.station.id))[0] == "Am Hafen"
        seen = await stations.KNOWN.by_id(session, shop.station.id)

    assert seen is not None
    assert seen.name == old


async def test_no_more_than_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 2)
    kept = memory.Memory()
    kept.hears()
    for name in ("a", "b", "c"):
        kept.keep(name, name, kept.era)
        kept.get("a")

    assert [kept.get(name) for name in ("a", "b", "c")] == ["a", memory.NOTHING, "c"]


async def test_every_table_that_is_kept_tells_of_its_changes(bench: Bench) -> None:
    kept = {one._model.__tablename__ for one in (stations.KNOWN, groups.KNOWN, tariffs.KNOWN)}
    async with bench.owned() as session:
        rows = await session.rows(
            "select tgrelid::regclass::text as name from pg_trigger where tgname = 'tell_of_change' and tgenabled = 'O'"
        )

    assert {row.name for row in rows} == kept
