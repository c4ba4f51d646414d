"""A contract says since when it is in its state; actions of the history are an enum."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("history_entry", "action", type_=sa.String(32), existing_nullable=False)
    op.add_column("contract", sa.Column("state_since", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update contract c set state_since = coalesce((select max(h.at) from history_entry h"
        " where h.contract_id = c.id and h.action like 'STATE\\_%'), c.created_at)"
    )
    op.alter_column("contract", "state_since", nullable=False)


def downgrade() -> None:
    op.drop_column("contract", "state_since")
    op.alter_column("history_entry", "action", type_=sa.String(), existing_nullable=False)
