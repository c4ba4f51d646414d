"""Keys between the parts of a contract carry the station: row-level security does not check references."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TARGETS = ["document", "payment", "protocol"]
KEYS = [
    ("deposit", "hold_id", "payment"),
    ("document", "refers_to_id", "document"),
    ("email", "protocol_id", "protocol"),
    ("hosted_payment", "payment_id", "payment"),
    ("open_item", "document_id", "document"),
    ("payment", "document_id", "document"),
    ("payment", "refers_to_id", "payment"),
    ("protocol_photo", "protocol_id", "protocol"),
]


def upgrade() -> None:
    for target in TARGETS:
        op.create_unique_constraint(f"uq_{target}_station", target, ["station_id", "id"])
    for table, column, target in KEYS:
        name = f"fk_{table}_{column}"
        op.drop_constraint(name, table, type_="foreignkey")
        op.create_foreign_key(name, table, target, ["station_id", column], ["station_id", "id"])


def downgrade() -> None:
    for table, column, target in KEYS:
        name = f"fk_{table}_{column}"
        op.drop_constraint(name, table, type_="foreignkey")
        op.create_foreign_key(name, table, target, [column], ["id"])
    for target in TARGETS:
        op.drop_constraint(f"uq_{target}_station", target, type_="unique")
