"""Payments go forward only, a protocol is printed once, and what a row points at is in sight when it is changed, too."""

from importlib import import_module

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# What was found out about money stays. FAILED says that the gateway had not heard of it; it may have since.
FORWARD = """
begin
  if new.state is distinct from old.state
     and not (old.state in ('PENDING', 'UNKNOWN')
              or (old.state = 'FAILED' and new.state = 'UNKNOWN' and old.gateway_reference is null)) then
    raise exception 'a payment does not go from % to %', old.state, new.state using errcode = 'restrict_violation';
  end if;
  return new;
end"""
PRINTED = """
begin
  if (old.sha256 is not null and new.sha256 is distinct from old.sha256)
     or (old.pdf_key is not null and new.pdf_key is distinct from old.pdf_key) then
    raise exception 'a protocol is printed once' using errcode = 'restrict_violation';
  end if;
  return new;
end"""
# Row-level security does not look at what a row points at; these look, with the eyes of who writes it.
OUT_IN_SIGHT = """
begin
  if new.out_contract_id is not null and not exists (select 1 from contract c where c.id = new.out_contract_id) then
    raise exception 'a vehicle is out for a contract that is there' using errcode = 'foreign_key_violation';
  end if;
  return new;
end"""
PHOTO_IN_SIGHT = """
begin
  if not exists (select 1 from photo p where p.id = new.photo_id) then
    raise exception 'a % shows a photo that is there', tg_table_name using errcode = 'foreign_key_violation';
  end if;
  return new;
end"""
TRIGGERS = {
    "refuse_payment_back": (FORWARD, "before update of state", ["payment"]),
    "refuse_second_print": (PRINTED, "before update of sha256, pdf_key", ["protocol"]),
    "refuse_unseen_out": (OUT_IN_SIGHT, "before insert or update of out_contract_id", ["vehicle"]),
    "refuse_unseen_photo": (PHOTO_IN_SIGHT, "before insert", ["protocol_photo", "damage_photo"]),
}
# Whose contract it is never changes: its own copy of the customer is what is corrected.
OWNERS = {"contract": ["customer_id"]}


def upgrade() -> None:
    for name, (body, when, tables) in TRIGGERS.items():
        op.execute(f"create function {name}() returns trigger language plpgsql as $${body}$$")
        for table in tables:
            op.execute(f"create trigger {name} {when} on {table} for each row execute function {name}()")
    _mark(OWNERS)


def downgrade() -> None:
    _mark({})
    for name, (_body, _when, tables) in TRIGGERS.items():
        for table in tables:
            op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}")


def _mark(more: dict[str, list[str]]) -> None:
    for table, columns in import_module("migrations.versions.0018_callers").BIRTHMARKS.items():
        marks = ", ".join(f"'{column}'" for column in [*columns, *more.get(table, [])])
        op.execute(f"drop trigger birthmarks on {table}")
        op.execute(
            f"create trigger birthmarks before update or delete on {table} for each row"
            f" execute function refuse_changed_birthmark({marks})"
        )
