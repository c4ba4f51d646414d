"""A migration under load: it waits for a table for moments only, since everybody else waits behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from server import migrate, start_errors
from server.database.embedded import SUPERUSER, Cluster
from tests.clusters import migrated, private_folder

BEFORE = "0030"


@pytest.fixture
def owner() -> Iterator[str]:
    """The address of a database that lacks the last migrations."""
    cluster: Cluster = migrated(private_folder("ersatzwagen-locks-") / "data")
    migrate.downgrade(cluster.url(SUPERUSER), BEFORE)
    yield cluster.url(SUPERUSER)
    cluster.stop()


def held(owner: str) -> psycopg.Connection:
    """Somebody in the middle of reading jobs, as a backup is."""
    connection = psycopg.connect(owner)
    connection.execute("select count(*) from job")
    return connection


def until_somebody_waits(other: psycopg.Connection) -> None:
    """Until a migration is in the queue for the table."""
    waiting = "select exists (select from pg_locks where relation = 'job'::regclass and not granted)"
    deadline = time.monotonic() + 60
    while other.execute(waiting).fetchone() != (True,):
        assert time.monotonic() < deadline, "nobody waits for the table"
        time.sleep(0.02)


def test_it_goes_on_when_the_table_is_free(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.migrate.LOCK_PAUSE_SECONDS", 0.1)
    reader = held(owner)
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(owner)
        except BaseException as error:
            failures.append(error)

    # When it is upgraded, and somebody else asks for the same table
    upgrading = threading.Thread(target=upgrade)
    upgrading.start()
    with psycopg.connect(owner, autocommit=True) as other:
        until_somebody_waits(other)
        for _ in range(3):
            other.execute("select count(*) from job")  # behind the migration, and not for ever
            until_somebody_waits(other)
        assert upgrading.is_alive()
        assert migrate.current(owner) == BEFORE
        # When whoever held it has ended
        reader.close()
        upgrading.join(60)
    # Then
    assert (failures, migrate.current(owner)) == ([], migrate.head())


def test_it_gives_up_in_one_line_and_leaves_nothing_half_done(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.migrate.LOCK_TRIES", 1)
    monkeypatch.setattr("server.migrate.LOCK_PAUSE_SECONDS", 0.0)
    with held(owner):
        with pytest.raises(migrate.TablesInUse) as refused:
            migrate.upgrade(owner)
        assert migrate.current(owner) == BEFORE
    said = start_errors.advice(refused.value)
    assert said is not None
    assert said.startswith("a table that has to be changed is in use all the time: end what holds it")
