"""Who may ask what: tokens, strangers, and browsers that were tricked into sending something."""

from __future__ import annotations

import itertools

import httpx2
import orjson
import pytest
from graphql import get_introspection_query

from .demo_schema import SECRET
from .world import TOKEN, Demo, ask

STRANGER = {"errors": [{"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}]}
WORDS = ["viewer", "cars", "stations", "echo", "fail", "slow", "signIn", "note", "pay", "upload", "nope", "x", "id"]


class TestTokens:
    @pytest.mark.parametrize(
        "header", ["Bearer wrong", "Bearer ", "Bearer", "Basic ea_test", "ea_test", "Bearer " + "x" * 5000, ""]
    )
    @pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
    async def test_bad_token(self, demo: Demo, header: str, accept: str) -> None:
        async with demo.client(token=None, authorization=header, accept=accept) as client:
            response = await client.post("/graphql", json={"query": 'mutation{note(text:"x")}'})
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert demo.happened.mutations == []

    async def test_two_tokens(self, demo: Demo) -> None:
        async with demo.client(token=None) as client:
            headers = [("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer x")]
            response = await client.post("/graphql", json={"query": "{viewer}"}, headers=headers)
        assert response.status_code == 401

    async def test_scheme_in_any_case(self, demo: Demo) -> None:
        async with demo.client(token=None, authorization=f"bearer {TOKEN}") as client:
            assert await ask(client, "{viewer}") == {"data": {"viewer": "Somebody"}}


class TestStrangers:
    async def test_may_sign_in(self, demo: Demo) -> None:
        async with demo.client(token=None) as client:
            query = 'mutation In($p:String!){signIn(email:"a",password:$p){...on Session{accessToken}}}'
            assert await ask(client, query, variables={"p": "right"}) == {"data": {"signIn": {"accessToken": "ea_new"}}}
            refresh = 'mutation{refreshSession(refreshToken:"x"){__typename}}'
            assert await ask(client, refresh) == {"data": {"refreshSession": {"__typename": "Rejection"}}}

    @pytest.mark.parametrize(
        "query",
        [
            *(f"{{{word}}}" for word in WORDS),
            *(f"mutation{{{word}}}" for word in WORDS if word != "signIn"),
            "mutation{signIn}",
            "mutation{signIn{nope}}",
            "mutation{signin(email:1)}",
            'mutation{signIn(email:"a",password:"b"){__typename} note(text:"x")}',
            'mutation{signIn(email:"a",password:"b"){__typename} ...F} fragment F on Mutation{note(text:"x")}',
            'mutation{...on Mutation{note(text:"x")}}',
            'mutation{signIn:note(text:"x")}',
            'mutation{a:signIn(email:"a",password:"b"){__typename} b:signIn(email:"a",password:"b"){__typename}}',
            'mutation A{signIn(email:"a",password:"b"){__typename}} mutation B{note(text:"x")}',
            'mutation($e:String!){signIn(email:$e,password:"b"){__typename}}',
            'mutation{signIn(email:"a",password:"b",nope:1){__typename}}',
            'mutation{signIn(email:"a",password:5){__typename}}',
            "mutation{__schema{types{name}}}",
            "{__schema{types{name}}}",
            "{__typename}",
            "mutation{__typename}",
            "{signIn}",
            "subscription{ticks}",
            get_introspection_query(),
            "{",
            "",
            "mutation{signIn(" + "a:1 " * 300 + ")}",
        ],
    )
    async def test_learn_nothing(self, demo: Demo, query: str) -> None:
        async with demo.client(token=None) as client:
            response = await client.post("/graphql", json={"query": query or " # "})
        assert response.json() == STRANGER
        assert demo.happened.mutations == []
        assert demo.happened.contexts <= 1

    @pytest.mark.parametrize("variables", [{}, {"p": None}, {"p": 5}, {"p": ["x"]}, {"p": {"a": 1}}])
    async def test_coercion_tells_nothing(self, demo: Demo, variables: object) -> None:
        async with demo.client(token=None) as client:
            query = 'mutation($p:String!){signIn(email:"a",password:$p){__typename}}'
            assert await ask(client, query, variables=variables) == STRANGER

    async def test_status(self, demo: Demo) -> None:
        async with demo.client(token=None, accept="application/graphql-response+json") as client:
            assert (await client.post("/graphql", json={"query": "{viewer}"})).status_code == 401

    async def test_a_failing_context_is_masked(self, demo: Demo) -> None:
        async with demo.client(token=None, **{"x-break-context": "1"}) as client:
            answer = await ask(client, 'mutation{signIn(email:"a",password:"b"){__typename}}')
        assert answer["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert SECRET not in str(answer)


KINDS = ["application/json", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "text/plain", None]


@pytest.mark.parametrize(
    ("kind", "cookie", "origin", "operation"),
    list(itertools.product(KINDS, [True, False], ["http://demo", "https://evil.example"], ["query", "mutation"])),
)
async def test_cross_site_requests_change_nothing(
    demo: Demo, kind: str | None, cookie: bool, origin: str, operation: str
) -> None:
    """What a browser can send without a preflight carries at most a cookie: it must not run anything."""
    query = "{viewer}" if operation == "query" else 'mutation{note(text:"x")}'
    body = orjson.dumps({"query": query})
    if kind and kind.startswith("multipart"):
        parts = (b"operations", body), (b"map", b"{}")
        body = (
            b"".join(b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % part for part in parts)
            + b"--b--\r\n"
        )
    headers = {"origin": origin, "sec-fetch-site": "same-origin" if origin == "http://demo" else "cross-site"}
    if cookie:
        headers["cookie"] = f"session={TOKEN}; token={TOKEN}"
    if kind:
        headers["content-type"] = kind
    async with demo.client(token=None, **headers) as client:
        response = await client.post("/graphql", content=body)
    assert demo.happened.mutations == []
    assert demo.happened.contexts == 0
    assert "data" not in response.json()
    assert "access-control-allow-origin" not in response.headers
    # Even with a token (a stolen header cannot be sent cross-site), only JSON and preflighted uploads run.
    async with demo.client(**headers) as client:
        await client.post("/graphql", content=body)
    assert demo.happened.mutations == (["x"] if kind == "application/json" and operation == "mutation" else [])


async def test_upload(client: httpx2.AsyncClient, demo: Demo) -> None:
    operations = {"query": "mutation($f:Upload!){upload(file:$f)}", "variables": {"f": None}}
    response = await client.post(
        "/graphql",
        data={"operations": orjson.dumps(operations).decode(), "map": '{"0":["variables.f"]}'},
        files={"0": ("a.jpg", b"x" * 3_000_000, "image/jpeg")},
        headers={"graphql-require-preflight": "1"},
    )
    assert response.json() == {"data": {"upload": 3_000_000}}
    assert demo.happened.mutations == ["upload"]
