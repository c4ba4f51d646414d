"""Mails: who writes, where answers go, which mail one says once more; and what the company says in them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

from migrations.policies import CALLERS

# Whoever has booked before this version is reminded, too; the key is the one that the program makes.
REMIND = """
    insert into job (id, kind, key, payload, state, due_at, tries, created_at)
    select gen_random_uuid(), 'REMIND_OF_START',
           'remind-of-start:' || c.id || ':' || to_char(c.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
           jsonb_build_object('contract', c.id), 'WAITING', d.due_at, 0, now()
    from contract c
    join station s on s.id = c.station_id
    cross join lateral (
        select (date_trunc('day', c.starts_at at time zone s.time_zone) - interval '15 hours') at time zone s.time_zone
    ) d (due_at)
    where c.state = 'RESERVED' and d.due_at > now()
    on conflict (key) do nothing
"""
OF_COMPANY = ("terms_url", "privacy_url", "breakdown_phone", "accident_phone")

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("email", sa.Column("sender_name", sa.String(), nullable=True))
    op.add_column("email", sa.Column("reply_to", sa.String(), nullable=True))
    op.add_column("email", sa.Column("resend_of_id", sa.Uuid(), nullable=True))
    op.add_column("email", sa.Column("not_after", sqltypes.UTCDateTime(), nullable=True))
    for caller in ("staff", "admin"):  # what they send once more is a mail of its own
        op.execute(f"revoke update (state) on email from {CALLERS[caller]}")
    op.execute(REMIND)
    for column in OF_COMPANY:
        op.add_column("company", sa.Column(column, sa.String(), nullable=True))


def downgrade() -> None:
    op.execute("delete from job where kind = 'REMIND_OF_START'")
    for caller in ("staff", "admin"):
        op.execute(f"grant update (state) on email to {CALLERS[caller]}")
    for column in reversed(OF_COMPANY):
        op.drop_column("company", column)
    for column in ("not_after", "resend_of_id", "reply_to", "sender_name"):
        op.drop_column("email", column)
