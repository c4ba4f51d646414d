"""The database: connections, who is asking (scope), and the only place that commits.

Every transaction runs in the role of its kind of caller and begins by telling PostgreSQL who is asking; row-level
security does the rest. Without a scope there are no rows. A wider scope is asked for by name: `SYSTEM` is greppable.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import psycopg.sql
from sqlalchemy import Row, event, text
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from server.clock import Clock
from server.database.connections import UNACKNOWLEDGED, WatchedConnection, conninfo
from server.database.roles import Caller

T = TypeVar("T")
M = TypeVar("M", bound=SQLModel)
_SET_SCOPE = text(
    # The role anew: a pooler that was set to share sessions while we run may give us somebody else's.
    "select set_config('role', :role, true), set_config('app.stations', :stations, true),"
    " set_config('app.web_stations', :web_stations, true), set_config('app.client', :client, true),"
    " set_config('app.principal', :principal, true)"
)
_SET_TIME = text("select set_config('app.now', :now, true)")
CONNECTIONS = {Caller.STAFF: 24, Caller.SYSTEM: 20, Caller.WEBSITE: 10, Caller.ADMIN: 6, Caller.RETENTION: 3}
"""How many connections there may be for each kind of caller; a third of them are kept open. A pool for each: a
connection that changed its role would plan its prepared statements anew. Together they are fewer than the private
cluster allows (80), and whoever holds one waits only for one of another kind.
"""


@dataclass(frozen=True)
class Scope:
    """Which rows a transaction may see.

    `stations`: those that a member of staff works at. `web_stations` and `client`: those whose prices a website may
    see, and the API client whose bookings it may see. `principal`: the user's own id. `everything`: no limit, for an
    administrator (who has an id) and for the system. `erases`: may delete what is kept, past its triggers.
    """

    stations: tuple[UUID, ...] = ()
    web_stations: tuple[UUID, ...] = ()
    client: UUID | None = None
    principal: UUID | None = None
    everything: bool = False
    erases: bool = False

    @property
    def caller(self) -> Caller:
        """The database's role for this scope: the only place that chooses it."""
        if self.erases:
            return Caller.RETENTION
        if self.everything:
            return Caller.SYSTEM if self.principal is None else Caller.ADMIN
        return Caller.STAFF if self.client is None else Caller.WEBSITE

    def settings(self) -> dict[str, str]:
        """The scope as PostgreSQL settings of one transaction."""
        return {
            "stations": _array(self.stations),
            "web_stations": _array(self.web_stations),
            "client": str(self.client or ""),
            "principal": str(self.principal or ""),
        }


SYSTEM = Scope(everything=True)
"""The wider scope of work that belongs to nobody's station: jobs, sagas, sign-in."""
RETENTION = Scope(everything=True, erases=True)
"""The scope of what erases, when the clocks of the law have run out: it finds what it looks at, and little else."""
ADMINISTRATION = Scope(everything=True, principal=UUID(int=0))
"""An administrator who is nobody: who works at the command line, and demo data."""


def _array(ids: tuple[UUID, ...]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"


class Session(AsyncSession):
    """A session that several resolvers of one operation may use: GraphQL runs sibling fields concurrently, a database
    connection does one thing at a time (https://docs.sqlalchemy.org/en/21/errors.html#error-isce).

    A statement that has begun goes on when its resolver is cancelled, which happens when a sibling has failed: cut off,
    it would take the connection with it, and everything else that the operation still reads.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._one_at_a_time = asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self.after_commit: list[Callable[[], None]] = []
        self.has_written = False

    def once_committed(self, tell: Callable[[], None]) -> None:
        """Calls this when the transaction has been committed, and never if it was rolled back: for logs and figures."""
        self.after_commit.append(tell)

    async def _alone(self, work: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            async with self._one_at_a_time:
                return await work()

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
        try:
            await super().close()
        except DBAPIError:  # the connection was lost with a statement that was cut off
            await self.invalidate()

    async def rows(self, statement: Any, parameters: dict[str, Any] | None = None) -> list[Row[Any]]:
        """All rows of a statement, SQL text or expression."""
        sql = text(statement) if isinstance(statement, str) else statement

        async def run() -> list[Row[Any]]:
            connection = await self.connection()
            return list((await connection.execute(sql, parameters or {})).all())

        return await self._alone(run)

    async def value(self, statement: Any, parameters: dict[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        found = await self.rows(statement, parameters)
        return found[0][0] if found else None

    async def write(self, statement: Any, parameters: dict[str, Any] | list[dict[str, Any]] | None = None) -> int:
        """Runs a changing statement and returns the number of rows that it touched."""
        sql = text(statement) if isinstance(statement, str) else statement
        self.has_written = True

        async def run() -> int:
            connection = await self.connection()
            return (await connection.execute(sql, parameters or {})).rowcount

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


class Database:
    """Connections to one database, and transactions in a scope. One that has written tells the database what the clock
    says: at its commit the database writes by it when a contract was changed.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._url, self.clock = url, clock
        self.engines = {caller: _engine(url, caller, most) for caller, most in CONNECTIONS.items()}
        self._sessions = {caller: _sessions(engine) for caller, engine in self.engines.items()}
        readonly: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._snapshots = {
            caller: _sessions(engine.execution_options(**readonly)) for caller, engine in self.engines.items()
        }

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[Session]:
        """One transaction: committed at the end, rolled back if anything is raised."""
        async with self._sessions[scope.caller]() as session:
            await _begin(session, scope)
            yield session
            if session.has_written or session.dirty:
                await session.rows(_SET_TIME, {"now": self.clock.now().isoformat()})
            await session.commit()
            for tell in session.after_commit:
                tell()

    @asynccontextmanager
    async def snapshot(self, scope: Scope) -> AsyncIterator[Session]:
        """A read-only view of one instant: everything that is read in it fits together."""
        async with self._snapshots[scope.caller]() as session:
            await _begin(session, scope)
            yield session

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[AsyncIterator[str]]:
        """What is notified on one channel, on a connection of its own."""
        connection = await psycopg.AsyncConnection.connect(conninfo(self._url), autocommit=True, **UNACKNOWLEDGED)
        try:
            await connection.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(channel)))
            yield (notification.payload async for notification in connection.notifies())
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


async def _begin(session: Session, scope: Scope) -> None:
    if not scope.everything:  # who sees everything has nothing to say about which rows
        await session.rows(_SET_SCOPE, {"role": scope.caller.value, **scope.settings()})


def _engine(url: str, caller: Caller, most: int) -> AsyncEngine:
    engine = create_async_engine(
        "postgresql+psycopg://",
        async_creator=lambda: WatchedConnection.of_role(url, caller.value),
        pool_size=most // 3,
        max_overflow=most - most // 3,
        pool_timeout=30,
        pool_pre_ping=True,
        hide_parameters=True,  # what customers typed is in no message and no log
        # The connection that was used last comes first: it has prepared the statements and seen the policies already.
        pool_use_lifo=True,
    )

    @event.listens_for(engine.sync_engine, "handle_error")
    def leave_what_takes_no_writes(context: ExceptionContext) -> None:
        """A server that takes no writes any more is no better than none: a new connection may find another one. In a
        transaction that may only read by our own wish it is a fault of ours.
        """
        connection, error = context.connection, context.original_exception
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction) and connection is not None:
            ours = connection.get_execution_options().get("postgresql_readonly", False)
            context.is_disconnect = context.is_disconnect or not ours

    return engine
