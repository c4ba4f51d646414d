"""Kinds of jobs get the glossary's words: to bill is to issue the final invoice, a hold is the card's.

Back again, a stored refusal loses its German sentence.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

WORDS = (("SETTLE", "BILL"), ("PROTOCOL_PAPER", "PROTOCOL_SHEET"), ("EXPIRE_HOLD", "EXPIRE_CAR_HOLD"))


def upgrade() -> None:
    for before, after in WORDS:
        op.execute(f"update job set kind = '{after}' where kind = '{before}'")


def downgrade() -> None:
    # Version 0.1 knows refusals in English only.
    op.execute(
        "update idempotency_record set refusal = jsonb_set(refusal, '{message}', refusal->'message'->'en')"
        " where jsonb_typeof(refusal->'message') = 'object'"
    )
    for before, after in WORDS:
        op.execute(f"update job set kind = '{before}' where kind = '{after}'")
