"""Connections that were lost while nobody used them are replaced; what was begun is never begun twice."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError
from sqlmodel import col, func, select

from server.database import ADMINISTRATION, CONNECTIONS, RETENTION, SYSTEM, Scope
from server.database.roles import Caller
from server.database.text_sql import for_driver
from server.models import Note, Station, Vehicle
from tests.builders.bench import Bench
from tests.builders.rows import open_shop, station
from tests.traffic import watched


async def cut_all(bench: Bench) -> None:
    """As when the server was started anew: every connection of ours is dead, and does not know it."""
    async with bench.owned() as session:
        await session.rows(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where usename = 'ersatzwagen_app' and datname = current_database()"
        )


@pytest.mark.parametrize("scope", [SYSTEM, ADMINISTRATION, RETENTION, Scope(), Scope(client=None)])
async def test_a_transaction_begins_on_one_that_lives(bench: Bench, scope: Scope) -> None:
    database = bench.outside.database
    # Given: several that wait in the pool
    async with database.transaction(scope) as one, database.transaction(scope) as other:
        await one.value("select 1")
        await other.value("select 1")
    # When
    await cut_all(bench)
    # Then
    for _ in range(2):
        async with database.transaction(scope) as session:
            assert await session.value("select 1") == 1
        async with database.snapshot(scope) as session:
            assert await session.value("select 1") == 1


async def test_so_does_a_look_up(bench: Bench) -> None:
    await bench.outside.database.look_up(SYSTEM, "select 1", {})
    await cut_all(bench)

    assert list(await bench.outside.database.look_up(SYSTEM, "select cast(:a as int) as a", {"a": 5})) == [(5,)]


async def test_one_that_is_lost_in_the_middle_is_an_error_and_nothing_stays(bench: Bench) -> None:
    new = station()

    async def write() -> None:
        async with bench.outside.database.transaction(ADMINISTRATION) as session:
            await session.store(new)
            await cut_all(bench)
            await session.value("select 1")

    with pytest.raises(DBAPIError) as raised:
        await write()

    assert raised.value.connection_invalidated
    assert await bench.all(Station, id=new.id) == []
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        assert await session.value("select 1") == 1


async def test_a_look_up_is_one_message_and_tells_no_scope(bench: Bench) -> None:
    await bench.outside.database.look_up(SYSTEM, "select 1", {})
    with watched() as traffic:
        await bench.outside.database.look_up(SYSTEM, "select 1", {})

    assert (traffic.statements, traffic.round_trips) == (["select 1"], 1)
    with pytest.raises(ValueError, match="needs a transaction"):
        await bench.outside.database.look_up(Scope(), "select 1", {})


async def test_one_message_begins_a_snapshot_and_says_who_asks(bench: Bench) -> None:
    shop = await open_shop(bench)
    scope = Scope(stations=(shop.station.id,), principal=shop.station.id)
    async with bench.outside.database.snapshot(scope) as session:
        await session.value("select 1")
    with watched() as traffic:
        async with bench.outside.database.snapshot(scope) as session:
            said = await session.rows(
                "select current_user::text as role, current_setting('app.stations') as stations,"
                " current_setting('app.principal') as principal, current_setting('transaction_read_only') as reads,"
                " current_setting('transaction_isolation') as isolation"
            )

    mine = str(shop.station.id)
    assert list(said) == [("ersatzwagen_staff", f"{{{mine}}}", mine, "on", "repeatable read")]
    assert traffic.round_trips == 3  # it begins, asks, and ends


async def test_nothing_of_a_scope_is_left_to_the_next(bench: Bench) -> None:
    shop = await open_shop(bench)
    async with bench.outside.database.transaction(Scope(stations=(shop.station.id,))) as session:
        assert len(await session.rows("select id from station")) == 1
    async with bench.outside.database.transaction(Scope()) as session:
        assert list(await session.rows("select id from station")) == []


async def test_after_a_roll_back_the_scope_is_told_anew(bench: Bench) -> None:
    shop = await open_shop(bench)
    async with bench.outside.database.transaction(Scope(stations=(shop.station.id,))) as session:
        await session.rollback()
        assert len(await session.rows("select id from station")) == 1


async def test_a_refusal_of_the_database_is_told_alike_by_text_and_by_models(bench: Bench) -> None:
    one = station()
    await bench.put(one)
    by_text = (
        "insert into station select (jsonb_populate_record(s, '{\"version\": 2}')).* from station s where id = :id"
    )

    async def write(*, text: bool) -> None:
        async with bench.outside.database.transaction(ADMINISTRATION) as session:
            await (session.write(by_text, {"id": one.id}) if text else session.store(station(code=one.code)))

    for text in (True, False):
        with pytest.raises(IntegrityError) as raised:
            await write(text=text)
        assert "[parameters" not in str(raised.value)
    assert await bench.counts(Station, Note) == [1, 0]


async def test_nothing_is_written_by_itself_after_a_flush_that_failed(bench: Bench) -> None:
    # Given: a flush that fails outside of a savepoint ends the transaction
    one = station()
    await bench.put(one)

    async def write() -> None:
        async with bench.outside.database.transaction(ADMINISTRATION) as session:
            await session.value("select 1")
            with pytest.raises(IntegrityError):
                await session.store(station(code=one.code))
            # When somebody goes on all the same
            await session.write("update station set name = 'alone' where id = :id", {"id": one.id})

    # Then
    with pytest.raises(PendingRollbackError):
        await write()
    assert [found.name for found in await bench.all(Station)] == [one.name]


async def test_nor_in_the_place_of_a_savepoint(bench: Bench) -> None:
    one = station()
    await bench.put(one)
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        await session.value("select 1")
        savepoint = await session.begin_nested()
        with pytest.raises(IntegrityError):
            await session.store(station(code=one.code))
        with pytest.raises(PendingRollbackError):
            await session.write("update station set name = 'alone' where id = :id", {"id": one.id})
        await savepoint.rollback()
    assert [found.name for found in await bench.all(Station)] == [one.name]


async def test_what_is_within_a_savepoint_goes_with_it(bench: Bench) -> None:
    # Given: a statement has been sent already, so that the session knows its connection
    one = station()
    await bench.put(one)
    async with bench.outside.database.transaction(ADMINISTRATION) as session:
        await session.write("update station set name = 'before' where id = :id", {"id": one.id})
        # When: the first one within goes straight to the driver, and is taken back
        savepoint = await session.begin_nested()
        await session.write("update station set name = 'within' where id = :id", {"id": one.id})
        await savepoint.rollback()
        # And: another one fails
        savepoint = await session.begin_nested()
        with pytest.raises(DBAPIError, match="division by zero"):
            await session.value("select 1 / 0")
        await savepoint.rollback()
        # And: one stays
        savepoint = await session.begin_nested()
        await session.write("update station set city = 'Ulm' where id = :id", {"id": one.id})
        await savepoint.commit()
    # Then
    assert [(found.name, found.city) for found in await bench.all(Station)] == [("before", "Ulm")]


async def test_a_snapshot_does_not_begin_unsaid(bench: Bench) -> None:
    async with bench.outside.database.snapshot(SYSTEM) as session:
        # Before anything was asked, so that SQLAlchemy would begin in its own way
        with pytest.raises(RuntimeError, match="says who is asking"):
            await session.connection()
    async with bench.outside.database.snapshot(SYSTEM) as session:
        await session.begin_nested()
        assert await session.value("select current_setting('transaction_read_only')") == "on"


async def test_a_snapshot_by_text_and_by_the_orm_is_one(bench: Bench) -> None:
    shop = await open_shop(bench)
    where = "select pg_current_snapshot()::text || ' ' || pg_backend_pid()"
    async with bench.outside.database.snapshot(shop.somebody().scope) as session:
        one = await session.value(where)
        # When somebody else writes meanwhile
        await shop.add_car()
        assert await session.all(select(col(Vehicle.plate))) == [shop.vehicles[0].plate]
        assert await session.value(select(func.count()).select_from(Vehicle)) == 1
        assert (await session.by_id(Station, shop.station.id)) is not None
        # Then
        assert await session.value(where) == one
        with pytest.raises(DBAPIError, match="division by zero"):
            await session.value("select 1 / 0")
        with pytest.raises(DBAPIError, match="transaction is aborted"):
            await session.value("select 1")
    # And the connection is as good as new
    async with bench.outside.database.snapshot(shop.somebody().scope) as session:
        assert await session.value("select count(*) from vehicle") == 2


async def test_every_connection_comes_back_however_a_snapshot_ends(bench: Bench) -> None:
    shop, database = await open_shop(bench), bench.outside.database
    pool: Any = database.engines[Caller.STAFF].sync_engine.pool
    before = pool.checkedout()

    async def reads(sql: str, *, orm: bool) -> None:
        async with database.snapshot(shop.somebody().scope) as session:
            if orm:
                await session.all(select(col(Vehicle.plate)))
            await session.value(sql)

    for orm in (False, True):
        await reads("select 1", orm=orm)
        with pytest.raises(DBAPIError):
            await reads("select no_such_column", orm=orm)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reads("select pg_sleep(10)", orm=orm)
        assert pool.checkedout() == before


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("select :a, :b_2", "select %(a)s, %(b_2)s"),
        ("select :a::int, x::text", "select :a::int, x::text"),
        ("select cast(:a as int)", "select cast(%(a)s as int)"),
        ("select '12:30' where x like '%y'", "select '12:30' where x like '%%y'"),
        (r"select '\:a'", "select ':a'"),
    ],
)
def test_text_as_the_driver_takes_it(sql: str, sent: str) -> None:
    assert for_driver(sql) == sent


async def test_what_was_found_once_is_not_looked_for_again_and_what_was_not_is(bench: Bench) -> None:
    answers = [None, "it", "another"]

    async def find() -> str | None:
        return answers.pop(0)

    async with bench.outside.database.transaction(SYSTEM) as session:
        found = [await session.once("key", find) for _ in range(3)]

    assert (found, answers) == ([None, "it", "it"], ["another"])


async def test_what_is_read_again_and_again_is_prepared_once(bench: Bench) -> None:
    # Given: snapshots end by themselves, and after an error
    shop, database = await open_shop(bench), bench.outside.database
    prepared = "select statement from pg_prepared_statements where statement like 'select % as asked'"

    async def ask(statement: str, **how: bool) -> list[str]:
        async with database.snapshot(shop.somebody().scope) as session:
            await session.rows(statement, {"a": 1}, **how)
            return [row.statement for row in await session.rows(prepared)]

    for _ in range(10):
        found = await ask("select cast(:a as int) as asked")
    # Then
    assert found == ["select cast($1 as int) as asked"]
    # And what is planned anew each time is not
    for _ in range(10):
        assert await ask("select cast(:a as int) + 1 as asked", plan_anew=True) == found


async def test_connections_beyond_those_that_are_kept_are_closed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A third of a pool is kept open. What is more is closed when it comes back, and not left to the garbage."""
    # Given: as many snapshots and look-ups at once as there may be connections
    database = bench.outside.database
    most = CONNECTIONS[Caller.SYSTEM]
    async with AsyncExitStack() as stack:
        read = [await stack.enter_async_context(database.snapshot(SYSTEM)) for _ in range(most)]
        for session in read:
            await session.value("select 1")
        drivers = [session._driver for session in read]
    # Then: only those are open that wait for who comes next
    assert sum(not driver.closed for driver in drivers if driver) == most // 3
    # and look-ups leave no more behind, either
    await asyncio.gather(*(database.look_up(SYSTEM, "select pg_sleep(0.05)", {}) for _ in range(most)))
    assert [record.message for record in caplog.records if record.name.startswith("sqlalchemy.pool")] == []
