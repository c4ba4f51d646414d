"""What strangers send to every route that they reach: refused, and never a fault of ours."""

from __future__ import annotations

import re
import socket
from urllib.parse import quote

import pytest

from tests.driving import SandboxServer

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
MEDIA = [f"/media/photos/{ID}", f"/media/photos/{ID}/small", f"/media/documents/{ID}", f"/media/protocols/{ID}"]
MEDIA += [f"/media/protocols/{ID}/photos", f"/media/documents/{ID}/xml"]
EXPIRES = ["9" * 5000, "9" * 13, "\u0663\u0663\u0663", "-1", "1e9", "+5", "0x7f", "", "\0", "9 9"]
FORM = "content-type: application/x-www-form-urlencoded"
ODD = ["\0", "a\0b", "\x1b[31m", "\x7f", "\x85", "\ufffe", "\u202e", "a" * 60_000, "%", "\ud7ff"]


def status(server: SandboxServer, method: str, target: str, *headers: str, body: bytes = b"", host: str = "x") -> int:
    """Written byte by byte: clients would not send most of it."""
    port = int(server.base.rpartition(":")[2])
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {host}",
        *headers,
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("route", MEDIA)
def test_links_that_nobody_has_signed(server: SandboxServer, route: str) -> None:
    asked = {
        (expires[:20], signature): status(
            server, "GET", f"{route}?expires={quote(expires)}&signature={quote(signature)}"
        )
        for expires in EXPIRES
        for signature in ("a", "\u0661", "\0")
    }
    assert {one: answer for one, answer in asked.items() if answer != 404} == {}


@pytest.mark.parametrize("route", ["/payment/return", "/payment/notification"])
@pytest.mark.parametrize("field", ["oid", "approval_code", "chargetotal", "notification_hash", "\0"])
def test_what_the_gateway_would_not_post(server: SandboxServer, route: str, field: str) -> None:
    asked = {
        odd[:10]: status(server, "POST", route, FORM, body=f"oid=x&{quote(field)}={quote(odd)}".encode()) for odd in ODD
    }
    assert {one: answer for one, answer in asked.items() if answer not in {400, 413}} == {}


@pytest.mark.parametrize(
    "host", ["[bad", "bad]", "[::1", "a b", "[]", "a/b", "a@b", "a:b", "\xff", "[::1]]", "x,y", "<"]
)
@pytest.mark.parametrize(
    "route", ["/", "/graphql", "/sandbox", "/sandbox/mails", "/payment/waiting", "/static/x", MEDIA[0]]
)
def test_hosts_that_are_none(server: SandboxServer, route: str, host: str) -> None:
    assert status(server, "GET", route, "accept: text/html", host=host) == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000", "rental.example", "a_b.example"])
def test_hosts_that_are_some(server: SandboxServer, host: str) -> None:
    assert status(server, "GET", "/healthz", host=host) == 200


@pytest.mark.parametrize("origin", ["http://[bad", "null", "http://", "[", "http://a:b", "\xff"])
def test_origins_that_are_none(server: SandboxServer, origin: str) -> None:
    assert status(server, "GET", "/sandbox", f"Origin: {origin}", host="127.0.0.1") == 404
