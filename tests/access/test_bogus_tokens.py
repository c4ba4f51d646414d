"""Bogus tokens are cheap: what cannot be one is not looked up, and only a few are looked up at a time."""

from __future__ import annotations

import asyncio

import httpx2
import psycopg
import pytest
from starlette.applications import Starlette

from server import security
from server.app import LOOK_UPS_AT_ONCE, create_app
from server.config import Settings
from server.database.embedded import SUPERUSER, Cluster
from server.edge.answers import HttpRefusal
from server.edge.fairness import LOOK_UPS_OF_AN_ADDRESS
from server.edge.running import Places
from server.errors import Refused
from server.runtime import Runtime
from server.services.people import callers, sessions
from server.worker import create_worker
from tests.builders.bench import Bench
from tests.edge.world import until
from tests.traffic import Traffic, watched

from .doors import ANNA, HOME, NOW, RIGHT, Door

BOGUS = "A" * 43
NO_TOKENS = [
    "",
    "x",
    "ea_",
    f"ea_{BOGUS[:-1]}",
    f"ea_{BOGUS}A",
    f"ea_{BOGUS[:-1]}.",
    f"ea_{BOGUS[:-1]}ä",
    f"ea_{BOGUS[:-1]}\n",
    f"EA_{BOGUS}",
    f"er_{BOGUS}",
    f"ex_{BOGUS}",
    f"ea{BOGUS}A",
    f" ea_{BOGUS}",
    "ek_" + "x" * 250,
]


def looked_up(traffic: Traffic) -> int:
    return len([one for one in traffic.statements if "from session s" in one])


@pytest.fixture
def app(bench: Bench) -> Starlette:
    return create_app(Runtime(Settings(_env_file=None), bench.outside, create_worker(bench.outside), None))


def calling(app: Starlette, address: str) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app, client=(address, 1)), base_url="http://rental")


@pytest.fixture
def client(app: Starlette) -> httpx2.AsyncClient:
    return calling(app, HOME)


@pytest.fixture
def elsewhere(app: Starlette) -> httpx2.AsyncClient:
    """Of the same application, at another address."""
    return calling(app, "10.9.9.9")


async def ask(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return await client.post("/graphql", json={"query": "{viewer{role}}"}, headers=headers)


class TestTheForm:
    @pytest.mark.parametrize("token", NO_TOKENS)
    async def test_what_cannot_be_a_token_is_not_looked_up(self, bench: Bench, token: str) -> None:
        with watched() as traffic:
            found = await callers.authenticate(bench.outside.database, token, now=NOW, called_at=NOW)

        assert (found, traffic.statements) == (None, [])

    @pytest.mark.parametrize("token", [one for one in NO_TOKENS if one != f"er_{BOGUS}"] + [f"ea_{BOGUS}"])
    async def test_nor_what_cannot_be_a_refresh_token(self, bench: Bench, token: str) -> None:
        with watched() as traffic, pytest.raises(Refused) as said:
            await sessions.refresh(bench.outside, token, now=NOW)

        assert (said.value.code.value, traffic.statements) == ("NOT_ALLOWED", [])

    @pytest.mark.parametrize("prefix", [security.ACCESS, security.API_KEY])
    async def test_what_can_be_one_is_looked_up_in_one_statement(self, bench: Bench, prefix: str) -> None:
        token = f"{prefix}_{BOGUS}"
        await callers.authenticate(
            bench.outside.database, token, now=NOW, called_at=NOW
        )  # on a connection that is there
        with watched() as traffic:
            found = await callers.authenticate(bench.outside.database, token, now=NOW, called_at=NOW)

        assert found is None
        assert [one.split()[0].lower() for one in traffic.statements] == ["select"]

    def test_every_token_of_ours_has_the_form(self) -> None:
        for prefix in (security.ACCESS, security.REFRESH, security.API_KEY):
            assert all(security.has_form(security.new_token(prefix), prefix) for _ in range(200))
        assert not security.has_form(security.new_token(security.REFRESH), security.ACCESS, security.API_KEY)

    async def test_over_http_neither_route_asks_the_database(self, bench: Bench, client: httpx2.AsyncClient) -> None:
        with watched() as traffic:
            said = [(await ask(client, token)).status_code for token in ("x", f"er_{BOGUS}", "ea_" + "x" * 44)]
            headers = {"authorization": "Bearer ea_short"}
            said.append((await client.get(f"/media/documents/{NOBODY_S}", headers=headers)).status_code)

        assert (said, traffic.statements) == ([401, 401, 401, 404], [])


NOBODY_S = "00000000-0000-0000-0000-000000000001"


class TestPlaces:
    async def test_who_finds_no_place_is_told_to_come_back(self) -> None:
        places = Places(2, patience=0.01)
        async with places.one(), places.one():
            with pytest.raises(HttpRefusal) as said:
                await places.take()
            assert (said.value.status, said.value.headers) == (503, {"retry-after": "2"})
        # Then they are free again, also after a failure
        with pytest.raises(RuntimeError):
            async with places.one():
                raise RuntimeError
        async with places.one(), places.one():
            pass

    async def test_those_of_one_address_leave_places_to_another(
        self, bench: Bench, client: httpx2.AsyncClient, elsewhere: httpx2.AsyncClient, cluster: Cluster
    ) -> None:
        # Given look-ups that take long
        with psycopg.connect(cluster.url(SUPERUSER)) as owner, watched() as traffic:
            owner.execute("lock table session in access exclusive mode")
            # When more come from one address than there are places
            flood = [asyncio.create_task(ask(client, f"ea_{BOGUS}")) for _ in range(2 * LOOK_UPS_AT_ONCE)]
            assert await asyncio.to_thread(until, lambda: looked_up(traffic) == LOOK_UPS_OF_AN_ADDRESS)
            # Then one from elsewhere is looked up, and no more of those
            other = asyncio.create_task(ask(elsewhere, f"ea_{BOGUS}"))
            assert await asyncio.to_thread(until, lambda: looked_up(traffic) == LOOK_UPS_OF_AN_ADDRESS + 1)
            owner.rollback()
            assert (await other).status_code == 401
            await asyncio.gather(*flood)

    async def test_a_database_that_does_not_answer_gets_eight_look_ups(
        self, bench: Bench, client: httpx2.AsyncClient, elsewhere: httpx2.AsyncClient, cluster: Cluster
    ) -> None:
        # Given a table that nobody can read for a while, and as many look-ups of it as there are places
        headers = {"authorization": f"Bearer ea_{BOGUS}"}
        with psycopg.connect(cluster.url(SUPERUSER)) as owner, watched() as traffic:
            owner.execute("lock table session in access exclusive mode")
            half = range(LOOK_UPS_AT_ONCE // 2)
            waiting = [asyncio.create_task(ask(one, f"ea_{BOGUS}")) for one in (client, elsewhere) for _ in half]
            assert await asyncio.to_thread(until, lambda: looked_up(traffic) == LOOK_UPS_AT_ONCE)
            before = len(traffic.statements)

            # When more tokens come, here and there, and one that cannot be one
            page = client.get(f"/media/documents/{NOBODY_S}", headers=headers)
            *refused, wrong = await asyncio.gather(ask(client, f"ea_{BOGUS}"), page, ask(client, "ea_bogus"))

            # Then they are told to come back, or that it is wrong, and nothing more reaches the database
            for answer in refused:
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert wrong.status_code == 401
            assert len(traffic.statements) == before
            owner.rollback()
            said = [(await one).status_code for one in waiting]

        # Then those that waited are answered, and the places are free
        assert said == [401] * LOOK_UPS_AT_ONCE
        await Door(bench).staff(ANNA)
        tokens = await sessions.sign_in(bench.outside, ANNA, RIGHT, address=HOME, now=NOW)
        assert await callers.authenticate(bench.outside.database, tokens.access_token, now=NOW, called_at=NOW)
