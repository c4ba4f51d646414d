"""How commands reach the system: its settings, its database, what it works with."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from server import migrate
from server.config import Settings, unknown_variables
from server.database.embedded import DATABASE, SUPERUSER, Cluster
from server.database.poolers import require_sessions
from server.runtime import NotConfigured, create_runtime, prepare_database


def settings_of(**given: Any) -> Settings:
    """The settings of the environment, with what the command line says besides. NotConfigured where they are wrong.

    Of a variable that nothing reads a line is written, and no more: a start must not fail for one that a new version
    has given up.
    """
    for line in unknown_settings():
        sys.stderr.write(f"ersatzwagen: {line}\n")
    settings, wrong = read_settings(**given)
    if settings is None:
        raise NotConfigured("; ".join(wrong))
    return settings


def read_settings(**given: Any) -> tuple[Settings | None, list[str]]:
    """The settings, or what is wrong with them, a line for each variable."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None}), []
    except ValidationError as error:
        return None, [_in_one_line(one) for one in error.errors()]
    except UnicodeDecodeError:
        return None, ["the file .env cannot be read: save it as UTF-8"]
    except OSError as error:
        return None, [f"the file .env cannot be read ({error.strerror}): let this user read it"]
    except ValueError as error:
        return None, [str(error)]


def unknown_settings() -> list[str]:
    """A line for each variable of ours that nothing reads; none if `.env` cannot be read, which is told elsewhere."""
    try:
        unknown = list(unknown_variables())
    except (OSError, UnicodeDecodeError):
        return []
    return [
        f"{name} is no setting: {f'write {meant}' if meant else 'see docs/operations.md, or take it away'}"
        for name, meant in unknown
    ]


def _in_one_line(problem: ErrorDetails) -> str:
    """Which variable is wrong and why. Without its value, which may be a password."""
    variable = "_".join(("ERSATZWAGEN", *map(str, problem["loc"]))).upper()
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{variable}: {reason}" if problem["loc"] else reason


@contextmanager
def owner(settings: Settings) -> Iterator[str]:
    """The database's address as its owner."""
    if settings.database_url is not None:
        require_sessions(settings.database_url)
        yield settings.database_url
        return
    cluster = Cluster(settings.data_dir)
    try:
        cluster.start()
        migrate.create_database(cluster.url(SUPERUSER, "postgres"), DATABASE)
        yield cluster.url(SUPERUSER)
    finally:
        cluster.stop()


def with_runtime(settings: Settings, work: Any) -> Any:
    """Runs `work` with the running system, without worker and server; returns what it returns."""
    url, cluster = prepare_database(settings)

    async def run() -> Any:
        runtime = create_runtime(settings, url)
        try:
            return await work(runtime)
        finally:
            await runtime.outside.database.close()

    try:
        return asyncio.run(run())
    finally:
        if cluster is not None:
            cluster.stop()
