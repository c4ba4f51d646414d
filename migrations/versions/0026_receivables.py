"""What is owed after billing: payments that no card made, reminders, and what the company has given up."""

import sqlalchemy as sa
from alembic import op

from migrations.policies import CALLERS, freeze

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

GRANTS = [
    ("update (for_clerk, reminders, written_off_cents)", "open_item", "system"),
    ("update (open_cents)", "open_item", "staff"),
    ("update (open_cents)", "open_item", "admin"),
    ("update (consent_at)", "stored_card", "system"),
]
# At nine in the morning, three days after the due date; of what is long overdue tomorrow, not within the update.
REMINDED_AT = (
    "greatest((i.due_on + 3 + time '09:00') at time zone s.time_zone,"
    " date_trunc('day', now() + interval '1 day') + interval '9 hours')"
)


def upgrade() -> None:
    op.drop_constraint(op.f("ck_payment_amount"), "payment", type_="check")
    op.create_check_constraint(op.f("ck_payment_amount"), "payment", "amount_cents >= 0 or kind = 'EXTERNAL'")
    op.add_column("open_item", sa.Column("written_off_cents", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("open_item", sa.Column("for_clerk", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("contract", sa.Column("payment_overdue", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("drop trigger frozen on open_item")
    freeze("open_item", but=["due_on", "for_clerk", "open_cents", "reminders", "written_off_cents"])
    op.execute("drop trigger frozen on stored_card")
    freeze("stored_card", but=["token", "network_reference", "consent_at"])
    for what, table, kind in GRANTS:
        op.execute(f"grant {what} on {table} to {CALLERS[kind]}")
    op.execute(
        "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
        " select gen_random_uuid(), 'REMIND_OF_PAYMENT', 'remind:' || i.id || ':' || i.reminders,"
        f" jsonb_build_object('open_item', i.id), 'WAITING', {REMINDED_AT}, 0, now()"
        " from open_item i join station s on s.id = i.station_id where i.open_cents > 0 on conflict (key) do nothing"
    )


def downgrade() -> None:
    op.execute("delete from job where kind = 'REMIND_OF_PAYMENT'")
    for what, table, kind in GRANTS:
        op.execute(f"revoke {what} on {table} from {CALLERS[kind]}")
    op.execute("drop trigger frozen on stored_card")
    freeze("stored_card", but=["token", "network_reference"])
    op.execute("drop trigger frozen on open_item")
    freeze("open_item", but=["due_on", "open_cents", "reminders"])
    op.drop_column("contract", "payment_overdue")
    op.drop_column("open_item", "for_clerk")
    op.drop_column("open_item", "written_off_cents")
    op.drop_constraint(op.f("ck_payment_amount"), "payment", type_="check")
    op.create_check_constraint(op.f("ck_payment_amount"), "payment", "amount_cents >= 0")
