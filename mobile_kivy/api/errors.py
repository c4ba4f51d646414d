"""What a call of the API can end with, sorted by what the tablet has to do about it."""

from __future__ import annotations

from collections.abc import Sequence


class ApiError(Exception):
    """Any call that brought no answer to work with."""


class Offline(ApiError):
    """Nobody who matters has answered: no network, a time-out, a captive portal, a server that is not well.

    What was sent may have arrived all the same, so it is sent again, unchanged, later. `reason` is a short technical
    word for people who look for faults; it never quotes what was sent.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Broken(Offline):
    """The connection broke while the request was under way: the server may even have answered it."""


class ServerFault(Offline):
    """The server answered, and says that the fault is its own (INTERNAL). Other requests may well succeed."""


class SignInNeeded(ApiError):
    """The server does not take this token (any more)."""


class Refusal(ApiError):
    """The server understood and said no. Asking again changes nothing: a person has to look at it.

    `problem_code` is to branch on, `message` is for people, `field` is the path of the input that is wrong, or empty.
    """

    def __init__(self, problem_code: str, message: str, field: Sequence[str] = ()) -> None:
        super().__init__(f"{problem_code}: {message}")
        self.problem_code = problem_code
        self.message = message
        self.field = tuple(field)
