"""Small ASGI middlewares that other routes can use too: security headers, the time, and a limit for bodies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server import metrics

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""For answers that are data. Pages bring a policy of their own."""


class SecurityHeaders:
    """Adds security headers that an answer does not have yet."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = SECURITY_HEADERS) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and completes the answer's headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    present.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


_HOST = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


class ReadableHost:
    """Answers 400 to a `Host` that is no name or address: whoever makes an address of it would stumble."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or refuses it. Without the header (HTTP/1.0) there is nothing to stumble over."""
        if scope["type"] == "http":
            named = Headers(scope=scope).getlist("host")
            if len(named) > 1 or not all(_HOST.fullmatch(name) for name in named if name):
                await PlainTextResponse("The Host header names no host.", 400)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class CountedAnswers:
    """Counts answers by the hundreds of their status: `5xx` is what whoever watches is woken for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and looks at the answer's status."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                metrics.responses.labels(f"{message['status'] // 100}xx").inc()
            await send(message)

        await self._app(scope, receive, counted if scope["type"] == "http" else send)


class ServerTime:
    """Tells the server's clock with every answer (`X-Server-Time`, ISO 8601), also with refusals: a device whose own
    clock is wrong would record hand-overs at the wrong time.
    """

    def __init__(self, app: ASGIApp, now: Callable[[], datetime]) -> None:
        self._app = app
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and adds the header to the answer."""

        async def send_with_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-server-time"] = self._now().isoformat()
            await send(message)

        await self._app(scope, receive, send_with_time if scope["type"] == "http" else send)


ARRIVAL_SECONDS: Final = 15.0
"""How long a body may take to arrive."""
FORM_BYTES: Final = 64 * 1024
"""More than a form is not read where anybody may post."""


class BodyRefused(HTTPException):
    """The body is too large or too slow. Starlette answers with it if it meets it before we do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message, {**SECURITY_HEADERS, "connection": "close"})


def _too_large() -> BodyRefused:
    return BodyRefused(413, "The body is too large.")


class BodyLimit:
    """Answers 413 as soon as a body turns out to be too large, whatever its Content-Length says, and 408 when it has
    not arrived in time.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = FORM_BYTES, seconds: float = ARRIVAL_SECONDS) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, counts what arrives and looks at the clock."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived, started, ended = 0, False, False
        deadline = asyncio.get_running_loop().time() + self._seconds

        async def counted() -> Message:
            nonlocal arrived, ended
            if ended:  # whoever still listens waits for the caller to hang up, and may wait long
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise BodyRefused(408, "The body took too long to arrive.") from None
            arrived += len(message.get("body", b""))
            ended = not message.get("more_body", False)
            if arrived > self._most_bytes:
                raise _too_large()
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if announced_length(Headers(scope=scope)) > self._most_bytes:
                raise _too_large()
            await self._app(scope, counted, noted)
        except BodyRefused as refusal:
            if started:
                raise
            await PlainTextResponse(refusal.detail, refusal.status_code, refusal.headers)(scope, receive, send)


def announced_length(headers: Headers) -> int:
    """What Content-Length says, or 0."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
