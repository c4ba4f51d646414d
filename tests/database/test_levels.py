"""A program beside a database that another version has upgraded: it works one level ahead, and further on says so."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER, Cluster
from tests.clusters import migrated, private_folder
from tests.driving import ROOT, free_port

TOO_OLD = (
    f"ersatzwagen: the database is at 9999, and this program knows migrations up to {migrate.head()} only: it is too old."
    " Install the version that upgraded the database, or a newer one\n"
)
BEHIND = "ersatzwagen: the database is not up to date: run `ersatzwagen db upgrade`\n"
NEXT, BEYOND = migrate.LEVEL + 1, migrate.LEVEL + 2


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = migrated(private_folder("ersatzwagen-levels-") / "data")
    yield made
    made.stop()


@pytest.fixture
def standing_at(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """The owner's connection; afterwards the database is as it was."""
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
        yield owner
        owner.execute("update alembic_version set version_num = %s, level = %s", (migrate.head(), migrate.LEVEL))


def settings(cluster: Cluster, url: str, tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")}
    return clean | {"ERSATZWAGEN_DATABASE_URL": url, "ERSATZWAGEN_DATA_DIR": str(tmp_path / "data")}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("command", [("serve",), ("worker",), ("db", "upgrade"), ("db", "check"), ("jobs", "list")])
def test_a_program_that_is_too_old_says_so_in_one_line_and_does_nothing(
    cluster: Cluster, standing_at: psycopg.Connection, tmp_path: Path, command: tuple[str, ...]
) -> None:
    # Given
    standing_at.execute("update alembic_version set version_num = '9999', level = %s", (BEYOND,))
    url = cluster.url(SUPERUSER) if command[0] == "db" else cluster.url()
    # When
    done = run(settings(cluster, url, tmp_path), *command)
    # Then
    assert (done.returncode, done.stdout, done.stderr) == (2, "", TOO_OLD)
    assert standing_at.execute("select * from alembic_version").fetchall() == [("9999", BEYOND)]


def test_one_that_is_newer_than_the_database_asks_for_the_upgrade(
    cluster: Cluster, standing_at: psycopg.Connection, tmp_path: Path
) -> None:
    standing_at.execute("update alembic_version set version_num = '0031', level = 0")
    done = run(settings(cluster, cluster.url(), tmp_path), "serve")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", BEHIND)


def test_an_upgrade_by_an_older_program_changes_nothing(
    cluster: Cluster, standing_at: psycopg.Connection, tmp_path: Path
) -> None:
    standing_at.execute("update alembic_version set version_num = '9999', level = %s", (NEXT,))
    done = run(settings(cluster, cluster.url(SUPERUSER), tmp_path), "db", "upgrade")
    assert (done.returncode, done.stdout, done.stderr) == (0, "The database is at 9999.\n", "")


@pytest.mark.parametrize(
    ("revision", "level", "code", "said"),
    [
        (migrate.head(), migrate.LEVEL, 0, f"at {migrate.head()}; 0 differences to the models"),
        ("0031", 0, 1, f"at 0031, newest {migrate.head()}: bring it up to date with `ersatzwagen db upgrade`"),
        ("9999", NEXT, 0, "at 9999: a newer program, one level ahead, has brought it up to date already"),
    ],
)
def test_db_check_says_in_one_line_how_a_database_stands(
    cluster: Cluster, standing_at: psycopg.Connection, tmp_path: Path, revision: str, level: int, code: int, said: str
) -> None:
    standing_at.execute("update alembic_version set version_num = %s, level = %s", (revision, level))
    done = run(settings(cluster, cluster.url(SUPERUSER), tmp_path), "db", "check")
    assert (done.returncode, done.stdout, done.stderr) == (code, f"{said}\n", "")


def test_db_check_of_an_empty_database(cluster: Cluster, standing_at: psycopg.Connection, tmp_path: Path) -> None:
    standing_at.execute("create database nothing template template0")
    done = run(settings(cluster, cluster.url(SUPERUSER, "nothing"), tmp_path), "db", "check")
    assert done.stdout == f"empty, newest {migrate.head()}: bring it up to date with `ersatzwagen db upgrade`\n"
    assert (done.returncode, done.stderr) == (1, "")


def test_a_worker_works_one_level_ahead_and_answers_those_who_watch(
    cluster: Cluster, standing_at: psycopg.Connection, tmp_path: Path
) -> None:
    # Given a database that the next release has upgraded already
    standing_at.execute("update alembic_version set version_num = '9999', level = %s", (NEXT,))
    port = free_port()
    environment = settings(cluster, cluster.url(), tmp_path) | {"ERSATZWAGEN_METRICS_ADDRESS": f"127.0.0.1:{port}"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "worker"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    # When
    try:
        text = answered(process, f"http://127.0.0.1:{port}/metrics", tmp_path / "log")
    finally:
        process.terminate()
        code = process.wait(60)
    # Then
    assert "ersatzwagen_workers 1.0" in text
    assert "ersatzwagen_database_up 1.0" in text
    assert code == 0
    assert standing_at.execute("select kind, state from job").fetchall() == [("CLEAN", "WAITING")]


def answered(process: subprocess.Popen[bytes], address: str, log: Path) -> str:
    """The figures, once the worker has said that it is there."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            text = httpx2.get(address, timeout=10, trust_env=False).text
        except httpx2.HTTPError:
            text = ""
        if "ersatzwagen_workers 1.0" in text:
            return text
        time.sleep(0.5)
    raise AssertionError(log.read_text())
