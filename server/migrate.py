"""Brings a database up to date, and tells whether it is. Runs as the owner, never as the server's own role."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

import server.models  # noqa: F401  # fills the metadata
from server.database import driver_url

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _configuration(url: str) -> Config:
    # Not the file `alembic.ini`, which is for who writes migrations: an installed program has none.
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


class NewerSchema(RuntimeError):
    """The database has migrations that this program does not know."""


def upgrade(url: str, revision: str = "head") -> None:
    """Applies every migration that is missing. Safe to repeat, and to run from several processes at once. NewerSchema,
    with nothing changed, if the database has ones that this program does not know.
    """
    refuse_newer(current(url))
    command.upgrade(_configuration(url), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Takes migrations back; for tests of the migrations themselves."""
    command.downgrade(_configuration(url), revision)


def head() -> str:
    """The newest migration that this program knows."""
    return ScriptDirectory.from_config(_configuration("")).get_current_head() or ""


def refuse_newer(found: str | None) -> None:
    """NewerSchema if a database's newest migration is none of this program's."""
    known = {script.revision for script in ScriptDirectory.from_config(_configuration("")).walk_revisions()}
    if found is not None and found not in known:
        raise NewerSchema(
            f"the database is at {found}, and this program knows migrations up to {head()} only: it is too old. Install"
            " the version that upgraded the database, or a newer one"
        )


def current(url: str) -> str | None:
    """The newest migration that the database has, or None if it is empty."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            if not connection.scalar(text("select to_regclass('alembic_version')")):
                return None
            found: str | None = connection.scalar(text("select version_num from alembic_version"))
            return found
    finally:
        engine.dispose()


def differences(url: str) -> list[object]:
    """Where the tables differ from the models; empty if no migration is missing."""
    engine = create_engine(driver_url(url))
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
    engine = create_engine(driver_url(superuser_url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
                connection.execute(text(f'create database "{name}"'))
    finally:
        engine.dispose()
