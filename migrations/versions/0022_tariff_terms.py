"""Fees of a tariff for cancellations and no-shows. What was stored before is free until 24 hours before the start, then
costs one day's price, as everybody was told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tariff", sa.Column("free_cancellation_hours", sa.Integer(), nullable=False, server_default="24"))
    op.alter_column("tariff", "free_cancellation_hours", server_default=None)
    op.add_column("tariff", sa.Column("cancellation_fee_cents", sa.BigInteger(), nullable=True))
    op.add_column("tariff", sa.Column("no_show_fee_cents", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("tariff", "no_show_fee_cents")
    op.drop_column("tariff", "cancellation_fee_cents")
    op.drop_column("tariff", "free_cancellation_hours")
