"""A transaction as services see it: SQL text goes straight to the driver, models through the ORM, on one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row, tuple_row
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import SessionTransaction
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from server.database.lease import OPENING, Lease, tell_sqlalchemy
from server.database.memory import Recollection
from server.database.text_sql import DriverSql, for_driver

T = TypeVar("T")
M = TypeVar("M", bound=SQLModel)
Parameters = dict[str, Any]


class Session(AsyncSession):
    """A session that several resolvers of one operation may use: GraphQL runs sibling fields concurrently, a database
    connection does one thing at a time (https://docs.sqlalchemy.org/en/21/errors.html#error-isce).

    A statement that has begun goes on when its resolver is cancelled, which happens when a sibling has failed: cut off,
    it would take the connection with it, and everything else that the operation still reads. Whoever is the task of the
    whole operation (`owner`) is cancelled with all of it, and needs no task for each statement.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._one_at_a_time = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._driver: psycopg.AsyncConnection[Any] | None = None
        self._within: SessionTransaction | None = None
        """The savepoint in which that connection was last asked for."""
        self._opening, self._has_begun = "", False
        self._found: dict[Hashable, Any] = {}
        self.owner = asyncio.current_task()
        self.after_commit: list[Callable[[], None]] = []
        self.has_written = False
        self.recollection: Recollection | None = None
        """What was read before of tables that hardly change, for a session that only reads."""
        self.lease: Lease | None = None
        """Where the connection of a session that only reads comes from; the ORM gets it when it is needed."""

    def will_open(self, opening: str) -> None:
        """Says with which message the transaction begins, sent as it is with the first statement."""
        self._opening = opening

    async def open(self) -> None:
        """Begins now, with that message. A connection that was lost while nobody used it is noticed here, before
        anything was done, and replaced once.
        """
        try:
            await self._begin()
        except DBAPIError as error:
            await self.rollback()
            if not error.connection_invalidated:
                raise
            await self._begin()

    async def _begin(self) -> None:
        if self.lease is not None:
            self._driver = await self.lease.take(self._opening)
            self._has_begun = True
            return
        options = {} if self.in_transaction() else {OPENING: self._opening}  # somebody may have begun it otherwise
        await self.connection(execution_options=options)
        self._has_begun = True

    async def connection(self, *args: Any, **options: Any) -> AsyncConnection:
        """SQLAlchemy's connection, in the transaction."""
        if self.lease is not None and self._has_begun:
            self.sync_session.bind = self.lease.connection()
        return await super().connection(*args, **options)

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        within = self.sync_session.get_nested_transaction()
        if self._driver is None or within is not self._within or not self.sync_session.is_active:
            # SQLAlchemy sends a savepoint when the connection is asked for within it, and not before. It refuses where
            # a flush that failed has ended the transaction, or the savepoint.
            raw = await (await self.connection()).get_raw_connection()
            self._driver, self._within = cast("psycopg.AsyncConnection[Any]", raw.driver_connection), within
        if self._driver.autocommit and self._driver.pgconn.transaction_status == TransactionStatus.IDLE:
            raise RuntimeError("the transaction has ended: this would be committed by itself, in no scope")
        return self._driver

    def once_committed(self, tell: Callable[[], None]) -> None:
        """Calls this when the transaction has been committed, and never if it was rolled back: for logs and figures."""
        self.after_commit.append(tell)

    async def commit(self) -> None:
        """Ends the transaction: what was written stays."""
        self._driver, self._has_begun = None, False
        await super().commit()

    async def rollback(self) -> None:
        """Ends the transaction: nothing of it stays."""
        self._driver, self._has_begun = None, False
        await super().rollback()
        if self.lease is not None:
            await self.lease.give_back()

    async def _alone(self, work: Callable[[], Awaitable[T]], *, by_driver: bool = False) -> T:
        async def run() -> T:
            async with self._one_at_a_time:
                if not self._has_begun:
                    await self.open()
                if self.lease is not None and not by_driver:
                    self.sync_session.bind = self.lease.connection()
                return await work()

        if asyncio.current_task() is self.owner:
            return await run()
        task = asyncio.create_task(run())
        self._running.add(task)
        task.add_done_callback(self._forget)
        return await asyncio.shield(task)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to hear of it

    async def close(self) -> None:
        """Gives the connection back. Statements that nobody waits for any more end with the operation."""
        for task in (abandoned := list(self._running)):
            task.cancel()
        await asyncio.gather(*abandoned, return_exceptions=True)
        self._driver = None
        try:
            if self.lease is not None:
                await self.lease.end()
            if self.in_transaction():
                await super().close()
            else:  # SQLAlchemy has nothing to wait for
                self.sync_session.close()
        except DBAPIError:  # the connection was lost with a statement that was cut off
            await self.invalidate()
        finally:
            if self.lease is not None:
                await self.lease.give_back()

    async def _sent(
        self, sql: DriverSql, parameters: Parameters, row_factory: Any, *, prepare: bool | None = None
    ) -> psycopg.AsyncCursor[Any]:
        cursor = (await self._connected()).cursor(row_factory=row_factory)
        try:
            return await cursor.execute(sql, parameters, prepare=prepare)
        except psycopg.Error as error:
            if self.lease is not None:
                await self.lease.tell(sql, error)
            await (await self.connection()).run_sync(tell_sqlalchemy, sql, error)
            raise

    async def tuples(self, sql: DriverSql, parameters: Parameters) -> list[tuple[Any, ...]]:
        """All rows of SQL that is as the driver takes it."""

        async def run() -> list[tuple[Any, ...]]:
            return await (await self._sent(sql, parameters, tuple_row)).fetchall()

        return await self._alone(run, by_driver=True)

    async def rows(
        self, statement: Any, parameters: Parameters | None = None, *, plan_anew: bool = False
    ) -> Sequence[Any]:
        """All rows of a statement, SQL text or expression; their columns are attributes. `plan_anew`: SQL text of which
        PostgreSQL shall not keep one plan for all values, because that is much worse than one for these.
        """
        prepare = False if plan_anew else None

        async def run() -> Sequence[Any]:
            if isinstance(statement, str):
                sql = for_driver(statement)
                return await (await self._sent(sql, parameters or {}, namedtuple_row, prepare=prepare)).fetchall()
            return (await (await self.connection()).execute(statement, parameters or {})).all()

        return await self._alone(run, by_driver=isinstance(statement, str))

    async def value(self, statement: Any, parameters: Parameters | None = None) -> Any:
        """The first column of the first row, or None."""
        found = await self.rows(statement, parameters)
        return found[0][0] if found else None

    async def write(self, statement: Any, parameters: Parameters | list[Parameters] | None = None) -> int:
        """Runs a changing statement, once or for each of many parameters; returns the number of rows it touched."""
        self.has_written = True

        async def run() -> int:
            if isinstance(statement, str) and not isinstance(parameters, list):
                return (await self._sent(for_driver(statement), parameters or {}, tuple_row)).rowcount
            sql = text(statement) if isinstance(statement, str) else statement
            return (await (await self.connection()).execute(sql, parameters or {})).rowcount

        return await self._alone(run)

    async def all(self, statement: SelectOfScalar[T]) -> list[T]:
        """All models that a select finds."""

        async def run() -> list[T]:
            return list((await self.exec(statement)).all())

        return await self._alone(run)

    async def pairs(self, statement: Any) -> list[tuple[Any, Any]]:
        """All pairs that a select of two models finds."""

        async def run() -> list[tuple[Any, Any]]:
            return [(left, right) for left, right in (await self.exec(statement)).all()]

        return await self._alone(run)

    async def first(self, statement: SelectOfScalar[T]) -> T | None:
        """The first model that a select finds, or None."""
        found = await self.all(statement)
        return found[0] if found else None

    async def once(self, key: Hashable, find: Callable[[], Awaitable[T | None]]) -> T | None:
        """What was found for a key in this session before, and else is looked for now. What is not there is looked for
        again: it may have been written meanwhile.
        """
        if key not in self._found:
            found = await find()
            if found is None:
                return None
            self._found[key] = found
        return cast(T, self._found[key])

    async def by_id(self, model: type[M], row_id: UUID | None, *, lock: bool = False) -> M | None:
        """The row of an id that is visible in this scope, or None; locked against other writers if asked for."""
        if row_id is None:
            return None
        how: dict[str, Any] = {
            "with_for_update": {"key_share": True} if lock else None,
            "populate_existing": lock,
        }
        return await self._alone(lambda: self.get(model, row_id, **how))

    async def store(self, *models: Any) -> None:
        """Writes new or changed models now, so that constraints speak up here."""
        self.has_written = True

        async def run() -> None:
            self.add_all(models)
            await self.flush()

        await self._alone(run)

    async def remove(self, model: Any) -> None:
        """Deletes a row now."""
        await self._alone(lambda: self.delete(model))
        await self.store()
