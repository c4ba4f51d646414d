"""graphql-transport-ws, message by message, over real sockets: what is answered, and with what a socket is closed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from server.edge.bounded_server import bounded
from server.edge.connections import BoundedSocket
from server.edge.running import Pace
from server.edge.streams import StreamLimits

from .demo_schema import SECRET, Happened
from .world import OTHER, SITE, TOKEN, Demo, serving, until

LIMITS = StreamLimits(
    connections=8, connections_of_a_caller=3, subscriptions=2, messages=40, greeting=0.5, look_again=0.3, heartbeat=0.2
)
SUBPROTOCOL = Subprotocol("graphql-transport-ws")


@pytest.fixture(scope="module")
def live() -> Iterator[tuple[Demo, int]]:
    demo = Demo(pace=Pace(query_deadline=1.0), limits=LIMITS)
    with serving(demo, bounded(demo.app, ws=BoundedSocket, lifespan="off")) as port:
        yield demo, port


@pytest.fixture
def demo(live: tuple[Demo, int]) -> Iterator[Demo]:
    demo = live[0]
    demo.happened = Happened()
    yield demo
    demo.signed_out.clear()
    assert until(lambda: not demo.endpoint.streams._connections._held), "a connection is still counted"
    started, cancelled = (demo.happened.started, demo.happened.cancelled)
    assert until(lambda: len(started) == len(cancelled)), "a source goes on"


@pytest.fixture
def port(live: tuple[Demo, int], demo: Demo) -> int:
    return live[1]


def opened(port: int, **more: Any) -> ClientConnection:
    given: dict[str, Any] = {"subprotocols": [SUBPROTOCOL], "compression": None, "proxy": None, "legacy": True, **more}
    return connect(f"ws://127.0.0.1:{port}/graphql", **given)


def greeted(port: int, token: str | None = TOKEN, **more: Any) -> ClientConnection:
    socket = opened(port, **more)
    say(socket, {"type": "connection_init"} | ({"payload": {"Authorization": f"Bearer {token}"}} if token else {}))
    assert hear(socket) == {"type": "connection_ack"}
    return socket


def say(socket: ClientConnection, message: Any) -> None:
    socket.send(json.dumps(message))


def hear(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=5))


def subscribe(socket: ClientConnection, query: str, name: str = "1", **more: Any) -> None:
    say(socket, {"type": "subscribe", "id": name, "payload": {"query": query, **more}})


def closed(socket: ClientConnection) -> tuple[int, str]:
    try:
        while True:
            socket.recv(timeout=5)
    except ConnectionClosed as ended:
        return (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else (0, "")


def put(demo: Demo, *numbers: int) -> None:
    for number in numbers:
        demo.happened.ticks.put_nowait(number)


def test_a_conversation(port: int) -> None:
    with greeted(port) as socket:
        subscribe(socket, "subscription { three }", "a")
        told = [hear(socket) for _ in range(4)]
        assert told == [
            *({"type": "next", "id": "a", "payload": {"data": {"three": number}}} for number in range(3)),
            {"type": "complete", "id": "a"},
        ]
        # The id is free again
        subscribe(socket, "subscription Again { other: three }", "a", operationName="Again")
        assert hear(socket)["payload"] == {"data": {"other": 0}}


def test_ping_and_pong(port: int) -> None:
    with opened(port) as socket:
        say(socket, {"type": "ping"})
        assert hear(socket) == {"type": "pong"}
        say(socket, {"type": "pong", "payload": {"a": 1}})
        say(socket, {"type": "ping"})
        assert hear(socket) == {"type": "pong"}


def test_nothing_comes_after_complete(demo: Demo, port: int) -> None:
    with greeted(port) as socket:
        subscribe(socket, "subscription { ticks }")
        assert until(lambda: demo.happened.started == ["ticks"])
        say(socket, {"type": "complete", "id": "1"})
        assert until(lambda: demo.happened.cancelled == ["ticks"])
        say(socket, {"type": "complete", "id": "never"})
        say(socket, {"type": "ping"})
        assert hear(socket) == {"type": "pong"}


def test_what_one_may_not_see_is_not_told(demo: Demo, port: int) -> None:
    with greeted(port) as socket:
        subscribe(socket, "subscription { ticks }")
        assert until(lambda: demo.happened.started == ["ticks"])
        put(demo, 13, 7)
        assert hear(socket)["payload"] == {"data": {"ticks": 7}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "BAD_USER_INPUT"),
        ("subscription { ", "BAD_USER_INPUT"),
        ("{ viewer }", "BAD_USER_INPUT"),
        ("mutation { book }", "BAD_USER_INPUT"),
        ("subscription { three ticks }", "BAD_USER_INPUT"),
        ("subscription { refusedStream }", "FORBIDDEN"),
        ("subscription { " + "a: three " * 100 + "}", "TOO_EXPENSIVE"),
    ],
)
def test_what_is_refused_ends_nothing_else(demo: Demo, port: int, query: str, code: str) -> None:
    with greeted(port) as socket:
        subscribe(socket, query)
        answer = hear(socket)
        assert (answer["type"], answer["id"], answer["payload"][0]["extensions"]["code"]) == ("error", "1", code)
        subscribe(socket, "subscription { three }")
        assert hear(socket)["type"] == "next"
    assert demo.happened.mutations == []


def test_a_fault_is_masked(demo: Demo, port: int) -> None:
    with greeted(port) as socket:
        subscribe(socket, "subscription { ticks }")
        put(demo, 99)
        answer = hear(socket)
        assert answer["payload"][0]["extensions"]["code"] == "INTERNAL"
        assert SECRET not in json.dumps(answer)


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", '"ping"', "{}", '{"type": 1}', '{"type": "start"}', '{"type": "complete"}', '{"type": "ping\\u0000"}', b"{}"],
)  # fmt: skip
def test_4400_what_is_no_message(port: int, text: str | bytes) -> None:
    with greeted(port) as socket:
        socket.send(text)
        assert closed(socket)[0] == 4400


@pytest.mark.parametrize(
    "message",
    [
        {"type": "subscribe", "payload": {"query": "subscription{three}"}},
        {"type": "subscribe", "id": "", "payload": {"query": "subscription{three}"}},
        {"type": "subscribe", "id": "1"},
        {"type": "subscribe", "id": "1", "payload": {"query": 1}},
        {"type": "subscribe", "id": "1", "payload": {"query": "subscription{three}", "variables": []}},
    ],
)
def test_4400_what_is_no_request(port: int, message: Any) -> None:
    with greeted(port) as socket:
        say(socket, message)
        assert closed(socket)[0] == 4400


def test_4401_subscribe_before_the_greeting(port: int) -> None:
    with opened(port) as socket:
        subscribe(socket, "subscription { three }")
        assert closed(socket) == (4401, "Unauthorized")


def test_4401_when_the_session_ends(demo: Demo, port: int) -> None:
    with greeted(port) as socket, greeted(port, OTHER) as other:
        subscribe(socket, "subscription { ticks }")
        assert until(lambda: demo.happened.started == ["ticks"])
        demo.signed_out.add(TOKEN)
        assert closed(socket) == (4401, "Unauthorized")
        subscribe(other, "subscription { three }")
        assert hear(other)["type"] == "next"


@pytest.mark.parametrize("token", ["wrong", "", None])
def test_4403_a_greeting_of_nobody(port: int, token: str | None) -> None:
    with opened(port) as socket:
        say(
            socket,
            {"type": "connection_init", "payload": None if token is None else {"authorization": f"Bearer {token}"}},
        )
        assert closed(socket) == (4403, "Forbidden")


def test_a_header_or_a_cookie_instead_of_the_greetings_token(demo: Demo, port: int) -> None:
    for headers in ({"authorization": f"Bearer {OTHER}"}, {"cookie": f"office={TOKEN}"}):
        with greeted(port, None, additional_headers=headers) as socket:
            subscribe(socket, "subscription { three }")
            assert hear(socket)["type"] == "next"
    with greeted(port, None, additional_headers={"cookie": f"office={TOKEN}"}) as socket:
        demo.signed_out.add(TOKEN)
        assert closed(socket)[0] == 4401


@pytest.mark.parametrize("subprotocols", [None, [Subprotocol("graphql-ws")]])
def test_4406_another_subprotocol(port: int, subprotocols: Any) -> None:
    with opened(port, subprotocols=subprotocols) as socket:
        assert closed(socket) == (4406, "Subprotocol not acceptable")


def test_4408_no_greeting_in_time(port: int) -> None:
    with opened(port) as socket:
        assert closed(socket) == (4408, "Connection initialisation timeout")


def test_4409_an_id_that_is_in_use(port: int) -> None:
    with greeted(port) as socket:
        for _ in range(2):
            subscribe(socket, "subscription { ticks }")
        assert closed(socket) == (4409, "Subscriber for 1 already exists")


def test_4429_a_second_greeting(port: int) -> None:
    with greeted(port) as socket:
        say(socket, {"type": "connection_init"})
        assert closed(socket) == (4429, "Too many initialisation requests")


def test_4429_a_flood(port: int) -> None:
    with greeted(port) as socket:
        for _ in range(LIMITS.messages):
            say(socket, {"type": "pong"})
        assert closed(socket) == (4429, "Too many messages")


def test_too_many_subscriptions(port: int) -> None:
    with greeted(port) as socket:
        for name in "abc":
            subscribe(socket, "subscription { ticks }", name)
        answer = hear(socket)
        assert (answer["type"], answer["id"]) == ("error", "c")
        assert answer["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


def test_too_many_connections(demo: Demo, port: int) -> None:
    sockets = [greeted(port) for _ in range(LIMITS.connections_of_a_caller)]
    with opened(port) as one_more:
        say(one_more, {"type": "connection_init", "payload": {"Authorization": f"Bearer {TOKEN}"}})
        assert closed(one_more) == (4429, "Too many connections")
    sockets += [greeted(port, OTHER) for _ in range(3)] + [greeted(port, SITE) for _ in range(2)]
    with pytest.raises(InvalidStatus) as refusal:
        opened(port)
    assert refusal.value.response.status_code == 503
    sockets[-1].close()
    assert until(lambda: demo.endpoint.streams._connections._all < LIMITS.connections)
    sockets[-1] = greeted(port, SITE)
    for socket in sockets:
        socket.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
def test_pages_of_others(port: int, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        opened(port, origin=Origin(origin), additional_headers={"cookie": f"office={TOKEN}"})
    assert refusal.value.response.status_code == 403


def test_pages_of_ours(port: int) -> None:
    for origin in (f"http://127.0.0.1:{port}", "https://rental.example"):
        with greeted(port, origin=Origin(origin)):
            pass


def test_a_message_that_is_too_long(port: int) -> None:
    with greeted(port) as socket:
        socket.send("x" * 140_000)
        assert closed(socket)[0] == 1009


def test_many_changes_are_told_in_order_to_each(demo: Demo, port: int) -> None:
    with greeted(port) as socket:
        subscribe(socket, "subscription { ticks }")
        put(demo, *range(50, 80))
        assert [hear(socket)["payload"]["data"]["ticks"] for _ in range(30)] == list(range(50, 80))


def test_1012_when_the_server_ends() -> None:
    demo = Demo(limits=LIMITS)
    with serving(demo, bounded(demo.app, ws=BoundedSocket, lifespan="off")) as port, greeted(port) as socket:
        subscribe(socket, "subscription { ticks }")
        assert until(lambda: demo.happened.started == ["ticks"])
        threading.Thread(target=_ends, args=(demo,)).start()
        assert closed(socket)[0] == 1012


def _ends(demo: Demo) -> None:
    # Not of this thread's loop: set as the server's own end sets it.
    demo.happened.loop.call_soon_threadsafe(demo.endpoint.streams.ends.set)
