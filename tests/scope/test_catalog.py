"""What the database's own catalogue says about scope: nothing was forgotten, and nothing can be got round."""

from __future__ import annotations

import psycopg
import pytest

from server.database.roles import APP_ROLE, OWNER_ROLE, Caller
from tests.driving import new_id

from .database import becoming, rows, tables
from .grants import GRANTS
from .world import World

BELONGING = ["station_id", "contract_id", "vehicle_id", "customer_id", "user_id", "client_id", "photo_id", "damage_id"]
COMPANY_WIDE = {"company", "vehicle_group", "tariff"}
"""The same at every station: prices and groups are the company's."""
TECHNICAL = {"alembic_version", "job"}
"""The migration's number, and jobs: a caller writes them and sees of them only whether they wait."""
OF_NO_READER_OF_A_CONTRACT = {"last_change", "hosted_payment", "idempotency_record", "occupancy", "job"}
"""The time itself, what no caller sees, and the use of a vehicle, which is seen at the vehicle."""
MOVING = {
    ("contract", "vehicle"),
    ("damage", "vehicle"),
    ("damage", "contract"),
    ("damage", "protocol"),
    ("damage", "document"),
    ("occupancy", "contract"),
    ("protocol", "vehicle"),
    ("vehicle_block", "vehicle"),
    ("vehicle_leg", "vehicle"),
    ("occupancy", "vehicle_block"),
}
"""Vehicles move from station to station with their damages, blocks and uses: such a key cannot carry the station."""


def test_every_table_is_scoped(owner: str) -> None:
    secured = rows(
        owner,
        "select relname from pg_class join pg_namespace n on n.oid = relnamespace"
        " where nspname = 'public' and relkind = 'r' and relrowsecurity and relforcerowsecurity",
    )

    assert set(tables(owner)) - {row["relname"] for row in secured} == {"alembic_version"}


def test_every_table_that_belongs_to_something_scoped_is_secured_and_forced(owner: str) -> None:
    found = rows(
        owner,
        "select distinct c.relname, c.relrowsecurity and c.relforcerowsecurity as secured"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'public' and c.relkind = 'r' and a.attname = any(%(names)s)",
        names=BELONGING,
    )

    assert len(found) > 20
    assert [row["relname"] for row in found if not row["secured"]] == []


@pytest.mark.parametrize("name", [APP_ROLE, OWNER_ROLE, *Caller])
def test_no_role_can_do_anything_special_or_owns_anything(owner: str, name: str) -> None:
    (role,) = rows(owner, "select * from pg_roles where rolname = %(name)s", name=name)

    special = ("super", "bypassrls", "createdb", "createrole", "replication")
    assert [may for may in special if role[f"rol{may}"]] == []
    assert role["rolcanlogin"] == (name == APP_ROLE)
    assert rows(owner, "select relname from pg_class where relowner = %(id)s", id=role["oid"]) == []
    assert rows(owner, "select proname from pg_proc where proowner = %(id)s", id=role["oid"]) == []


def test_the_login_may_become_the_callers_and_has_nothing_of_theirs_before(owner: str) -> None:
    memberships = rows(
        owner, "select roleid::regrole::text as name from pg_auth_members where member = %(app)s::regrole", app=APP_ROLE
    )

    assert {row["name"] for row in memberships} == set(Caller)
    for caller in Caller:
        (has,) = rows(owner, "select pg_has_role(%(app)s, %(name)s, 'usage') as rights", app=APP_ROLE, name=caller)
        assert not has["rights"]


def test_two_functions_run_with_more_rights_than_their_caller_and_no_view(owner: str) -> None:
    functions = "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
    views = "select relname from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"

    # One tells time zones, and of no station more than that (0009); one writes when a contract was changed (0030).
    assert rows(owner, f"{functions} order by 1") == [{"proname": "stamp_contract"}, {"proname": "station_zones"}]
    assert rows(owner, views) == []


def test_one_function_takes_on_another_role(owner: str) -> None:
    # It finds ids, whose rows are read by who asked (0037).
    changing = rows(
        owner,
        "select proname from pg_proc where pronamespace = 'public'::regnamespace and (prosrc ~* 'role'"
        " or array_to_string(proconfig, ' ') ~* 'role')",
    )

    assert changing == [{"proname": "search_found"}]
    may = rows(
        owner,
        "select a.grantee::regrole::text as name from pg_proc p cross join lateral aclexplode(p.proacl) a"
        " where p.proname = 'search_found' and a.grantee <> p.proowner order by 1",
    )
    assert [row["name"] for row in may] == sorted([Caller.ADMIN, Caller.STAFF, Caller.WEBSITE])


def test_what_belongs_to_a_contract_cannot_change_without_its_time(owner: str) -> None:
    belonging = rows(
        owner,
        "select distinct attrelid::regclass::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace"
        " and attname in ('contract_id', 'damage_id')",
    )
    watched = rows(
        owner,
        "select tgrelid::regclass::text as name, array_agg(tgname::text order by tgname) as triggers from pg_trigger"
        " where tgfoid = 'stamp_contract'::regproc and tgdeferrable and tginitdeferred and tgenabled = 'O' group by 1",
    )

    assert {row["name"]: row["triggers"] for row in watched} == {
        name: ["changes", "comes_or_goes"]
        for name in {"contract", *(row["name"] for row in belonging)} - OF_NO_READER_OF_A_CONTRACT
    }


@pytest.mark.parametrize("caller", [Caller.STAFF, Caller.WEBSITE])
def test_without_a_scope_there_are_no_rows(owner: str, world: World, caller: Caller) -> None:
    scoped = set(tables(owner)) - COMPANY_WIDE - TECHNICAL
    filled = {table for table in scoped if rows(owner, f"select 1 from {table} limit 1")}
    assert filled >= {"contract", "vehicle", "customer", "document", "damage", "photo", "email", "stored_card"}
    readable = {table for table in scoped if GRANTS.get(table, {}).get(caller.name.lower(), "").startswith("select")}
    assert readable >= {"contract", "vehicle", "document", "damage", "photo"}

    with becoming(owner, caller) as connection:
        for table in sorted(readable):
            assert connection.execute(f"select count(1) from {table}".encode()).fetchone() == (0,), table


def test_the_login_itself_may_not_even_ask(owner: str) -> None:
    for table in sorted(set(tables(owner)) - {"alembic_version"}):
        # Not with every setting on, either: it is the role that counts.
        with (
            becoming(owner, APP_ROLE, everything="on", stations="{}") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match=f"permission denied for table {table}"),
        ):
            connection.execute(f"select 1 from {table}".encode())


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("update vehicle set station_id = %(b)s, home_station_id = %(b)s where id = %(car)s", "row-level security"),
        ("update contract set station_id = %(b)s, return_station_id = %(b)s where station_id = %(a)s", "never changes"),
        ("insert into customer_station (customer_id, station_id) select id, %(b)s from customer limit 1", "permission"),
        ("insert into user_station (user_id, station_id) select id, %(b)s from app_user limit 1", "permission"),
        (
            "insert into history_entry (id, contract_id, station_id, at, actor, action)"
            " values (gen_random_uuid(), gen_random_uuid(), %(b)s, now(), 'x', 'BOOKED')",
            "row-level security",
        ),
    ],
)
def test_a_row_cannot_be_written_for_or_moved_to_another_station(
    owner: str, world: World, statement: str, why: str
) -> None:
    values = {"a": world.a.station["id"], "b": world.b.station["id"], "car": world.a.vehicles[1]["id"]}
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)

    with (
        becoming(owner, Caller.STAFF, stations="{" + values["a"] + "}") as connection,
        pytest.raises(refused, match=why),
    ):
        connection.execute(statement.encode(), values)


def test_keys_between_parts_of_a_contract_carry_the_station(owner: str) -> None:
    has_station = {
        row["relname"]
        for row in rows(
            owner,
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
            " where a.attname = 'station_id' and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace",
        )
    } | {"damage", "vehicle_block"}
    keys = rows(
        owner,
        "select k.conrelid::regclass::text as source, k.confrelid::regclass::text as target,"
        " array(select attname::text from pg_attribute where attrelid = k.conrelid and attnum = any(k.conkey)) as columns"
        " from pg_constraint k where k.contype = 'f' and k.connamespace = 'public'::regnamespace",
    )

    between = [key for key in keys if key["source"] in has_station and key["target"] in has_station]
    without = {(key["source"], key["target"]) for key in between if "station_id" not in key["columns"]}

    assert len(between) > 20
    assert without <= MOVING, without - MOVING


def test_no_key_can_point_at_another_stations_contract(owner: str, world: World) -> None:
    # Row-level security does not look at references: the key itself has to refuse.
    of_bravo = rows(
        owner,
        "select id from contract where station_id = %(b)s and id not in (select contract_id from note) limit 1",
        b=world.b.station["id"],
    ) or rows(owner, "select id from contract where station_id = %(b)s limit 1", b=world.b.station["id"])
    with psycopg.connect(owner) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "insert into note (id, contract_id, station_id, text, author, created_at)"
            " values (%s, %s, %s, 'x', 'x', now())",
            [new_id(), of_bravo[0]["id"], world.a.station["id"]],
        )
