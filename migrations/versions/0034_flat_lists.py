"""What a station's day and the contracts at risk are found by does not grow with the history: cars that are out, their
contracts, and booked contracts by their car.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_contract_back", "contract", ["return_station_id", "ends_at"], "state = 'CHECKED_OUT'"),
    ("ix_contract_one_way", "contract", ["return_station_id"], "return_station_id <> station_id and state <> 'CHECKED_OUT'"),
    ("ix_contract_reserved", "contract", ["vehicle_id", "ends_at"], "state = 'RESERVED'"),
    ("ix_vehicle_out", "vehicle", ["out_contract_id"], "out_contract_id is not null"),
    ("ix_vehicle_out_until", "vehicle", ["out_until"], "out_until is not null"),
]  # fmt: skip


def upgrade() -> None:
    for name, table, columns, only in INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(only))


def downgrade() -> None:
    for name, table, _columns, _only in reversed(INDEXES):
        op.drop_index(name, table)
