"""Subscriptions, whatever carries them: prepared and measured as every document, and for each event one operation.

An event is executed as a query would be: in a place of its own, in a snapshot of the caller's scope, by our engine.
What it stands for is read then; if that may not be seen, nothing is told. Nothing but subscriptions is run here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import Enum
from inspect import isawaitable
from typing import Any, Protocol, cast

from graphql import ExecutionResult
from starlette.requests import HTTPConnection
from starlette.types import Message

from server import metrics
from server.edge import answers
from server.edge.answers import About, HttpRefusal, Payload
from server.edge.bodies import Asked
from server.edge.documents import Documents, Prepared
from server.edge.fairness import shares_of
from server.edge.faults import reported
from server.edge.guard import Operation
from server.edge.identity import LookUp
from server.edge.operation_figures import name_of
from server.edge.running import Runner, busy
from server.edge.shares import Stock
from server.errors import CallerError, CallerErrorCode
from server.security import Principal

OpenContext = Callable[[HTTPConnection, Principal | None], AbstractAsyncContextManager[Any]]
TRIES = 10
"""How often an event is tried for which there is no place, or no database."""
_SUBSCRIPTION = "subscription"


@dataclass(frozen=True)
class StreamLimits:
    """How many there may be, and how long one waits (seconds)."""

    connections: int = 500
    """Of all callers: each is an idle task and a descriptor."""
    connections_of_a_caller: int = 20
    """A browser has one for each tab."""
    subscriptions: int = 10
    """Of one connection."""
    messages: int = 100
    """That one connection may send within ten seconds."""
    greeting: float = 5
    """Until when a socket must have said who it is."""
    look_again: float = 60
    """After which it is looked up again who somebody is."""
    heartbeat: float = 15
    """After which something is sent where nothing happens, so that a connection that is lost is noticed."""


class Standing(Enum):
    """What has become of somebody's session."""

    SAME = "it goes on, with the same rights"
    OTHER = "it goes on, with other rights"
    ENDED = "it has ended"


@dataclass(frozen=True)
class Caller:
    """Who listens, and by which connection."""

    connection: HTTPConnection
    principal: Principal
    look_up: LookUp
    about: About

    async def standing(self) -> Standing:
        """What has become of the session. While the database is away nobody is sent away."""
        try:
            now = await self.look_up()
        except CallerError as refusal:  # no place to look it up; or it has ended, or its device was shut out
            return Standing.SAME if refusal.code is CallerErrorCode.RATE_LIMITED else Standing.ENDED
        except Exception as error:
            if answers.unavailable(error) is None:
                raise
            return Standing.SAME
        if now is None:
            return Standing.ENDED
        mine = self.principal
        is_same = (now.id, now.role, set(now.stations)) == (mine.id, mine.role, set(mine.stations))
        return Standing.SAME if is_same else Standing.OTHER


class Event(Protocol):
    """What a resolver of a subscription gives."""

    async def read(self, session: Any) -> object | None:
        """What it stands for, as the caller may see it; None if the caller may not."""


class Streams:
    """All that is followed in this process."""

    def __init__(
        self,
        documents: Documents,
        open_context: OpenContext,
        runner: Runner,
        deadline: float,
        limits: StreamLimits | None,
    ) -> None:
        self.limits = limits = limits or StreamLimits()
        self.ends = asyncio.Event()
        """The server ends: whoever follows something is told to come again, and finds another one."""
        self._documents, self._open_context = documents, open_context
        self._runner, self._deadline = runner, deadline
        self._connections = Stock(limits.connections, limits.connections_of_a_caller)

    def enter(self, holder: Hashable) -> bool:
        """Whether there is room for one more connection of this caller's; `leave` gives it back."""
        return not self.ends.is_set() and self._connections.take(holder, 1)

    def leave(self, holder: Hashable) -> None:
        """A connection is gone."""
        self._connections.give_back(holder, 1)

    @contextmanager
    def place(self, holder: Hashable) -> Iterator[None]:
        """Room for a connection, for the length of a block. HttpRefusal (503) if there is none."""
        if not self.enter(holder):
            raise busy()
        try:
            yield
        finally:
            self.leave(holder)

    async def prepared(self, asked: Asked, principal: Principal) -> tuple[Prepared, Operation]:
        """The subscription that is asked for. CallerError if it is none, or is not allowed."""
        prepared = await self._documents.prepared(asked.query, principal.id)
        operation = prepared.choose(asked.operation_name)
        if operation.kind != _SUBSCRIPTION:
            raise CallerError(CallerErrorCode.BAD_USER_INPUT, "Only subscriptions are streamed: send others with POST.")
        operation.check_cost(asked.variables or {}, self._documents.limits)
        return prepared, operation

    @asynccontextmanager
    async def following(
        self, caller: Caller, asked: Asked, prepared: Prepared, operation: Operation, transport: str
    ) -> AsyncIterator[AsyncIterator[Payload]]:
        """An answer for each event, as long as the block lasts. RefusedStream if it cannot begin."""
        about = About(caller.about.language, operation.name, prepared.hash)
        async with self._open_context(caller.connection, caller.principal) as context:
            source = await self._documents.subscribe(prepared, operation, asked.variables, context)
            if isinstance(source, ExecutionResult):
                raise RefusedStream({"errors": answers.execution_payload(source, about)["errors"]})
            with metrics.subscriptions.labels(name_of(operation), transport).track_inprogress():
                async with aclosing(cast("AsyncGenerator[Event, None]", source)) as events:
                    answered = self._answered(events, caller, asked, prepared, operation, about)
                    async with aclosing(answered) as payloads:
                        yield payloads

    async def _answered(
        self,
        events: AsyncIterator[Event],
        caller: Caller,
        asked: Asked,
        prepared: Prepared,
        operation: Operation,
        about: About,
    ) -> AsyncGenerator[Payload, None]:
        told = metrics.subscription_events.labels(name_of(operation))
        async for event in events:

            async def work(event: Event = event) -> Payload | None:
                async with self._open_context(caller.connection, caller.principal) as context:
                    row = await event.read(await context.session())
                    if row is None:
                        return None
                    result = self._documents.execute(prepared, operation, asked.variables, context, row)
                    return answers.execution_payload(await result if isawaitable(result) else result, about)

            payload = await self._in_the_end(work, caller)
            if payload is not None:
                told.inc()
                yield payload

    async def _in_the_end(
        self, work: Callable[[], Coroutine[Any, Any, Payload | None]], caller: Caller
    ) -> Payload | None:
        """What the work comes to, tried again where there was no place or no database: nobody tells of it again."""
        for _ in range(TRIES - 1):
            try:
                return await self._in_a_place(work, caller)
            except HttpRefusal as refusal:
                await asyncio.sleep(float(refusal.headers.get("retry-after", "2")))
        return await self._in_a_place(work, caller)

    async def _in_a_place(
        self, work: Callable[[], Coroutine[Any, Any, Payload | None]], caller: Caller
    ) -> Payload | None:
        shares = shares_of(caller.principal.id, caller.principal, "query")
        try:
            return await self._runner.run(work, receive=_never, deadline=self._deadline, cuttable=True, shares=shares)
        except CallerError:
            raise
        except Exception as error:
            if (away := answers.unavailable(error)) is not None:
                raise away from error
            raise


class RefusedStream(Exception):
    """A subscription that cannot begin; `payload` says why."""

    def __init__(self, payload: Payload) -> None:
        super().__init__("refused")
        self.payload = payload


async def _never() -> Message:
    """Whoever follows is known to have gone by the end of the connection, and not by asking here."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets it")


async def noted(standing: Awaitable[Standing]) -> Standing:
    """What was found out; a fault of ours is noted, and ends nothing."""
    try:
        return await standing
    except Exception as error:
        reported(error, place="subscription")
        return Standing.SAME


async def ended(task: asyncio.Task[Any]) -> None:
    """Ends a task, and waits for it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):  # it has told its own
        await task
