"""Addresses of several hosts, `postgresql://…@a:5432,b:5432/rental`: who is dead or takes no writes is passed over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psycopg
import pytest
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from server.clock import SystemClock
from server.config import Settings
from server.database import SYSTEM, Database
from server.database.embedded import SUPERUSER
from server.database.outage import is_away
from server.start_errors import advice
from tests.calendar import DAY, local, next_weekday
from tests.commands import invoke
from tests.dealership import open_dealership
from tests.driving import free_port, running
from tests.machines import Machine, address_of

READ_WRITE = "target_session_attrs=read-write"
WRITES = "insert into sign_in_bucket (key, window_started_at, failures) values ('x', now(), 1)"


@dataclass
class Hosts:
    primary: Machine
    standby: Machine
    dead: int

    def url(self, role: str = "ersatzwagen_app", database: str = "ersatzwagen", more: str = "") -> str:
        """The one that takes writes comes last."""
        return address_of(self.dead, self.standby, self.primary, role=role, database=database, more=more)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    primary, standby = Machine("primary"), Machine("standby")
    try:
        primary.make_primary()
        standby.make_standby_of(primary)
        yield Hosts(primary, standby, free_port())
    finally:
        for machine in (standby, primary):
            machine.cluster.stop()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:p%40ss@a:5432,b:5433/rental?target_session_attrs=read-write",
        "postgresql://app@a,b:5433/rental",
        "postgresql://app@[::1]:5432,[::2]:5432/rental",
        "postgres://app@/rental?host=/run/postgresql,/run/other&port=5432",
        "postgresql+psycopg://app@a,b/rental",
    ],
)
def test_addresses_of_several_hosts_are_taken(url: str) -> None:
    assert Settings(database_url=url).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app@a:5432,b:many/rental",
        "postgresql://app@a:0,b:5432/rental",
        "postgresql://app@a,b/rental?port=1,2,3",
        "postgresql://app@a:5432,b:70000/rental",
        "postgresql://app@a,b/rental?target=read-write",
        "mysql://app@a,b/rental",
        "postgresql://app:1/secret@a,b/rental",
    ],
)
def test_addresses_that_are_none_are_refused_without_a_word_of_theirs(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(database_url=url)
    assert refused.value.errors()[0]["msg"].startswith("Value error, write postgresql://user:password@host:5432/name")


@pytest.mark.parametrize("more", ["", READ_WRITE])
def test_every_command_finds_the_one_that_takes_writes(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: str
) -> None:
    # Given
    monkeypatch.chdir(tmp_path)
    as_login, as_owner = hosts.url(more=more), hosts.url(SUPERUSER, more=more)
    target = f"other{len(more)}"
    with psycopg.connect(hosts.primary.url(SUPERUSER), autocommit=True) as owner:
        owner.execute(f"create database {target} template template0".encode())
    file = str(tmp_path / "evening.tar")

    def ran(url: str, *command: str) -> str:
        monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", url)
        result = invoke(*command)
        assert result.exit_code == 0, (command, result.output, result.exception)
        return result.stdout

    # When, Then
    assert "ok      database        PostgreSQL " in ran(as_login, "check")
    assert ran(as_login, "jobs", "list") == "No job is FAILED.\n"
    assert ran(as_login, "user", "list") == "There are no users.\n"
    assert ran(as_owner, "db", "upgrade").startswith("The database is at ")
    assert "0 differences" in ran(as_owner, "db", "check")
    assert ran(as_owner, "db", "backup", file) == f"Written: {file}\n"
    monkeypatch.setenv("ERSATZWAGEN_DATA_DIR", str(tmp_path / "elsewhere"))
    assert ran(hosts.url(SUPERUSER, target, more), "db", "restore", file) == f"Restored: {file}\n"


@pytest.mark.parametrize("option", ["sslmode", "target_session_attrs"])
def test_an_option_that_cannot_be_so_is_named(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", hosts.url(more=f"{option}=nonsense"))
    refused = invoke("jobs", "list")
    assert refused.exception is not None
    assert (
        advice(refused.exception)
        == f"{option} of the address cannot be nonsense: correct it in ERSATZWAGEN_DATABASE_URL"
    )


def test_a_backup_may_be_taken_from_a_standby(hosts: Hosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    url = address_of(hosts.dead, hosts.standby, role=SUPERUSER, more="target_session_attrs=any")
    monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", url)
    assert invoke("db", "backup", "evening.tar").exit_code == 0


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("worker",), ("db", "upgrade")])
def test_a_standby_alone_is_nobody(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERSATZWAGEN_DATABASE_URL", address_of(hosts.dead, hosts.standby))
    refused = invoke(*command)
    assert refused.exception is not None
    assert advice(refused.exception) == (
        "only a standby answers, and it takes no writes: promote it, or name the primary in ERSATZWAGEN_DATABASE_URL"
    )


async def test_a_server_that_takes_no_writes_any_more_is_left_for_another_one(hosts: Hosts) -> None:
    # Given: pooled connections to one that takes no writes any more
    database = Database(address_of(hosts.standby, more="target_session_attrs=any"), SystemClock())
    other = Database(hosts.url(), SystemClock())
    try:
        processes = []
        for one in (database, database):
            async with one.transaction(SYSTEM) as session:
                processes.append(await session.value("select pg_backend_pid()"))
        assert processes[0] == processes[1]
        # When
        with pytest.raises(DBAPIError) as met:
            async with database.transaction(SYSTEM) as session:
                await session.write(WRITES)
        # Then: it counts as away, and its connections are gone
        assert is_away(met.value)
        async with database.transaction(SYSTEM) as session:
            assert await session.value("select pg_backend_pid()") != processes[0]
        # And so it is for whoever listens
        with pytest.raises(psycopg.OperationalError) as unheard:
            async with database.listen("job"):
                pass
        assert is_away(unheard.value)
        # But who may only read by our own wish is a fault of ours, and keeps the connection
        with pytest.raises(DBAPIError) as fault:
            async with other.snapshot(SYSTEM) as session:
                await session.write(WRITES)
        assert not is_away(fault.value)
    finally:
        await database.close()
        await other.close()


def test_a_promoted_standby_is_found_by_itself(tmp_path: Path) -> None:
    # Given: a server at work
    primary, standby = Machine("primary"), Machine("standby")
    url = address_of(free_port(), primary, standby, more=READ_WRITE)
    try:
        primary.make_primary()
        standby.make_standby_of(primary)
        with running(tmp_path / "data", environment={"ERSATZWAGEN_DATABASE_URL": url}) as server:
            token = {"authorization": f"Bearer {server.admin().token}"}

            def asked() -> httpx2.Response:
                return server.http.post("/graphql", json={"query": "{stations{code}}"}, headers=token)

            wait_for_standby(primary, standby)
            # When the primary dies
            primary.kill()
            # Then
            answers = [asked() for _ in range(5)]
            assert {(one.status_code, one.headers["retry-after"]) for one in answers} == {(503, "2")}
            # When its standby takes over
            standby.promote()
            # Then
            deadline = time.monotonic() + 120
            while (found := asked()).status_code != 200:
                assert (found.status_code, time.monotonic() < deadline) == (503, True), found.text
                time.sleep(0.2)
            dealership = open_dealership(server)
            day = next_weekday(server, 0)
            assert dealership.rent(local(day, 8), local(day + DAY, 8), km=90)["state"] == "BILLED"
            assert server.logged("unexpected_error", "worker.round_failed", "database.listen_failed") == []
    finally:
        for machine in (primary, standby):
            machine.cluster.stop()


def wait_for_standby(primary: Machine, standby: Machine) -> None:
    """Until it has heard of everything so far: what follows is about who answers, not about what was lost."""
    with psycopg.connect(primary.url(SUPERUSER)) as owner:
        written = owner.execute("select pg_current_wal_insert_lsn()").fetchone()
    deadline = time.monotonic() + 60
    while True:
        with psycopg.connect(standby.url(SUPERUSER)) as owner:
            if owner.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", written).fetchone() == (True,):
                return
        assert time.monotonic() < deadline, "the standby does not follow"
        time.sleep(0.1)
