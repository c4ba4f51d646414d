"""Mails: who writes, where answers go, which mail one says once more; and what the company says in them."""

import sqlalchemy as sa
from alembic import op

OF_COMPANY = ("terms_url", "privacy_url", "breakdown_phone", "accident_phone")

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("email", sa.Column("sender_name", sa.String(), nullable=True))
    op.add_column("email", sa.Column("reply_to", sa.String(), nullable=True))
    op.add_column("email", sa.Column("resend_of_id", sa.Uuid(), nullable=True))
    for column in OF_COMPANY:
        op.add_column("company", sa.Column(column, sa.String(), nullable=True))


def downgrade() -> None:
    for column in reversed(OF_COMPANY):
        op.drop_column("company", column)
    for column in ("resend_of_id", "reply_to", "sender_name"):
        op.drop_column("email", column)
