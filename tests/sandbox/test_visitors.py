"""Who may move the sandbox, and who gets GraphiQL signed in already."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from server.config import Settings
from server.sandbox.visitors import is_welcome, may_see_token, names_of

NAMES = names_of(Settings(sandbox=True, host="0.0.0.0", public_url="https://rental.example"))  # only named
HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"


def asked(host: str, peer: str, **more: str) -> Request:
    headers = {"host": host, **{name.replace("_", "-"): value for name, value in more.items()}}
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": sent, "client": (peer, 4711)})


@pytest.mark.parametrize(
    ("host", "peer", "signed_in", "welcome"),
    [
        ("localhost:8000", HERE, True, True),
        ("127.0.0.1:8000", HERE, True, True),
        ("[::1]:8000", "::1", True, True),
        ("0.0.0.0:8000", HERE, True, True),
        ("rental.example", HERE, True, True),
        ("rental.example", ELSEWHERE, True, False),
        # Whoever calls from elsewhere can write any name.
        ("localhost:8000", ELSEWHERE, False, False),
        ("127.0.0.1:8000", ELSEWHERE, False, False),
        ("0.0.0.0:8000", ELSEWHERE, False, False),
        ("elsewhere.example", HERE, False, False),
        ("", HERE, False, False),
    ],
)
def test_by_name_and_place(host: str, peer: str, signed_in: bool, welcome: bool) -> None:
    request = asked(host, peer)
    assert (may_see_token(request, NAMES), is_welcome(request, NAMES)) == (signed_in, welcome)


def test_a_proxy_on_this_machine_is_somebody_elsewhere() -> None:
    request = asked("localhost:8000", HERE, x_forwarded_for=ELSEWHERE)
    assert (may_see_token(request, NAMES), is_welcome(request, NAMES)) == (False, False)
