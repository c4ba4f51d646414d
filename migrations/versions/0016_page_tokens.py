"""Whose payment page a card's token came from is looked up at every booking with a stored card."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_hosted_payment_token", "hosted_payment", ["token"])


def downgrade() -> None:
    op.drop_index("ix_hosted_payment_token", "hosted_payment")
