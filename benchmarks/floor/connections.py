"""Snapshots in the scope of one station's staff, as the product's are, by psycopg alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import namedtuple_row

from server.database.roles import Caller

MOST = 24
"""As many connections as the product has for its staff."""
_SCOPE = """select set_config('app.stations', %s, true) a, set_config('app.web_stations', '{}', true) b,
  set_config('app.client', '', true) c, set_config('app.principal', '00000000-0000-0000-0000-000000000001', true) d"""


class Reading:
    """One snapshot."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def rows(self, statement: bytes, parameters: Any = None) -> list[Any]:
        """All rows of a statement."""
        return await (await self._connection.execute(statement, parameters)).fetchall()

    async def by(self, key: str, statement: bytes, parameters: Any = None) -> dict[Any, Any]:
        """The rows, by a column that tells them apart."""
        return {getattr(row, key): row for row in await self.rows(statement, parameters)}

    async def each(self, key: str, statement: bytes, parameters: Any = None) -> dict[Any, list[Any]]:
        """The rows, in lists by a column."""
        found: dict[Any, list[Any]] = {}
        for row in await self.rows(statement, parameters):
            found.setdefault(getattr(row, key), []).append(row)
        return found


class Connections:
    """A pool of connections that are members of staff; the one that came back last is taken first."""

    def __init__(self) -> None:
        self._free: asyncio.LifoQueue[AsyncConnection[Any]] = asyncio.LifoQueue()
        self._all: list[AsyncConnection[Any]] = []

    async def open(self) -> None:
        """Makes them."""
        for _ in range(MOST):
            connection = await AsyncConnection.connect(os.environ["BENCHMARK_DATABASE_URL"])
            await _configure(connection)
            self._all.append(connection)
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Ends them."""
        for connection in self._all:
            await connection.close()

    @asynccontextmanager
    async def reading(self, station: str) -> AsyncIterator[Reading]:
        """A snapshot of what a station's staff may see."""
        connection = await self._free.get()
        try:
            await connection.execute(_SCOPE, ("{" + station + "}",))
            yield Reading(connection)
        finally:
            await connection.rollback()
            self._free.put_nowait(connection)


async def _configure(connection: AsyncConnection[Any]) -> None:
    connection.row_factory = namedtuple_row
    await connection.execute(f"set role {Caller.STAFF.value}".encode())
    await connection.execute("set timezone = 'UTC'")
    await connection.commit()
    await connection.set_read_only(True)
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
