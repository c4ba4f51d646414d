"""A server with a private cluster: alone in its data directory; its PostgreSQL is started again if it dies."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from server.config import Settings
from server.database.embedded import Cluster, NoPostgres
from server.runtime import NotConfigured

LOOK_EVERY_SECONDS = 2.0
"""How soon a PostgreSQL that died is noticed."""
_log = structlog.get_logger("private_cluster")


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Holds the data directory of a private cluster against other servers. NotConfigured if another one has it.

    With a PostgreSQL of one's own several servers may share a data directory.
    """
    if settings.database_url is not None:
        yield
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "server.lock").open("w") as file:
        try:
            # The kernel lets go of it when the process ends, however it ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another server works with {settings.data_dir}: stop it, or give this one another --data-dir"
            raise NotConfigured(message) from None
        yield


@asynccontextmanager
async def kept_running(cluster: Cluster) -> AsyncIterator[None]:
    """Starts PostgreSQL again whenever it has died. Until it answers the database is away, as any other may be."""
    task = asyncio.create_task(_keep(cluster))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep(cluster: Cluster) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        if cluster.is_running():
            continue
        _log.warning("postgres.died")
        try:
            await asyncio.to_thread(cluster.start)
        except NoPostgres as error:  # the last processes of the dead one may still be ending: it is tried again
            _log.warning("postgres.not_started", reason=str(error))
        except Exception as error:  # no memory, no disk: it may be there again
            _log.warning("postgres.not_started", reason=type(error).__name__)
        else:
            _log.warning("postgres.started_again")
