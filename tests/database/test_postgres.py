"""The private cluster from both builds, a database of one's own, and an end that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import psycopg
import pytest

from server import migrate
from server.database.embedded import DATABASE, SUPERUSER, Cluster, find_binaries
from server.database.roles import UnsafeLogin, check_login
from tests.calendar import soon
from tests.dealership import at_once, open_dealership, request_of
from tests.driving import ROOT, SandboxServer, running

DAY = timedelta(days=1)
OWN = os.environ.get("ERSATZWAGEN_POSTGRES_BIN")
SYSTEM = [Path(OWN)] if OWN else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
BUILDS = [
    pytest.param(False, id="wheel"),
    pytest.param(
        True,
        id="system",
        marks=pytest.mark.skipif(not SYSTEM, reason="no system PostgreSQL: apt-get install postgresql"),
    ),
]


def clusters_in(folder: Path) -> list[psutil.Process]:
    """PostgreSQL processes whose data lie in a folder."""
    processes = [process for process in psutil.process_iter(["cmdline", "name"]) if process.info["name"] == "postgres"]
    return [process for process in processes if any(str(folder) in part for part in process.info["cmdline"] or [])]


@pytest.fixture(params=BUILDS)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "data", durable=False, prefer_system=request.param)
    made.start()
    migrate.create_database(made.url(SUPERUSER, "postgres"), DATABASE)
    assert made.source == ("system" if request.param else find_binaries()[1])
    yield made
    made.stop()


def test_migrations_go_up_down_and_up_and_match_the_models(cluster: Cluster) -> None:
    url = cluster.url(SUPERUSER)
    migrate.upgrade(url)
    assert (migrate.current(url), migrate.differences(url)) == (migrate.head(), [])

    migrate.downgrade(url)
    with psycopg.connect(url) as connection:
        left = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert left == (1,)  # alembic's own

    migrate.upgrade(url)
    assert migrate.differences(url) == []


def test_the_servers_login_owns_nothing_and_sees_nothing(cluster: Cluster) -> None:
    migrate.upgrade(cluster.url(SUPERUSER))
    with psycopg.connect(cluster.url()) as connection:
        role = connection.execute(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
        ).fetchone()
        owned = connection.execute("select count(*) from pg_tables where tableowner = current_user").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select count(*) from contract")
        connection.rollback()
        connection.execute("set role ersatzwagen_staff")
        seen = connection.execute("select count(*) from contract").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("insert into sign_in_bucket (key, window_started_at, failures) values ('x', now(), 1)")
    assert (role, owned, seen) == ((False, False, False, False), (0,), (0,))


@pytest.mark.parametrize(
    ("made", "what"),
    [
        ("superuser", "rental is a superuser, or may bypass row-level security, whatever role it takes on"),
        ("bypassrls", "rental is a superuser, or may bypass row-level security, whatever role it takes on"),
        ("in role seer", "rental is a member of seer: it may bypass row-level security, whatever role it takes on"),
        ("", "rental cannot become ersatzwagen_website: grant ersatzwagen_app to rental"),
    ],
)
def test_a_login_that_could_see_everything_is_refused(cluster: Cluster, made: str, what: str) -> None:
    # Given
    migrate.upgrade(cluster.url(SUPERUSER))
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("create role seer bypassrls")
        connection.execute(f"create role rental login {made}".encode())
    # When, Then
    with pytest.raises(UnsafeLogin, match=what):
        check_login(cluster.url("rental"))
    # And a login that may become the callers, and nothing else, is right
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as connection:
        connection.execute("create role right_login login in role ersatzwagen_app")
    check_login(cluster.url("right_login"))
    check_login(cluster.url())


def test_an_owner_who_is_no_superuser_migrates_up_and_down(cluster: Cluster) -> None:
    # Given: what docs/operations.md asks for, and no more
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute("create role boss login createrole nosuperuser")
        connection.execute("create database theirs owner boss")
    url = cluster.url("boss", "theirs")
    # When
    migrate.upgrade(url)
    # Then
    assert migrate.current(url) == migrate.head()
    assert migrate.differences(url) == []
    migrate.downgrade(url)
    migrate.upgrade(url)
    with psycopg.connect(url) as connection:
        connection.execute("set role ersatzwagen_staff")
        # The one thing that is told about any station, and nothing stays open after it.
        assert connection.execute("select * from station_zones(array[]::uuid[])").fetchall() == []
        assert connection.execute("select current_setting('app.everything', true)").fetchone() in [("",), (None,)]


def test_a_second_start_finds_the_first_ones_data(tmp_path: Path) -> None:
    first = Cluster(tmp_path / "data", durable=False)
    first.start()
    with psycopg.connect(first.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute("create table kept ()")
    first.stop()
    assert clusters_in(first.root) == []

    again = Cluster(tmp_path / "data", durable=False)
    again.start()
    try:
        with psycopg.connect(again.url(SUPERUSER, "postgres")) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)
    finally:
        again.stop()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_an_end_in_order_leaves_no_postgres_behind(tmp_path: Path, ending: signal.Signals) -> None:
    server = SandboxServer(tmp_path / "a folder with spaces", from_nothing=True).start()
    root = Cluster(server.data_dir).root
    assert clusters_in(root)

    server.process.send_signal(ending)

    assert server.process.wait(timeout=60) == 0
    # The path has a space in it: everything must have been found all the same.
    assert "failed" not in server.log.read_text()
    server.http.close()
    assert clusters_in(root) == []


def test_whoever_adopts_a_killed_servers_postgres_stops_it_too(tmp_path: Path) -> None:
    server = SandboxServer(tmp_path / "data", from_nothing=True).start()
    root = Cluster(server.data_dir).root
    # A command beside a living server uses its database, and leaves it to it.
    beside = Cluster(server.data_dir)
    beside.start()
    beside.stop()
    assert clusters_in(root)

    server.kill()
    assert clusters_in(root)
    server.start()

    assert server.stop() == 0
    assert clusters_in(root) == []


@pytest.mark.skipif(not SYSTEM, reason="no system PostgreSQL: apt-get install postgresql")
def test_the_job_runs_on_the_systems_postgres(tmp_path: Path) -> None:
    environment = {"ERSATZWAGEN_POSTGRES_BIN": str(SYSTEM[-1])}
    with running(tmp_path / "data", environment=environment) as server:
        dealership = open_dealership(server, cars=2)
        start = soon(server)
        results = at_once(dealership, [request_of(dealership, start, start + DAY, n) for n in range(20)], 20)

        names = [result["__typename"] for result in results]
        assert (names.count("Booking"), names.count("NoVehicleAvailable")) == (2, 18)
        assert len(server.ledger(dealership.station["code"] + "-")) == 4
        contract = dealership.rent(start + 7 * DAY, start + 8 * DAY, km=120)
        assert (contract["state"], contract["settlementState"]) == ("BILLED", "PAID")


def test_a_database_of_ones_own_is_checked_and_used_as_the_restricted_role(tmp_path: Path) -> None:
    own = Cluster(tmp_path / "own", durable=False)
    own.start()
    try:
        migrate.create_database(own.url(SUPERUSER, "postgres"), DATABASE)
        serve = [sys.executable, "-m", "server", "serve", "--sandbox", "--data-dir", str(tmp_path / "data")]
        as_owner, only = ({"ERSATZWAGEN_DATABASE_URL": own.url(name)} for name in (SUPERUSER, "rental"))

        def refusal_of(address: dict[str, str]) -> str:
            environment = {**os.environ, **address}
            ran = subprocess.run(
                serve, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
            )
            assert ran.returncode == 2
            return ran.stderr.strip()

        with psycopg.connect(own.url(SUPERUSER), autocommit=True) as connection:
            connection.execute("create role rental login")
        assert refusal_of(as_owner) == (
            "ersatzwagen: the database login cluster is a superuser, or may bypass row-level security, whatever role it"
            " takes on. Let the server sign in as ersatzwagen_app, or as a login that is a member of it and of nothing else"
        )
        assert refusal_of(only) == "ersatzwagen: the database is not up to date: run `ersatzwagen db upgrade`"

        upgrade = [sys.executable, "-m", "server", "db", "upgrade"]
        subprocess.run(upgrade, cwd=ROOT, env={**os.environ, **as_owner}, check=True, capture_output=True, timeout=60)
        assert refusal_of(only) == (
            "ersatzwagen: the database login rental cannot become ersatzwagen_website: grant ersatzwagen_app to rental"
        )
        with psycopg.connect(own.url(SUPERUSER), autocommit=True) as connection:
            connection.execute("grant ersatzwagen_app to rental")
        with running(tmp_path / "data", environment=only) as server:
            assert not (server.data_dir / "postgres").exists()
            dealership = open_dealership(server, cars=1)
            other = open_dealership(server, cars=1, admin=dealership.admin)
            assert [s["code"] for s in dealership.yard("{stations{code}}")] == [dealership.station["code"]]
            assert other.yard("query($id:ID){station(id:$id){code}}", id=dealership.station["id"]) is None
    finally:
        own._stop()  # the server that it was started for has ended
        own.stop()


def test_production_refuses_the_sandbox(tmp_path: Path) -> None:
    environment = {**os.environ, "ERSATZWAGEN_ENVIRONMENT": "production", "ERSATZWAGEN_SECRET_KEY": "x" * 40}
    command = [sys.executable, "-m", "server", "serve", "--sandbox", "--data-dir", str(tmp_path)]
    refused = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert refused.returncode == 2
    assert "the sandbox refuses to start when ENVIRONMENT=production" in refused.stderr
