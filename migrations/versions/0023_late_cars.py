"""A car is late from its planned end on; what may be moved to another car says so; cars that are out are watched."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OVERDUE_AT = "c.ends_at + make_interval(mins => (c.tariff_snapshot ->> 'grace_minutes')::int)"


def upgrade() -> None:
    op.execute("update vehicle v set out_until = c.ends_at from contract c where c.id = v.out_contract_id")
    op.add_column("occupancy", sa.Column("movable", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(
        "update occupancy o set movable = true from contract c where c.id = o.contract_id and o.active"
        " and not c.vehicle_fixed and c.return_station_id = c.station_id"
    )
    op.execute(
        "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
        " select gen_random_uuid(), 'OVERDUE', 'overdue:' || c.id || ':' || c.version,"
        f" jsonb_build_object('contract', c.id), 'WAITING', {OVERDUE_AT}, 0, now()"
        " from contract c where c.state = 'CHECKED_OUT' on conflict (key) do nothing"
    )


def downgrade() -> None:
    op.execute("delete from job where kind = 'OVERDUE'")
    op.drop_column("occupancy", "movable")
    op.execute(
        "update vehicle v set out_until = c.ends_at + make_interval(mins => s.turnaround_minutes)"
        " from contract c join station s on s.id = c.station_id where c.id = v.out_contract_id"
    )
