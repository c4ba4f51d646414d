"""What a contract's life brings after booking: a driver is taken off again, a deposit is due at another time."""

from alembic import op

revision = "0024"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant delete on driver to ersatzwagen_system")
    op.execute("grant update (due_at) on deposit to ersatzwagen_system")
    op.execute("grant update (out_until) on vehicle to ersatzwagen_system")


def downgrade() -> None:
    op.execute("revoke update (out_until) on vehicle from ersatzwagen_system")
    op.execute("revoke update (due_at) on deposit from ersatzwagen_system")
    op.execute("revoke delete on driver from ersatzwagen_system")
