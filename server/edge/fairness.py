"""Who may hold how much at a time. All figures stand here, side by side."""

from __future__ import annotations

from collections.abc import Hashable

from starlette.requests import HTTPConnection

from server.addresses import place_of
from server.edge.running import busy
from server.edge.shares import Share, Stock
from server.models.staff import Role
from server.security import Principal

MEGABYTE = 1024 * 1024
OF_A_USER = {"query": 6, "mutation": 8}
"""Operations of one user that run at a time; the places of all are `Pace.at_once`."""
OF_AN_API_KEY = {"query": 4, "mutation": 16}
"""A booking waits for the gateway most of its time; a query is work of our own, and one at a time is hardly slower."""
OF_ALL_API_KEYS = 16
"""What is left then is for those who stand at a counter."""
LOOK_UPS_OF_AN_ADDRESS = 4
"""Tokens that are looked up at a time for one address; each takes a few milliseconds."""
OF_AN_ADDRESS = 2
"""Sign-ins of strangers at one address; six are looked at at a time, and two passwords."""
BYTES_OF_STRANGERS = (8 * MEGABYTE, MEGABYTE)
"""Bodies in memory: of all, and of one address."""
BYTES_OF_USERS = (64 * MEGABYTE, 16 * MEGABYTE)
"""The same of users and API keys."""
BYTES_OF_FILES = (512 * MEGABYTE, 128 * MEGABYTE)
"""Uploads that are on their way or wait for the decoder; they lie in files beyond the first megabyte."""


def address_of(request: HTTPConnection) -> str:
    """The caller's network address; empty where there is none."""
    return request.client.host if request.client else ""


def holder_of(request: HTTPConnection, principal: Principal | None) -> Hashable:
    """In whose name a request takes its shares."""
    if principal is not None:
        return principal.id
    return place_of(address_of(request))


def look_up_share(address: str) -> Share:
    """What looking up a token takes part of: bogus ones from one address wait for each other."""
    return Share(place_of(address), LOOK_UPS_OF_AN_ADDRESS)


def shares_of(holder: Hashable, principal: Principal | None, kind: str) -> tuple[Share, ...]:
    """What an operation of this kind ("query" or "mutation") takes part of, beside its place."""
    if principal is None:
        return (Share(holder, OF_AN_ADDRESS),)
    if principal.role is Role.WEB:
        return Share((holder, kind), OF_AN_API_KEY[kind]), Share(Role.WEB, OF_ALL_API_KEYS)
    return (Share((holder, kind), OF_A_USER[kind]),)


class HeldBytes:
    """What one request has taken of a stock, until it is answered."""

    def __init__(self, stock: Stock, holder: Hashable) -> None:
        self._stock, self._holder = stock, holder
        self._amount = 0

    def add(self, amount: int) -> None:
        """So many bytes more. HttpRefusal (503) if there is no more room for this holder's."""
        if not self._stock.take(self._holder, amount):
            raise busy()
        self._amount += amount

    def give_back(self) -> None:
        """All of it."""
        self._stock.give_back(self._holder, self._amount)
        self._amount = 0
