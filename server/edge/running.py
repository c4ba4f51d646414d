"""Runs operations: a bounded number at once, with a deadline, and knowing when the caller has gone.

A query is cancelled when it takes too long or when nobody waits for it any more. A mutation is never cut in the middle:
it runs in a task of its own to its end, whether or not somebody still listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from starlette.types import Receive

from server.edge.answers import HttpRefusal, silent_database
from server.edge.guard import too_expensive
from server.edge.shares import Queues, Share
from server.errors import CallerErrorCode, Sentence

T = TypeVar("T")
PATIENCE_SECONDS = 2.0
"""How long an operation waits for a place."""
_CANCELLING_SECONDS = 1.0
_STILL_WORKING = Sentence(
    "This takes longer than usual and is still being worked on. Repeat it with the same key to get its answer.",
    "Das dauert länger als sonst und wird noch bearbeitet. Bitte mit demselben idempotencyKey wiederholen.",
)
_BUSY = Sentence(
    "The server is busy: try again in a moment.", "Der Server ist ausgelastet: bitte gleich noch einmal versuchen."
)


@dataclass(frozen=True)
class Pace:
    """How many operations run at once, how long one waits for a place, and until when it must have ended (seconds)."""

    query_deadline: float = 10
    mutation_deadline: float = 100
    at_once: int = 32
    patience: float = PATIENCE_SECONDS


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; `silent_database` if it takes longer. It is ended then, and not waited for: a connection
    that hangs takes its time to end.
    """
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.add_done_callback(_heard)
        task.cancel()
        raise silent_database()
    return task.result()


def _heard(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()  # nobody is left to hear of it


class CallerGone(Exception):
    """The caller closed the connection: nobody will read an answer."""


class Places:
    """So many at once; who finds none waits a little (seconds), then is told to come back. Whoever has shares waits for
    those first, and takes no place meanwhile.
    """

    def __init__(self, at_once: int, *, patience: float = PATIENCE_SECONDS) -> None:
        self._all = Share(self, at_once)
        self._queues = Queues()
        self._patience = patience

    async def take(self, shares: Sequence[Share] = ()) -> None:
        """Takes a place. HttpRefusal (503) if none becomes free in time."""
        try:
            async with asyncio.timeout(self._patience):
                await self._queues.take((*shares, self._all))
        except TimeoutError:
            raise busy() from None

    def give_back(self, shares: Sequence[Share] = ()) -> None:
        """Gives a place to the next who waits."""
        self._queues.give_back((*shares, self._all))

    @asynccontextmanager
    async def one(self, *shares: Share) -> AsyncIterator[None]:
        """A place for the length of a block."""
        await self.take(shares)
        try:
            yield
        finally:
            self.give_back(shares)


def busy() -> HttpRefusal:
    """The refusal of what may well be asked for again."""
    return HttpRefusal(503, _BUSY, CallerErrorCode.RATE_LIMITED, retry_after="2")


class Runner:
    """Places for operations. Whatever runs is known here until its end."""

    def __init__(self, at_once: int, *, patience: float = PATIENCE_SECONDS) -> None:
        self._places = Places(at_once, patience=patience)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        *,
        receive: Receive,
        deadline: float,
        cuttable: bool,
        shares: Sequence[Share] = (),
    ) -> T:
        """The result of the work. Raises CallerGone, or a CallerError if there is no place or it takes too long."""
        await self._places.take(shares)
        task = asyncio.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, shares))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            done, _ = await asyncio.wait({task, gone}, timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if cuttable:
                task.cancel()
            raise
        finally:
            gone.cancel()
        if task in done:
            return task.result()
        if cuttable:
            task.cancel()
            # A moment to give back its connection; what ignores being cancelled keeps its place until it ends.
            await asyncio.wait({task}, timeout=_CANCELLING_SECONDS)
        if gone in done:
            raise CallerGone
        if cuttable:
            raise too_expensive("The query took too long: ask for less.")
        raise HttpRefusal(
            504,
            _STILL_WORKING,
            CallerErrorCode.RATE_LIMITED,
        )

    async def drain(self, seconds: float) -> bool:
        """Waits for what still runs, when the server ends; returns whether everything has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        return not self._tasks

    def _ended(self, shares: Sequence[Share], task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._places.give_back(shares)
        if not task.cancelled():
            # Looked at, so that asyncio does not print it: the work has logged its own failures already.
            task.exception()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
