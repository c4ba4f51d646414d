"""One caller who sends all that may be sent, beside others who want little: those get it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from server.edge import bodies
from server.edge.documents import SHORT, Documents
from server.edge.fairness import OF_A_USER, OF_AN_ADDRESS, OF_AN_API_KEY
from server.edge.running import Pace
from server.edge.shares import Queues, Share, Stock

from .demo_schema import create_schema
from .world import OTHER, SITE, TOKEN, Demo, ask

SIGN_IN = 'mutation In($p:String!){signIn(email:"a",password:$p){...on Session{accessToken}}}'
REFRESH = 'mutation{refreshSession(refreshToken:"x"){__typename}}'
SIGNED_IN = {"data": {"signIn": {"accessToken": "ea_new"}}}
SLOW = "{slow(seconds:60)}"


@asynccontextmanager
async def flood(work: list[Coroutine[Any, Any, Any]]) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Everything at once, in the background of a block."""
    tasks = [asyncio.create_task(one) for one in work]
    await asyncio.sleep(0.05)
    yield tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("token", "query", "running"),
    [
        (SITE, SLOW, OF_AN_API_KEY["query"]),
        (SITE, 'mutation{slowNote(text:"x",seconds:2)}', OF_AN_API_KEY["mutation"]),
        (TOKEN, SLOW, OF_A_USER["query"]),
        (TOKEN, 'mutation{slowNote(text:"x",seconds:2)}', OF_A_USER["mutation"]),
    ],
)
async def test_one_who_sends_much_leaves_places_to_others(token: str, query: str, running: int) -> None:
    # Given: as many places as the server has, and one caller who could fill them
    demo = Demo(pace=Pace(at_once=24, patience=1, query_deadline=60))
    async with (
        demo.client(token=token) as busy,
        demo.client(token=OTHER) as other,
        flood([ask(busy, query) for _ in range(60)]),
    ):
        # When, Then
        assert len(demo.happened.started) == running
        assert await ask(other, "{viewer}") == {"data": {"viewer": "Somebody else"}}


async def test_what_waits_for_its_turn_gets_it() -> None:
    demo = Demo(pace=Pace(at_once=24, patience=30))
    async with demo.client(token=SITE) as client:
        answers = await asyncio.gather(*(ask(client, "{slow(seconds:0.02)}") for _ in range(40)))
    assert answers == [{"data": {"slow": "done"}}] * 40


async def test_an_address_that_tries_passwords_keeps_no_other_from_signing_in() -> None:
    demo = Demo()
    async with (
        demo.client(token=None, address="10.0.0.1") as busy,
        demo.client(token=None, address="10.0.0.2") as other,
        flood([ask(busy, SIGN_IN, variables={"p": "slow"}) for _ in range(30)]),
    ):
        assert await ask(other, SIGN_IN, variables={"p": "right"}) == SIGNED_IN


async def test_who_goes_on_does_not_queue_behind_passwords() -> None:
    """From many addresses, which is all that a stranger can do."""
    demo = Demo()
    clients = [demo.client(token=None, address=f"10.0.0.{number}") for number in range(20)]
    tries = [ask(one, SIGN_IN, variables={"p": "slow"}) for one in clients for _ in range(OF_AN_ADDRESS)]
    async with flood(tries), demo.client(token=None, address="10.0.0.1") as other:
        assert await ask(other, REFRESH) == {"data": {"refreshSession": {"__typename": "Rejection"}}}


async def test_of_long_documents_one_of_each_caller_is_in_the_queue() -> None:
    shelf, done = Documents(create_schema()), []

    async def prepare(caller: str, number: int) -> None:
        await shelf.prepared("{viewer}" + " " * (SHORT + number), caller)
        done.append(caller)

    await asyncio.gather(*(prepare("busy", number) for number in range(20)), prepare("other", 500))
    assert done.index("other") <= 1


class TestBytes:
    async def test_a_stranger_needs_little(self, demo: Demo) -> None:
        async with demo.client(token=None) as client:
            fits = await client.post("/graphql", json={"query": "{a}" + " " * 15_000})
            large = await client.post("/graphql", json={"query": "{a}" + " " * 17_000})
        assert (fits.status_code, large.status_code) == (401, 413)

    @pytest.mark.parametrize("token", [None, TOKEN])
    async def test_one_gets_no_more_than_a_share(self, demo: Demo, token: str | None) -> None:
        # Given: room for 20 KB of each, 50 in all
        demo.endpoint._bytes_of_strangers = demo.endpoint._bytes_of_users = Stock(50_000, 20_000)
        ended = asyncio.Event()

        async def half() -> AsyncIterator[bytes]:
            yield b" " * 8_000
            await ended.wait()
            yield b'{"query":"{viewer}"}'

        async def send(client: httpx2.AsyncClient) -> int:
            response = await client.post("/graphql", content=half(), headers={"content-type": "application/json"})
            return response.status_code

        # When: three are on their way
        async with (
            demo.client(token=token) as client,
            demo.client(token=OTHER) as other,
            flood([send(client) for _ in range(3)]) as sending,
        ):
            refused = [task.result() for task in sending if task.done()]
            assert await ask(other, "{viewer}") == {"data": {"viewer": "Somebody else"}}
            ended.set()
            rest = sorted(await asyncio.gather(*sending))
        # Then: the third is told to come back, and everything was given back
        assert refused == [503]
        assert rest == ([401, 401, 503] if token is None else [200, 200, 503])
        assert demo.endpoint._bytes_of_users._all == 0


class TestSlowUploads:
    """A photo from the far end of a yard: slow, and always on its way."""

    @staticmethod
    async def sent(demo: Demo, pause: float, pieces: int, content_type: str = "multipart/form-data; boundary=b") -> int:
        async def body() -> AsyncIterator[bytes]:
            if content_type != "application/json":
                for name, text in (("operations", OPERATIONS), ("map", '{"0":["variables.f"]}')):
                    yield f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
                yield b'--b\r\nContent-Disposition: form-data; name="0"; filename="a"\r\n\r\n'
            for _ in range(pieces):
                await asyncio.sleep(pause)
                yield b" " * 4_000
            yield b'{"query":"{viewer}"}' if content_type == "application/json" else b"\r\n--b--\r\n"

        headers = {"content-type": content_type, "graphql-require-preflight": "1"}
        async with demo.client() as client:
            return (await client.post("/graphql", content=body(), headers=headers)).status_code

    @pytest.fixture(autouse=True)
    def hasty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bodies.read_request, "__kwdefaults__", {"most_json": 256 * 1024, "seconds": 0.5})
        monkeypatch.setattr(bodies, "SLOWEST_UPLOAD", 10_000)

    async def test_has_the_time_that_it_needs(self, demo: Demo) -> None:
        assert await self.sent(demo, 0.2, 6) == 200

    async def test_but_not_if_nothing_comes(self, demo: Demo) -> None:
        assert await self.sent(demo, 1.5, 1) == 408

    async def test_nor_does_anything_else(self, demo: Demo) -> None:
        assert await self.sent(demo, 0.2, 6, "application/json") == 408


OPERATIONS = '{"query":"mutation($f:Upload!){upload(file:$f)}","variables":{"f":null}}'


class TestQueues:
    async def test_who_gives_up_waiting_holds_nothing(self) -> None:
        queues, small, all_of_it = Queues(), Share("one", 2), Share("all", 1)
        await queues.take((all_of_it,))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await queues.take((small, all_of_it))
        queues.give_back((all_of_it,))
        assert (queues._queues, queues._users) == ({}, {})

    def test_a_stock_forgets_who_holds_nothing(self) -> None:
        stock = Stock(10, 6)
        taken = [stock.take("a", 6), stock.take("a", 1), stock.take("b", 4), stock.take("c", 1)]
        assert taken == [True, False, True, False]
        stock.give_back("a", 6)
        stock.give_back("b", 4)
        assert (stock._all, dict(stock._held)) == (0, {})
