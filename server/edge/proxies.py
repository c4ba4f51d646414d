"""Where a request comes from: the other end of the connection, or whom a trusted proxy says it was called by."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from server.addresses import Network, caller_behind


class TrustedProxies:
    """Puts the caller's address in the place of a trusted proxy's; believes nobody else.

    `Forwarded` is never read: most proxies pass on what a caller wrote there, and then it says what the caller likes.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network] = ()) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with its caller's address; the port is that of nothing then, 0."""
        if self._trusted and scope["type"] in {"http", "websocket"} and scope.get("client"):
            peer = scope["client"][0]
            caller = caller_behind(peer, ",".join(Headers(scope=scope).getlist("x-forwarded-for")), self._trusted)
            if caller != peer:
                scope["client"] = (caller, 0)  # in place: whoever is further out looks for the route in it
        await self._app(scope, receive, send)
