"""A role for each kind of caller, and for each table and role the statements that the product needs."""

from importlib import import_module

from alembic import op

from migrations.policies import (
    CALLERS,
    CLIENT,
    OF_CONTRACT,
    OF_OWN_CONTRACT,
    PRINCIPAL,
    STATIONS,
    WEB_STATIONS,
    Rule,
    freeze,
    protect,
    unprotect,
)
from server.database.roles import APP_ROLE, MAKE_ROLES

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

VEHICLE = (
    f"station_id = any {STATIONS} or home_station_id = any {STATIONS} or contract_returns_here(out_contract_id)"
)
# LIMIT keeps the planner from reading all customers of a station for the fifty of a page.
KNOWN = "(select true from customer_station s where s.customer_id = {} limit 1)"
STAFF = {
    "station": f"id = any {STATIONS}",
    "vehicle": Rule(f"{VEHICLE} or vehicle_was_driven(id)", VEHICLE),
    "vehicle_block": "vehicle_id in (select vehicles_of_ours())",
    "occupancy": f"station_id = any {STATIONS} or contract_returns_here(contract_id)",
    "customer": KNOWN.format("customer.id"),
    "customer_station": f"station_id = any {STATIONS}",
    "customer_version": KNOWN.format("customer_version.customer_id"),
    "contract": f"station_id = any {STATIONS} or (checked_out_at is not null and return_station_id = any {STATIONS})",
    "damage": "vehicle_id in (select vehicles_here()) or contract_is_seen(contract_id)",
    "damage_photo": "damage_is_seen(damage_id)",
    "photo": f"stations && {STATIONS} or photo_is_shown(id)",
    "app_user": f"id = {PRINCIPAL} or exists (select 1 from user_station s where s.user_id = app_user.id)",
    "user_station": f"station_id = any {STATIONS} or user_id = {PRINCIPAL}",
    "api_client": "exists (select 1 from client_station s where s.client_id = api_client.id)",
    "client_station": f"station_id = any {STATIONS}",
    **dict.fromkeys(
        [
            "driver", "note", "history_entry", "protocol", "protocol_photo", "payment", "stored_card", "deposit",
            "document", "open_item", "email",
        ],
        OF_CONTRACT,
    ),
    # Asked for one car at a time by `vehicle_was_driven`: nothing is found in advance.
    "vehicle_leg": f"station_id = any {STATIONS} or contract_returns_here(contract_id)",
    **dict.fromkeys(["company", "vehicle_group", "tariff", "job"], "true"),
}  # fmt: skip
WEBSITE = {
    "station": f"id = any {WEB_STATIONS}",
    "contract": f"client_id = {CLIENT}",
    "vehicle": "vehicle_was_booked(id) or vehicle_was_driven(id)",
    "damage": OF_OWN_CONTRACT,
    "damage_photo": "damage_is_seen(damage_id)",
    "photo": "photo_is_shown(id)",
    "api_client": f"id = {CLIENT}",
    "client_station": f"client_id = {CLIENT}",
    **dict.fromkeys(
        ["driver", "vehicle_leg", "protocol", "protocol_photo", "payment", "deposit", "document", "open_item"],
        OF_OWN_CONTRACT,
    ),
    **dict.fromkeys(["vehicle_group", "tariff"], "true"),
}
# What is asked of another table is asked as the caller, under that table's policies.
OURS = f"""
select v.id from vehicle v where v.station_id = any {STATIONS}
union select v.id from vehicle v where v.home_station_id = any {STATIONS}"""
COMING = f"c.checked_out_at is not null and c.return_station_id <> c.station_id and c.return_station_id = any {STATIONS}"
ASKED = {
    "contract_is_seen": "exists (select 1 from contract c where c.id = wanted)",
    "contract_returns_here": "exists (select 1 from contract c where c.id = wanted and c.checked_out_at is not null"
    f" and c.return_station_id = any {STATIONS})",
    "vehicle_was_driven": f"exists (select 1 from vehicle_leg l where l.vehicle_id = wanted and l.station_id = any {STATIONS})"
    " or exists (select 1 from vehicle_leg l where l.vehicle_id = wanted)",
    "vehicle_was_booked": "exists (select 1 from contract c where c.vehicle_id = wanted)",
    "damage_is_seen": "exists (select 1 from damage d where d.id = wanted)",
}
FOUND = {
    "contracts_coming_here": f"select c.id from contract c where {COMING}",
    "vehicles_of_ours": OURS,
    "vehicles_here": f"{OURS} union select v.id from contract c join vehicle v on v.id = c.vehicle_id"
    f" and v.out_contract_id = c.id where c.returned_at is null and {COMING}",
}


# What no caller ever changes of a row that it may change: checked by a trigger, because their statements are many.
BIRTHMARKS = {"contract": ["id", "number", "station_id", "client_id", "source", "created_at", "created_by"]}
# Evidence and money: the only columns that ever change, whoever asks. No row of these tables is ever deleted.
EVIDENCE = {
    "payment": ["state", "gateway_reference", "network_reference", "reason", "inquiries", "resends", "sent_at", "resolved_at"],
    "stored_card": ["token", "network_reference"],
    "hosted_payment": [],
    "deposit": ["state", "amount_cents", "used_cents", "due_at", "authorised_at", "expires_at", "hold_id"],
    "open_item": ["due_on", "open_cents", "reminders"],
    "vehicle_leg": ["to_at", "check_in_id", "fuel_waived"],
    "protocol_photo": [],
    "damage": ["liability", "repair", "estimate_net_cents", "final_net_cents", "claim_deadline", "version"],
    "damage_photo": [],
    "photo": [],
    "email": ["state", "sent_at", "tries", "last_error"],
}  # fmt: skip
READ, ADD = "select", "select, insert"
CLIENTS = "select (id, name, key_prefix, active, policy, created_at, last_used_at)"


def _changing(*columns: str) -> str:
    return f"select, insert, update ({', '.join(columns)})"


_STAFF_AND_ADMIN = {
    "vehicle": "select, insert, update",
    "vehicle_block": _changing("removed_at"),
    "occupancy": _changing("kind", "during", "ends_at", "busy_until", "held_until", "active"),
    "customer": "select, update",
    "customer_station": READ,
    "customer_version": ADD,
    "contract": "select, update",
    "driver": "select, insert, update",
    "vehicle_leg": _changing("to_at", "check_in_id"),
    "note": READ,
    "history_entry": ADD,
    "protocol": ADD,
    "protocol_photo": ADD,
    "damage": ADD,
    "damage_photo": ADD,
    "photo": ADD,
    "payment": READ,
    # Whether there is a card, never its token.
    "stored_card": "select (contract_id, station_id)",
    "deposit": READ,
    "document": READ,
    "open_item": READ,
    "email": "select, update (state)",
    "job": "select (key, state, tries), insert, update (due_at)",
}
MAY = {
    "staff": {
        **_STAFF_AND_ADMIN,
        "station": "select, update",
        "company": READ,
        "vehicle_group": READ,
        "tariff": READ,
        # No hashes of passwords and keys.
        "app_user": "select (id, email, email_key, name, role, active, created_at, last_sign_in_at)",
        "user_station": READ,
        "api_client": CLIENTS,
        "client_station": READ,
    },
    "admin": {
        **_STAFF_AND_ADMIN,
        "station": "select, insert, update",
        "company": "select, insert, update",
        "vehicle_group": ADD,
        "tariff": ADD,
        "app_user": _changing("name", "role", "active", "password_hash"),
        "user_station": "select, insert, delete",
        "api_client": _changing("name", "active", "policy"),
        "client_station": "select, insert, delete",
        "session": "select (id, user_id, revoked_at), update (revoked_at)",
    },
    "website": dict.fromkeys(
        [
            "station", "vehicle_group", "tariff", "contract", "driver", "vehicle", "vehicle_leg", "protocol",
            "protocol_photo", "photo", "damage", "damage_photo", "payment", "deposit", "document", "open_item",
            "client_station",
            # No row of these: asked for them, the answer is an empty list.
            "occupancy", "vehicle_block", "customer", "customer_version", "customer_station", "note", "history_entry",
            "email",
        ],
        READ,
    )
    | {"api_client": CLIENTS},
    "system": {
        **dict.fromkeys(
            [
                "station", "company", "vehicle_group", "tariff", "vehicle_block", "vehicle_leg", "protocol_photo",
                "photo", "damage", "damage_photo", "user_station", "client_station",
            ],
            READ,
        ),
        "app_user": "select, update (last_sign_in_at)",
        "api_client": "select, update (last_used_at)",
        "vehicle": "select, update (leaves_at, leaves_until)",
        "protocol": "select, update (pdf_key, sha256)",
        "contract": "select, insert, update",
        "customer": "select, insert, update",
        "customer_station": ADD,
        "customer_version": ADD,
        "driver": ADD,
        "note": ADD,
        "history_entry": ADD,
        "occupancy": _changing("kind", "during", "ends_at", "busy_until", "held_until", "active"),
        "payment": _changing(*EVIDENCE["payment"]),
        "stored_card": _changing(*EVIDENCE["stored_card"]),  # the token: the sandbox lets a card go bad
        "hosted_payment": ADD,
        "deposit": _changing("state", "used_cents", "authorised_at", "expires_at", "hold_id"),
        "document": _changing("sha256"),
        "document_series": _changing("last_number", "last_hash"),
        "open_item": ADD,
        "email": _changing(*EVIDENCE["email"]),
        "job": "select, insert, update",
        "session": "select, insert, update",
        "sign_in_bucket": "select, insert, update, delete",
        "idempotency_record": "select, insert, update",
    },
}  # fmt: skip
TABLES = sorted({table for tables in MAY.values() for table in tables})
CARS = """
begin
  if new.vehicle_id is not null and (tg_op = 'INSERT' or new.vehicle_id is distinct from old.vehicle_id)
     and not exists (select 1 from vehicle v where v.id = new.vehicle_id and v.station_id = new.station_id) then
    raise exception 'the vehicle of a % stands at its station', tg_table_name using errcode = 'foreign_key_violation';
  end if;
  return new;
end"""
# Row-level security does not look at what a row points at; this looks, with the eyes of who writes it.
IN_SIGHT = """
declare
  written jsonb := to_jsonb(new);
  car uuid := written ->> 'vehicle_id';
  rental uuid := written ->> 'contract_id';
  report uuid := written ->> 'protocol_id';
begin
  if (car is not null and not exists (select 1 from vehicle v where v.id = car))
     or (rental is not null and not exists (select 1 from contract c where c.id = rental))
     or (report is not null and not exists (select 1 from protocol p where p.id = report)) then
    raise exception 'a % points at something that is not there', tg_table_name using errcode = 'foreign_key_violation';
  end if;
  return new;
end"""
BIRTHMARK = """
declare
  mark text;
begin
  if tg_op = 'DELETE' then
    raise exception '% rows are never deleted', tg_table_name using errcode = 'restrict_violation';
  end if;
  foreach mark in array tg_argv loop
    if to_jsonb(old) -> mark is distinct from to_jsonb(new) -> mark then
      raise exception '% of a % never changes', mark, tg_table_name using errcode = 'restrict_violation';
    end if;
  end loop;
  return new;
end"""
NUMBERS = """
begin
  if tg_op = 'DELETE' or new.last_number < old.last_number
     or (new.station_id, new.year) is distinct from (old.station_id, old.year) then
    raise exception 'numbers of documents only go up' using errcode = 'restrict_violation';
  end if;
  return new;
end"""
TRIGGERS = {
    "refuse_car_from_elsewhere": (CARS, "before insert or update of vehicle_id", ["contract", "vehicle_leg"]),
    "refuse_unseen": (IN_SIGHT, "before insert", ["occupancy", "protocol", "damage"]),
    "refuse_lower_number": (NUMBERS, "before update or delete", ["document_series"]),
}
ZONES = """
begin
  perform set_config('app.everything', 'on', true);
  return query select s.id, s.time_zone::text from station s where s.id = any (wanted);
  perform set_config('app.everything', '', true);
end"""


def upgrade() -> None:
    op.execute(MAKE_ROLES)
    op.execute(f"revoke all on all tables in schema public from {APP_ROLE}")
    op.execute(f"grant select on alembic_version to {APP_ROLE}, {CALLERS['system']}")
    for role in CALLERS.values():
        op.execute(f"grant usage on schema public to {role}")
    _ask()
    for table in TABLES:
        unprotect(table)
        may = {kind: tables[table] for kind, tables in MAY.items() if table in tables}
        protect(table, may=may, rows={"staff": STAFF.get(table), "website": WEBSITE.get(table)})
    _freeze()


def _ask() -> None:
    for name, question in ASKED.items():
        op.execute(
            f"create function {name}(wanted uuid) returns boolean language plpgsql stable strict"
            f" as $$ begin return {question}; end $$"
        )
    for name, question in FOUND.items():
        op.execute(
            f"create function {name}() returns setof uuid language plpgsql stable rows 100"
            f" as $$ begin return query {question}; end $$"
        )
    # A station's policies have no exception for its zone any more: the owner asks, and tells nothing else.
    op.execute(f"create or replace function station_zones(wanted uuid[]) returns table (id uuid, time_zone text)"
               f" language plpgsql security definer set search_path = public, pg_temp as $${ZONES}$$")  # fmt: skip
    op.execute("revoke execute on function station_zones(uuid[]) from public")
    op.execute(f"grant execute on function station_zones(uuid[]) to {', '.join(CALLERS.values())}")


def _freeze() -> None:
    for name, (body, when, tables) in TRIGGERS.items():
        op.execute(f"create function {name}() returns trigger language plpgsql as $${body}$$")
        for table in tables:
            op.execute(f"create trigger {name} {when} on {table} for each row execute function {name}()")
    op.execute(f"create function refuse_changed_birthmark() returns trigger language plpgsql as $${BIRTHMARK}$$")
    for table, columns in BIRTHMARKS.items():
        marks = ", ".join(f"'{column}'" for column in columns)
        op.execute(
            f"create trigger birthmarks before update or delete on {table} for each row"
            f" execute function refuse_changed_birthmark({marks})"
        )
    for table, columns in EVIDENCE.items():
        freeze(table, but=columns)


def downgrade() -> None:
    before = import_module("migrations.versions.0003_scope")
    for table in EVIDENCE:
        op.execute(f"drop trigger frozen on {table}")
    for table in BIRTHMARKS:
        op.execute(f"drop trigger birthmarks on {table}")
    for name, (_body, _when, tables) in TRIGGERS.items():
        for table in tables:
            op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")
    op.execute("drop function refuse_changed_birthmark")
    for table in TABLES:
        unprotect(table)
    for table in before.OPEN:
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable row level security")
    for name in ASKED:
        op.execute(f"drop function {name}(uuid)")
    for name in FOUND:
        op.execute(f"drop function {name}()")
    _open_again(before)


def _open_again(before: object) -> None:
    """The policies and grants of version 0.1, with the photo's of 0006 and the zones' of 0009."""
    everything = before.EVERYTHING
    for table in [*before.STAFF_POLICIES, *before.SYSTEM_ONLY]:
        op.execute(f"create policy system on {table} using ({everything}) with check ({everything})")
    rules = before.STAFF_POLICIES | {"photo": import_module("migrations.versions.0006_photo_policy").AFTER}
    for table, rule in rules.items():
        op.execute(f"create policy staff on {table} using ({rule}) with check ({rule})")
    for name, policies in (("reference", before.READ_POLICIES), ("client", before.CLIENT_POLICIES)):
        for table, rule in policies.items():
            op.execute(f"create policy {name} on {table} for select using ({rule})")
    op.execute("drop function station_zones")
    import_module("migrations.versions.0009_station_zones").upgrade()
    for role in CALLERS.values():
        op.execute(f"revoke all on schema public from {role}")
    op.execute(f"revoke select on alembic_version from {CALLERS['system']}")
    op.execute(f"grant usage on schema public to {APP_ROLE}")
    op.execute(f"grant select, insert, update, delete on all tables in schema public to {APP_ROLE}")
    op.execute(f"revoke insert, update, delete on alembic_version from {APP_ROLE}")
