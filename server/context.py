"""What a resolver may use: who is asking, the current session, loaders, the clock, the outside world."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import SQLModel

from server.batches import Batch, Key, Value
from server.clock import SystemClock
from server.config import Settings
from server.database import Scope, Session
from server.errors import CallerError, CallerErrorCode, Sentence
from server.loaders import Loaders
from server.models.staff import Role
from server.security import Principal
from server.services.acting import Acting
from server.services.handover import approvals
from server.services.handover.approvals import Approval
from server.services.outside import Outside

Row = TypeVar("Row", bound=SQLModel)


@dataclass
class Context:
    """One operation. Reads happen in one snapshot of the caller's scope; a mutation has a transaction of its own, and
    what is read for its answer comes from a new snapshot after its commit.
    """

    outside: Outside
    settings: Settings
    caller: Principal | None
    address: str
    language: str
    now: datetime
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _session: Session | None = None
    _price_session: Session | None = None
    _loaders: Loaders | None = None
    zones: dict[UUID, ZoneInfo] = field(default_factory=dict)
    """The time zones of stations and of vehicles that this operation has met."""
    # Sibling fields run concurrently: without it each would open a snapshot of its own.
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _closed: bool = False
    _task: asyncio.Task[Any] | None = field(default_factory=asyncio.current_task)
    """That of the whole operation."""

    def __post_init__(self) -> None:
        """The zones of the caller's own stations came with the token, and need no look-up."""
        self.zones |= self.caller.zones if self.caller else {}

    @property
    def principal(self) -> Principal:
        """Who is asking; UNAUTHENTICATED if nobody has signed in."""
        if self.caller is None:
            raise CallerError(
                CallerErrorCode.UNAUTHENTICATED,
                Sentence(
                    "Please sign in, or send an API key.",
                    "Bitte melden Sie sich an, oder senden Sie einen API-Schlüssel.",
                ),
            )
        return self.caller

    @property
    def is_website(self) -> bool:
        """Whether an API client is asking."""
        return self.principal.role is Role.WEB

    @property
    def acting(self) -> Acting:
        """Who acts, and when: for services that leave a trace."""
        return Acting(self.now, self.principal)

    async def approval(self, token: str | None) -> Approval | None:
        """What a manager's token that came beside the caller's own stands for; None if none did."""
        return await approvals.shown(self.outside.database, token, now=SystemClock().now())

    async def session(self) -> Session:
        """The snapshot or transaction that the operation is in."""
        async with self._opening:
            self._still_open()
            if self._session is None:
                snapshot = self.outside.database.snapshot(self.principal.scope, owner=self._task, remembers=True)
                self._session = await self._stack.enter_async_context(snapshot)
            return self._session

    async def price_session(self) -> Session:
        """A snapshot in which free cars can be counted: for a website a wider one than its own."""
        if not self.is_website:
            return await self.session()
        async with self._opening:
            self._still_open()
            if self._price_session is None:
                snapshot = self.outside.database.snapshot(self.principal.price_scope, owner=self._task, remembers=True)
                self._price_session = await self._stack.enter_async_context(snapshot)
            return self._price_session

    async def load(self, batch: Batch[Key, Value], key: Key) -> Value:
        """What a batch function finds for a key in the current session, together with what others ask for meanwhile."""
        return await (await self._loaded()).load(batch, key)

    async def load_all(self, batch: Batch[Key, Value], keys: Sequence[Key]) -> Mapping[Key, Value | Exception]:
        """The same for many keys: what was found, by its key; an exception where nothing could be."""
        return await (await self._loaded()).load_all(batch, keys)

    async def know(self, batch: Batch[Key, Any], known: Mapping[Key, Any]) -> None:
        """Keeps what a service has found in the current session, so that relations need no statement for it."""
        (await self._loaded()).know(batch, known)

    async def _loaded(self) -> Loaders:
        session = await self.session()
        if self._loaders is None:
            self._loaders = Loaders(session)
        return self._loaders

    def write(self) -> AbstractAsyncContextManager[Session]:
        """The transaction of one mutation, in the caller's scope."""
        return self.transaction(self.principal.scope)

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[Session]:
        """The transaction of a mutation that needs another scope than the caller's."""
        await self.start_anew()
        async with self.outside.database.transaction(scope) as session:
            yield session

    async def start_anew(self) -> None:
        """Ends the snapshot that was read from: what comes next must see what was just written."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        self._session = self._price_session = self._loaders = None
        self.now = self.outside.clock.now()

    async def session_anew(self) -> Session:
        """A new snapshot: what a mutation has just written is in it."""
        await self.start_anew()
        return await self.session()

    async def read_anew(self, kind: type[Row], row_id: UUID) -> Row:
        """A row as a mutation has left it, from a new snapshot."""
        row = await (await self.session_anew()).by_id(kind, row_id)
        if row is None:
            message = f"{kind.__name__} is not there after it was written"
            raise LookupError(message)
        return row

    async def close(self) -> None:
        """Gives the connections back."""
        self._closed = True
        try:
            async with self._opening:  # who is just opening a snapshot puts it where it is closed
                pass
        finally:
            await self._stack.aclose()
            # What was read would wait for the garbage collector: graphql-core's executor refers to itself, and to this.
            self._session = self._price_session = self._loaders = None

    def _still_open(self) -> None:
        # graphql-core goes on with what nobody needs any more, after it has answered. A snapshot that it opened then
        # would be closed by nobody.
        if self._closed:
            raise RuntimeError("the operation has ended")

    def link(self, path: str) -> str:
        """A link to a picture or document that a browser can open for a quarter of an hour."""
        return self.link_until(path)[0]

    def link_until(self, path: str) -> tuple[str, datetime]:
        """The same, and until when it works."""
        # By the machine's clock, like sessions: a link must not end because the sandbox's clock was moved.
        expires = int(SystemClock().now().timestamp()) + 900
        link = f"{self.outside.base_url}{self.outside.links.signed(path, expires)}"
        return link, datetime.fromtimestamp(expires, UTC)
