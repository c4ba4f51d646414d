"""What callers and logs learn of errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest
import structlog
from structlog.testing import capture_logs

from .demo_schema import SECRET
from .world import Demo, ask

GRAPHQL_JSON = "application/graphql-response+json"


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Everything that was logged, by whatever means, as one text."""
    caplog.set_level(logging.DEBUG)
    with capture_logs() as entries:
        structlog.get_logger("x")

        def everything() -> str:
            streams = capfd.readouterr()
            return f"{entries}{caplog.text}{streams.out}{streams.err}"

        everything.entries = entries  # type: ignore[attr-defined]
        yield everything


class TestMasking:
    async def test_200_concurrent_failures_leak_nothing(self, client: httpx2.AsyncClient, logged: Any) -> None:
        queries = ["{fail}", "{cars(first:3){nodes{id fails}}}", "{wrongResult}", "{missing}"]
        answers = await asyncio.gather(
            *(client.post("/graphql", json={"query": queries[number % 4]}) for number in range(200))
        )
        text = logged()
        assert SECRET not in text
        references = set()
        for answer in answers:
            assert SECRET not in answer.text
            for error in answer.json()["errors"]:
                assert error["message"] == "Unexpected error."
                assert error["extensions"]["code"] == "INTERNAL"
                assert error["path"]
                assert error["locations"]
                references.add(error["extensions"]["reference"])
        assert references == {entry["reference"] for entry in logged.entries}
        assert len(logged.entries) == 200

    async def test_the_log_says_where(self, client: httpx2.AsyncClient, logged: Any) -> None:
        await ask(client, "query Board{fail}")
        (entry,) = logged.entries
        assert entry["operation"] == "Board"
        assert entry["path"] == "fail"
        assert entry["errors"] == ["builtins.RuntimeError", "builtins.KeyError"]
        assert entry["frames"][-1].endswith(" fail")
        assert len(entry["document"]) == 64

    async def test_failing_context(self, demo: Demo, logged: Any) -> None:
        async with demo.client(**{"x-break-context": "1"}) as client:
            answer = await ask(client, "{viewer}")
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert SECRET not in f"{answer}{logged()}"

    @pytest.mark.parametrize("variables", [{"v": "break"}, None])
    async def test_failing_scalar(self, client: httpx2.AsyncClient, logged: Any, variables: Any) -> None:
        query = "query($v:Fragile!){fragile(value:$v)}" if variables else '{fragile(value:"break")}'
        answer = await ask(client, query, variables=variables)
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert SECRET not in f"{answer}{logged()}"

    async def test_failing_authentication(self, demo: Demo, logged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        async def broken(token: str, _address: str) -> None:
            raise RuntimeError(f"{SECRET} {token}")

        monkeypatch.setattr(demo.endpoint._identity, "_authenticate", broken)
        async with demo.client() as client:
            response = await client.post("/graphql", json={"query": "{viewer}"})
        assert response.status_code == 500
        assert SECRET not in response.text + logged()


class TestMeantForTheCaller:
    async def test_codes(self, client: httpx2.AsyncClient) -> None:
        answer = await ask(client, "{refused forbidden viewer}")
        assert answer["data"] == {"refused": None, "forbidden": None, "viewer": "Somebody"}
        first, second = answer["errors"]
        assert first == {
            "message": "The end must be after the start.",
            "extensions": {
                "code": "BAD_USER_INPUT",
                "problemCode": "INVALID_INPUT",
                "field": ["period", "end"],
            },
            "locations": [{"line": 1, "column": 2}],
            "path": ["refused"],
        }
        assert second["extensions"] == {"code": "FORBIDDEN"}
        assert second["message"] == "Managers only."

    async def test_validation_errors_say_where(self, client: httpx2.AsyncClient) -> None:
        (error,) = (await ask(client, "{\n  nope\n}"))["errors"]
        assert error["message"] == "Cannot query field 'nope' on type 'Query'."
        assert error["locations"] == [{"line": 2, "column": 3}]

    async def test_scalar_refusal_keeps_its_reason(self, client: httpx2.AsyncClient) -> None:
        answer = await ask(
            client,
            "mutation($p:Payment!){pay(payment:$p)}",
            variables={"p": {"card": "x", "cvv": 1}},
        )
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "digits only" in answer["errors"][0]["message"]


class TestValuesStayOutOfLogs:
    CARD, PASSWORD = "4929000011112222", "correct-horse-canary"

    @pytest.mark.parametrize(
        ("query", "variables"),
        [
            ("mutation($p:Payment!){pay(payment:$p)}", {"p": {"card": CARD, "cvv": 123}}),
            ("mutation($p:Payment!){pay(payment:$p,fail:true)}", {"p": {"card": CARD, "cvv": 123}}),
            ("mutation($p:Payment!){pay(payment:$p)}", {"p": {"card": CARD, "cvv": CARD}}),
            ("mutation($p:Payment!){pay(payment:$p) nope}", {"p": {"card": CARD, "cvv": 123}}),
            ("mutation($p:Int!){pay(payment:$p)}", {"p": CARD}),
            (f'mutation{{pay(payment:{{card:"{CARD}",cvv:1}})}}', None),
            (f'mutation{{pay(payment:{{card:"{CARD}",cvv:"{PASSWORD}"}})}}', None),
            (f'mutation{{pay(payment:{{card:"{CARD}",cvv:1}},fail:true)}}', None),
            (f'mutation{{signIn(email:"a",password:"{PASSWORD}"){{__typename}}}}', None),
            (f'mutation{{signIn(email:"a",password:"{PASSWORD}"){{nope}}}}', None),
            (f'mutation{{signIn(email:"a",password:"{PASSWORD}"', None),
            (f"{{{PASSWORD.replace('-', '_')}}}", None),
        ],
    )
    async def test_nothing_sent_is_logged(
        self, client: httpx2.AsyncClient, demo: Demo, logged: Any, query: str, variables: Any
    ) -> None:
        await ask(client, query, variables=variables)
        async with demo.client(token=None) as stranger:
            await ask(stranger, query, variables=variables)
        text = logged()
        assert self.CARD not in text
        assert self.PASSWORD not in text
        assert self.PASSWORD.replace("-", "_") not in text


class TestStatuses:
    @pytest.mark.parametrize(
        ("query", "status"),
        [("{viewer}", 200), ("{fail}", 200), ("{missing}", 200), ("{nope}", 400), ("{", 400), ("{...A}", 400)],
    )
    async def test_graphql_response_json(self, client: httpx2.AsyncClient, query: str, status: int) -> None:
        response = await client.post("/graphql", json={"query": query}, headers={"accept": GRAPHQL_JSON})
        assert response.status_code == status
        assert response.headers["content-type"].startswith(GRAPHQL_JSON)
        assert ("data" in response.json()) == (status == 200)

    @pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/json;q=0.9, text/plain"])
    async def test_plain_json(self, client: httpx2.AsyncClient, accept: str) -> None:
        response = await client.post("/graphql", json={"query": "{nope}"}, headers={"accept": accept})
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json; charset=utf-8"

    async def test_coercion_error_has_no_data(self, client: httpx2.AsyncClient) -> None:
        body = {"query": "query($n:Int!){cars(first:$n){totalCount}}", "variables": {"n": "x"}}
        response = await client.post("/graphql", json=body, headers={"accept": GRAPHQL_JSON})
        assert response.status_code == 400
        assert "data" not in response.json()

    async def test_headers(self, client: httpx2.AsyncClient) -> None:
        response = await client.post("/graphql", content=orjson.dumps(5), headers={"content-type": "application/json"})
        for answer in (response, await client.get("/graphql"), await client.post("/graphql", json={"query": "{fail}"})):
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
