"""Who may look at the sandbox and move it: people and programs on this machine, and no page of somebody else's.

A browser on this machine sends what a foreign page tells it to; and a foreign name that leads here (DNS rebinding)
makes a foreign page one of ours. So the name in `Host` counts, and where the browser says that the request comes from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from server.addresses import is_from_here
from server.config import Settings

Handler = Callable[[Request], Awaitable[Response]]
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared only
"""What a server listens at that answers under every name; nobody calls it so from elsewhere."""
_OWN_SITES = frozenset({"", "same-origin", "none"})
"""What `Sec-Fetch-Site` says of a page of ours and of an address that was typed in; programs say nothing."""


def names_of(settings: Settings) -> frozenset[str]:
    """The names under which this server is meant to be called."""
    return LOOPBACK | {settings.host, urlsplit(settings.base_url).hostname or ""}


def _name_called(request: Request) -> str:
    return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""


def may_see_token(request: Request, names: frozenset[str]) -> bool:
    """Whether GraphiQL may be signed in already: called by a name of ours. This machine's own names count only here,
    because whoever calls from elsewhere can write any name into `Host`.
    """
    name = _name_called(request)
    return name in names and (_is_local(request) or name not in LOOPBACK | _ANYWHERE)


def is_welcome(request: Request, names: frozenset[str]) -> bool:
    """Whether a control route answers: called from this machine, by its name, and not by a foreign page."""
    origin = request.headers.get("origin")
    same_origin = origin is None or origin.partition("://")[2] == request.headers.get("host", "")
    own_site = request.headers.get("sec-fetch-site", "").lower() in _OWN_SITES
    return _is_local(request) and _name_called(request) in names and same_origin and own_site


def _is_local(request: Request) -> bool:
    return request.client is not None and is_from_here(request.client.host, request.headers)


def welcome_only(handler: Handler, names: frozenset[str] = LOOPBACK) -> Handler:
    """The handler for those who are welcome; for all others there is nothing here."""

    async def guarded(request: Request) -> Response:
        return await handler(request) if is_welcome(request, names) else Response(status_code=404)

    return guarded
