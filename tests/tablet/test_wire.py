"""Calls end, whatever the other side does, and say why: trickled answers, endless ones, slow uploads, strangers."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from mobile_kivy.api import Broken, Client, Offline, Patience, Trouble, wire
from tests.certificates import make_certificates

TOKEN = "ew_access_x"
HURRY = Patience(connect=1.0, silence=1.0, whole=1.0)
Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """A server of one's own making: `serve` gets each connection in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def accept() -> None:
        while not ended.is_set():
            with suppress(OSError):
                line, _ = listener.accept()
                threading.Thread(target=quietly, args=(line,), daemon=True).start()

    def quietly(line: socket.socket) -> None:
        with line, suppress(OSError):
            serve(line)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)  # only this wakes whoever waits for the next one
        listener.close()


def request_of(line: socket.socket, piece: int = 65536, pause: float = 0.0) -> bytes:
    """Reads one request, as slowly as asked for."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += line.recv(piece)
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0)
    while len(body) < length:
        time.sleep(pause)
        body += line.recv(piece)
    return body


def trickle(line: socket.socket, start: bytes) -> None:
    """One byte every tenth of a second: never silent, never at its end."""
    request_of(line)
    line.sendall(start)
    while True:
        line.sendall(b" ")
        time.sleep(0.1)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"data": {}}',
    ],
    ids=["in the status", "in a header", "in a body", "in a body without a length"],
)
def test_a_trickling_answer_ends_in_time(start: bytes) -> None:
    with serving(lambda line: trickle(line, start)) as base:
        client = Client(base, HURRY)
        began = time.monotonic()
        with pytest.raises(Broken) as broken:
            client.check(TOKEN)
    assert broken.value.trouble in {Trouble.SLOW, Trouble.GARBLED}
    assert time.monotonic() - began < 10 * HURRY.whole, "silence starts anew with each byte; the whole does not"


def test_the_next_call_after_a_cut_one_is_answered() -> None:
    answers = iter([lambda line: trickle(line, b"HTTP/1.1 200 OK\r\nX-Slow: ")])

    def serve(line: socket.socket) -> None:
        late = next(answers, None)
        if late is not None:
            late(line)
            return
        request_of(line)
        line.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{"data":{"viewer":null}}')

    with serving(serve) as base:
        client = Client(base, HURRY)
        with pytest.raises(Offline):
            client.check(TOKEN)
        client.check(TOKEN)


def test_an_endless_answer_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_BYTES", 200_000)

    def serve(line: socket.socket) -> None:
        request_of(line)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(b"[" * 65536)

    with serving(serve) as base, pytest.raises(Offline) as offline:
        Client(base, Patience(whole=30)).check(TOKEN)
    assert (offline.value.reason, offline.value.trouble) == ("an answer without end", Trouble.GARBLED)


def test_a_slow_upload_that_moves_is_not_cut() -> None:
    # given a network that takes longer for the photo than a whole answer may take
    content = b"\xff\xd8" + bytes(12_000_000)
    patience = Patience(connect=2.0, silence=2.5, whole=2.5)

    def serve(line: socket.socket) -> None:
        request_of(line, piece=400_000, pause=0.12)
        answer = b'{"data":{"uploadPhoto":{"__typename":"StoredPhoto","sha256":"AB"}}}'
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    with serving(serve) as base:
        began = time.monotonic()
        confirmed = Client(base, patience).upload_photo(TOKEN, "ab", content)

    # then it arrives all the same
    assert confirmed == "ab"
    assert time.monotonic() - began > patience.whole


def test_an_upload_that_stands_still_is_cut() -> None:
    def serve(line: socket.socket) -> None:
        line.recv(1000)
        time.sleep(30)

    with serving(serve) as base, pytest.raises(Offline):
        Client(base, HURRY).upload_photo(TOKEN, "ab", b"\xff\xd8" + bytes(10_000_000))


def test_a_stranger_with_a_certificate_of_its_own_is_said_to_be_one(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")

    def serve(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            request_of(safe)

    with serving(serve) as base, pytest.raises(Offline) as offline:
        Client(base.replace("http:", "https:"), HURRY).check(TOKEN)
    assert offline.value.trouble is Trouble.CERTIFICATE


def test_a_handshake_that_trickles_ends_in_time() -> None:
    def serve(line: socket.socket) -> None:
        line.recv(1000)
        line.sendall(b"\x16\x03\x03\x40\x00")
        while True:
            line.sendall(b"\x02")
            time.sleep(0.1)

    with serving(serve) as base:
        began = time.monotonic()
        with pytest.raises(Offline):
            Client(base.replace("http:", "https:"), HURRY).check(TOKEN)
    assert time.monotonic() - began < 10 * HURRY.whole


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>Welcome!", Trouble.PORTAL),
        (b"HTTP/1.1 302 Found\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n", Trouble.PORTAL),
        (b"HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 6\r\n\r\n<html>", Trouble.PORTAL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsoon", Trouble.GARBLED),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"status":"in?"}', Trouble.GARBLED),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"data":NaN}', Trouble.GARBLED),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot here.", Trouble.GARBLED),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", Trouble.SERVER),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy", Trouble.SERVER),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Trouble.NO_NETWORK),
    ],
)
def test_what_answers_instead_of_the_server_is_told_apart(answer: bytes, trouble: Trouble) -> None:
    def serve(line: socket.socket) -> None:
        request_of(line)
        line.sendall(answer)

    with serving(serve) as base, pytest.raises(Offline) as offline:
        Client(base, HURRY).check(TOKEN)
    assert offline.value.trouble is trouble


def test_nobody_at_the_address() -> None:
    with pytest.raises(Offline) as offline:
        Client("http://127.0.0.1:1", HURRY).check(TOKEN)
    assert offline.value.trouble is Trouble.NO_NETWORK
