"""Who may do what to which table: the whole list, read from the catalogue. It grows only by a line here."""

from __future__ import annotations

from collections import defaultdict
from contextlib import nullcontext

import psycopg
import pytest

from server.database.roles import APP_ROLE, OWNER_ROLE, Caller

from .database import rows, tables
from .grants import GRANTS

pytestmark = pytest.mark.usefixtures("world")
ROLES = {caller.value: caller.name.lower() for caller in Caller}
FOREVER = [
    "contract", "damage", "damage_evidence", "damage_photo", "deposit", "document", "document_series", "email",
    "evidence_file", "history_entry", "hosted_payment", "note", "open_item", "payment", "payment_share", "photo",
    "protocol", "protocol_photo", "stored_card", "vehicle_leg",
]  # fmt: skip
"""No row of these is ever deleted but by who erases, and no trigger of theirs is off."""
STAYS = {"damage", "document", "document_series"}
"""Not even by that."""
NOT_IN_THE_WORLD = frozenset({"note", "open_item", "damage_evidence", "evidence_file", "payment_share"})
_GRANTS = """
select c.relname, a.grantee::regrole::text as role, lower(a.privilege_type) as may, null as attname
from pg_class c cross join lateral aclexplode(c.relacl) a
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.grantee <> c.relowner
union all
select c.relname, a.grantee::regrole::text, lower(a.privilege_type), t.attname
from pg_class c join pg_attribute t on t.attrelid = c.oid cross join lateral aclexplode(t.attacl) a
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.grantee <> c.relowner
"""
_ORDER = ("select", "insert", "update", "delete")


def granted(url: str) -> dict[str, dict[str, str]]:
    """For each table and role its statements, as they stand in the list: `select, insert, update (state)`."""
    found: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for row in rows(url, _GRANTS):
        columns = found[row["relname"]][ROLES.get(row["role"], row["role"])][row["may"]]
        columns += [] if row["attname"] is None else [row["attname"]]
    return {
        table: {role: ", ".join(_words(statements)) for role, statements in sorted(by_role.items())}
        for table, by_role in sorted(found.items())
    }


def _words(statements: dict[str, list[str]]) -> list[str]:
    known = sorted(statements, key=lambda may: _ORDER.index(may) if may in _ORDER else len(_ORDER))
    return [f"{may} ({', '.join(sorted(statements[may]))})" if statements[may] else may for may in known]


def test_what_each_role_may_do_to_each_table_is_this_list(owner: str) -> None:
    assert granted(owner) == GRANTS


def test_the_login_may_read_the_migrations_number_and_nothing_else(owner: str) -> None:
    named = {role for by_role in granted(owner).values() for role in by_role}

    assert named == {*ROLES.values(), APP_ROLE}
    assert [table for table, by_role in granted(owner).items() if APP_ROLE in by_role] == ["alembic_version"]


@pytest.mark.parametrize("table", FOREVER)
def test_money_and_evidence_is_never_deleted(owner: str, table: str) -> None:
    # Given that nobody may who works with it
    assert [role for role, may in GRANTS[table].items() if "delete" in may] == [
        *([] if table in STAYS else ["retention"])
    ]
    (row,) = rows(owner, f"select count(*) as n from {table}")
    assert row["n"] or table in NOT_IN_THE_WORLD, f"there is no {table} to try it on"
    if not row["n"]:
        return

    # When the owner himself tries, Then a trigger refuses
    with psycopg.connect(owner) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(f"delete from {table}".encode())


@pytest.mark.parametrize(
    "change",
    [
        "payment set amount_cents = amount_cents + 1",
        "payment set kind = 'EXTERNAL'",
        "payment set purpose = 'UNDO'",
        "payment set contract_id = gen_random_uuid()",
        "deposit set contract_id = gen_random_uuid()",
        "hosted_payment set token = 'x'",
        "stored_card set contract_id = gen_random_uuid()",
        "protocol set odometer_km = odometer_km + 1",
        "protocol_photo set photo_id = gen_random_uuid()",
        "damage_photo set position = position + 1",
        "damage set description = 'x'",
        "vehicle_leg set from_at = now()",
        "history_entry set actor = 'x'",
        "document set total_cents = 1",
        "document_series set last_number = last_number - 1",
        "email set html = 'x'",
        "contract set number = number || 'x'",
        "contract set created_by = 'x'",
        "contract set customer_id = gen_random_uuid()",
        "payment set state = 'PENDING' where state = 'SUCCEEDED'",
        "payment set state = 'DECLINED' where state = 'SUCCEEDED'",
        "payment set state = 'UNKNOWN' where state = 'SUCCEEDED'",
        "protocol set sha256 = 'x' where sha256 is not null",
        "protocol set sha256 = null where sha256 is not null",
        "protocol set pdf_key = 'x' where pdf_key is not null",
    ],
)
def test_what_was_written_down_stays(owner: str, change: str) -> None:
    # Not even the owner, in a hurry and at the prompt
    with psycopg.connect(owner) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(f"update {change}".encode())


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        *(("PENDING", after, True) for after in ("UNKNOWN", "SUCCEEDED", "DECLINED", "FAILED")),
        *(("UNKNOWN", after, True) for after in ("PENDING", "SUCCEEDED", "DECLINED", "FAILED")),
        *(("FAILED", after, after == "UNKNOWN") for after in ("PENDING", "UNKNOWN", "SUCCEEDED", "DECLINED")),
        *(("DECLINED", after, False) for after in ("PENDING", "UNKNOWN", "SUCCEEDED", "FAILED")),
        *(("SUCCEEDED", after, False) for after in ("PENDING", "UNKNOWN", "DECLINED", "FAILED")),
    ],
)
def test_payments_go_forward_only(owner: str, before: str, after: str, allowed: bool) -> None:
    with psycopg.connect(owner) as connection:
        # Given
        connection.execute("set session_replication_role = replica")
        connection.execute("update payment set state = %s, gateway_reference = null", [before])
        connection.execute("set session_replication_role = origin")
        # When, Then
        refused = nullcontext() if allowed else pytest.raises(psycopg.errors.RestrictViolation)
        with refused:
            connection.execute("update payment set state = %s", [after])
        connection.rollback()


def test_a_website_may_only_read(owner: str) -> None:
    statements = {by_role["website"].partition(" (")[0] for by_role in granted(owner).values() if "website" in by_role}

    assert statements == {"select"}


@pytest.mark.parametrize(
    ("table", "column", "readers"),
    [
        ("app_user", "password_hash", {"admin", "system"}),
        ("api_key", "key_hash", {"system"}),
        ("stored_card", "token", {"retention", "system"}),
        ("session", "access_hash", {"system"}),
        ("hosted_payment", "token", {"system"}),
        ("job", "payload", {"system"}),
        ("idempotency_record", "request_hash", {"system"}),
        ("sign_in_bucket", "key", {"system"}),
        ("document_series", "last_number", {"system"}),
    ],
)
def test_secrets_are_read_by_who_needs_them(owner: str, table: str, column: str, readers: set[str]) -> None:
    found = rows(
        owner,
        "select r from unnest(%(roles)s::text[]) r where has_column_privilege(r, %(table)s, %(column)s, 'select')",
        roles=list(ROLES),
        table=table,
        column=column,
    )

    assert {ROLES[row["r"]] for row in found} == readers


def test_a_table_without_policies_or_grants_is_found(owner: str) -> None:
    # Given a table that somebody made without the helper
    with psycopg.connect(owner) as connection:
        connection.execute("create table careless (id uuid primary key, contract_id uuid)")
        try:
            # When the same questions are asked of it as of every other, Then it is what they find
            unprotected = connection.execute(UNPROTECTED).fetchall()
        finally:
            connection.rollback()

    assert unprotected == [("careless",)]
    assert rows(owner, UNPROTECTED.decode()) == []


UNPROTECTED = b"""
select c.relname from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'alembic_version'
  and not (c.relrowsecurity and c.relforcerowsecurity
           and exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polname = 'owner')
           and exists (select 1 from aclexplode(c.relacl) a where a.grantee <> c.relowner))
"""


def test_every_policy_is_for_one_role(owner: str) -> None:
    found = rows(
        owner,
        "select tablename, policyname, roles::text[] as roles, permissive from pg_policies where schemaname = 'public'",
    )

    assert {role for row in found for role in row["roles"]} == {*ROLES, OWNER_ROLE}
    assert [row for row in found if len(row["roles"]) != 1 or row["permissive"] != "PERMISSIVE"] == []


def test_the_owner_sees_nothing_without_saying_so(owner: str) -> None:
    rules = rows(owner, "select distinct qual from pg_policies where policyname = 'owner'")

    (rule,) = rules
    assert "app.everything" in rule["qual"]


def test_every_table_of_the_list_is_there(owner: str) -> None:
    assert set(GRANTS) == set(tables(owner))
