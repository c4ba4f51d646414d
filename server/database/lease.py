"""A connection of SQLAlchemy's pool for who only reads by SQL text: without the layers above the pool, which take four
times as long as the driver. They are there as soon as somebody needs them: for the ORM, and for errors.
"""

from __future__ import annotations

from typing import Any, NoReturn, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, PoolProxiedConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

OPENING = "opening"
"""The option of a connection that says with which message its transaction begins; nothing if it has begun already."""


class Lease:
    """One connection, from `take` to `give_back`, however the one who reads ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine: Engine = engine.sync_engine
        self._taken: PoolProxiedConnection | None = None
        self._connection: Connection | None = None

    async def take(self, opening: str | None = None) -> psycopg.AsyncConnection[Any]:
        """The driver's connection: one that is free, else a new one, or the next that comes back. `opening` is the
        message that begins its transaction.
        """
        self._taken = await greenlet_spawn(_from_pool, self._engine)
        driver = cast("psycopg.AsyncConnection[Any]", self._taken.driver_connection)
        if opening is not None:
            try:
                await driver.execute(opening)
            except psycopg.Error as error:
                await self.tell(opening, error)
        return driver

    def connection(self) -> Connection:
        """SQLAlchemy's, on the same connection and in the transaction that has begun."""
        if self._connection is None:
            self._connection = Connection(self._engine, connection=self._taken).execution_options(**{OPENING: ""})
            self._connection.begin()
        return self._connection

    async def tell(self, sql: str, error: psycopg.Error) -> NoReturn:
        """Raises what SQLAlchemy makes of an error of the driver."""
        await greenlet_spawn(tell_sqlalchemy, self.connection(), sql, error)
        raise error  # it was told

    async def end(self) -> None:
        """Ends what has begun, by COMMIT where nothing has failed: who only reads has nothing to take back, and at a
        ROLLBACK the driver would forget what it has prepared. A connection that is lost is thrown away.
        """
        if self._taken is None or not self._taken.is_valid:
            return
        driver = cast("psycopg.AsyncConnection[Any]", self._taken.driver_connection)
        status = driver.pgconn.transaction_status
        try:
            if status == TransactionStatus.INTRANS:
                await driver.commit()
            elif status != TransactionStatus.IDLE:
                await driver.rollback()
        except BaseException as error:
            await greenlet_spawn(self._taken.invalidate, error)
            if not isinstance(error, psycopg.Error):
                raise

    async def give_back(self) -> None:
        """Gives the connection back to the pool, with nothing begun."""
        await self.end()
        taken, self._taken = self._taken, None
        connection, self._connection = self._connection, None
        if connection is not None:
            await greenlet_spawn(connection.close)
        elif taken is not None and taken.is_valid:
            # As its own connections do. One that the pool does not keep is closed by this, which the driver awaits.
            await greenlet_spawn(taken._close_special, transaction_reset=True)


def _from_pool(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except psycopg.Error as error:
        Connection._handle_dbapi_exception_noconnection(error, engine.dialect, engine)
        raise


def tell_sqlalchemy(connection: Connection, sql: str, error: psycopg.Error) -> NoReturn:
    """Raises what SQLAlchemy makes of an error of the driver, as if it had sent the statement: a lost connection leaves
    the pool, with all that are as old. There is no public way to say it.
    """
    connection._handle_dbapi_exception(error, sql, None, None, None)
