"""How a protocol was signed goes with it: the hash of what was read, in which language, the strokes with their times."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("protocol", sa.Column("signed_sha256", sa.String(), nullable=True))
    op.add_column("protocol", sa.Column("shown_language", sa.String(), nullable=True))
    op.add_column("protocol", sa.Column("strokes", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("protocol", "strokes")
    op.drop_column("protocol", "shown_language")
    op.drop_column("protocol", "signed_sha256")
