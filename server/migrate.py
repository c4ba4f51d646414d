"""Brings a database up to date, and tells whether it is. Runs as the owner, never as the server's own role."""

import time
from enum import Enum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

import server.models  # noqa: F401  # fills the metadata
from server.database.connections import owners_engine

LEVEL = 1
"""The level of the schema that this program is made for. The first migration of a release writes the next one into the
database, whoever cannot be worked with by the release before one more: docs/releases.md.
"""
STANDING = "select version_num, coalesce((to_jsonb(v) ->> 'level')::int, 0) as level from alembic_version v"
"""The newest migration that a database has, and its level; those of before there were levels have 0."""
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


LOCK_TRIES = 60
LOCK_PAUSE_SECONDS = 2.0
"""How often a migration asks for a lock that it did not get within three seconds, or that it and a request would have
waited for for ever, and what others have meanwhile.
"""


class Standing(NamedTuple):
    """The newest migration of a database, and the level that it has brought."""

    revision: str
    level: int


class Fit(Enum):
    """How a database stands to this program."""

    CURRENT = "it has what this program knows"
    AHEAD = "a newer program, one level ahead, has brought it up to date already"
    BEHIND = "migrations are missing"
    BEYOND = "it is made for programs that are too new"

    @property
    def is_usable(self) -> bool:
        """Whether this program may work with it."""
        return self in (Fit.CURRENT, Fit.AHEAD)


def _configuration(url: str) -> Config:
    # Not the file `alembic.ini`, which is for who writes migrations: an installed program has none.
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


class NewerSchema(RuntimeError):
    """The database has migrations that this program does not know."""


class TablesInUse(RuntimeError):
    """Somebody holds a table for so long that no migration could change it."""


def upgrade(url: str, revision: str = "head") -> None:
    """Applies every migration that is missing. Safe to repeat, and to run from several processes at once. NewerSchema,
    with nothing changed, if a program that is too new has applied others; of the next release's it knows none either.
    TablesInUse if a migration does not get its lock for some minutes: as requests wait behind it, it waits for moments.
    """
    if checked(standing(url)) is Fit.AHEAD:
        return
    for _ in range(LOCK_TRIES):
        try:
            command.upgrade(_configuration(url), revision)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                raise
            time.sleep(LOCK_PAUSE_SECONDS)
        else:
            return
    raise TablesInUse(
        "a table that has to be changed is in use all the time: end what holds it, a backup or a transaction that was"
        " left open (pg_stat_activity, the oldest xact_start), and run it again. The migrations before it are done"
    )


def downgrade(url: str, revision: str = "base") -> None:
    """Takes migrations back; for tests of the migrations themselves."""
    command.downgrade(_configuration(url), revision)


@cache
def head() -> str:
    """The newest migration that this program knows."""
    return ScriptDirectory.from_config(_configuration("")).get_current_head() or ""


@cache
def _known() -> frozenset[str]:
    return frozenset(one.revision for one in ScriptDirectory.from_config(_configuration("")).walk_revisions())


def checked(found: Standing | None) -> Fit:
    """How a database that stands so fits; NewerSchema if this program cannot work beside what has upgraded it."""
    fits = fit(found)
    if found is not None and fits is Fit.BEYOND:
        raise NewerSchema(
            f"the database is at {found.revision}, and this program knows migrations up to {head()} only: it is too"
            " old. Install the version that upgraded the database, or a newer one"
        )
    return fits


def standing(url: str) -> Standing | None:
    """How the database stands, or None if it is empty."""
    engine = owners_engine(url)
    try:
        with engine.connect() as connection:
            if not connection.scalar(text("select to_regclass('alembic_version')")):
                return None
            found = connection.execute(text(STANDING)).one_or_none()
            return None if found is None else Standing(*found)
    finally:
        engine.dispose()


def current(url: str) -> str | None:
    """The newest migration that the database has, or None if it is empty."""
    found = standing(url)
    return None if found is None else found.revision


def fit(found: Standing | None) -> Fit:
    """Whether this program can work with a database that stands so."""
    if found is None or found.revision in _known() - {head()}:
        return Fit.BEHIND
    if found.revision == head():
        return Fit.CURRENT
    return Fit.AHEAD if LEVEL <= found.level <= LEVEL + 1 else Fit.BEYOND


def differences(url: str) -> list[object]:
    """Where the tables differ from the models; empty if no migration is missing."""
    engine = owners_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            return list(compare_metadata(context, SQLModel.metadata))
    finally:
        engine.dispose()


def create_database(superuser_url: str, name: str) -> None:
    """Makes an empty database if there is none of that name."""
    engine = owners_engine(superuser_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
                connection.execute(text(f'create database "{name}"'))
    finally:
        engine.dispose()
