"""Judges answers: what is the API's, what is somebody else's, and what it means for the caller."""

from __future__ import annotations

from typing import Any

import requests

from mobile_kivy.api.errors import Offline, Refusal, ServerFault, SignInNeeded

_LATER = frozenset({408, 425, 429})
_TOO_LARGE = 413


def data_of(response: requests.Response) -> dict[str, Any]:
    """The `data` of a GraphQL answer; the API's own errors as exceptions.

    Whatever is not an answer of the API (a hotel's sign-in page, a proxy's excuse, half an answer) is `Offline`, even
    when it comes with status 200: only the API says no for good.
    """
    payload = _json_of(response)
    errors = payload.get("errors")
    if errors:
        raise _error_of(errors, response.status_code)
    data = payload.get("data")
    if response.status_code in _LATER or response.status_code >= 300 or not isinstance(data, dict):
        raise Offline(f"HTTP {response.status_code} without data")
    return data


def _json_of(response: requests.Response) -> dict[str, Any]:
    if response.status_code == _TOO_LARGE:
        # Refused before GraphQL has seen it, and just as final: the same file will not get smaller.
        raise Refusal("TOO_LARGE", "The server does not take a request of this size.")
    if 300 <= response.status_code < 400:
        raise Offline("redirected, probably to a sign-in page of the network")
    try:
        payload = response.json()
    except ValueError as error:
        raise Offline(f"HTTP {response.status_code} without JSON") from error
    if not isinstance(payload, dict) or not ("data" in payload or "errors" in payload):
        raise Offline(f"HTTP {response.status_code} from somebody else")
    return payload


def _error_of(errors: Any, status: int) -> Exception:
    try:
        first = errors[0]
        extensions = first["extensions"]
        code, message = str(extensions["code"]), str(first["message"])
    except (LookupError, TypeError):
        return Offline(f"HTTP {status} with errors that are not the API's")
    if code == "UNAUTHENTICATED":
        return SignInNeeded()
    if code == "INTERNAL":
        return ServerFault(f"INTERNAL {extensions.get('reference', '')}".strip())
    if code == "RATE_LIMITED" or status in _LATER:
        return Offline(code)
    return Refusal(extensions.get("problemCode") or code, message, extensions.get("field") or ())


def accepted(data: dict[str, Any], field: str, kind: str) -> dict[str, Any]:
    """The result of a mutation if it is of the type `kind`; `Refusal` if it is a problem."""
    result = data.get(field)
    if not isinstance(result, dict):
        raise Offline(f"an answer without {field}")
    if result.get("__typename") == kind:
        return result
    if "problemCode" in result:
        raise Refusal(str(result["problemCode"]), str(result.get("message", "")), result.get("field") or ())
    raise Offline(f"an answer with an unknown {field}")
