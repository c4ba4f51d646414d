"""How far a device's clock was off goes with its protocol, and a session knows since when its device is in contact.

Both are unknown for what is there: no protocol of the past is doubted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("protocol", sa.Column("clock_difference_seconds", sa.Integer(), nullable=True))
    op.add_column("session", sa.Column("last_called_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("session", sa.Column("in_contact_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("session", "in_contact_since")
    op.drop_column("session", "last_called_at")
    op.drop_column("protocol", "clock_difference_seconds")
