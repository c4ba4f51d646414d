"""Keys are rotated and passwords changed through the API, as an administrator, a website and a clerk do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import Dealership, add_user
from tests.driving import PASSWORD, Api, SandboxServer

from .conftest import SIGN_IN

ROTATE = """mutation($id:ID!,$h:Int!=168){rotateApiKey(id:$id,overlapHours:$h){__typename
  ...on CreatedApiClient{key client{id keyPrefix keys{prefix createdAt lastUsedAt expiresAt}}}
  ...on Problem{problemCode field message}}}"""
CREATE = """mutation($s:[ID!]!){createApiClient(name:"Shop",stationIds:$s){...on CreatedApiClient{key client{id}}}}"""
CHANGE = """mutation($c:String!,$n:String!){changePassword(current:$c,new:$n){__typename
  ...on Viewer{role user{email}} ...on Problem{problemCode field message}}}"""
NEW = "another-good-password"


@pytest.fixture
def shop(server: SandboxServer, dealership: Dealership) -> dict[str, Any]:
    made: dict[str, Any] = dealership.admin(CREATE, s=[dealership.station["id"]])
    return made


def test_a_website_changes_its_key_without_a_gap(
    server: SandboxServer, dealership: Dealership, shop: dict[str, Any]
) -> None:
    # Given a website that has booked
    start = soon(server)
    booked = dealership.booked(start, start + timedelta(hours=3), caller=server.api(shop["key"]))
    number = booked["number"]
    numbers = "{contracts(first:10){nodes{number}}}"
    # When
    made = dealership.admin(ROTATE, id=shop["client"]["id"])
    # Then both keys see what it has booked, and the answer lists both
    old, new = server.api(shop["key"]), server.api(made["key"])
    for key in (old, new):
        assert key(numbers) == {"nodes": [{"number": number}]}
    newest, first = made["client"]["keys"]
    assert (newest["prefix"], newest["lastUsedAt"], newest["expiresAt"]) == (made["key"][:9], None, None)
    assert (first["prefix"], first["expiresAt"] is None, first["lastUsedAt"] is None) == (shop["key"][:9], False, False)
    assert new("{viewer{client{keyPrefix keys{prefix}}}}")["client"]["keyPrefix"] == made["key"][:9]
    # When the old one ends
    dealership.admin(ROTATE, id=shop["client"]["id"], h=0)
    # Then
    assert [key.error_code(numbers) for key in (old, new)] == ["UNAUTHENTICATED"] * 2


def test_what_is_refused_names_the_argument(dealership: Dealership, shop: dict[str, Any]) -> None:
    refused = dealership.admin(ROTATE, id=shop["client"]["id"], h=-1)
    assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", ["overlapHours"])
    assert dealership.admin(ROTATE, id="nobody")["problemCode"] == "NOT_FOUND"
    listed = dealership.admin("{apiClients{id keys{prefix expiresAt}}}")
    (keys,) = [one["keys"] for one in listed if one["id"] == shop["client"]["id"]]
    assert keys == [{"prefix": shop["key"][:9], "expiresAt": None}]


def test_a_manager_sees_the_keys_of_the_own_stations_only(
    server: SandboxServer, dealership: Dealership, shop: dict[str, Any]
) -> None:
    add_user(dealership.admin, "of-nowhere@example.com", "MANAGER", [])
    add_user(dealership.admin, "of-here@example.com", "MANAGER", [dealership.station["id"]])
    query = "{apiClients{id keys{prefix}}}"
    assert server.sign_in("of-nowhere@example.com")(query) == []
    assert {"id": shop["client"]["id"], "keys": [{"prefix": shop["key"][:9]}]} in server.sign_in("of-here@example.com")(
        query
    )


def test_a_clerk_changes_the_own_password(server: SandboxServer, dealership: Dealership) -> None:
    # Given
    add_user(dealership.admin, "own@example.com", "CLERK", [])
    mine, other = [signed_in(server, "own@example.com", PASSWORD) for _ in range(2)]
    # When it is tried with a wrong one, and with a new one that is too short
    wrong, short = mine(CHANGE, c="wrong-password", n=NEW), mine(CHANGE, c=PASSWORD, n="short")
    assert (wrong["problemCode"], wrong["field"]) == ("NOT_ALLOWED", ["current"])
    assert (short["problemCode"], short["field"]) == ("INVALID_INPUT", ["new"])
    assert other("{viewer{role}}") == {"role": "CLERK"}
    # When
    changed = mine(CHANGE, c=PASSWORD, n=NEW)
    # Then
    assert changed == {"__typename": "Viewer", "role": "CLERK", "user": {"email": "own@example.com"}}
    assert mine("{viewer{role}}") == {"role": "CLERK"}
    assert other.error_code("{viewer{role}}") == "UNAUTHENTICATED"
    assert server.api()(SIGN_IN, e="own@example.com", p=PASSWORD)["problemCode"] == "NOT_ALLOWED"
    assert server.api()(SIGN_IN, e="own@example.com", p=NEW)["__typename"] == "Session"


def test_a_website_has_no_password(server: SandboxServer, shop: dict[str, Any]) -> None:
    assert server.api(shop["key"]).error_code(CHANGE, c="x", n=NEW) == "FORBIDDEN"


def signed_in(server: SandboxServer, email: str, password: str) -> Api:
    return server.api(server.api()(SIGN_IN, e=email, p=password)["accessToken"])
