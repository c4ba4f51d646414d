"""Subscriptions over WebSockets, by the protocol graphql-transport-ws of https://github.com/enisdenjo/graphql-ws.

Close codes: 4400 a message that is none, 4401 not or no longer signed in, 4403 refused at the greeting, 4406 another
subprotocol, 4408 no greeting in time, 4409 an id that is in use, 4429 a second greeting or too many messages, 1012 the
server ends or the caller's rights have changed: come again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.addresses import place_of
from server.edge import answers
from server.edge.answers import About, HttpRefusal
from server.edge.bodies import Asked, asked_in, parse_json
from server.edge.fairness import address_of
from server.edge.identity import Identity, LookUp
from server.edge.language import language_of
from server.edge.streams import Caller, RefusedStream, Standing, Streams, ended, noted
from server.errors import CallerError, CallerErrorCode
from server.security import Principal

PROTOCOL: Final = "graphql-transport-ws"
_BAD, _UNAUTHORIZED, _FORBIDDEN, _NO_PROTOCOL, _LATE, _IN_USE, _TOO_MANY = 4400, 4401, 4403, 4406, 4408, 4409, 4429
_COME_AGAIN = 1012
_BUSY = 503
_WITHIN_SECONDS = 10.0


class _Closed(Exception):
    """The conversation is over."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def answer(socket: WebSocket, streams: Streams, identity: Identity) -> None:
    """Holds one conversation, to its end. Strangers are counted by their place until they have said who they are."""
    stranger = ("stranger", place_of(address_of(socket)))
    if not identity.is_ours(socket):
        await socket.send_denial_response(PlainTextResponse("Not for pages of others.", 403))
        return
    if not streams.enter(stranger):
        await socket.send_denial_response(PlainTextResponse("Too many connections.", 503, {"retry-after": "5"}))
        return
    conversation = _Conversation(socket, streams, identity, stranger)
    try:
        if PROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(_NO_PROTOCOL, "Subprotocol not acceptable")
            return
        await socket.accept(PROTOCOL)
        await conversation.hold()
    finally:
        await conversation.end()


class _Conversation:
    """What is said on one socket."""

    def __init__(self, socket: WebSocket, streams: Streams, identity: Identity, holder: Hashable) -> None:
        self._socket, self._streams, self._identity = socket, streams, identity
        self._holder: Hashable | None = holder
        self._caller: Caller | None = None
        self._greeted = self._over = False
        self._following: dict[str, asyncio.Task[None]] = {}
        self._watching: list[asyncio.Task[None]] = []
        self._times: deque[float] = deque(maxlen=streams.limits.messages)
        self._about = About(language_of(socket.headers.get("accept-language")))

    async def hold(self) -> None:
        """Answers messages until one side closes."""
        self._watch(self._watch_end())
        try:
            async with asyncio.timeout(self._streams.limits.greeting) as patience:
                while await self._next():
                    if self._caller is not None:
                        patience.reschedule(None)
        except TimeoutError:
            await self._close(_LATE, "Connection initialisation timeout")
        except _Closed as closed:
            await self._close(closed.code, closed.reason)

    async def end(self) -> None:
        """Nothing goes on after it."""
        for task in [*self._watching, *self._following.values()]:
            await ended(task)
        self._give_back()

    async def _next(self) -> bool:
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            return False
        now = time.monotonic()
        if len(self._times) == self._times.maxlen and now - self._times[0] < _WITHIN_SECONDS:
            raise _Closed(_TOO_MANY, "Too many messages")
        self._times.append(now)
        if message.get("text") is None:
            raise _Closed(_BAD, "Messages are texts")
        await self._hear(_read(message["text"]))
        return True

    async def _hear(self, said: dict[str, Any]) -> None:
        kind = said.get("type")
        if kind == "connection_init":
            await self._hear_greeting(said)
        elif kind == "ping":
            await self._say({"type": "pong"})
        elif kind == "subscribe":
            self._begin(said)
        elif kind == "complete":
            task = self._following.pop(_id(said), None)
            if task is not None:
                await ended(task)
        elif kind != "pong":
            raise _Closed(_BAD, "Unknown type of message")

    async def _hear_greeting(self, said: dict[str, Any]) -> None:
        if self._greeted:
            raise _Closed(_TOO_MANY, "Too many initialisation requests")
        self._greeted = True
        look_up = self._identity.look_up(self._socket, _authorization(said.get("payload")))
        principal = await self._principal(look_up)
        self._take_place(principal)
        self._caller = Caller(self._socket, principal, look_up, self._about)
        self._watch(self._look_again(self._caller))
        await self._say({"type": "connection_ack"})

    async def _principal(self, look_up: LookUp) -> Principal:
        try:
            principal = await look_up()
        except Exception as error:
            if (isinstance(error, HttpRefusal) and error.status == _BUSY) or answers.unavailable(error):
                raise _Closed(_COME_AGAIN, "Come again") from None
            if not isinstance(error, CallerError):
                raise
            principal = None
        if principal is None:
            raise _Closed(_FORBIDDEN, "Forbidden")
        return principal

    def _take_place(self, principal: Principal) -> None:
        self._give_back()
        if not self._streams.enter(principal.id):
            raise _Closed(_TOO_MANY, "Too many connections")
        self._holder = principal.id

    def _give_back(self) -> None:
        if self._holder is not None:
            self._streams.leave(self._holder)
            self._holder = None

    def _begin(self, said: dict[str, Any]) -> None:
        if self._caller is None:
            raise _Closed(_UNAUTHORIZED, "Unauthorized")
        name = _id(said)
        if name in self._following:
            raise _Closed(_IN_USE, f"Subscriber for {name} already exists")
        try:
            asked = asked_in(said.get("payload"))
        except HttpRefusal:
            raise _Closed(_BAD, "Not a request") from None
        has_room = len(self._following) < self._streams.limits.subscriptions
        self._following[name] = asyncio.create_task(self._follow(name, asked, self._caller, has_room=has_room))

    async def _follow(self, name: str, asked: Asked, caller: Caller, *, has_room: bool) -> None:
        try:
            if not has_room:
                raise CallerError(
                    CallerErrorCode.RATE_LIMITED,
                    f"A connection has at most {self._streams.limits.subscriptions} subscriptions.",
                )
            prepared, operation = await self._streams.prepared(asked, caller.principal)
            async with self._streams.following(caller, asked, prepared, operation, "socket") as payloads:
                async for payload in payloads:
                    await self._say({"type": "next", "id": name, "payload": payload})
            last: dict[str, Any] = {"type": "complete", "id": name}
        except RefusedStream as refused:
            last = {"type": "error", "id": name, "payload": refused.payload["errors"]}
        except Exception as error:
            last = {"type": "error", "id": name, "payload": answers.failure(error, caller.about)["errors"]}
        self._following.pop(name, None)
        await self._say(last)

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        self._watching.append(asyncio.create_task(work))

    async def _watch_end(self) -> None:
        await self._streams.ends.wait()
        await self._close(_COME_AGAIN, "Come again")

    async def _look_again(self, caller: Caller) -> None:
        standing = Standing.SAME
        while standing is Standing.SAME:
            await asyncio.sleep(self._streams.limits.look_again)
            standing = await noted(caller.standing())
        if standing is Standing.ENDED:
            await self._close(_UNAUTHORIZED, "Unauthorized")
        else:
            await self._close(_COME_AGAIN, "Come again")

    async def _say(self, message: dict[str, Any]) -> None:
        if not self._over:
            with self._until_it_is_over():
                await self._socket.send_text(orjson.dumps(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        if not self._over:
            with self._until_it_is_over():
                await self._socket.close(code, reason)
            self._over = True

    @contextmanager
    def _until_it_is_over(self) -> Iterator[None]:
        try:
            yield
        except WebSocketDisconnect:
            self._over = True


def _read(text: str) -> dict[str, Any]:
    try:
        said = parse_json(text)
    except HttpRefusal:
        raise _Closed(_BAD, "Not a message") from None
    if not isinstance(said, dict):
        raise _Closed(_BAD, "Not a message")
    return said


def _id(said: dict[str, Any]) -> str:
    name = said.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise _Closed(_BAD, "Messages of a subscription have an id")
    return name


def _authorization(payload: Any) -> str | None:
    """The header's value, as clients send it in the greeting: browsers can set no header on a socket."""
    if payload is None:
        return None
    if not isinstance(payload, dict):
        raise _Closed(_BAD, "Not a greeting")
    found = next((value for name, value in payload.items() if name.lower() == "authorization"), None)
    if found is not None and not isinstance(found, str):
        raise _Closed(_BAD, "Not a greeting")
    return found
