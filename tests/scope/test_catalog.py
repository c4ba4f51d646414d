"""What the database's own catalogue says about scope: nothing was forgotten, and nothing can be got round."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.driving import new_id

from .database import rows, tables
from .world import World

BELONGING = ["station_id", "contract_id", "vehicle_id", "customer_id", "user_id", "client_id", "photo_id", "damage_id"]
COMPANY_WIDE = {"company", "vehicle_group", "tariff"}
"""The same at every station: prices and groups are the company's."""
TECHNICAL = {"alembic_version", "job"}
"""Not reachable through the API: the migration's number, and jobs, which carry ids only."""
MOVING = {
    ("contract", "vehicle"),
    ("damage", "vehicle"),
    ("damage", "contract"),
    ("damage", "protocol"),
    ("occupancy", "contract"),
    ("protocol", "vehicle"),
    ("vehicle_block", "vehicle"),
    ("vehicle_leg", "vehicle"),
    ("occupancy", "vehicle_block"),
}
"""Vehicles move from station to station with their damages, blocks and uses: such a key cannot carry the station."""


def test_every_table_is_either_scoped_or_named_as_company_wide(owner: str) -> None:
    secured = rows(
        owner,
        "select relname from pg_class join pg_namespace n on n.oid = relnamespace"
        " where nspname = 'public' and relkind = 'r' and relrowsecurity and relforcerowsecurity",
    )

    assert set(tables(owner)) - {row["relname"] for row in secured} == COMPANY_WIDE | TECHNICAL


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


def test_the_servers_role_can_do_nothing_special_and_owns_nothing(owner: str) -> None:
    (role,) = rows(owner, "select * from pg_roles where rolname = 'ersatzwagen_app'")

    assert [role[f"rol{name}"] for name in ("super", "bypassrls", "createdb", "createrole", "replication")] == [
        False,
        False,
        False,
        False,
        False,
    ]
    assert rows(owner, "select relname from pg_class where relowner = 'ersatzwagen_app'::regrole") == []
    assert rows(owner, "select proname from pg_proc where proowner = 'ersatzwagen_app'::regrole") == []
    member_of = "select 1 from pg_auth_members where member = 'ersatzwagen_app'::regrole"
    assert rows(owner, member_of) == []


def test_no_function_or_view_runs_with_more_rights_than_its_caller(owner: str) -> None:
    functions = "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
    views = "select relname from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace"

    assert rows(owner, functions) == []
    assert rows(owner, views) == []


@pytest.fixture
def unscoped(owner: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(owner) as connection:
        connection.execute("set role ersatzwagen_app")
        yield connection
        connection.rollback()


def test_without_a_scope_there_are_no_rows(owner: str, world: World, unscoped: psycopg.Connection) -> None:
    scoped = set(tables(owner)) - COMPANY_WIDE - TECHNICAL
    filled = {table for table in scoped if rows(owner, f"select 1 from {table} limit 1")}
    assert filled >= {"contract", "vehicle", "customer", "document", "damage", "photo", "email", "stored_card"}

    for table in sorted(scoped):
        (count,) = unscoped.execute(f"select count(*) from {table}".encode()).fetchone() or (None,)

        assert count == 0, table


def test_a_row_cannot_be_written_for_or_moved_to_another_station(world: World, unscoped: psycopg.Connection) -> None:
    values = {"a": world.a.station["id"], "b": world.b.station["id"], "car": world.a.vehicles[1]["id"]}
    for statement in [
        "update vehicle set station_id = %(b)s, home_station_id = %(b)s where id = %(car)s",
        "update contract set station_id = %(b)s, return_station_id = %(b)s where station_id = %(a)s",
        "insert into customer_station (customer_id, station_id) select id, %(b)s from customer limit 1",
        "insert into user_station (user_id, station_id) select id, %(b)s from app_user limit 1",
    ]:
        unscoped.execute("set role ersatzwagen_app")
        unscoped.execute("select set_config('app.stations', %s, true)", ["{" + world.a.station["id"] + "}"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            unscoped.execute(statement.encode(), values)
        unscoped.rollback()


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
