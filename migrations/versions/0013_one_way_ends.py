"""A one-way rental that nobody picks up does not take its car away for ever: its planned end stands on the car."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vehicle", sa.Column("leaves_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.execute(
        """
        update vehicle v set leaves_until = c.ends_at
        from occupancy o join contract c on c.id = o.contract_id
        where v.leaves_at is not null and o.vehicle_id = v.id and o.active and c.starts_at = v.leaves_at
        """
    )


def downgrade() -> None:
    op.drop_column("vehicle", "leaves_until")
