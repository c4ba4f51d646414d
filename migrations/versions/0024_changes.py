"""What a contract's life brings after booking: a driver is taken off again, a deposit is due at another time, a booking
that came about ends otherwise, and a document says how much money moves because of it.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import CALLERS

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GRANTS = [
    ("delete", "driver", "system"),
    ("update (due_at)", "deposit", "system"),
    ("update (out_until)", "vehicle", "system"),
    ("update (open_cents)", "open_item", "system"),
    ("update (fuel_waived)", "vehicle_leg", "staff"),
    ("update (fuel_waived)", "vehicle_leg", "admin"),
]


def upgrade() -> None:
    for what, table, kind in GRANTS:
        op.execute(f"grant {what} on {table} to {CALLERS[kind]}")
    op.add_column("contract", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update contract c set confirmed_at = h.at from history_entry h"
        " where h.contract_id = c.id and h.action = 'STATE_RESERVED'"
    )
    op.add_column("document", sa.Column("to_move_cents", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("document", "to_move_cents")
    op.drop_column("contract", "confirmed_at")
    for what, table, kind in reversed(GRANTS):
        op.execute(f"revoke {what} on {table} from {CALLERS[kind]}")
