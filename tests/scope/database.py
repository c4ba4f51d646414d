"""The test server's database, as its owner sees it: past row-level security."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from server.database.embedded import SUPERUSER, Cluster
from tests.driving import SandboxServer

from .world import CANARY, World

VOLATILE = {"session", "sign_in_bucket", "job", "idempotency_record", "alembic_version"}
MOVING_COLUMNS = {"last_sign_in_at", "last_used_at", "last_seen_at"}
_OF_BRAVO = {
    "station": "id = %(b)s",
    "contract": "station_id = %(b)s",
    "vehicle": "home_station_id = %(b)s and id <> %(moved)s",
    "vehicle_block": "vehicle_id in (select id from vehicle where home_station_id = %(b)s)",
    "damage": "vehicle_id in (select id from vehicle where home_station_id = %(b)s and id <> %(moved)s)"
    " or description like '%%zzcanary%%'",
    "customer": "id in (select customer_id from customer_station where station_id = %(b)s)"
    " and id not in (select customer_id from customer_station where station_id = %(a)s)"
    # The id alone is on every contract of the person; a first contract elsewhere shows no more than that.
    " and id not in (select customer_id from contract where %(a)s in (station_id, return_station_id))",
    "app_user": "id in (select user_id from user_station where station_id = %(b)s)",
    "device": "user_id in (select user_id from user_station where station_id = %(b)s)",
    "api_client": "id in (select client_id from client_station where station_id = %(b)s)",
    "api_key": "client_id in (select client_id from client_station where station_id = %(b)s)",
    "photo": "%(b)s = any (stations) and not %(a)s = any (stations)",
}
_CHILDREN = ["driver", "vehicle_leg", "note", "history_entry", "protocol", "protocol_photo", "payment"]
_CHILDREN += ["document", "open_item", "email"]


def owner_url(server: SandboxServer) -> str:
    """The address of the server's database for its superuser."""
    return Cluster(Path(server.data_dir)).url(SUPERUSER)


def rows(url: str, statement: str, **values: Any) -> list[dict[str, Any]]:
    """What a statement finds, or nothing if it finds nothing."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        cursor = connection.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def tables(url: str) -> list[str]:
    """All tables."""
    return [row["tablename"] for row in rows(url, "select tablename from pg_tables where schemaname = 'public'")]


@contextmanager
def becoming(owner: str, role: str, **settings: str) -> Iterator[psycopg.Connection]:
    """A transaction in a role, with these settings; nothing of it stays."""
    with psycopg.connect(owner) as connection:
        connection.execute(f"set role {role}".encode())
        for name, value in settings.items():
            connection.execute("select set_config(%s, %s, true)", [f"app.{name}", value])
        yield connection
        connection.rollback()


@dataclass
class Hidden:
    """What a viewer must not meet: ids by kind, and texts."""

    ids: dict[str, list[str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)

    def found_in(self, text: str) -> list[str]:
        """Everything forbidden that a text contains."""
        small = text.lower()
        return sorted(wanted for wanted in self.everything() if wanted in small)

    def everything(self) -> set[str]:
        """All ids and texts, in small letters."""
        return {one for ids in self.ids.values() for one in ids} | self.texts


def hidden_from_alpha(world: World, url: str) -> Hidden:
    """Everything that is Bravo's alone."""
    place = {"a": world.a.station["id"], "b": world.b.station["id"], "moved": world.moved}
    conditions = {**_OF_BRAVO, **dict.fromkeys(_CHILDREN, "station_id = %(b)s")}
    hidden = Hidden(texts={CANARY})
    for table, condition in conditions.items():
        found = rows(url, f"select id::text from {table} where {condition}", **place)
        assert found, f"Bravo has no {table}"
        hidden.ids[table] = [row["id"] for row in found]
    emails = rows(url, "select email from app_user where id::text = any(%(ids)s)", ids=hidden.ids["app_user"])
    hidden.texts |= {row["email"].lower() for row in emails} - {"return-desk@example.com"}
    return hidden


def hidden_from_website(world: World, url: str) -> Hidden:
    """A website sees its own bookings only: what Alpha's staff has booked is foreign to it, too."""
    hidden = hidden_from_alpha(world, url)
    mine = "select id from contract where client_id is null and station_id = %(a)s"
    for table in ["contract", *_CHILDREN]:
        key = "id" if table == "contract" else "contract_id"
        found = rows(url, f"select id::text from {table} where {key} in ({mine})", a=world.a.station["id"])
        hidden.ids[table] = hidden.ids[table] + [row["id"] for row in found]
    hidden.texts |= {"alpha-waived", "alpha-oneway", "alpha office note", "alpha-manager"}
    return hidden


def versions(url: str) -> dict[str, int]:
    """The version of every row that has one."""
    with_version = rows(
        url,
        "select table_name from information_schema.columns where column_name = 'version' and table_schema = 'public'"
        " and table_name in (select table_name from information_schema.columns where column_name = 'id')",
    )
    found = [rows(url, f"select id::text, version from {row['table_name']}") for row in with_version]
    return {row["id"]: row["version"] for part in found for row in part}


def of_bravo(url: str, hidden: Hidden) -> dict[str, list[str]]:
    """Every row of every table that names something of Bravo's, as text."""
    wanted = {one for ids in hidden.ids.values() for one in ids}
    found: dict[str, list[str]] = {}
    for table in sorted(set(tables(url)) - VOLATILE):
        columns = "to_jsonb(t) - %(moving)s::text[]"
        everything = rows(url, f"select ({columns})::text as row from {table} t", moving=sorted(MOVING_COLUMNS))
        found[table] = sorted(row["row"] for row in everything if any(one in row["row"] for one in wanted))
    return found


def counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table: rows(url, f"select count(*) as n from {table}")[0]["n"] for table in sorted(set(tables(url)) - VOLATILE)
    }
