"""Why billing waits is an enum; its words are found when it is shown."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# What version 0.1 wrote, by its first words.
REASONS = {
    "A protocol does not fit%": "PROTOCOL_CONFLICT",
    "The tank or battery size%": "VEHICLE_SIZE",
    "The refund is larger%": "REFUND_ABOVE_PAYMENT",
    "The refund was refused%": "REFUND_REFUSED",
    "The advance of a booking%": "ADVANCE_NOT_REFUNDED",
}


def upgrade() -> None:
    op.alter_column("contract", "billing_block", new_column_name="billing_block_detail")
    op.add_column("contract", sa.Column("billing_block", sa.String(32), nullable=True))
    cases = " ".join(f"when billing_block_detail like '{start}' then '{reason}'" for start, reason in REASONS.items())
    # The detail is what the new sentences name: readings, a state, the gateway's reason; other reasons have none.
    op.execute(
        rf"""
        update contract set billing_block = case {cases} else 'ODOMETER' end, billing_block_detail = case
          when billing_block_detail like 'A protocol does not fit%' then
            substring(billing_block_detail from 'The contract was ([A-Z_]+) when')
          when billing_block_detail like 'The refund was refused%' then
            nullif(substring(billing_block_detail from 'refused: (.*)\.$'), 'no reason given')
          when {" or ".join(f"billing_block_detail like '{start}'" for start in REASONS)} then null
          else billing_block_detail
        end
        where billing_block_detail is not null
        """
    )


def downgrade() -> None:
    op.execute("update contract set billing_block_detail = coalesce(billing_block_detail, billing_block)")
    op.drop_column("contract", "billing_block")
    op.alter_column("contract", "billing_block_detail", new_column_name="billing_block")
