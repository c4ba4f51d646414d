"""Who keeps stations, groups and tariffs in memory is told when one of them changes: the transaction that changes it, and
every process.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLES = ["station", "vehicle_group", "tariff"]


def upgrade() -> None:
    op.execute(
        """
        create function tell_of_change() returns trigger language plpgsql as $$ begin
          perform pg_notify('reference', tg_table_name);
          perform set_config('app.reference', tg_table_name, true);
          return null;
        end $$
        """
    )
    for table in TABLES:
        op.execute(
            f"create trigger tell_of_change after insert or update or delete or truncate on {table}"
            " for each statement execute function tell_of_change()"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop trigger tell_of_change on {table}")
    op.execute("drop function tell_of_change()")
