"""Connections through a pooler: what we set holds, and what others have set is not met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from server import migrate
from server.backup import BackupFailed, _address_of_all_rows, read_backup, write_backup
from server.clock import SystemClock
from server.config import Settings
from server.database import ADMINISTRATION, SYSTEM, Database, Scope
from server.database.connections import SETTINGS, WatchedConnection
from server.database.embedded import SUPERUSER, Cluster
from server.database.poolers import TransactionPooling, require_sessions
from server.database.roles import Caller
from tests.poolers.pooler import Pooler, needs_pgbouncer

pytestmark = needs_pgbouncer
Pooled = Callable[..., Pooler]
SHOWN = {
    "timezone": "UTC",
    "statement_timeout": "20s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "2min",
    "datestyle": "ISO, DMY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}
SPOILT = {
    "timezone": "Asia/Tokyo",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "datestyle": "German, DMY",
    "intervalstyle": "iso_8601",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
}


@pytest.fixture(params=["direct", "options left out", "options refused"])
def url(request: pytest.FixtureRequest, pooled: Pooled, cluster: Cluster) -> str:
    if request.param == "direct":
        return cluster.url()
    left_out = "options" if request.param == "options left out" else ""
    return pooled(ignore_startup_parameters=left_out).url()


@pytest.fixture
def spoilt(cluster: Cluster) -> object:
    """Somebody has set everything otherwise for the login."""
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
        for name, value in SPOILT.items():
            owner.execute(f"alter role ersatzwagen_app set {name} = '{value}'".encode())
        yield
        owner.execute("alter role ersatzwagen_app reset all")


async def test_our_settings_hold_whoever_stands_between(url: str, spoilt: object) -> None:
    database = Database(url, SystemClock())
    try:
        async with database.transaction(SYSTEM) as session:
            shown = {name: await session.value(f"show {name}") for name in SETTINGS}
            (found,) = await session.rows("select timestamptz '2026-03-29 01:00:00Z' as moment, current_user as role")
        async with database.snapshot(Scope()) as session:
            how = [await session.value(f"show {name}") for name in ("transaction_isolation", "transaction_read_only")]
    finally:
        await database.close()
    assert SETTINGS.keys() == SHOWN.keys()
    assert shown == SHOWN
    assert (found.moment.isoformat(), found.role) == ("2026-03-29T01:00:00+00:00", "ersatzwagen_system")
    assert how == ["repeatable read", "on"]


async def test_who_comes_next_finds_nothing_of_who_was_there_before(pooled: Pooled) -> None:
    # Given: a pooler with one connection, whose caller has left a role, settings, a lock, a statement and an ear
    url = pooled(default_pool_size="1").url()
    first = await WatchedConnection.of_role(url, "ersatzwagen_admin")
    left = await first.execute(
        "select set_config('app.everything', 'on', false), pg_advisory_lock(4711), pg_backend_pid()"
    )
    process = (await left.fetchall())[0][2]
    await first.execute("listen job")
    for _ in range(6):  # from the sixth time on the driver prepares it
        await first.execute("select %s::int", [1])
    await first.commit()
    await first.close()
    # When
    second = await WatchedConnection.of_role(url, "ersatzwagen_staff")
    found = await (
        await second.execute(
            "select current_user, current_setting('app.everything', true),"
            " (select count(*) from pg_prepared_statements), (select count(*) from pg_listening_channels()),"
            " (select count(*) from pg_locks where locktype = 'advisory'), pg_backend_pid()"
        )
    ).fetchone()
    for _ in range(6):
        await second.execute("select %s::int", [2])
    await second.close()
    # Then
    assert found == ("ersatzwagen_staff", "", 0, 0, 0, process)


def test_sessions_are_told_from_transactions(pooled: Pooled, cluster: Cluster) -> None:
    require_sessions(cluster.url())
    require_sessions(pooled().url())
    for size in ("1", "2", "20"):
        with pytest.raises(TransactionPooling, match="set its pool_mode to session"):
            require_sessions(pooled(pool_mode="transaction", default_pool_size=size).url())


async def test_staff_is_staff_also_where_a_pooler_was_changed_under_us(pooled: Pooled) -> None:
    """Its mode can be set to `transaction` while we run: then a session is whoever's was there before."""
    database = Database(pooled(pool_mode="transaction", default_pool_size="1").url(), SystemClock())
    try:
        for scope in (Scope(), ADMINISTRATION, Scope(client=uuid4()), ADMINISTRATION, Scope()):
            async with database.transaction(scope) as session:
                became = await session.value("select current_user")
            assert scope.everything or became == scope.caller
    finally:
        await database.close()


def test_an_empty_database_is_brought_up_to_date_through_it(pooled: Pooled, cluster: Cluster) -> None:
    # Given: an owner who is no superuser, and sees only what a session's setting opens to it
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as superuser:
        superuser.execute("create role owner login createrole in role ersatzwagen_owner, ersatzwagen_app")
        superuser.execute("create database fresh owner owner")
        for role in ("ersatzwagen_owner", "ersatzwagen_app", *Caller):
            superuser.execute(f"grant {role} to owner with admin option".encode())
    url = pooled(default_pool_size="4").url("owner", "fresh")
    # When
    migrate.upgrade(url)
    # Then
    assert (migrate.current(url), migrate.differences(url)) == (migrate.head(), [])
    with psycopg.connect(cluster.url(SUPERUSER, "fresh")) as superuser:
        locks = superuser.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()
    assert locks == (0,)


def test_an_address_with_options_of_its_own_opens_all_rows_to_a_backup(cluster: Cluster) -> None:
    url = cluster.url(SUPERUSER).replace("//cluster@", "//cluster:secret@") + "&options=-c%20lock_timeout%3D7s"
    address, secret = _address_of_all_rows(url)
    assert secret == {"PGPASSWORD": "secret"}
    assert "secret" not in address
    with psycopg.connect(address) as connection:
        shown = connection.execute(
            "select current_setting('app.everything'), current_setting('lock_timeout')"
        ).fetchone()
    assert shown == ("on", "7s")


@pytest.mark.parametrize("left_out", ["options", ""])
def test_no_backup_is_made_of_no_rows(pooled: Pooled, tmp_path: Path, left_out: str) -> None:
    url = pooled(ignore_startup_parameters=left_out).url(SUPERUSER)
    file = tmp_path / "evening.tar"
    with pytest.raises(BackupFailed, match="name PostgreSQL itself"):
        write_backup(Settings(database_url=url, data_dir=tmp_path), url, file)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_restored_through_a_pooler(pooled: Pooled, cluster: Cluster, tmp_path: Path) -> None:
    # Given
    url, file = cluster.url(SUPERUSER), tmp_path / "evening.tar"
    write_backup(Settings(database_url=url, data_dir=tmp_path), url, file)
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("create database other template template0")
    through = pooled().url(SUPERUSER, "other")
    # When, Then
    with pytest.raises(BackupFailed, match="name PostgreSQL itself"):
        read_backup(Settings(database_url=through, data_dir=tmp_path / "other"), through, file)
    with psycopg.connect(cluster.url(SUPERUSER, "other")) as superuser:
        tables = superuser.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert tables == (0,)
