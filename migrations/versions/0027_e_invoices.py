"""E-invoices: what they need of company and customers, and where a document's XML lies; its hash is added once, like
that of the PDF.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import CALLERS

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXTS = [
    ("company", "seat"),
    ("company", "managing_directors"),
    ("customer", "buyer_reference"),
    ("document", "xml_key"),
    ("document", "xml_sha256"),
]

# Nothing of a document changes but its hashes, and each of them only from nothing to its value.
FROZEN = """
        create or replace function refuse_printed_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' or to_jsonb(old) - {columns} is distinct from to_jsonb(new) - {columns}
             or (old.sha256 is not null and old.sha256 is distinct from new.sha256){more} then
            raise exception 'document rows are frozen' using errcode = 'restrict_violation';
          end if;
          return new;
        end $$
        """
XML_TOO = "\n             or (old.xml_sha256 is not null and old.xml_sha256 is distinct from new.xml_sha256)"


def upgrade() -> None:
    for table, column in TEXTS:
        op.add_column(table, sa.Column(column, sa.String(), nullable=True))
    op.execute(FROZEN.format(columns="array['sha256', 'xml_sha256']", more=XML_TOO))
    op.execute(f"grant update (xml_sha256) on document to {CALLERS['system']}")


def downgrade() -> None:
    op.execute(FROZEN.format(columns="'sha256'", more=""))
    for table, column in reversed(TEXTS):
        op.drop_column(table, column)
