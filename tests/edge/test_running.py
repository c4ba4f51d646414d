"""Bodies without end, slow operations, callers that hang up, and too many at once; over real sockets."""

from __future__ import annotations

import asyncio
import socket

import httpx2
import orjson
import psutil
import pytest

from server.edge import bodies
from server.edge.running import Pace, Runner

from .world import TOKEN, Demo, ask, serving, until

UPLOADS = (
    f"POST /graphql HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer {TOKEN}\r\nGraphQL-Require-Preflight: 1\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\n"
)
JSON = f"POST /graphql HTTP/1.1\r\nHost: demo\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"


def send(port: int, *chunks: bytes) -> socket.socket:
    sending = socket.create_connection(("127.0.0.1", port), timeout=10)
    for chunk in chunks:
        sending.sendall(chunk)
    return sending


def hang_up(port: int, query: str) -> socket.socket:
    body = orjson.dumps({"query": query})
    return send(port, JSON.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


class TestLargeBodies:
    @pytest.mark.parametrize(("head", "allowed"), [(JSON, 256 * 1024), (UPLOADS, 14 * 1024 * 1024)])
    def test_chunked_body_without_end(self, far_demo: tuple[Demo, int], head: str, allowed: int) -> None:
        """300 MB are announced by nothing; the answer comes as soon as the limit is passed."""
        before = psutil.Process().memory_info().rss
        piece = b"x" * 65_536
        chunk = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        part = b'--b\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\n'
        sent = 0
        with send(far_demo[1], head.encode() + b"Transfer-Encoding: chunked\r\n\r\n") as sending:
            sending.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            try:
                while sent < 300_000_000 and not answered(sending):
                    sending.sendall(chunk)
                    sent += len(piece)
                answer = sending.recv(200)
            except (BrokenPipeError, ConnectionResetError):
                answer = b"HTTP/1.1 413 (closed before it could be read)"
        assert answer.startswith(b"HTTP/1.1 413")
        assert sent < allowed + 16 * 1024 * 1024
        assert psutil.Process().memory_info().rss - before < 80_000_000

    @pytest.mark.parametrize("head", [JSON, UPLOADS])
    def test_announced_body(self, far_demo: tuple[Demo, int], head: str) -> None:
        with send(far_demo[1], head.encode() + b"Content-Length: 300000000\r\n\r\n") as sending:
            answer = sending.recv(1000)
        assert answer.startswith(b"HTTP/1.1 413")
        assert b"connection: close" in answer.lower()

    async def test_slow_body(self, demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies.read_request, "__kwdefaults__", {"most_json": 1000, "seconds": 0.1})

        async with demo.client(**{"content-type": "application/json"}) as client:
            with serving(demo) as port:
                # A hundred bytes are announced, and only one of them ever comes.
                sending = await asyncio.to_thread(send, port, JSON.encode() + b"Content-Length: 100\r\n\r\n{")
                answer = await asyncio.to_thread(sending.recv, 1000)
                sending.close()
            assert answer.startswith(b"HTTP/1.1 408")
            assert await ask(client, "{viewer}") == {"data": {"viewer": "Somebody"}}


def answered(sending: socket.socket) -> bool:
    sending.setblocking(False)
    try:
        return bool(sending.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        sending.settimeout(10)


class TestDeadlines:
    def test_slow_query_is_cancelled(self, far_demo: tuple[Demo, int]) -> None:
        demo, port = far_demo
        response = httpx2.post(
            f"http://127.0.0.1:{port}/graphql",
            json={"query": '{slow(seconds:60,name:"late")}'},
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        assert response.json()["errors"] == [
            {"message": "The query took too long: ask for less.", "extensions": {"code": "TOO_EXPENSIVE"}}
        ]
        assert demo.happened.cancelled == ["late"]

    def test_slow_mutation_is_answered_but_not_cut(self, far_demo: tuple[Demo, int]) -> None:
        demo, port = far_demo
        response = httpx2.post(
            f"http://127.0.0.1:{port}/graphql",
            json={"query": 'mutation{slowNote(text:"kept",seconds:1)}'},
            headers={"authorization": f"Bearer {TOKEN}"},
        )
        assert response.status_code == 504
        assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert demo.happened.mutations == []
        assert until(lambda: demo.happened.mutations == ["kept"])


class TestHangingUp:
    def test_query_is_cancelled(self, far_demo: tuple[Demo, int]) -> None:
        demo, port = far_demo
        sending = hang_up(port, '{slow(seconds:60,name:"left")}')
        assert until(lambda: demo.happened.started == ["left"])
        sending.close()
        assert until(lambda: demo.happened.cancelled == ["left"], seconds=0.8)

    def test_mutation_survives(self, far_demo: tuple[Demo, int]) -> None:
        demo, port = far_demo
        sending = hang_up(port, 'mutation{slowNote(text:"survives",seconds:0.4)}')
        assert until(lambda: demo.happened.started == ["survives"])
        sending.close()
        assert until(lambda: demo.happened.mutations == ["survives"])


class TestPlaces:
    async def test_more_wait_and_are_refused(self) -> None:
        runner = Runner(1, patience=0.05)
        demo = Demo()
        demo.endpoint._runner = runner
        await runner._places.take()
        async with demo.client() as client:
            refused = await client.post("/graphql", json={"query": "{viewer}"})
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "2"
            assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            runner._places._patience = 30
            waits = asyncio.create_task(ask(client, "{viewer}"))
            assert await asyncio.wait({waits}, timeout=0.1) == (set(), {waits})
            runner._places.give_back()
            assert await waits == {"data": {"viewer": "Somebody"}}

    async def test_strangers_do_not_take_the_places_of_users(self) -> None:
        demo = Demo(pace=Pace(at_once=4))
        await demo.endpoint._strangers["signIn"]._places.take()
        async with demo.client() as client:
            assert await ask(client, "{viewer}") == {"data": {"viewer": "Somebody"}}

    async def test_places_come_back_after_failures(self) -> None:
        demo = Demo(pace=Pace(at_once=2))
        async with demo.client() as client:
            for query in ["{fail}", "{nope}", "{missing}", 'mutation{note(text:"x")}'] * 5:
                await ask(client, query)
            assert await ask(client, "{viewer}") == {"data": {"viewer": "Somebody"}}

    async def test_drain_waits_for_mutations(self) -> None:
        demo = Demo(pace=Pace(mutation_deadline=0.05))
        async with demo.client() as client:
            answer = await ask(client, 'mutation{slowNote(text:"drained",seconds:0.3)}')
        assert "errors" in answer
        assert not await demo.endpoint.drain(0.01)
        assert await demo.endpoint.drain(5)
        assert demo.happened.mutations == ["drained"]
