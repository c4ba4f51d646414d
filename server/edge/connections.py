"""HTTP/1.1 connections with bounds of their own: uvicorn bounds neither the head of a request nor how long it takes.

A head (request line and headers) may be so large and take so long to arrive; what frames a body (chunk sizes,
trailers) may not outgrow the body; who does not read the answer is not waited for; and whoever goes on sending after
the answer is hung up on. There are so many connections, and so many from one place. Bodies themselves are counted where
they are read (`limits.BodyLimit`, `bodies`). Who asks for a WebSocket gets one where there are some, and the connection
goes on counting; elsewhere the answer of the route, and none of this ends with the question.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from server.addresses import place_of
from server.edge.limits import SECURITY_HEADERS

_log = structlog.get_logger("connections")
_NOTED_EVERY_SECONDS = 60.0
SOCKET_MESSAGE_BYTES = 128 * 1024
"""A document may have 64 KB, and its variables need some room beside it."""


@dataclass(frozen=True)
class Bounds:
    """In bytes and seconds."""

    head_bytes: int = 32 * 1024
    head_seconds: float = 10.0
    framing_bytes: int = 64 * 1024
    """Chunk sizes and trailers beside the body itself; more only if the body is larger."""
    unread_seconds: float = 30.0
    """How long an answer may lie unread before the connection is cut."""
    rest_bytes: int = 1024 * 1024
    """What is read, and thrown away, of a body that was answered before its end; a caller who is hung up on at once
    may lose the answer.
    """
    rest_seconds: float = 5.0
    connections: int = 1000
    """At a time; each takes a descriptor of the process, and up to 64 KB that were read ahead."""
    connections_of_a_place: int = 250
    """The same from one address (of IPv6: network). A dealership, or a proxy, has fewer at work at a time."""


class State(ServerState):
    """What the connections of a server share."""

    ends = False
    """The server is about to end: every answer closes its connection, so that the caller's next request goes elsewhere.
    """


class BoundedHttp(HttpToolsProtocol):
    """One connection. The parser reports what it has read; the bytes are counted before it reads them."""

    bounds = Bounds()
    _noted_again_at: ClassVar[float] = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn itself
        """Waits for the first head."""
        super().connection_made(transport)
        self.place = place_of(self.client[0]) if self.client else ""
        self._head_bytes, self._in_head, self._in_message = 0, True, False
        self._wire_bytes, self._body_bytes = 0, 0
        self._cut: asyncio.TimerHandle | None = None
        self._rest_from: int | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        if (beyond := self._bound_beyond()) is None:
            self._await_head()
        else:
            self._note_once_in_a_while(beyond)
            self._refuse(503, "There are too many connections: try again in a moment.")

    def _bound_beyond(self) -> str | None:
        """Which bound this connection is the first beyond; itself is among those that are counted."""
        if len(self.connections) > self.bounds.connections:
            return "connections"
        if (
            sum(getattr(one, "place", "") == self.place for one in self.connections)
            > self.bounds.connections_of_a_place
        ):
            return "connections_of_a_place"
        return None

    def _note_once_in_a_while(self, bound: str) -> None:
        """A flood must not become one of the log."""
        now = self.loop.time()
        if now >= BoundedHttp._noted_again_at:
            BoundedHttp._noted_again_at = now + _NOTED_EVERY_SECONDS
            _log.warning(
                "connections.refused", bound=bound, most=getattr(self.bounds, bound), open=len(self.connections)
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._forget_head()
        self._forget_cut()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feeds the parser no more of a head than it may have."""
        if self._in_head:
            if self._head_timer is None:
                self._await_head()
            allowed = self.bounds.head_bytes - self._head_bytes
            data, rest = data[:allowed], data[allowed:]
            self._head_bytes += len(data)
            self._feed(data)
            data = rest
            if self._head_bytes >= self.bounds.head_bytes:  # the parser sets it to nothing where a head ends
                self._refuse(431, "The request line and headers are too large.")
        if data and not self.transport.is_closing():
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        self._wire_bytes += len(data)
        super().data_received(data)
        if self._in_message and not self._in_head and self._is_beyond():
            self._hang_up()

    def _is_beyond(self) -> bool:
        """Whether more of a body was sent than is read, or more around it than it is worth."""
        if self._rest_from is not None and self._wire_bytes - self._rest_from > self.bounds.rest_bytes:
            return True
        framing = self._wire_bytes - self._body_bytes
        return framing > self.bounds.framing_bytes + self._body_bytes

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = self._in_message = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is over; its bytes do not count for the body."""
        self._in_head, self._head_bytes = False, 0
        self._wire_bytes = self._body_bytes = 0
        self._forget_head()
        super().on_headers_complete()
        if getattr(self.server_state, "ends", False) and self._owes_an_answer():  # a socket is nobody's answer
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Counts what is really meant."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is over; a next head may follow."""
        self._in_head, self._in_message, self._head_bytes = True, False, 0
        if self._rest_from is not None:
            self._rest_from = None
            self._forget_cut()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Of a request that goes on after its answer only a little is read, for a short time."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._cut_later(self.bounds.unread_seconds)
        elif self._in_message:
            self._rest_from = self._wire_bytes
            self._cut_later(self.bounds.rest_seconds)

    def pause_writing(self) -> None:
        """The answer is not being read."""
        super().pause_writing()
        self._cut_later(self.bounds.unread_seconds)

    def resume_writing(self) -> None:
        """It is, after all."""
        super().resume_writing()
        if not self.transport.is_closing() and self._rest_from is None:
            self._forget_cut()

    def timeout_keep_alive_handler(self) -> None:
        """An idle connection ends, whether or not the other side has read everything."""
        super().timeout_keep_alive_handler()
        self._cut_later(self.bounds.unread_seconds)

    def close_after_answer(self) -> None:
        """Keeps the connection no longer than an answer that is under way."""
        if self._owes_an_answer():
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """The server ends: whoever has not sent a whole request by now is not waited for, as nothing was begun."""
        if self._in_message and not self._is_answering():
            self._hang_up()
        else:
            super().shutdown()

    def _is_answering(self) -> bool:
        cycle: object | None = self.cycle
        return cycle is not None and self.cycle.response_started

    def _should_upgrade_to_ws(self) -> bool:
        kind = self.ws_protocol_class
        return (
            isinstance(kind, type)
            and issubclass(kind, BoundedSocket)
            and self.scope["method"] == "GET"
            and self.url.partition(b"?")[0] in kind.paths
        )

    def _unsupported_upgrade_warning(self) -> None:
        """Anybody may ask; the log has no line for it."""

    def _refuse(self, status: int, message: str) -> None:
        """Answers a head that is not read to its end, unless an answer before it is still to come; then hangs up."""
        if self.transport.is_closing():
            return
        if not self._owes_an_answer():
            headers = {
                "content-type": "text/plain; charset=utf-8",
                "content-length": str(len(message)),
                "connection": "close",
                **({"retry-after": "5"} if status == 503 else {}),
                **SECURITY_HEADERS,
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            self.transport.write(STATUS_LINE[status] + f"{lines}\r\n{message}".encode("ascii"))
        self._hang_up()

    def _owes_an_answer(self) -> bool:
        cycle: object | None = self.cycle  # uvicorn declares that there always is one
        return cycle is not None and not self.cycle.response_complete

    def _hang_up(self) -> None:
        self._forget_head()
        self.transport.close()
        self._cut_later(self.bounds.unread_seconds)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._in_head and self._head_bytes:
            self._refuse(408, "The request line and headers took too long to arrive.")
        elif self._in_head:
            self._hang_up()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.bounds.head_seconds, self._head_is_late)

    def _cut_later(self, seconds: float) -> None:
        if self._cut is None:
            self._cut = self.loop.call_later(seconds, self.transport.abort)

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _forget_cut(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


class BoundedSocket(WebSocketsSansIOProtocol):
    """A connection that has become a WebSocket: it still counts, and whoever does not read is not waited for."""

    bounds = BoundedHttp.bounds
    paths: ClassVar[frozenset[bytes]] = frozenset({b"/graphql"})
    """Where there are sockets."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for messages."""
        super().connection_made(transport)
        self.place = place_of(self.client[0]) if self.client else ""
        self._cut: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._forget_cut()
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        """Sends what the application says. One that was refused by an answer needs no word in the log."""
        await super().send(message)
        self.handshake_complete |= message["type"] == "websocket.http.response.body"

    def pause_writing(self) -> None:
        """What was sent is not being read."""
        super().pause_writing()
        self._cut = self._cut or self.loop.call_later(self.bounds.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It is, after all."""
        super().resume_writing()
        self._forget_cut()

    def _forget_cut(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None
