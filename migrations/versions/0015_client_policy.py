"""What a website may do is a policy of its API client. Those that are there get the defaults of a new one.

Written out, so that another default in a later version changes nothing for them: rentals only, no other payer, 20 cars
held at a time, 5 for one customer, 10 drivers. What an existing website needs beyond that: `updateApiClient`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

DEFAULTS = (
    '{"kinds": ["RENTAL"], "may_name_payer": false, "may_change_period": false,'
    ' "open_holds": 20, "open_holds_per_customer": 5, "drivers": 10}'
)


def upgrade() -> None:
    kind = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("api_client", sa.Column("policy", kind, server_default=DEFAULTS, nullable=False))
    # From now on the program says it: a client without a policy is a mistake.
    op.alter_column("api_client", "policy", server_default=None)
    # What a website holds is counted at each of its bookings.
    op.create_index("ix_contract_held", "contract", ["client_id"], postgresql_where=sa.text("state = 'HELD'"))


def downgrade() -> None:
    op.drop_index("ix_contract_held", "contract")
    op.drop_column("api_client", "policy")
