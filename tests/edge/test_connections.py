"""What a connection may cost: heads, framing, slow senders, slow readers. Against a served application, byte by byte."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.edge.connections import BoundedHttp, Bounds
from server.edge.limits import BodyLimit

SMALL = Bounds(
    head_bytes=2048, head_seconds=0.6, framing_bytes=1024, unread_seconds=0.6, rest_bytes=4096, rest_seconds=0.6
)
PATIENCE = 20.0
"""Seconds after which a test gives up; nothing here takes as long."""


class Hasty(BoundedHttp):
    """With bounds that a test can wait for."""

    bounds = SMALL


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def at_once(_request: Request) -> Response:
    return PlainTextResponse("no")


async def much(_request: Request) -> Response:
    return Response(b"x" * 30_000_000)


async def slow(_request: Request) -> Response:
    await asyncio.sleep(1)
    return PlainTextResponse("late")


@contextmanager
def serving(protocol: type[BoundedHttp]) -> Iterator[tuple[uvicorn.Server, int]]:
    """The demo behind uvicorn, until it is told to end."""
    limited = [Middleware(BodyLimit, most_bytes=5000, seconds=0.6 if protocol is Hasty else 15)]
    app = Starlette(
        routes=[
            Route("/length", length, methods=["POST"], middleware=limited),
            Route("/at-once", at_once, methods=["GET", "POST"]),
            Route("/much", much),
            Route("/slow", slow, methods=["POST"]),
        ]
    )
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        config = uvicorn.Config(app, http=protocol, log_level="critical", lifespan="off", timeout_keep_alive=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        thread.start()
        yield server, listening.getsockname()[1]
        server.should_exit = True
        thread.join(PATIENCE)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(Hasty) as (_server, port):
        yield port


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        yield connection


def until(connection: socket.socket, end: bytes) -> bytes:
    """The answer up to these bytes."""
    got = bytearray()
    while not got.endswith(end) and (piece := connection.recv(65536)):
        got += piece
    return bytes(got)


def keep_sending(connection: socket.socket, piece: bytes, *, pause: float = 0) -> None:
    """Until the server has had enough, which the sender notices by an error."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            connection.sendall(piece)
        except ConnectionError:
            return
        time.sleep(pause)
    raise AssertionError("the server goes on reading")


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    got = bytearray()
    try:
        while piece := connection.recv(65536):
            got += piece
    except ConnectionResetError:
        pass
    return bytes(got)


def statuses(answer: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d{3})", answer)


def head(path: str = "/at-once", method: str = "GET", *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: demo", *more, "", ""]
    return "\r\n".join(lines).encode()


class TestHeads:
    def test_up_to_the_bound(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(head("/at-once", "GET", "X-Long: " + "x" * 1900, "Connection: close"))
            assert statuses(rest_of(connection)) == [b"200"]

    @pytest.mark.parametrize(
        "sent",
        [
            b"GET /at-once?" + b"x" * 3000,
            head("/at-once", "GET", "X-Long: " + "x" * 2100),
            b"GET /at-once HTTP/1.1\r\n" + b"X-A: b\r\n" * 400,
            b"\r\n" * 2000,
        ],
        ids=["line", "header", "headers", "nothing but line ends"],
    )
    def test_beyond_it(self, port: int, sent: bytes) -> None:
        with connected(port) as connection:
            connection.sendall(sent)
            answer = rest_of(connection)
        assert statuses(answer) == [b"431"]
        assert b"x-content-type-options: nosniff" in answer

    def test_however_it_is_cut_into_pieces(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(b"GET /at-once HTTP/1.1\r\nX-Long: ")
            keep_sending(connection, b"x" * 100)

    def test_the_second_one_on_a_connection(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(head())
            assert until(connection, b"no")
            connection.sendall(head("/at-once", "GET", "X-Long: " + "x" * 3000))
            assert statuses(rest_of(connection)) == [b"431"]

    def test_a_body_does_not_count(self, port: int) -> None:
        body = b"x" * 4000
        with connected(port) as connection:
            connection.sendall(head("/length", "POST", "Content-Length: 4000", "Connection: close") + body)
            answer = rest_of(connection)
        assert (statuses(answer), answer[-4:]) == ([b"200"], b"4000")

    @pytest.mark.parametrize("sent", [b"", b"GET / HT"], ids=["silent", "half"])
    def test_in_time_or_not_at_all(self, port: int, sent: bytes) -> None:
        with connected(port) as connection:
            connection.sendall(sent)
            assert statuses(rest_of(connection)) == ([b"408"] if sent else [])

    def test_drop_by_drop_is_not_in_time(self, port: int) -> None:
        with connected(port) as connection:
            keep_sending(connection, b"G", pause=0.1)


class TestBodies:
    @pytest.mark.parametrize("chunked", [False, True])
    def test_too_large(self, port: int, chunked: bool) -> None:
        framing = "Transfer-Encoding: chunked" if chunked else "Content-Length: 6000"
        body = b"1770\r\n" + b"x" * 6000 + b"\r\n0\r\n\r\n" if chunked else b"x" * 6000
        with connected(port) as connection:
            connection.sendall(head("/length", "POST", framing) + body)
            assert statuses(rest_of(connection)) == [b"413"]

    def test_too_slow(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(head("/length", "POST", "Content-Length: 100") + b"x")
            assert statuses(rest_of(connection)) == [b"408"]

    @pytest.mark.parametrize("junk", [b"X-Trailer: " + b"y" * 8000, b"T: y\r\n" * 2000], ids=["one", "many"])
    def test_trailers(self, port: int, junk: bytes) -> None:
        with connected(port) as connection:
            connection.sendall(head("/length", "POST", "Transfer-Encoding: chunked") + b"1\r\nx\r\n0\r\n")
            connection.sendall(junk)
            assert statuses(rest_of(connection)) == []

    def test_after_the_answer_a_little_is_read_and_the_connection_goes_on(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(head("/at-once", "POST", "Content-Length: 3000"))
            assert until(connection, b"no")
            connection.sendall(b"x" * 3000 + head("/at-once", "GET", "Connection: close"))
            assert statuses(rest_of(connection)) == [b"200"]

    def test_but_not_much(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(head("/at-once", "POST", "Content-Length: 900000000"))
            keep_sending(connection, b"x" * 1000)

    def test_nor_long(self, port: int) -> None:
        """Drop by drop, so that the connection never is idle; and all of it is less than what is read of a rest."""
        with connected(port) as connection:
            connection.sendall(head("/at-once", "POST", "Content-Length: 3000"))
            assert until(connection, b"no")
            keep_sending(connection, b"x", pause=0.1)


def test_who_does_not_read_the_answer_is_not_waited_for(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(head("/much"))
        time.sleep(2 * SMALL.unread_seconds)
        assert len(rest_of(connection)) < 30_000_000


def test_a_server_that_ends_does_not_wait_for_what_is_not_there() -> None:
    # Given: a server with a patience of its own, and a request that stops in its middle
    with serving(BoundedHttp) as (server, port), connected(port) as half, connected(port) as whole:
        half.sendall(head("/length", "POST", "Content-Length: 100") + b"x")
        whole.sendall(head("/slow", "POST", "Content-Length: 0"))
        time.sleep(0.3)
        # When
        server.should_exit = True
        # Then: the half one is let go of at once, the whole one is answered
        began = time.monotonic()
        assert statuses(rest_of(half)) == []
        assert time.monotonic() - began < BoundedHttp.bounds.head_seconds
        assert statuses(rest_of(whole)) == [b"200"]


def test_requests_in_a_row_are_answered_in_order(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(head("/length", "POST", "Content-Length: 3") + b"abc" + head("/at-once", "GET"))
        connection.sendall(head("/at-once", "GET", "Connection: close"))
        answer = rest_of(connection)
    assert (statuses(answer), b"\r\n\r\n3HTTP" in answer) == ([b"200"] * 3, True)


def test_the_bounds_of_the_server() -> None:
    assert replace(Bounds()) == BoundedHttp.bounds
    assert (Bounds().head_bytes, Bounds().head_seconds) == (32 * 1024, 10.0)


UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]
KEY = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]


class TestUpgrades:
    """Nobody gets another protocol here, and the question changes nothing: there is an answer, and then an end."""

    @pytest.mark.parametrize(
        ("method", "more", "body"),
        [
            ("POST", ["Content-Length: 5"], b"abcde"),
            ("POST", ["Content-Length: 5"], b""),
            ("POST", [], b""),
            ("GET", KEY, b""),
            ("GET", [*KEY, "Content-Length: 5"], b""),
            ("GET", [*KEY, "Transfer-Encoding: chunked"], b""),
            ("GET", [*KEY, *(f"A{number}: b" for number in range(300))], b""),
            ("GET", [*KEY, "Sec-WebSocket-Protocol: graphql-ws"], b""),
            ("GET", [*KEY, "A: " + "x" * 1500], b""),
            ("CONNECT", [], b""),
        ],
    )
    def test_every_one_ends(self, port: int, method: str, more: list[str], body: bytes) -> None:
        with connected(port) as connection:
            connection.sendall(head("/at-once", method, *UPGRADE, *more) + body)
            assert statuses(rest_of(connection)) in ([b"200"], [b"405"], [b"400"], [b"431"])

    def test_on_a_connection_that_was_used_before(self, port: int) -> None:
        with connected(port) as connection:
            connection.sendall(head())
            assert until(connection, b"no")
            connection.sendall(head("/at-once", "POST", *UPGRADE, "Content-Length: 5") + b"abcde")
            assert statuses(rest_of(connection)) == [b"200"]


class Few(BoundedHttp):
    """So few that a test can have more."""

    bounds = replace(SMALL, head_seconds=5, connections=8, connections_of_a_place=5)


class TestNumbers:
    def test_from_one_place_only_so_many(self) -> None:
        with serving(Few) as (_server, port), ExitStack() as held:
            for _ in range(5):
                connection = held.enter_context(connected(port))
                connection.sendall(head())
                assert until(connection, b"no")
            with connected(port) as sixth:
                answer = rest_of(sixth)
            assert statuses(answer) == [b"503"]
            assert b"retry-after: 5" in answer

    def test_who_leaves_makes_room(self) -> None:
        with serving(Few) as (_server, port):
            for _ in range(20):
                with connected(port) as connection:
                    connection.sendall(head("/at-once", "GET", "Connection: close"))
                    assert statuses(rest_of(connection)) == [b"200"]

    def test_all_together_only_so_many_and_the_log_says_so_once(self, capsys: pytest.CaptureFixture[str]) -> None:
        few = type("FewOfAll", (Few,), {"bounds": replace(Few.bounds, connections=3)})
        BoundedHttp._noted_again_at = 0.0
        with serving(few) as (_server, port), ExitStack() as held:
            for _ in range(3):
                connection = held.enter_context(connected(port))
                connection.sendall(head())
                assert until(connection, b"no")
            for _ in range(4):
                with connected(port) as one_more:
                    assert statuses(rest_of(one_more)) == [b"503"]
        noted = [line for line in "".join(capsys.readouterr()).splitlines() if "connections.refused" in line]
        assert len(noted) == 1
