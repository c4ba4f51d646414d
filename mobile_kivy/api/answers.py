"""Judges answers: what is the API's, what is somebody else's, and what it means for the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mobile_kivy.api.errors import DeviceRevoked, Offline, Refusal, ServerFault, SignInNeeded, Trouble
from mobile_kivy.api.wire import Answer
from mobile_kivy.reading import Fields, Unreadable, instant_at, json_of

SERVER_TIME = "X-Server-Time"
"""The header in which every answer of the API tells the server's clock."""
_LATER = frozenset({408, 425, 429})
_TOO_LARGE = 413
_REVOKED = "DEVICE_REVOKED"
"""`extensions.reason` of UNAUTHENTICATED."""
_SIGN_IN_TO_THE_NETWORK = 511
"""RFC 6585: a captive portal that says so."""


def data_of(answer: Answer) -> dict[str, Any]:
    """The `data` of a GraphQL answer; the API's own errors as exceptions.

    Whatever is not an answer of the API (a hotel's sign-in page, a proxy's excuse, half an answer) is `Offline`, even
    when it comes with status 200: only the API says no for good.
    """
    payload = _json_of(answer)
    errors = payload.get("errors")
    if errors:
        raise _error_of(errors, answer.status)
    data = payload.get("data")
    if answer.status in _LATER or answer.status >= 300 or not isinstance(data, dict):
        raise Offline(f"HTTP {answer.status} without data", _trouble_of(answer))
    return data


def server_time(answer: Answer) -> datetime | None:
    """The server's clock when it answered; None from a server that does not tell it."""
    try:
        return instant_at(answer.headers.get(SERVER_TIME, ""), SERVER_TIME)
    except Unreadable:
        return None


def _json_of(answer: Answer) -> dict[str, Any]:
    if answer.status == _TOO_LARGE:
        # Refused before GraphQL has seen it, and just as final: the same file will not get smaller.
        raise Refusal("TOO_LARGE", "The server does not take a request of this size.")
    if 300 <= answer.status < 400:
        raise Offline("redirected, probably to a sign-in page of the network", Trouble.PORTAL)
    try:
        payload = json_of(answer.content)
    except Unreadable as error:
        raise Offline(f"HTTP {answer.status} without JSON", _trouble_of(answer)) from error
    if not isinstance(payload, dict) or not ("data" in payload or "errors" in payload):
        raise Offline(f"HTTP {answer.status} from somebody else", _trouble_of(answer))
    return payload


def _trouble_of(answer: Answer) -> Trouble:
    if answer.status == _SIGN_IN_TO_THE_NETWORK:
        return Trouble.PORTAL
    if answer.status in _LATER or answer.status >= 500:
        return Trouble.SERVER
    page = answer.content[:200].lstrip()[:1] == b"<"
    return Trouble.PORTAL if page and answer.status < 300 else Trouble.GARBLED


def _error_of(errors: Any, status: int) -> Exception:
    try:
        first = Fields(errors[0], "errors[0]")
        extensions = first.part("extensions")
        code, message = extensions.name("code"), first.text("message")
        problem, field = extensions.text_or("problemCode"), extensions.texts("field")
        reference, reason = extensions.text_or("reference"), extensions.text_or("reason")
    except (LookupError, TypeError, Unreadable):
        return Offline(f"HTTP {status} with errors that are not the API's")
    if code == "UNAUTHENTICATED":
        return DeviceRevoked() if reason == _REVOKED else SignInNeeded()
    if code == "INTERNAL":
        return ServerFault(f"INTERNAL {reference}".strip())
    if code == "RATE_LIMITED" or status in _LATER or status >= 500:
        return Offline(code, Trouble.SERVER)
    return Refusal(problem or code, message, field)


def accepted(data: dict[str, Any], field: str, kind: str) -> dict[str, Any]:
    """The result of a mutation if it is of the type `kind`; `Refusal` if it is a problem."""
    result = data.get(field)
    if not isinstance(result, dict):
        raise Offline(f"an answer without {field}")
    if result.get("__typename") == kind:
        return result
    try:
        problem = Fields(result, field)
        refusal = Refusal(problem.name("problemCode"), problem.text_or("message"), problem.texts("field"))
    except Unreadable as error:
        raise Offline(f"an answer with an unknown {field}") from error
    raise refusal
