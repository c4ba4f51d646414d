"""Jobs that never end silently: how often a fault has ended a try, since when a job waits, whose work was given up."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

from migrations.policies import protect, unprotect

# What was given up before this version is shown, too: nobody has been told of it.
SHOW_GIVEN_UP = """
    update job j set contract_id = coalesce(
        (select c.id from contract c where c.id::text = j.payload ->> 'contract'),
        (select p.contract_id from payment p where p.id::text = j.payload ->> 'payment'),
        (select p.contract_id from protocol p where p.id::text = j.payload ->> 'protocol'),
        (select d.contract_id from document d where d.id::text = j.payload ->> 'document'),
        (select i.contract_id from open_item i where i.id::text = j.payload ->> 'open_item'),
        (select e.contract_id from email e where e.id::text = j.payload ->> 'email'),
        (select d.contract_id from damage d where d.id::text = j.payload ->> 'damage')
    ) where state = 'FAILED'
"""

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("faults", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("waits_since", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("job", sa.Column("contract_id", sa.Uuid(), nullable=True))
    op.create_index("ix_job_failed", "job", ["contract_id"], postgresql_where=sa.text("state = 'FAILED'"))
    op.add_column("contract", sa.Column("effects_failed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(SHOW_GIVEN_UP)
    op.execute(
        "update contract set effects_failed = true"
        " where id in (select contract_id from job where state = 'FAILED' and contract_id is not null)"
    )
    op.create_table(
        "worker_beat",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("beat_at", sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_worker_beat")),
    )
    protect("worker_beat", may={"system": "select, insert, update, delete"})


def downgrade() -> None:
    unprotect("worker_beat")
    op.drop_table("worker_beat")
    op.drop_column("contract", "effects_failed")
    op.drop_index("ix_job_failed", "job")
    for column in ("contract_id", "waits_since", "faults"):
        op.drop_column("job", column)
