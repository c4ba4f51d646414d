"""Signing in, staying signed in, and being shown the door."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from server.database.embedded import SUPERUSER, Cluster
from tests.dealership import Dealership, add_user
from tests.driving import PASSWORD, SandboxServer

from .conftest import SIGN_IN

REFRESH = SIGN_IN.replace("$e:String!,$p:String!", "$t:String!").replace(
    "signIn(email:$e,password:$p)", "refreshSession(refreshToken:$t)"
)
pytestmark = pytest.mark.usefixtures("patience")

UPDATE = "mutation($id:ID!,$i:UserUpdate!){updateUser(id:$id,input:$i){__typename}}"


def user(dealership: Dealership, name: str, role: str = "CLERK") -> tuple[str, dict[str, Any]]:
    email = f"{name}@example.com"
    return email, add_user(dealership.admin, email, role, [dealership.station["id"]])


def test_refresh_rotates_and_an_old_one_ends_the_family(server: SandboxServer, dealership: Dealership) -> None:
    email, _ = user(dealership, "rotating")
    api = server.api()
    first = api(SIGN_IN, e=email, p=PASSWORD)

    second = api(REFRESH, t=first["refreshToken"])
    assert server.api(first["accessToken"]).error_code("{viewer{role}}") == "UNAUTHENTICATED"
    assert server.api(second["accessToken"])("{viewer{role}}") == {"role": "CLERK"}

    assert api(REFRESH, t=first["refreshToken"]) == second  # as after an answer that was lost
    third = api(REFRESH, t=second["refreshToken"])
    stolen = api(REFRESH, t=first["refreshToken"])
    assert stolen["problemCode"] == "NOT_ALLOWED"
    assert server.api(third["accessToken"]).error_code("{viewer{role}}") == "UNAUTHENTICATED"
    assert api(REFRESH, t=third["refreshToken"])["problemCode"] == "NOT_ALLOWED"


def test_sign_out_and_deactivation_work_at_once(server: SandboxServer, dealership: Dealership) -> None:
    email, made = user(dealership, "leaving")
    session = server.sign_in(email)
    assert session("mutation{signOut}") is True
    assert session.error_code("{viewer{role}}") == "UNAUTHENTICATED"

    again = server.sign_in(email)
    dealership.admin(UPDATE, id=made["id"], i={"active": False})
    assert again.error_code("{viewer{role}}") == "UNAUTHENTICATED"
    refused = server.api()(SIGN_IN, e=email, p=PASSWORD)
    assert refused["problemCode"] == "NOT_ALLOWED"


def test_another_role_counts_from_the_next_request(server: SandboxServer, dealership: Dealership) -> None:
    # S8
    email, made = user(dealership, "demoted", "MANAGER")
    session = server.sign_in(email)
    assert session.error_code("{users{id}}") is None
    dealership.admin(UPDATE, id=made["id"], i={"role": "YARD"})
    assert session.error_code("{users{id}}") == "FORBIDDEN"
    dealership.admin(UPDATE, id=made["id"], i={"stationIds": []})
    assert session("{stations{id}}") == []


def test_the_last_administrator_stays_one(server: SandboxServer, dealership: Dealership) -> None:
    admin = dealership.admin
    update = UPDATE.replace("{__typename}", "{__typename ...on Problem{problemCode field}}")
    others = [one for one in admin("{users{id role active}}") if one["role"] == "ADMIN" and one["active"]]
    own = admin("{viewer{user{id}}}")["user"]["id"]
    for other in others:
        if other["id"] != own:
            assert admin(update, id=other["id"], i={"active": False})["__typename"] == "User"

    for change, field in (({"role": "CLERK"}, "role"), ({"active": False}, "active")):
        refused = admin(update, id=own, i=change)
        assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", ["input", field])
    assert admin("{viewer{role}}") == {"role": "ADMIN"}
    for other in others:
        admin(update, id=other["id"], i={"active": True})


def test_a_revoked_key_is_refused(server: SandboxServer, dealership: Dealership) -> None:
    made = dealership.admin(
        'mutation($s:[ID!]!){createApiClient(name:"Shop",stationIds:$s){...on CreatedApiClient{key client{id keyPrefix}}}}',
        s=[dealership.station["id"]],
    )
    key = server.api(made["key"])
    assert key("{viewer{role}}") == {"role": "WEB"}
    assert made["key"].startswith(made["client"]["keyPrefix"])
    dealership.admin("mutation($id:ID!){revokeApiClient(id:$id){__typename}}", id=made["client"]["id"])
    assert key.error_code("{viewer{role}}") == "UNAUTHENTICATED"


def test_sessions_survive_a_move_of_the_clock(server: SandboxServer, dealership: Dealership) -> None:
    email, _ = user(dealership, "patient")
    session = server.sign_in(email)
    server.advance(days=2)
    assert session("{viewer{role}}") == {"role": "CLERK"}


def test_nothing_in_the_database_opens_a_door(server: SandboxServer, dealership: Dealership) -> None:
    cluster = Cluster(server.data_dir)
    stored: set[str] = set()
    with psycopg.connect(cluster.url(SUPERUSER)) as connection:
        for table in ("session", "api_client", "api_key", "app_user"):
            for row in connection.execute(f"select to_jsonb(t) from {table} t").fetchall():
                stored |= {str(value) for value in row[0].values()}
    for value in stored:
        for token in (value, f"ea_{value}", f"ek_{value}"):
            if token.isascii() and token.isprintable() and " " not in token:
                assert server.api(token).error_code("{viewer{role}}") == "UNAUTHENTICATED"


def test_a_new_password_ends_the_sessions_of_the_old_one(server: SandboxServer, dealership: Dealership) -> None:
    made = add_user(dealership.admin, "changed@example.com", "CLERK", [])
    session = server.api()(SIGN_IN, e="changed@example.com", p=PASSWORD)

    dealership.admin(UPDATE, id=made["id"], i={"password": "another-password"})

    assert server.api(session["accessToken"]).error_code("{viewer{role}}") == "UNAUTHENTICATED"
    refresh = "mutation($t:String!){refreshSession(refreshToken:$t){__typename}}"
    assert server.api()(refresh, t=session["refreshToken"]) == {"__typename": "Rejection"}
    assert server.api()(SIGN_IN, e="changed@example.com", p=PASSWORD)["__typename"] == "Rejection"
    assert server.api()(SIGN_IN, e="changed@example.com", p="another-password")["__typename"] == "Session"


def test_a_token_of_one_kind_is_none_of_another(server: SandboxServer, dealership: Dealership) -> None:
    add_user(dealership.admin, "kinds@example.com", "CLERK", [])
    session = server.api()(SIGN_IN, e="kinds@example.com", p=PASSWORD)
    access, refresh = session["accessToken"], session["refreshToken"]
    refreshing = "mutation($t:String!){refreshSession(refreshToken:$t){__typename}}"

    for wrong in (refresh, access[:-1], access + "x", "ek_" + access[3:], access.upper(), "ea_"):
        assert server.api(wrong).error_code("{viewer{role}}") == "UNAUTHENTICATED", wrong
    assert server.api()(refreshing, t=access) == {"__typename": "Rejection"}
    assert server.api(access)("{viewer{role}}") == {"role": "CLERK"}
