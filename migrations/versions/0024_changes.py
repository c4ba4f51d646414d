"""What a contract's life brings after booking: a driver is taken off again, a deposit is due at another time, a booking
that came about ends otherwise, and a document says how much money moves because of it.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import CALLERS, OF_CONTRACT, OF_OWN_CONTRACT, freeze, protect, unprotect

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GRANTS = [
    ("delete", "driver", "system"),
    ("update (due_at)", "deposit", "system"),
    ("update (out_until)", "vehicle", "system"),
    ("update (open_cents)", "open_item", "system"),
    ("update (odometer_km, fuel_eighths, state_of_charge_percent)", "vehicle", "system"),
    ("update (out_contract_id, station_id)", "vehicle", "system"),
    ("update (to_at, check_in_id)", "vehicle_leg", "system"),
    ("update (voided)", "protocol", "system"),
    ("update (fuel_waived)", "vehicle_leg", "staff"),
    ("update (fuel_waived)", "vehicle_leg", "admin"),
]


NO_SHOW_AT = "c.starts_at + interval '8 days'"


def upgrade() -> None:
    for what, table, kind in GRANTS:
        op.execute(f"grant {what} on {table} to {CALLERS[kind]}")
    op.add_column("contract", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update contract c set confirmed_at = h.at from history_entry h"
        " where h.contract_id = c.id and h.action = 'STATE_RESERVED'"
    )
    # Bookings whose time is still to come; of older ones that nobody picked up a clerk decides, as before.
    op.execute(
        "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
        " select gen_random_uuid(), 'MARK_NO_SHOW', 'no_show:' || c.id || ':' || c.version,"
        f" jsonb_build_object('contract', c.id), 'WAITING', {NO_SHOW_AT}, 0, now()"
        f" from contract c where c.state = 'RESERVED' and {NO_SHOW_AT} > now() on conflict (key) do nothing"
    )
    op.add_column("contract", sa.Column("agreed_after_hours", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("update contract set agreed_after_hours = true where price->'lines' @> '[{\"kind\": \"AFTER_HOURS\"}]'")
    op.alter_column("contract", "agreed_after_hours", server_default=None)
    op.add_column("contract", sa.Column("planned_return_station_id", sa.Uuid(), nullable=True))
    key = "fk_contract_planned_return_station_id"
    op.create_foreign_key(key, "contract", "station", ["planned_return_station_id"], ["id"])
    op.add_column("document", sa.Column("to_move_cents", sa.BigInteger(), nullable=True))
    op.create_table(
        "reading_correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("odometer_km", sa.Integer(), nullable=True),
        sa.Column("fuel_eighths", sa.Integer(), nullable=True),
        sa.Column("state_of_charge_percent", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("corrected_by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"],
            ["contract.station_id", "contract.id"],
            name="fk_reading_correction_contract",
        ),
        sa.ForeignKeyConstraint(
            ["station_id", "protocol_id"],
            ["protocol.station_id", "protocol.id"],
            name="fk_reading_correction_protocol_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reading_correction"),
    )
    for column in ("protocol_id", "contract_id"):
        op.create_index(f"ix_reading_correction_{column}", "reading_correction", [column])
    may = {"staff": "select", "admin": "select", "website": "select", "system": "select, insert"}
    protect("reading_correction", may=may, rows={"staff": OF_CONTRACT, "website": OF_OWN_CONTRACT})
    freeze("reading_correction")


def downgrade() -> None:
    op.execute("delete from job where kind = 'MARK_NO_SHOW'")
    unprotect("reading_correction")
    op.drop_table("reading_correction")
    op.drop_column("document", "to_move_cents")
    op.drop_column("contract", "planned_return_station_id")
    op.drop_column("contract", "agreed_after_hours")
    op.drop_column("contract", "confirmed_at")
    for what, table, kind in reversed(GRANTS):
        op.execute(f"revoke {what} on {table} from {CALLERS[kind]}")
