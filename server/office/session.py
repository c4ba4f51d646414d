"""The browser's session: the tokens of a usual sign-in, in a cookie that no script can read, renewed by itself."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from server import security
from server.edge.fairness import address_of
from server.edge.identity import Authenticate
from server.errors import DeviceRevoked
from server.office.guard import FORM_COOKIE, HEADER, is_from_our_page, keep, kept, new_form_secret
from server.office.operations import Operations
from server.security import Principal, Sealer

COOKIE = "ersatzwagen"


@dataclass(frozen=True)
class Pair:
    """An access token, and the refresh token by which the next one is got."""

    access: str
    refresh: str

    def __str__(self) -> str:
        return f"{self.access}.{self.refresh}"


@dataclass(frozen=True)
class Standing:
    """Who a browser is signed in as, if anybody."""

    principal: Principal | None
    renewed: Pair | None = None
    """The pair that the browser has to be given: the old one has been used."""
    ended: bool = False
    """Whether the cookie holds a session that is over."""


class Sessions:
    """Finds out who is asking. Sign-in, lock-out, renewal and revocation are the API's own."""

    def __init__(self, authenticate: Authenticate, sealer: Sealer, *, secure: bool) -> None:
        """`secure`: whether browsers come with HTTPS."""
        self._authenticate, self._sealer = authenticate, sealer
        self.secure = secure

    def pair_in(self, request: HTTPConnection) -> Pair | None:
        """The tokens that a browser sends, if they have the form of ours."""
        access, _, refresh = (kept(request, COOKIE, secure=self.secure) or "").partition(".")
        fits = security.has_form(access, security.ACCESS) and security.has_form(refresh, security.REFRESH)
        return Pair(access, refresh) if fits else None

    def give(self, response: Response, access: str) -> None:
        """Signs a browser in with an access token that it could see anyway; it ends with that token."""
        pair = Pair(access, security.new_token(security.REFRESH))
        keep(response, COOKIE, str(pair), secure=self.secure)
        keep(response, FORM_COOKIE, new_form_secret(), secure=self.secure)

    async def standing(self, operations: Operations, request: Request) -> Standing:
        """Whose session the request belongs to.

        One whose hour is over is renewed here. Another window of the browser may do that at the same moment: both get
        the same pair.
        """
        pair = self.pair_in(request)
        if pair is None:
            return Standing(None)
        principal = await self._owner(request, pair)
        if principal is not None:
            return Standing(principal)
        # Whoever runs an operation listens for the browser to hang up, and would take a form for that.
        await request.body()
        renewed = await _renewed(operations, request, pair)
        principal = await self._owner(request, renewed) if renewed else None
        return Standing(principal, renewed if principal else None, ended=principal is None)

    async def caller_of(self, connection: HTTPConnection) -> Principal | None:
        """Whose cookie comes with a GraphQL request or a socket of ours. A request has to bring the token of a page of
        ours; of a socket its origin is looked at where it is opened. A session is renewed by pages, not here.
        """
        pair = self.pair_in(connection)
        if pair is None:
            return None
        if connection.scope["type"] == "http":
            secret = kept(connection, FORM_COOKIE, secure=self.secure)
            if not is_from_our_page(connection, self._sealer, secret, connection.headers.get(HEADER)):
                return None
        return await self._owner(connection, pair)

    async def _owner(self, request: HTTPConnection, pair: Pair) -> Principal | None:
        try:
            return await self._authenticate(pair.access, address_of(request))
        except DeviceRevoked:
            return None


async def sign_in(operations: Operations, request: Request, email: str, password: str) -> Pair | str:
    """The tokens of a new session, or why there is none, in the person's words."""
    answer = await operations.run(request, None, "SignIn", {"email": email, "password": password})
    return _pair_of(answer["signIn"]) or str(answer["signIn"]["message"])


async def _renewed(operations: Operations, request: Request, pair: Pair) -> Pair | None:
    answer = await operations.run(request, None, "RefreshSession", {"refreshToken": pair.refresh})
    return _pair_of(answer["refreshSession"])


def _pair_of(result: dict[str, str]) -> Pair | None:
    return Pair(result["accessToken"], result["refreshToken"]) if result["__typename"] == "Session" else None
