"""An API client has several keys, so that a new one is in use before the old one ends. Back to one, the newest stays."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

from migrations.policies import CALLERS, CLIENT, protect, unprotect

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# Nobody but the system reads the hash of a key.
READ = "select (id, client_id, prefix, created_at, last_used_at, expires_at)"
KEEP_THE_KEY = """
    insert into api_key (id, client_id, prefix, key_hash, created_at, last_used_at, expires_at)
    select gen_random_uuid(), id, key_prefix, key_hash, created_at, last_used_at,
        case when active then null else coalesce(last_used_at, created_at) end
    from api_client
"""
KEEP_THE_NEWEST = """
    update api_client c set key_hash = coalesce(
        (select k.key_hash from api_key k where k.client_id = c.id order by k.created_at desc, k.id desc limit 1),
        -- Every key of it has ended and was deleted: what nobody knows opens nothing.
        encode(sha256(gen_random_uuid()::text::bytea), 'hex')
    )
"""


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sqltypes.AutoString(), nullable=False),
        sa.Column("key_hash", sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_used_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("expires_at", sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name=op.f("fk_api_key_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    op.create_index(op.f("ix_api_key_client_id"), "api_key", ["client_id"])
    op.execute(KEEP_THE_KEY)
    op.drop_column("api_client", "key_hash")
    protect(
        "api_key",
        rows={
            "staff": "exists (select 1 from client_station s where s.client_id = api_key.client_id)",
            "website": f"client_id = {CLIENT}",
        },
        may={
            "staff": READ,
            "website": READ,
            "admin": f"{READ}, insert, update (expires_at), delete",
            "system": "select, update (last_used_at)",
        },
    )
    op.execute(f"grant update (key_prefix) on api_client to {CALLERS['admin']}")
    # Whoever knows the old password changes it: the system looks at it, as at every sign-in.
    op.execute(f"grant update (password_hash) on app_user to {CALLERS['system']}")


def downgrade() -> None:
    op.execute(f"revoke update (password_hash) on app_user from {CALLERS['system']}")
    op.execute(f"revoke update (key_prefix) on api_client from {CALLERS['admin']}")
    op.add_column("api_client", sa.Column("key_hash", sqltypes.AutoString(), nullable=True))
    op.execute(KEEP_THE_NEWEST)
    op.alter_column("api_client", "key_hash", nullable=False)
    op.create_unique_constraint(op.f("uq_api_client_key_hash"), "api_client", ["key_hash"])
    unprotect("api_key")
    op.drop_table("api_key")
