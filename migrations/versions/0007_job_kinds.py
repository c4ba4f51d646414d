"""The kind of a job is an enum, stored by its name like every other."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update job set kind = upper(kind)")
    op.alter_column("job", "kind", type_=sa.String(32), existing_nullable=False)


def downgrade() -> None:
    op.alter_column("job", "kind", type_=sa.String(), existing_nullable=False)
    op.execute("update job set kind = lower(kind)")
