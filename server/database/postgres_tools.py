"""pg_dump and pg_restore of the database's own major version: a newer one writes what an older server cannot read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg

from server.database.connections import conninfo
from server.database.embedded import wheel_binaries


class NoFittingTool(RuntimeError):
    """None of the installed programs is of the database's version."""


def version_of(url: str) -> int:
    """The major version of the server behind an address."""
    with psycopg.connect(conninfo(url)) as connection:
        return connection.info.server_version // 10_000


def fitting(program: str, major: int) -> Path:
    """The installed `program` of that major version: from ERSATZWAGEN_POSTGRES_BIN, the wheel, the system or PATH.

    Raises NoFittingTool that says what is there, and what to install.
    """
    found: dict[int, Path] = {}
    for path in _installed(program):
        if (version := _version(path)) is not None:
            found.setdefault(version, path)
    if major in found:
        return found[major]
    there = ", ".join(f"{version} ({path})" for version, path in sorted(found.items())) or "none"
    raise NoFittingTool(
        f"the database is PostgreSQL {major}, and there is no {program} of that version; installed: {there}."
        f" Install postgresql-client-{major}, or name its folder in ERSATZWAGEN_POSTGRES_BIN"
    )


def _installed(program: str) -> Iterator[Path]:
    folders = [os.environ.get("ERSATZWAGEN_POSTGRES_BIN"), wheel_binaries()]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    for folder in folders:
        if folder and (path := Path(folder) / program).exists():
            yield path
    if on_path := shutil.which(program):
        yield Path(on_path)


def _version(path: Path) -> int | None:
    try:
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True, timeout=10).stdout  # noqa: S603  # no shell
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number[1]) if number else None
