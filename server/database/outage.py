"""When the database is away: told from other faults, and said once for a whole outage."""

from __future__ import annotations

import asyncio

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

RETRY_AFTER_SECONDS = 2
_AWAY = ("08", "53300", "57P01", "57P02", "57P03")
"""SQLSTATEs: no connection, too many of them, and a server that shuts down, crashes or starts up."""
_log = structlog.get_logger("database")


def is_away(error: BaseException | None) -> bool:
    """Whether that is what is behind an error: then nothing is wrong with the request, and it may be repeated."""
    seen = 0
    while error is not None and seen < 20:
        if isinstance(error, PoolTimeout) or (isinstance(error, DBAPIError) and error.connection_invalidated):
            return True
        driver = error.orig if isinstance(error, OperationalError | InterfaceError) else error
        if isinstance(driver, psycopg.OperationalError | psycopg.InterfaceError):
            state = driver.sqlstate
            if state is None or state.startswith(_AWAY):
                return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def end_if_cancelled() -> None:
    """A cancellation that met a database which was just going away may come out of the driver as that: it still is one,
    and a loop that went on would keep its process from ending.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Outage:
    """What is known of the database by the requests and jobs that need it."""

    def __init__(self) -> None:
        self._lasts = False

    @property
    def lasts(self) -> bool:
        """Whether it was away when somebody last asked it."""
        return self._lasts

    def began(self, error: BaseException) -> None:
        """Says that it is away, and why, unless that was said already."""
        if isinstance(error, PoolTimeout) or isinstance(error.__cause__, PoolTimeout):
            _log.warning("database.busy")  # it is there; our own connections to it are all in use
        elif not self._lasts:
            self._lasts = True
            _log.error("database.away", cause=_cause(error))

    def over(self) -> None:
        """Somebody has reached it."""
        if self._lasts:
            self._lasts = False
            _log.warning("database.back")


OUTAGE = Outage()
"""Of this process, which has one database."""


def _cause(error: BaseException) -> str:
    """The first line of the driver's words: about servers and connections, for no statement has been sent."""
    seen: BaseException | None = error
    while seen is not None:
        driver = getattr(seen, "orig", seen)
        if isinstance(driver, psycopg.Error) and (driver.sqlstate or "08").startswith(_AWAY):
            state = f"{driver.sqlstate} " if driver.sqlstate else ""
            return f"{state}{type(driver).__name__}: {str(driver).partition(chr(10))[0][:200]}"
        seen = seen.__cause__ or seen.__context__
    return type(error).__name__
