"""A server with a private cluster: alone, with a PostgreSQL that comes back, and with data that its programs can read."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr, ValidationError

from server import migrate
from server.clock import SystemClock
from server.config import Settings
from server.database import SYSTEM, Database
from server.database.embedded import DATABASE, SUPERUSER, Cluster, NoPostgres, wheel_binaries
from server.database.roles import APP_ROLE
from tests.dealership import open_dealership
from tests.driving import ROOT, SandboxServer, free_port, running

SYSTEM_15 = Path("/usr/lib/postgresql/15/bin")
KEY = SecretStr("k" * 32)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxServer]:
    with running(tmp_path / "data", from_nothing=True) as started:
        yield started


def test_a_second_server_in_the_same_place_is_refused_in_one_line(server: SandboxServer) -> None:
    # When
    second = subprocess.run(
        [sys.executable, "-m", "server", "serve", "--sandbox", "--data-dir", str(server.data_dir), "--port", str(free_port())],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    # Then
    said = [line for line in second.stderr.splitlines() if line.strip()]
    assert second.returncode != 0
    assert len(said) == 1
    assert f"another server works with {server.data_dir}: stop it, or give this one another --data-dir" in said[0]
    assert server.http.get("/readyz").status_code == 200


def test_a_killed_postgres_comes_back_by_itself(server: SandboxServer) -> None:
    # Given
    station = open_dealership(server, admin=server.admin(), cars=0).station["id"]
    file = Cluster(server.data_dir).root / "data" / "postmaster.pid"
    before = int(file.read_text().split("\n", 1)[0])
    # When
    os.kill(before, signal.SIGKILL)
    # Then
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and _ready(server) != 200:
        time.sleep(0.2)
    assert _ready(server) == 200
    assert int(file.read_text().split("\n", 1)[0]) != before
    # A session may be lost with the last half second, what was done may not
    assert server.admin()("{stations{id}}") == [{"id": station}]


@pytest.mark.parametrize(
    ("command", "code"),
    [(("serve", "--port", "0"), 0), (("worker",), 0), (("jobs", "list"), 143), (("db", "upgrade"), 143)],
    ids=["serve", "worker", "jobs", "upgrade"],
)
def test_whatever_is_cut_off_while_it_starts_leaves_none_behind(
    command: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    # Given a command whose PostgreSQL is just coming up
    cluster = Cluster(tmp_path / "data")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")}
    started = subprocess.Popen(
        [sys.executable, "-m", "server", *command, "--data-dir", str(tmp_path / "data")],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 90
    while not cluster.is_running():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline, "no PostgreSQL"
        time.sleep(0.005)
    # When
    started.terminate()
    _out, said = started.communicate(timeout=90)
    # Then
    assert (started.returncode, said) == (code, "")
    assert not cluster.is_running()


def _ready(server: SandboxServer) -> int:
    return server.http.get("/readyz").status_code if _alive(server) else 0


def _alive(server: SandboxServer) -> bool:
    path = Cluster(server.data_dir).root / "data" / "postmaster.pid"
    return path.exists() and Cluster(server.data_dir).is_running()


@pytest.mark.skipif(not SYSTEM_15.exists() or wheel_binaries() is None, reason="one version of PostgreSQL is installed")
def test_data_of_another_version_say_how_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setenv("ERSATZWAGEN_POSTGRES_BIN", str(SYSTEM_15))
    old = Cluster(tmp_path / "data", durable=False)
    old.start()
    old.stop()
    monkeypatch.delenv("ERSATZWAGEN_POSTGRES_BIN")
    # When, Then
    with pytest.raises(NoPostgres) as refusal:
        Cluster(tmp_path / "data").start()
    said = str(refusal.value)
    assert "\n" not in said
    assert re.search(r"are of PostgreSQL 15, the programs in .* of 18\. Move them: `ersatzwagen db backup FILE`", said)


def test_production_has_a_database_of_its_own_or_says_that_it_means_the_private_one() -> None:
    with pytest.raises(
        ValidationError, match="production needs ERSATZWAGEN_DATABASE_URL, or ERSATZWAGEN_PRIVATE_CLUSTER"
    ):
        Settings(environment="production", secret_key=KEY)
    meant = Settings(environment="production", secret_key=KEY, private_cluster=True)
    own = Settings(environment="production", secret_key=KEY, database_url="postgresql://db/x")
    assert (meant.database_url, own.private_cluster) == (None, False)


async def test_what_others_have_set_for_the_login_changes_nothing(tmp_path: Path) -> None:
    # Given
    cluster = Cluster(tmp_path / "data", durable=False)
    cluster.start()
    try:
        migrate.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
        migrate.upgrade(cluster.url(SUPERUSER))
        with psycopg.connect(cluster.url(SUPERUSER)) as owner:
            for setting in (
                "datestyle = 'German'", "timezone = 'Asia/Tokyo'", "intervalstyle = 'iso_8601'",
                "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
                "bytea_output = 'escape'", "standard_conforming_strings = off",
            ):  # fmt: skip
                owner.execute(f"alter role {APP_ROLE} set {setting}".encode())
                owner.execute(f"alter database {DATABASE} set {setting}".encode())
        database = Database(cluster.url(), SystemClock())
        # When
        async with database.transaction(SYSTEM) as session:
            names = ("datestyle", "timezone", "intervalstyle", "transaction_isolation", "transaction_read_only")
            found = [str(await session.value(f"show {name}")).partition(",")[0] for name in names]
        await database.close()
        # Then
        assert found == ["ISO", "UTC", "postgres", "read committed", "off"]
    finally:
        cluster.stop()
