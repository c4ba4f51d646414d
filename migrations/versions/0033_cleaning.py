"""Cleaning and watching: what a daily job deletes is found by an index, and so is what whoever watches is told; the
schema has a level, by which a program knows whether it may work with one that a newer program has brought.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import CALLERS

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SYSTEM = CALLERS["system"]
# What is over, and nobody needs any more; files go by the role that erases.
DELETED = ["job", "session", "idempotency_record"]
INDEXES = [
    ("ix_job_done", "job", ["done_at"], "state = 'DONE'"),
    ("ix_session_refresh_expires_at", "session", ["refresh_expires_at"], None),
    ("ix_idempotency_record_created_at", "idempotency_record", ["created_at"], None),
    ("ix_photo_created_at", "photo", ["created_at", "id"], None),
    ("ix_evidence_file_created_at", "evidence_file", ["created_at", "id"], None),
    ("ix_email_unsent", "email", ["state", "queued_at"], "state in ('QUEUED', 'FAILED')"),
    ("ix_payment_state", "payment", ["state"], "state <> 'SUCCEEDED'"),
    ("ix_deposit_state", "deposit", ["state", "expires_at"], "state in ('NONE', 'ACTIVE', 'EXPIRED', 'FAILED')"),
]


def upgrade() -> None:
    # Its own row says which migration was the last: whoever may read that may read this, and it changes with it.
    op.execute("alter table alembic_version add column level integer not null default 1")
    for name, table, columns, only in INDEXES:
        op.create_index(name, table, columns, postgresql_where=None if only is None else sa.text(only))
    for table in DELETED:
        op.execute(f"grant delete on {table} to {SYSTEM}")


def downgrade() -> None:
    op.execute("delete from job where kind = 'CLEAN'")
    for table in DELETED:
        op.execute(f"revoke delete on {table} from {SYSTEM}")
    for name, table, _columns, _only in reversed(INDEXES):
        op.drop_index(name, table)
    op.execute("alter table alembic_version drop column level")
