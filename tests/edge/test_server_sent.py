"""Subscriptions as server-sent events: one POST each, answered as long as somebody listens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from starlette.requests import ClientDisconnect

from server.edge.bounded_server import bounded
from server.edge.running import Pace
from server.edge.streams import StreamLimits

from .demo_schema import SECRET, Happened
from .world import TOKEN, Demo, serving, until

LIMITS = StreamLimits(connections=8, connections_of_a_caller=2, look_again=0.3, heartbeat=0.1)
EVENTS = "text/event-stream"


@pytest.fixture(scope="module")
def live() -> Iterator[tuple[Demo, int]]:
    demo = Demo(pace=Pace(query_deadline=1.0), limits=LIMITS)
    with serving(demo, bounded(demo.app, lifespan="off")) as port:
        yield demo, port


@pytest.fixture
def demo(live: tuple[Demo, int]) -> Iterator[Demo]:
    demo = live[0]
    demo.happened = Happened()
    yield demo
    demo.signed_out.clear()
    assert until(lambda: not demo.endpoint.streams._connections._held), "a connection is still counted"
    assert until(lambda: len(demo.happened.started) == len(demo.happened.cancelled)), "a source goes on"


@pytest.fixture
def http(live: tuple[Demo, int], demo: Demo) -> Iterator[httpx2.Client]:
    headers = {"authorization": f"Bearer {TOKEN}", "accept": EVENTS}
    with httpx2.Client(base_url=f"http://127.0.0.1:{live[1]}", headers=headers, timeout=5, trust_env=False) as client:
        yield client


@contextmanager
def following(http: httpx2.Client, query: str, **headers: str) -> Iterator[Iterator[tuple[str, Any]]]:
    with http.stream("POST", "/graphql", json={"query": query}, headers=headers) as response:
        assert response.headers["content-type"] == f"{EVENTS}; charset=utf-8"
        assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-store", "no")
        yield _events(response)


def _events(response: httpx2.Response) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in response.iter_lines():
        if line == ":":
            yield "heartbeat", None
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            data = line.removeprefix("data:").strip()
            yield name, json.loads(data) if data else None


def test_a_stream_that_ends(http: httpx2.Client) -> None:
    with following(http, "subscription { three }") as events:
        told = [one for one in events if one[0] != "heartbeat"]
    assert told == [*(("next", {"data": {"three": number}}) for number in range(3)), ("complete", None)]


def test_a_stream_that_goes_on_and_is_left(demo: Demo, http: httpx2.Client) -> None:
    with following(http, "subscription { ticks }") as events:
        assert next(events) == ("heartbeat", None)
        for number in (13, 7):
            demo.happened.ticks.put_nowait(number)
        assert next(one for one in events if one[0] != "heartbeat") == ("next", {"data": {"ticks": 7}})
    # Then its source ends with it: the fixture looks


def test_a_fault_is_masked_and_the_last_word(demo: Demo, http: httpx2.Client) -> None:
    with following(http, "subscription { ticks }") as events:
        demo.happened.ticks.put_nowait(99)
        (_, answer), end = [one for one in events if one[0] != "heartbeat"]
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert SECRET not in json.dumps(answer)
    assert end == ("complete", None)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("subscription { nothing }", 400, "BAD_USER_INPUT"),
        ("subscription { refusedStream }", 403, "FORBIDDEN"),
        ("subscription { " + "a: three " * 100 + "}", 400, "TOO_EXPENSIVE"),
    ],
)
def test_what_is_refused_is_an_answer(http: httpx2.Client, query: str, status: int, code: str) -> None:
    response = http.post("/graphql", json={"query": query})
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code


def test_others_are_answered_as_ever(demo: Demo, http: httpx2.Client) -> None:
    both = f"application/json, {EVENTS}"
    answer = http.post("/graphql", json={"query": "{viewer}"}, headers={"accept": both})
    assert (answer.headers["content-type"], answer.json()) == (
        "application/json; charset=utf-8",
        {"data": {"viewer": "Somebody"}},
    )
    refused = http.post("/graphql", json={"query": "subscription{three}"}, headers={"accept": "application/json"})
    assert refused.json()["errors"][0]["message"].startswith("Subscriptions are streamed")
    assert demo.happened.started == []


def test_nobody_who_is_not_signed_in(demo: Demo, http: httpx2.Client) -> None:
    for authorization in ("Bearer wrong", "Bearer", ""):
        answer = http.post("/graphql", json={"query": "subscription{ticks}"}, headers={"authorization": authorization})
        assert answer.status_code == 401
    assert demo.happened.started == []


def test_a_cookie_instead_of_a_token(http: httpx2.Client) -> None:
    del http.headers["authorization"]
    with following(http, "subscription { three }", cookie=f"office={TOKEN}") as events:
        assert next(one for one in events if one[0] != "heartbeat")[0] == "next"


def test_it_ends_with_the_session_and_does_not_complete(demo: Demo, http: httpx2.Client) -> None:
    with following(http, "subscription { ticks }") as events:
        assert next(events) == ("heartbeat", None)
        demo.signed_out.add(TOKEN)
        assert {one[0] for one in events} == {"heartbeat"}


def test_too_many(http: httpx2.Client) -> None:
    with following(http, "subscription { ticks }") as one, following(http, "subscription { ticks }") as other:
        next(one)
        next(other)
        refused = http.post("/graphql", json={"query": "subscription{ticks}"})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")


def test_it_ends_with_the_server() -> None:
    demo = Demo(limits=LIMITS)
    with serving(demo, bounded(demo.app, lifespan="off")) as port:
        headers = {"authorization": f"Bearer {TOKEN}", "accept": EVENTS}
        with (
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=5, trust_env=False) as http,
            following(http, "subscription { ticks }") as events,
        ):
            next(events)
            demo.happened.loop.call_soon_threadsafe(demo.endpoint.streams.ends.set)
            assert {one[0] for one in events} <= {"heartbeat"}


async def test_who_has_gone_before_it_began_is_not_counted() -> None:
    demo = Demo(limits=LIMITS)
    body = json.dumps({"query": "subscription { ticks }"}).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(_message: Any) -> None:
        raise OSError("gone")

    bearer = (b"authorization", f"Bearer {TOKEN}".encode())
    headers = [bearer, (b"content-type", b"application/json"), (b"accept", EVENTS.encode())]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
    }
    scope |= {"headers": headers, "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        await demo.endpoint(scope, receive, send)
    assert not demo.endpoint.streams._connections._held
