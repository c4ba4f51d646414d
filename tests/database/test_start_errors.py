"""What keeps a server from starting is one line that says what to do; a stack is for faults of ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server import migrate
from server.database.embedded import SUPERUSER, Cluster
from tests.clusters import migrated, private_folder
from tests.driving import ROOT

KEY = {"SECRET_KEY": "x" * 40}


def said(*command: str, **settings: str) -> tuple[int, str]:
    """The exit code and everything that stands on standard error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")}
    ran = subprocess.run(
        [sys.executable, "-m", "server", *command],
        cwd=ROOT,
        env={**environment, **{f"ERSATZWAGEN_{name}": value for name, value in settings.items()}},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stderr.removeprefix("ersatzwagen: ").removesuffix("\n")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = migrated(private_folder("ersatzwagen-start-") / "data")
    yield made
    made.stop()


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert said("serve", "--port", port, "--data-dir", str(tmp_path / "data")) == (
            2,
            f"port {port} of 127.0.0.1 is taken, perhaps by a server that still runs: free it, or name another with --port",
        )
    # Nothing was begun for a server that cannot be.
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_not_this_machine() -> None:
    assert said("serve", "--host", "192.0.2.1") == (
        2,
        "192.0.2.1 is no address of this machine: name one with --host",
    )


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_database_that_is_away(command: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert said(command, DATABASE_URL=f"postgresql://me:secret@127.0.0.1:{port}/rental", **KEY) == (
        2,
        "nobody answers for the database: start PostgreSQL, or correct host and port in ERSATZWAGEN_DATABASE_URL",
    )


def test_an_address_that_is_none_shows_no_password() -> None:
    assert said("db", "upgrade", DATABASE_URL="postgresql://me:se/cret@db/rental") == (
        2,
        "ERSATZWAGEN_DATABASE_URL: write postgresql://user:password@host:5432/name; in a password, / ? # @ : are written"
        " %2F %3F %23 %40 %3A; several hosts as host1:5432,host2:5432, after ? only options of libpq",
    )


@pytest.mark.parametrize("command", [("serve",), ("worker",), ("db", "upgrade")])
def test_a_program_that_is_older_than_its_database(cluster: Cluster, command: tuple[str, ...]) -> None:
    # Given: a database that a newer version has upgraded
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
        owner.execute("update alembic_version set version_num = '9999', level = 9")
    # When, Then
    try:
        assert said(*command, DATABASE_URL=cluster.url()) == (
            2,
            f"the database is at 9999, and this program knows migrations up to {migrate.head()} only: it is too old."
            " Install the version that upgraded the database, or a newer one",
        )
    finally:
        with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
            owner.execute(f"update alembic_version set version_num = '{migrate.head()}'".encode())


def test_tables_that_came_without_their_roles(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
        owner.execute("alter role ersatzwagen_retention rename to elsewhere")
    try:
        assert said("serve", "--port", "0", DATABASE_URL=cluster.url()) == (
            2,
            "the database has no role ersatzwagen_retention: restore its backup with `ersatzwagen db restore`, which makes"
            " the roles",
        )
    finally:
        with psycopg.connect(cluster.url(SUPERUSER), autocommit=True) as owner:
            owner.execute("alter role elsewhere rename to ersatzwagen_retention")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"MAIL_FROM": "nobody", "SMTP_URL": "smtp://127.0.0.1:2525"},
            "ERSATZWAGEN_MAIL_FROM: the sender is not an e-mail address: 'nobody'",
        ),
        (
            {"SMTP_URL": "smtp://me:se/cret@mail.example:25"},
            "ERSATZWAGEN_SMTP_URL: the port of a mail server is a number; in a password, / ? # @ : are written %2F %3F %23"
            " %40 %3A",
        ),
        (
            {"MEDIA_URL": "ftp://here"},
            "ERSATZWAGEN_MEDIA_URL: an object store is a file:///folder or s3://bucket/prefix URL",
        ),
        (
            {"TELECASH_URL": "https://gateway.invalid", "TELECASH_CERTIFICATE": "/nowhere/client.pem"},
            "the client certificate or its key cannot be read: No such file or directory: correct"
            " ERSATZWAGEN_TELECASH_CERTIFICATE and ERSATZWAGEN_TELECASH_KEY",
        ),
        (
            {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "short"},
            "ERSATZWAGEN_ADMIN_EMAIL, ERSATZWAGEN_ADMIN_PASSWORD: A password has 10 to 128 characters.",
        ),
        ({"DATA_DIR": "/proc/nowhere"}, "ERSATZWAGEN_DATA_DIR: nothing can be kept in /proc/nowhere"),
    ],
)
def test_a_setting_that_is_wrong(cluster: Cluster, tmp_path: Path, settings: dict[str, str], line: str) -> None:
    given = {"DATABASE_URL": cluster.url(), "DATA_DIR": str(tmp_path), **settings}
    code, words = said("serve", "--port", "0", **given)
    assert (code, words.count("\n"), "se/cret" in words) == (2, 0, False)
    assert words.startswith(line)


def test_a_private_database_that_does_not_start(tmp_path: Path) -> None:
    # Given: one whose settings somebody has spoilt
    cluster = migrated(tmp_path / "data")
    cluster.stop()
    with (cluster._data / "postgresql.auto.conf").open("a") as file:
        file.write("max_connections = many\n")
    # When
    code, words = said("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
    # Then
    assert (code, words.count("\n")) == (2, 0)
    assert words.startswith("the private PostgreSQL did not start: ")
    assert str(cluster._data / "server.log") in words


def test_a_variable_that_nothing_reads_is_told_and_no_more(tmp_path: Path) -> None:
    assert said("db", "upgrade", "--data-dir", str(tmp_path / "data"), ENVIROMENT="production", SMPT_URL="x") == (
        0,
        "ERSATZWAGEN_ENVIROMENT is no setting: write ERSATZWAGEN_ENVIRONMENT\n"
        "ersatzwagen: ERSATZWAGEN_SMPT_URL is no setting: write ERSATZWAGEN_SMTP_URL",
    )


def test_the_owner_of_a_database_is_no_one_else(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as owner:
        owner.execute("create database strange")
        owner.execute("create role stranger login")
    code, words = said("db", "upgrade", DATABASE_URL=cluster.url("stranger", "strange"))
    assert (code, words.count("\n")) == (2, 0)
    assert words.startswith(
        "the login may not do this: `db` commands are the owner's, with CREATEROLE (permission denied"
    )
