"""Devices on which people sign in: listed, revoked, and each session belongs to one. Sessions of before have none.

Protocols and histories name the manager who approved what a colleague may not decide alone.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import PRINCIPAL, protect, unprotect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STAFF = f"user_id = {PRINCIPAL} or exists (select 1 from user_station s where s.user_id = device.user_id)"
SEEN = ["user_id", "name", "app_version", "last_seen_at"]


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("app_version", sa.String(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name="fk_device_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
    )
    op.create_index("ix_device_user_id", "device", ["user_id"])
    op.add_column("session", sa.Column("device_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_session_device_id", "session", "device", ["device_id"], ["id"], ondelete="CASCADE")
    op.create_index("ix_session_device_id", "session", ["device_id"])
    op.add_column("protocol", sa.Column("approved_by", sa.String(), nullable=True))
    op.add_column("protocol", sa.Column("approved_by_id", sa.Uuid(), nullable=True))
    op.add_column("history_entry", sa.Column("approved_by", sa.String(), nullable=True))
    revoking = "select, update (revoked_at)"
    system = f"select, insert, update ({', '.join(SEEN)}), delete"
    protect("device", may={"staff": revoking, "admin": revoking, "system": system}, rows={"staff": STAFF})


def downgrade() -> None:
    op.drop_column("history_entry", "approved_by")
    op.drop_column("protocol", "approved_by_id")
    op.drop_column("protocol", "approved_by")
    unprotect("device")
    op.drop_index("ix_session_device_id", "session")
    op.drop_constraint("fk_session_device_id", "session")
    op.drop_column("session", "device_id")
    op.drop_table("device")
