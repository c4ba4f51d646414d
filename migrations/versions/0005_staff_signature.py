"""Whoever hands a car over signs, too: the hash of that signature's picture."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("protocol", sa.Column("staff_signature_sha256", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("protocol", "staff_signature_sha256")
