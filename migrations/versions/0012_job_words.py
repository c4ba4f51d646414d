"""Two kinds of jobs get the glossary's words: to bill is to issue the final invoice, a protocol is printed on a sheet."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WORDS = (("SETTLE", "BILL"), ("PROTOCOL_PAPER", "PROTOCOL_SHEET"))


def upgrade() -> None:
    for before, after in WORDS:
        op.execute(f"update job set kind = '{after}' where kind = '{before}'")


def downgrade() -> None:
    for before, after in WORDS:
        op.execute(f"update job set kind = '{before}' where kind = '{after}'")
