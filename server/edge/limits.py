"""Small ASGI middlewares that other routes can use too: security headers and a limit for bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class BodyTooLarge(HTTPException):
    """More of the body arrived than is allowed. Starlette answers 413 if it meets it before we do."""

    def __init__(self) -> None:
        super().__init__(413, "The body is too large.", {**SECURITY_HEADERS, "connection": "close"})


class BodyLimit:
    """Answers 413 as soon as a body turns out to be too large, whatever its Content-Length says."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and counts what arrives."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived, started = 0, False

        async def counted() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self._most_bytes:
                raise BodyTooLarge()
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if announced_length(Headers(scope=scope)) > self._most_bytes:
                raise BodyTooLarge()
            await self._app(scope, counted, noted)
        except BodyTooLarge as refusal:
            if started:
                raise
            await PlainTextResponse(refusal.detail, refusal.status_code, refusal.headers)(scope, receive, send)


def announced_length(headers: Headers) -> int:
    """What Content-Length says, or 0."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
