"""Retention: a role that may erase what is kept, for when the clocks of the law have run out, and nothing else may."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

from migrations.policies import CALLERS, protect
from server.database.roles import MAKE_ROLES

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

ROLE = CALLERS["retention"]
PERSON = (
    "customer_copy, payer, workshop_order_number, workshop_appointment_at, workshop_plate, workshop_vin, waiver_reason,"
    " billing_block_detail, tariff_edits, created_by, search_text, version, person_erased_at, letters_erased_at,"
    " vouchers_erased_at"
)
MAY = {
    **dict.fromkeys(["station", "vehicle", "occupancy"], "select"),
    **dict.fromkeys(
        [
            "note", "email", "protocol", "protocol_photo", "reading_correction", "vehicle_leg",
            "stored_card", "deposit", "open_item", "damage_photo", "damage_evidence", "photo", "evidence_file",
            "customer_station", "customer_version", "occupancy", "payment_share",
        ],
        "select, delete",
    ),
    "contract": f"select, update ({PERSON}), delete",
    "customer": (
        "select, update (salutation, first_name, last_name, company, vat_id, buyer_reference, email, email_key, phone,"
        " street, postcode, city, country, birth_date, review_needed, restricted_at, restricted_by, restricted_reason,"
        " version), delete"
    ),
    "driver": (
        "select, update (first_name, last_name, birth_date, licence_number, licence_class, licence_issued,"
        " licence_valid_until), delete"
    ),
    "history_entry": "select, insert, update (before, after), delete",
    "document": "select, update (recipient, lines, advances, view, pdf_key, xml_key, erased_at)",
    "payment": "select, update (gateway_reference, network_reference, order_reference, reason), delete",
    "damage": "select, update (contract_id, protocol_id)",
    # No token of a page, nothing that a job is about.
    "hosted_payment": "select (contract_id), delete",
    "job": "select (key, state), insert, update (due_at)",
    "erased_file": "select, insert, delete",
}  # fmt: skip
# What keeps evidence, money and documents as they are, whoever asks; but for the one that erases.
KEEPS = ["refuse_change", "refuse_frozen_change", "refuse_printed_change", "refuse_changed_birthmark"]
PASSES = f"""
          if current_user = '{ROLE}' then
            if tg_op = 'DELETE' then return old; end if;
            return new;
          end if;
         """
COLUMNS = [
    ("contract", "person_erased_at", sqltypes.UTCDateTime()),
    ("contract", "letters_erased_at", sqltypes.UTCDateTime()),
    ("contract", "vouchers_erased_at", sqltypes.UTCDateTime()),
    ("customer", "restricted_by", sa.String()),
    ("customer", "restricted_reason", sa.String()),
    ("document", "erased_at", sqltypes.UTCDateTime()),
]
KEYS = [
    ("photo", "object_key"),
    ("evidence_file", "object_key"),
    ("protocol", "signature_sha256"),
    ("protocol", "staff_signature_sha256"),
]
# What was booked before this version is looked after, too, over a month, so that nothing else waits; the key is the one
# that the program makes.
LOOK = """
    insert into job (id, kind, key, payload, state, due_at, tries, created_at)
    select gen_random_uuid(), 'RETENTION', 'retention:' || c.id, jsonb_build_object('contract', c.id), 'WAITING',
           greatest(c.created_at + interval '30 days', now()) + abs(hashtext(c.id::text)) % 2592000 * interval '1 second',
           0, now()
    from contract c
    on conflict (key) do nothing
"""


def upgrade() -> None:
    op.execute(MAKE_ROLES)
    op.execute(f"grant usage on schema public to {ROLE}")
    op.execute(f"grant execute on function station_zones(uuid[]) to {ROLE}")
    for table, column, kind in COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True))
    for table, column in KEYS:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_table(
        "erased_file",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("erasure_id", sa.Uuid(), nullable=False, index=True),
        sa.Column("object_key", sa.String(), nullable=False),
    )
    protect("erased_file", may={})
    for table, statements in MAY.items():
        op.execute(f"grant {statements} on {table} to {ROLE}")
        op.execute(f"create policy retention on {table} to {ROLE} using (true) with check (true)")
    for name in KEEPS:
        _write(name, lambda source: source.replace("begin", "begin" + PASSES, 1))
    op.execute(LOOK)


def downgrade() -> None:
    op.execute("delete from job where kind in ('RETENTION', 'ERASE_CUSTOMER', 'ERASE_FILES')")
    for name in KEEPS:
        _write(name, lambda source: source.replace(PASSES, "", 1))
    for table in MAY:
        op.execute(f"drop policy retention on {table}")
        op.execute(f"revoke all on {table} from {ROLE}")
    op.drop_table("erased_file")
    for table, column in KEYS:
        op.drop_index(f"ix_{table}_{column}", table)
    for table, column, _kind in reversed(COLUMNS):
        op.drop_column(table, column)
    op.execute(f"revoke execute on function station_zones(uuid[]) from {ROLE}")
    op.execute(f"revoke usage on schema public from {ROLE}")


def _write(name: str, change: Callable[[str], str]) -> None:
    """Writes a trigger's function anew, changed from what it is."""
    question = sa.text("select prosrc from pg_proc where proname = :name and pronamespace = 'public'::regnamespace")
    source = op.get_bind().execute(question, {"name": name}).scalar_one()
    op.execute(f"create or replace function {name}() returns trigger language plpgsql as $${change(source)}$$")
