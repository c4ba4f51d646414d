"""A document is printed after it was numbered: it keeps what its PDF shows, and the PDF's hash is added once.

The series of a station is locked for a number and a row, not while a PDF is made and put away.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("document", sa.Column("view", postgresql.JSONB(none_as_null=True), nullable=True))
    op.alter_column("document", "sha256", existing_type=sa.String(), nullable=True)
    op.execute(
        """
        create function refuse_printed_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' or to_jsonb(old) - 'sha256' is distinct from to_jsonb(new) - 'sha256'
             or (old.sha256 is not null and old.sha256 is distinct from new.sha256) then
            raise exception 'document rows are frozen' using errcode = 'restrict_violation';
          end if;
          return new;
        end $$
        """
    )
    op.execute("drop trigger frozen on document")
    op.execute(
        "create trigger frozen before update or delete on document for each row execute function refuse_printed_change()"
    )


def downgrade() -> None:
    op.execute("drop trigger frozen on document")
    op.execute("update document set sha256 = chain_hash where sha256 is null")
    op.execute(
        "create trigger frozen before update or delete on document for each row execute function refuse_frozen_change()"
    )
    op.execute("drop function refuse_printed_change")
    op.alter_column("document", "sha256", existing_type=sa.String(), nullable=False)
    op.drop_column("document", "view")
