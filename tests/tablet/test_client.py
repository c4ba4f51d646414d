"""What the client makes of answers: only the API says no, everybody else means later; tokens go to nobody else."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from mobile_kivy.api import Broken, Client, Offline, Refusal, ServerFault, SignInNeeded

TOKEN = "ew_access_very-secret"
JSON = "application/json"
PROTOCOL = {"protocolId": "p-1"}


class Canned(BaseHTTPRequestHandler):
    """Gives the same answer to everything and remembers what it was asked."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answer: tuple[int, str, bytes] = (200, JSON, b"{}")
    more: tuple[tuple[str, str], ...] = ()
    asked: list[tuple[str, dict[str, str]]]

    def log_message(self, *args: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        status, kind, content = self.answer
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))), *self.more):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def canned() -> Iterator[type[Canned]]:
    handler = type("Handler", (Canned,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.base = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield handler
    server.shutdown()
    server.server_close()


def error(code: str, status: int = 200, **extensions: Any) -> tuple[int, str, bytes]:
    body = {"errors": [{"message": "words", "extensions": {"code": code, **extensions}}]}
    return status, JSON, json.dumps(body).encode()


def data(**fields: Any) -> tuple[int, str, bytes]:
    return 200, JSON, json.dumps({"data": fields}).encode()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((503, "text/html", b"<html>"), Offline),
        ((200, "text/html", b"<html>Welcome to our hotel"), Offline),
        ((200, JSON, b'{"data": {"checkOut": {"__typen'), Offline),
        ((200, JSON, b'{"status": "login required"}'), Offline),
        ((200, JSON, b'"hello"'), Offline),
        ((200, JSON, b'{"errors": "none"}'), Offline),
        ((200, JSON, b'{"data": null}'), Offline),
        ((404, "text/html", b"not here"), Offline),
        ((302, "text/html", b""), Offline),
        ((502, JSON, b'{"data": {}}'), Offline),
        (data(), Offline),
        (data(checkOut=None), Offline),
        (data(checkOut={"__typename": "Protocol", "id": "p-1"}), Offline),
        (data(checkOut={"__typename": "Surprise"}), Offline),
        (error("INTERNAL", 500, reference="abc"), ServerFault),
        (error("INTERNAL"), ServerFault),
        (error("RATE_LIMITED", 429), Offline),
        (error("UNAUTHENTICATED", 401), SignInNeeded),
        (error("UNAUTHENTICATED"), SignInNeeded),
        (error("FORBIDDEN", 403), Refusal),
        (error("BAD_USER_INPUT", 400, problemCode="INVALID_INPUT", field=["input"]), Refusal),
        (error("TOO_EXPENSIVE"), Refusal),
        ((413, "text/plain", b"The body is too large."), Refusal),
        (data(checkOut={"__typename": "Rejection", "problemCode": "NOT_FOUND", "message": "no", "field": None}), Refusal),
    ],
)  # fmt: skip
def test_only_the_api_says_no(canned: type[Canned], answer: tuple[int, str, bytes], expected: type[Exception]) -> None:
    canned.answer = answer
    with pytest.raises(expected) as raised:
        Client(canned.base).check_out(TOKEN, PROTOCOL)  # type: ignore[attr-defined]
    assert isinstance(raised.value, Refusal) is (expected is Refusal)


def test_a_refusal_keeps_code_message_and_field(canned: type[Canned]) -> None:
    problem = {"problemCode": "PHOTO_MISSING", "message": "Not there.", "field": ["input", "photos", "0", "sha256"]}
    canned.answer = data(checkIn={"__typename": "Rejection", **problem})
    with pytest.raises(Refusal) as refused:
        Client(canned.base).check_in(TOKEN, PROTOCOL)  # type: ignore[attr-defined]
    found = refused.value
    assert (found.problem_code, found.message) == ("PHOTO_MISSING", "Not there.")
    assert found.field == ("input", "photos", "0", "sha256")


def test_the_confirmation_of_another_protocol_confirms_nothing(canned: type[Canned]) -> None:
    contract = {"state": "CHECKED_OUT", "flags": []}
    protocol = {"__typename": "Protocol", "id": "p-2", "contract": contract, "photos": [], "damages": []}
    canned.answer = data(checkOut=protocol)
    with pytest.raises(Offline):
        Client(canned.base).check_out(TOKEN, PROTOCOL)  # type: ignore[attr-defined]


def test_a_redirect_is_not_followed(canned: type[Canned]) -> None:
    canned.answer = (302, "text/html", b"")
    canned.more = (("Location", "/elsewhere"),)
    with pytest.raises(Offline):
        Client(canned.base).check(TOKEN)  # type: ignore[attr-defined]
    assert [path for path, _ in canned.asked] == ["/graphql"]


def test_photos_are_asked_for_with_the_token_at_home_only(canned: type[Canned]) -> None:
    canned.answer = (200, "image/jpeg", b"\xff\xd8\xff")
    client = Client(canned.base)  # type: ignore[attr-defined]
    assert client.photo(TOKEN, "/media/photos/1/small?expires=1") == b"\xff\xd8\xff"
    assert client.photo(TOKEN, f"{canned.base}/media/photos/2") == b"\xff\xd8\xff"  # type: ignore[attr-defined]
    elsewhere = canned.base.replace("127.0.0.1", "localhost")  # type: ignore[attr-defined]
    assert client.photo(TOKEN, f"{elsewhere}/bucket/3") == b"\xff\xd8\xff"
    assert [headers.get("Authorization") for _, headers in canned.asked] == [f"Bearer {TOKEN}"] * 2 + [None]
    with pytest.raises(Refusal):
        client.photo(TOKEN, "file:///etc/hostname")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((404, "text/plain", b""), Refusal),
        ((200, "text/html", b"<html>Welcome"), Offline),
        ((503, "text/plain", b""), Offline),
    ],
)
def test_what_is_no_photo(canned: type[Canned], answer: tuple[int, str, bytes], expected: type[Exception]) -> None:
    canned.answer = answer
    with pytest.raises(expected):
        Client(canned.base).photo(TOKEN, "/media/photos/1/small")  # type: ignore[attr-defined]


def test_no_token_is_logged_or_told(canned: type[Canned], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canned.answer = error("UNAUTHENTICATED", 401)
    client = Client(canned.base)  # type: ignore[attr-defined]
    told = []
    for ask in (lambda: client.check(TOKEN), lambda: client.photo(TOKEN, f"/media/photos/1?signature={TOKEN}")):
        with pytest.raises(SignInNeeded) as raised:
            ask()
        told.append(repr(raised.value))
    with pytest.raises(Broken) as broken:
        Client("http://127.0.0.1:1").photo(TOKEN, f"/media/photos/1?signature={TOKEN}")
    assert "very-secret" not in caplog.text + repr(broken.value) + str(broken.value.__cause__) + str(told)


def test_the_server_is_asked_to_say_why_in_the_staffs_language(canned: type[Canned]) -> None:
    client = Client(canned.base)  # type: ignore[attr-defined]
    for language in ("de", "en"):
        client.speak(language)
        with pytest.raises(Offline):
            client.handover_day(TOKEN, "s", date(2026, 10, 21))
    assert [headers["Accept-Language"] for _path, headers in canned.asked] == ["de", "en"]
