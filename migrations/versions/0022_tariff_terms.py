"""Tariffs have fees for cancellations and no-shows, can be replaced and ended, and every change is kept; groups have a
version. What was stored before is free until 24 hours before the start, then costs one day's price, as everybody was
told. A contract that a clerk has to look at may get another customer; two customers may share an address.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.policies import CALLERS, freeze, protect, unprotect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

REPLACED = [
    "name", "valid_from", "valid_until", "vat_rate_bp", "bundles", "grace_minutes", "extra_km_cents",
    "fuel_per_litre_cents", "fuel_service_cents", "energy_per_kwh_cents", "charging_service_cents",
    "cleaning_heavy_cents", "cleaning_special_cents", "extras", "early_return", "free_cancellation_hours",
    "cancellation_fee_cents", "no_show_fee_cents", "ended_at", "version",
]  # fmt: skip
OF_GROUP = ["name", "acriss", "minimum_age", "minimum_licence_months", "deposit_cents", "deductible_cents", "version"]
# Whose contract it is is in question only as long as a clerk has to look.
OTHER_CUSTOMER = """
begin
  if new.customer_id is distinct from old.customer_id and not old.customer_review then
    raise exception 'the customer of a contract never changes' using errcode = 'restrict_violation';
  end if;
  return new;
end"""
# Who changed a tariff is told where it concerns anybody: whoever may change it has all stations with cars of its group.
OF_OURS = "select t.id from tariff t where t.group_id in (select v.group_id from vehicle v where v.id in (select vehicles_of_ours()))"
ADDRESSED = "restricted_at is null"


def upgrade() -> None:
    _tariffs()
    op.add_column("vehicle_group", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("vehicle_group", "version", server_default=None)
    op.execute(f"grant update ({', '.join(OF_GROUP)}) on vehicle_group to {CALLERS['admin']}")
    _customers()


def _tariffs() -> None:
    op.add_column("tariff", sa.Column("free_cancellation_hours", sa.Integer(), nullable=False, server_default="24"))
    op.alter_column("tariff", "free_cancellation_hours", server_default=None)
    op.add_column("tariff", sa.Column("cancellation_fee_cents", sa.BigInteger(), nullable=True))
    op.add_column("tariff", sa.Column("no_show_fee_cents", sa.BigInteger(), nullable=True))
    op.add_column("tariff", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    # Whom a tariff concerns is known from cars that a manager may not see: the server asks, and writes as the system.
    op.execute(f"grant insert, update ({', '.join(REPLACED)}) on tariff to {CALLERS['system']}")
    op.create_table(
        "tariff_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("after", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("terms_sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name="fk_tariff_change_tariff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tariff_change"),
    )
    op.create_index("ix_tariff_change_tariff_id", "tariff_change", ["tariff_id"])
    op.execute(
        "create function tariffs_of_ours() returns setof uuid language plpgsql stable rows 100"
        f" as $$ begin return query {OF_OURS}; end $$"
    )
    may = {"staff": "select", "admin": "select", "system": "select, insert"}
    protect("tariff_change", may=may, rows={"staff": "tariff_id in (select tariffs_of_ours())"})
    freeze("tariff_change")


def _customers() -> None:
    op.add_column("customer", sa.Column("shares_email", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("customer", "shares_email", server_default=None)
    op.drop_index("uq_customer_email_key", "customer")
    where = sa.text(f"{ADDRESSED} and not shares_email")
    op.create_index("uq_customer_email_key", "customer", ["email_key"], unique=True, postgresql_where=where)
    op.create_index("ix_customer_email_key", "customer", ["email_key"])
    _mark_contracts({})
    op.execute(f"create function refuse_other_customer() returns trigger language plpgsql as $${OTHER_CUSTOMER}$$")
    op.execute(
        "create trigger refuse_other_customer before update of customer_id on contract for each row"
        " execute function refuse_other_customer()"
    )


def _mark_contracts(more: dict[str, list[str]]) -> None:
    import_module("migrations.versions.0019_one_way_and_in_sight")._mark(more)


def downgrade() -> None:
    op.execute("drop trigger refuse_other_customer on contract")
    op.execute("drop function refuse_other_customer")
    _mark_contracts(import_module("migrations.versions.0019_one_way_and_in_sight").OWNERS)
    op.drop_index("ix_customer_email_key", "customer")
    op.drop_index("uq_customer_email_key", "customer")
    # Who shares an address with somebody else is hidden from matching, as restricted ones are, and never lost.
    op.execute("update customer set restricted_at = created_at where shares_email and restricted_at is null")
    op.create_index(
        "uq_customer_email_key", "customer", ["email_key"], unique=True, postgresql_where=sa.text(ADDRESSED)
    )
    op.drop_column("customer", "shares_email")
    op.execute(f"revoke update ({', '.join(OF_GROUP)}) on vehicle_group from {CALLERS['admin']}")
    op.drop_column("vehicle_group", "version")
    unprotect("tariff_change")
    op.execute("drop function tariffs_of_ours")
    op.drop_index("ix_tariff_change_tariff_id", "tariff_change")
    op.drop_table("tariff_change")
    op.execute(f"revoke insert, update ({', '.join(REPLACED)}) on tariff from {CALLERS['system']}")
    for column in ("ended_at", "no_show_fee_cents", "cancellation_fee_cents", "free_cancellation_hours"):
        op.drop_column("tariff", column)
