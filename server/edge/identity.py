"""Whose a request or a socket is: by its `Authorization`, or by what the application knows it by, such as a cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import HTTPConnection

from server.edge.answers import HttpRefusal
from server.edge.fairness import address_of
from server.errors import CallerErrorCode, Sentence
from server.security import Principal

Authenticate = Callable[[str, str], Awaitable[Principal | None]]
"""Who a token belongs to; the second text is the address that it came from."""
PrincipalOf = Callable[[HTTPConnection], Awaitable[Principal | None]]
"""Who sends a request, or opens a socket, that has no `Authorization`: by a cookie. It is asked anew while somebody
follows something. Whether a foreign page has had a request sent is for it to see, by the headers; of sockets
`is_ours` looks at `Origin`.
"""
LookUp = Callable[[], Awaitable[Principal | None]]
"""Who it is, asked anew."""
_LONGEST_TOKEN = 300
_SIGN_IN_AGAIN = Sentence(
    "The token or API key is not valid, or not any more: sign in again, or use a valid key.",
    "Token oder API-Schlüssel sind ungültig oder abgelaufen: bitte neu anmelden oder einen gültigen Schlüssel nehmen.",
)


class Identity:
    """How callers are told apart."""

    def __init__(self, authenticate: Authenticate, principal_of: PrincipalOf | None, origin: str | None) -> None:
        """`origin`: that of our own pages, where it is not what `Host` says."""
        self._authenticate, self._principal_of, self._origin = authenticate, principal_of, origin

    def look_up(self, connection: HTTPConnection, greeting: str | None = None) -> LookUp:
        """How to find out whose it is; `greeting`: the authorization that a socket's first message brought."""
        given = connection.headers.getlist("authorization") if greeting is None else [greeting]
        return partial(self._somebody, connection, given)

    def is_ours(self, connection: HTTPConnection) -> bool:
        """Whether it was opened by a page of ours, or by no page: cookies travel with what foreign pages open, too."""
        origin = connection.headers.get("origin")
        if origin is None or origin == self._origin:
            return True
        _scheme, _, host = origin.lower().partition("://")
        return host == connection.headers.get("host", "").lower()

    async def _somebody(self, connection: HTTPConnection, given: list[str]) -> Principal | None:
        if not given:
            return None if self._principal_of is None else await self._principal_of(connection)
        scheme, _, token = given[0].partition(" ")
        token = token.strip()
        if len(given) == 1 and scheme.lower() == "bearer" and token and len(token) <= _LONGEST_TOKEN:
            principal = await self._authenticate(token, address_of(connection))
            if principal is not None:
                return principal
        raise HttpRefusal(401, _SIGN_IN_AGAIN, CallerErrorCode.UNAUTHENTICATED, www_authenticate="Bearer")
