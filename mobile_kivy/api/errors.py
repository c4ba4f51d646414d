"""What a call of the API can end with, sorted by what the tablet has to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Trouble(StrEnum):
    """Why nothing moves between tablet and server: what a person can do about it differs."""

    NO_NETWORK = "NO_NETWORK"
    """Nothing answers at the server's address."""
    SLOW = "SLOW"
    """An answer began or was waited for, and did not come to its end in time."""
    CERTIFICATE = "CERTIFICATE"
    """Whoever answers cannot prove to be the server; a wrong date on the device looks like that, too."""
    PORTAL = "PORTAL"
    """A page to look at came instead of an answer: a network that wants somebody to sign in first."""
    GARBLED = "GARBLED"
    """Something else than this API answers at the address."""
    SERVER = "SERVER"
    """The server is there, and not well or too busy."""
    DISK = "DISK"
    """The device cannot write: its storage is full or broken."""
    APP = "APP"
    """A fault of this app."""


class ApiError(Exception):
    """Any call that brought no answer to work with."""


class Offline(ApiError):
    """Nobody who matters has answered: no network, a time-out, a captive portal, a server that is not well.

    What was sent may have arrived all the same, so it is sent again, unchanged, later. `reason` is a short technical
    word for people who look for faults; it never quotes what was sent. `trouble` is what is said to staff.
    """

    def __init__(self, reason: str, trouble: Trouble = Trouble.GARBLED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.trouble = trouble


class Broken(Offline):
    """The connection broke while the request was under way: the server may even have answered it."""


class ServerFault(Offline):
    """The server answered, and says that the fault is its own (INTERNAL). Other requests may well succeed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, Trouble.SERVER)


class Unsendable(ApiError):
    """What was to be sent is no JSON: a fault of this app, which no network will mend."""


class SignInNeeded(ApiError):
    """The server does not take this token (any more)."""


class DeviceRevoked(SignInNeeded):
    """The server has shut this device out: what it holds of others has to go, which no ended session asks for."""


class Refusal(ApiError):
    """The server understood and said no. Asking again changes nothing: a person has to look at it.

    `problem_code` is to branch on, `message` is for people, `field` is the path of the input that is wrong, or empty.
    """

    def __init__(self, problem_code: str, message: str, field: Sequence[str] = ()) -> None:
        super().__init__(f"{problem_code}: {message}")
        self.problem_code = problem_code
        self.message = message
        self.field = tuple(field)
