"""The database: connections, who is asking (scope), and the only place that commits.

Every transaction runs in the role of its kind of caller and begins by telling PostgreSQL who is asking; row-level
security does the rest. Without a scope there are no rows. A wider scope is asked for by name: `SYSTEM` is greppable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import psycopg
import psycopg.sql
from psycopg.rows import namedtuple_row
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import AdaptedConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from server.clock import Clock
from server.database import changes, memory
from server.database.changes import Changes
from server.database.connections import LISTENING, WatchedConnection, conninfo
from server.database.lease import OPENING, Lease, tell_sqlalchemy
from server.database.memory import Memory, Recollection
from server.database.news import News, follow
from server.database.roles import Caller
from server.database.scope import ADMINISTRATION, RETENTION, SYSTEM, Scope
from server.database.session import Session
from server.database.text_sql import for_driver

__all__ = ["ADMINISTRATION", "CONNECTIONS", "RETENTION", "SYSTEM", "Database", "Scope", "Session"]
READS_ONLY = "reads_only"
"""The option of an engine whose transactions may only read, by our own wish."""
_SET_TIME = """select set_config('app.now', :now, true),
  coalesce(current_setting('app.reference', true), '') <> '' as has_changed"""
CONNECTIONS = {Caller.STAFF: 24, Caller.SYSTEM: 20, Caller.WEBSITE: 10, Caller.ADMIN: 6, Caller.RETENTION: 3}
"""How many connections there may be for each kind of caller; a third of them are kept open. A pool for each: a
connection that changed its role would plan its prepared statements anew. Together they are fewer than the private
cluster allows (80), and whoever holds one waits only for one of another kind.
"""


class Database:
    """Connections to one database, and transactions in a scope. One that has written tells the database what the clock
    says: at its commit the database writes by it when a contract was changed.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self.clock = url, clock
        self.memory, self.changes = Memory(), Changes()
        self.engines = {caller: _engine(url, caller, most) for caller, most in CONNECTIONS.items()}
        self._sessions = {caller: _sessions(engine) for caller, engine in self.engines.items()}
        self._reading = {
            caller: engine.execution_options(**{READS_ONLY: True}) for caller, engine in self.engines.items()
        }
        self._snapshots = {caller: _sessions(engine) for caller, engine in self._reading.items()}

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[Session]:
        """One transaction: committed at the end, rolled back if anything is raised."""
        async with self._sessions[scope.caller]() as session:
            session.will_open(scope.opening)
            await session.open()
            yield session
            has_changed = await self._complete(session)
            await session.commit()
            if has_changed:
                self.memory.forget()
            for tell in session.after_commit:
                tell()

    async def _complete(self, session: Session) -> bool:
        """Says when what was written was written, which the commit's own triggers want to know; returns whether what
        is kept in memory was changed.
        """
        if session.dirty:
            await session.store()
        if not session.has_written:
            return False
        (said,) = await session.rows(_SET_TIME, {"now": self.clock.now().isoformat()})
        return bool(said.has_changed)

    async def hearing(self) -> None:
        """Listens for changes, until it is cancelled: of what is kept in memory, without which nothing is kept, and of
        contracts and cars, for those who follow them.
        """
        channels = (memory.CHANNEL, changes.CHANNEL)
        await follow(
            self.listen, *channels, heard=self._hear, begins=self._begin_to_hear, ends=self.memory.hears_nothing
        )

    def _hear(self, news: News) -> None:
        if news.channel == changes.CHANNEL:
            self.changes.tell(news.said)
        else:
            self.memory.forget()

    def _begin_to_hear(self) -> None:
        self.memory.hears()
        self.changes.miss()

    @asynccontextmanager
    async def snapshot(
        self, scope: Scope, *, owner: asyncio.Task[Any] | None = None, remembers: bool = False
    ) -> AsyncIterator[Session]:
        """A read-only view of one instant, that of its first statement: everything that is read in it fits together.
        `owner` is the task of the operation that reads in it, if that is not the one that opens it. `remembers`: what
        hardly changes may come from memory; not for who writes by what is read here.
        """
        async with self._snapshots[scope.caller]() as session:
            session.owner = owner or session.owner
            session.recollection = Recollection(self.memory, scope) if remembers else None
            session.lease = Lease(self._reading[scope.caller])
            session.will_open(scope.opening_of_snapshot)
            yield session

    async def look_up(self, scope: Scope, sql: str, parameters: dict[str, Any]) -> Sequence[Any]:
        """All rows of one reading statement, which is a transaction of its own: one message there and one back. Only
        for a scope of everything, for others are told in a message before.
        """
        if not scope.everything:
            raise ValueError("this scope needs a transaction")
        try:
            return await self._look_up(scope, sql, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await self._look_up(scope, sql, parameters)

    async def _look_up(self, scope: Scope, sql: str, parameters: dict[str, Any]) -> Sequence[Any]:
        lease = Lease(self.engines[scope.caller])
        try:
            driver = await lease.take()
            try:
                cursor = await driver.cursor(row_factory=namedtuple_row).execute(for_driver(sql), parameters)
                return await cursor.fetchall()
            except psycopg.Error as error:
                await lease.tell(sql, error)
        finally:
            await lease.give_back()

    @asynccontextmanager
    async def listen(self, *channels: str) -> AsyncIterator[AsyncIterator[News]]:
        """What is notified on some channels, on a connection of its own."""
        connection = await psycopg.AsyncConnection.connect(conninfo(self._url), autocommit=True, **LISTENING)
        try:
            for channel in channels:
                await connection.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(channel)))
            yield (News(one.channel, one.payload) async for one in connection.notifies())
        except psycopg.errors.ReadOnlySqlTransaction as error:
            raise psycopg.OperationalError("the database takes no writes, and tells no news") from error
        finally:
            await connection.close()

    async def close(self) -> None:
        """Closes all connections."""
        for engine in self.engines.values():
            await engine.dispose()


def _sessions(engine: AsyncEngine) -> async_sessionmaker[Session]:
    # Closed is closed: what an operation left behind would begin a transaction anew, which nobody ends.
    return async_sessionmaker(engine, class_=Session, expire_on_commit=False, close_resets_only=False)


def _engine(url: str, caller: Caller, most: int) -> AsyncEngine:
    engine = create_async_engine(
        "postgresql+psycopg://",
        async_creator=lambda: WatchedConnection.of_role(url, caller.value),
        pool_size=most // 3,
        max_overflow=most - most // 3,
        pool_timeout=30,
        hide_parameters=True,  # what customers typed is in no message and no log
        # The connection that was used last comes first: it has prepared the statements and seen the policies already.
        pool_use_lifo=True,
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        """The connections begin nothing by themselves: the message that begins also says who is asking."""
        options = connection.get_execution_options()
        if options.get(READS_ONLY) and OPENING not in options:
            raise RuntimeError("a snapshot begins with its first statement, which says who is asking")
        opening = options.get(OPENING, "begin")
        if not opening:
            return
        driver = cast(AdaptedConnection, connection.connection.dbapi_connection)
        try:
            driver.run_async(lambda it: it.execute(opening))
        except psycopg.Error as error:
            tell_sqlalchemy(connection, opening, error)

    @event.listens_for(engine.sync_engine, "handle_error")
    def leave_what_takes_no_writes(context: ExceptionContext) -> None:
        """A server that takes no writes any more is no better than none: a new connection may find another one. In a
        transaction that may only read by our own wish it is a fault of ours.
        """
        connection, error = context.connection, context.original_exception
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction) and connection is not None:
            ours = connection.get_execution_options().get(READS_ONLY, False)
            context.is_disconnect = context.is_disconnect or not ours

    return engine
