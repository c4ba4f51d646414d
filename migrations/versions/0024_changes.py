"""What a contract's life brings after booking: a driver may be taken off again."""

from alembic import op

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant delete on driver to ersatzwagen_system")


def downgrade() -> None:
    op.execute("revoke delete on driver from ersatzwagen_system")
