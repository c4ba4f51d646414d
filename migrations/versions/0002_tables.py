"""All tables."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key_prefix", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_used_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_client_key_hash")),
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("WEB", "YARD", "CLERK", "MANAGER", "ADMIN", name="role", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("last_sign_in_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("email_key", name=op.f("uq_app_user_email_key")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("street", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("postcode", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("city", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("country", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("tax_number", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("vat_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("register_entry", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("bank", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("iban", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("phone", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("website", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("PERSON", "COMPANY", name="customerkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column("salutation", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("first_name", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("last_name", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("company", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("vat_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("email_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("phone", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("street", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("postcode", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("city", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("country", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("language", sa.Enum("DE", "EN", name="language", native_enum=False, length=32), nullable=False),
        sa.Column(
            "status",
            sa.Enum("NORMAL", "VIP", "CAUTION", "BLOCKED", name="customerstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("review_needed", sa.Boolean(), nullable=False),
        sa.Column("restricted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    op.create_index(
        "uq_customer_email_key",
        "customer",
        ["email_key"],
        unique=True,
        postgresql_where=sa.text("restricted_at is null"),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("principal", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("request_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("refusal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("unresolved", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key", name=op.f("pk_idempotency_record")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "payload", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.Column(
            "state", sa.Enum("WAITING", "DONE", "FAILED", name="jobstate", native_enum=False, length=32), nullable=False
        ),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("leased_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("last_error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("done_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name=op.f("uq_job_key")),
    )
    op.create_index(
        "ix_job_waiting", "job", ["due_at", "id"], unique=False, postgresql_where=sa.text("state = 'WAITING'")
    )
    op.create_table(
        "photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("stations", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("signature", sa.Boolean(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("object_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("thumbnail_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("sha256", "uploaded_by", name="uq_photo_upload"),
    )
    op.create_index(op.f("ix_photo_sha256"), "photo", ["sha256"], unique=False)
    op.create_table(
        "sign_in_bucket",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("window_started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_bucket")),
    )
    op.create_table(
        "station",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("street", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("postcode", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("city", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("country", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("phone", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("email", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("time_zone", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("turnaround_minutes", sa.Integer(), nullable=False),
        sa.Column("after_hours_return", sa.Boolean(), nullable=False),
        sa.Column("holiday_region", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column(
            "opening_hours",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column(
            "opening_exceptions",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("turnaround_minutes between 0 and 1440", name=op.f("ck_station_turnaround")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("code", name=op.f("uq_station_code")),
    )
    op.create_table(
        "vehicle_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("acriss", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("minimum_age", sa.Integer(), nullable=False),
        sa.Column("minimum_licence_months", sa.Integer(), nullable=False),
        sa.Column("deposit_cents", sa.BigInteger(), nullable=False),
        sa.Column("deductible_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "energy",
            sa.Enum("COMBUSTION", "ELECTRIC", "PLUGIN_HYBRID", name="energy", native_enum=False, length=32),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_group")),
        sa.UniqueConstraint("code", name=op.f("uq_vehicle_group_code")),
    )
    op.create_table(
        "client_station",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_client.id"], name=op.f("fk_client_station_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_client_station_station_id")),
        sa.PrimaryKeyConstraint("client_id", "station_id", name=op.f("pk_client_station")),
    )
    op.create_index(op.f("ix_client_station_station_id"), "client_station", ["station_id"], unique=False)
    op.create_table(
        "customer_station",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_station_customer_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_customer_station_station_id")),
        sa.PrimaryKeyConstraint("customer_id", "station_id", name=op.f("pk_customer_station")),
    )
    op.create_index(op.f("ix_customer_station_station_id"), "customer_station", ["station_id"], unique=False)
    op.create_table(
        "customer_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("changed", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_version_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_version")),
    )
    op.create_index(op.f("ix_customer_version_customer_id"), "customer_version", ["customer_id"], unique=False)
    op.create_table(
        "document_series",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_document_series_station_id")),
        sa.PrimaryKeyConstraint("station_id", "year", name=op.f("pk_document_series")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("access_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("refresh_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("access_expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("refresh_expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("rotated_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("revoked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("access_hash", name=op.f("uq_session_access_hash")),
        sa.UniqueConstraint("refresh_hash", name=op.f("uq_session_refresh_hash")),
    )
    op.create_index(op.f("ix_session_family_id"), "session", ["family_id"], unique=False)
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "tariff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("vat_rate_bp", sa.Integer(), nullable=False),
        sa.Column("bundles", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("extra_km_cents", sa.BigInteger(), nullable=False),
        sa.Column("fuel_per_litre_cents", sa.BigInteger(), nullable=False),
        sa.Column("fuel_service_cents", sa.BigInteger(), nullable=False),
        sa.Column("energy_per_kwh_cents", sa.BigInteger(), nullable=False),
        sa.Column("charging_service_cents", sa.BigInteger(), nullable=False),
        sa.Column("cleaning_heavy_cents", sa.BigInteger(), nullable=False),
        sa.Column("cleaning_special_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "extras", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column(
            "early_return",
            sa.Enum("RECALCULATE", "CHARGE_PLANNED", name="earlyreturnpolicy", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["vehicle_group.id"], name=op.f("fk_tariff_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
        sa.UniqueConstraint("code", name=op.f("uq_tariff_code")),
    )
    op.create_index(op.f("ix_tariff_group_id"), "tariff", ["group_id"], unique=False)
    op.create_table(
        "user_station",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_user_station_station_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_station_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "station_id", name=op.f("pk_user_station")),
    )
    op.create_index(op.f("ix_user_station_station_id"), "user_station", ["station_id"], unique=False)
    op.create_table(
        "vehicle",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("home_station_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("plate", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("vin", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("make", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("model", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("colour", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("odometer_km", sa.Integer(), nullable=False),
        sa.Column("fuel_eighths", sa.Integer(), nullable=True),
        sa.Column("state_of_charge_percent", sa.Integer(), nullable=True),
        sa.Column("tank_litres", sa.Integer(), nullable=True),
        sa.Column("battery_wh", sa.Integer(), nullable=True),
        sa.Column(
            "cleanliness",
            sa.Enum("CLEAN", "NORMAL", "HEAVY", "SPECIAL", name="cleanliness", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("first_registration", sa.Date(), nullable=True),
        sa.Column("inspection_due", sa.Date(), nullable=True),
        sa.Column("registered_as_rental", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("ACTIVE", "BLOCKED", "RETIRED", name="vehiclestatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "accessories",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("out_contract_id", sa.Uuid(), nullable=True),
        sa.Column("out_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("leaves_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("fuel_eighths between 0 and 8", name=op.f("ck_vehicle_fuel")),
        sa.CheckConstraint("odometer_km >= 0", name=op.f("ck_vehicle_odometer")),
        sa.CheckConstraint("state_of_charge_percent between 0 and 100", name=op.f("ck_vehicle_charge")),
        sa.ForeignKeyConstraint(["group_id"], ["vehicle_group.id"], name=op.f("fk_vehicle_group_id")),
        sa.ForeignKeyConstraint(["home_station_id"], ["station.id"], name=op.f("fk_vehicle_home_station_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_vehicle_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle")),
        sa.UniqueConstraint("station_id", "id", name="uq_vehicle_station"),
        sa.UniqueConstraint("station_id", "plate", name="uq_vehicle_plate"),
    )
    op.create_index(op.f("ix_vehicle_group_id"), "vehicle", ["group_id"], unique=False)
    op.create_index(op.f("ix_vehicle_home_station_id"), "vehicle", ["home_station_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("RENTAL", "COURTESY", "TEST_DRIVE", "INTERNAL", name="contractkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "QUOTE",
                "HELD",
                "RESERVED",
                "CHECKED_OUT",
                "RETURNED",
                "BILLED",
                "CANCELLED",
                "NO_SHOW",
                name="contractstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "settlement_state",
            sa.Enum(
                "NONE",
                "OPEN",
                "PAID",
                "PARTLY_PAID",
                "REFUND_PENDING",
                "WRITTEN_OFF",
                name="settlementstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.Enum("DE", "EN", name="language", native_enum=False, length=32), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("station_code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("station_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_station_id", sa.Uuid(), nullable=False),
        sa.Column("return_station_code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("return_station_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_fixed", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("customer_copy", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("customer_review", sa.Boolean(), nullable=False),
        sa.Column("payer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("workshop_order_number", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("workshop_appointment_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("workshop_plate", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("workshop_vin", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column(
            "extras", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("tariff_id", sa.Uuid(), nullable=False),
        sa.Column("tariff_snapshot", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("tariff_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "tariff_edits",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("price", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("prepay_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("deductible_cents", sa.BigInteger(), nullable=False),
        sa.Column("payment_method", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("waiver_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column(
            "source",
            sa.Enum("WEBSITE", "STAFF", "TABLET", name="contractsource", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("held_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("checked_out_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("returned_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("billed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("billing_block", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("protocol_conflict", sa.Boolean(), nullable=False),
        sa.Column("search_text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_contract_period")),
        sa.CheckConstraint("paid_cents >= 0", name=op.f("ck_contract_paid")),
        sa.ForeignKeyConstraint(["client_id"], ["api_client.id"], name=op.f("fk_contract_client_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contract_customer_id")),
        sa.ForeignKeyConstraint(["group_id"], ["vehicle_group.id"], name=op.f("fk_contract_group_id")),
        sa.ForeignKeyConstraint(["return_station_id"], ["station.id"], name=op.f("fk_contract_return_station_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_contract_station_id")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_contract_tariff_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_contract_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("number", name=op.f("uq_contract_number")),
        sa.UniqueConstraint("station_id", "id", name="uq_contract_station"),
    )
    op.create_index(
        "ix_contract_client",
        "contract",
        ["client_id", "starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("client_id is not null"),
    )
    op.create_index("ix_contract_created", "contract", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_contract_customer_id"), "contract", ["customer_id"], unique=False)
    op.create_index(
        "ix_contract_open",
        "contract",
        ["station_id", "state", "starts_at"],
        unique=False,
        postgresql_where=sa.text("state in ('HELD','RESERVED','CHECKED_OUT','RETURNED')"),
    )
    op.create_index(
        "ix_contract_return",
        "contract",
        ["return_station_id", "starts_at", "id"],
        unique=False,
        postgresql_where=sa.text("checked_out_at is not null and return_station_id <> station_id"),
    )
    op.create_index("ix_contract_start", "contract", ["starts_at", "id"], unique=False)
    op.create_index("ix_contract_station_created", "contract", ["station_id", "created_at", "id"], unique=False)
    op.create_index("ix_contract_station_start", "contract", ["station_id", "starts_at", "id"], unique=False)
    op.create_index("ix_contract_vehicle", "contract", ["vehicle_id", "starts_at"], unique=False)
    op.create_table(
        "vehicle_block",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "WORKSHOP",
                "INSPECTION",
                "DAMAGE",
                "TRANSFER",
                "SALE",
                "OTHER",
                name="blockreason",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("removed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_vehicle_block_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_block")),
    )
    op.create_index(op.f("ix_vehicle_block_vehicle_id"), "vehicle_block", ["vehicle_id"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("running_number", sa.Integer(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "ADVANCE_INVOICE",
                "FINAL_INVOICE",
                "CANCELLATION_INVOICE",
                "CORRECTION_INVOICE",
                "DAMAGE_CLAIM",
                name="documenttype",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.Enum("DE", "EN", name="language", native_enum=False, length=32), nullable=False),
        sa.Column("issued_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("service_from", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("service_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("issuer", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("recipient", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("lines", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("vat_rate_bp", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("net_cents", sa.BigInteger(), nullable=False),
        sa.Column("vat_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "advances", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default="[]", nullable=False
        ),
        sa.Column("payable_cents", sa.BigInteger(), nullable=False),
        sa.Column("refers_to_id", sa.Uuid(), nullable=True),
        sa.Column("tariff_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("pdf_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("previous_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("chain_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["refers_to_id"], ["document.id"], name=op.f("fk_document_refers_to_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_document_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("number", name=op.f("uq_document_number")),
        sa.UniqueConstraint("station_id", "year", "running_number", name="uq_document_series"),
    )
    op.create_index(op.f("ix_document_contract_id"), "document", ["contract_id"], unique=False)
    op.create_index(op.f("ix_document_refers_to_id"), "document", ["refers_to_id"], unique=False)
    op.create_index("ix_document_station_issued", "document", ["station_id", "issued_at", "id"], unique=False)
    op.create_table(
        "driver",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("RENTER", "CO_RENTER", "DRIVER", name="driverrole", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("first_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("last_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("licence_number", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("licence_class", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("licence_issued", sa.Date(), nullable=True),
        sa.Column("licence_valid_until", sa.Date(), nullable=True),
        sa.Column("checked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("checked_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_driver_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver")),
    )
    op.create_index(op.f("ix_driver_contract_id"), "driver", ["contract_id"], unique=False)
    op.create_table(
        "history_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("actor", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("before", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("after", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_history_entry_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_entry")),
    )
    op.create_index(op.f("ix_history_entry_contract_id"), "history_entry", ["contract_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("author", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_note_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_contract_id"), "note", ["contract_id"], unique=False)
    op.create_table(
        "occupancy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("block_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("HELD", "RESERVED", "CHECKED_OUT", "BLOCK", name="occupancykind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("starts_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("busy_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("held_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("vehicle_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("active"),
            using="gist",
            name="ex_occupancy_overlap",
        ),
        sa.CheckConstraint("busy_until - starts_at <= interval '60 days'", name=op.f("ck_occupancy_length")),
        sa.CheckConstraint("(contract_id is null) <> (block_id is null)", name=op.f("ck_occupancy_owner")),
        sa.CheckConstraint(
            "busy_until = upper(during) and starts_at = lower(during)", name=op.f("ck_occupancy_bounds")
        ),
        sa.CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during)", name=op.f("ck_occupancy_during")
        ),
        sa.ForeignKeyConstraint(["block_id"], ["vehicle_block.id"], name=op.f("fk_occupancy_block_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_occupancy_contract_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "vehicle_id"],
            ["vehicle.station_id", "vehicle.id"],
            name="fk_occupancy_vehicle",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
    )
    op.create_index(op.f("ix_occupancy_block_id"), "occupancy", ["block_id"], unique=False)
    op.create_index(op.f("ix_occupancy_contract_id"), "occupancy", ["contract_id"], unique=False)
    op.create_index(
        "ix_occupancy_station",
        "occupancy",
        ["station_id", "busy_until", "starts_at", "vehicle_id"],
        unique=False,
        postgresql_where=sa.text("active"),
        postgresql_include=["held_until"],
    )
    op.create_index("ix_occupancy_vehicle", "occupancy", ["vehicle_id", "starts_at"], unique=False)
    op.create_table(
        "protocol",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("at_station_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column(
            "type",
            sa.Enum("CHECK_OUT", "CHECK_IN", "SWAP_OUT", "SWAP_IN", name="protocoltype", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("occurred_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("received_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("key_drop_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("odometer_km", sa.Integer(), nullable=False),
        sa.Column("fuel_eighths", sa.Integer(), nullable=True),
        sa.Column("state_of_charge_percent", sa.Integer(), nullable=True),
        sa.Column(
            "cleanliness_inside",
            sa.Enum("CLEAN", "NORMAL", "HEAVY", "SPECIAL", name="cleanliness", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "cleanliness_outside",
            sa.Enum("CLEAN", "NORMAL", "HEAVY", "SPECIAL", name="cleanliness", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "accessories",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("signature_sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("signature_missing_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("remarks", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("override_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("staff", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("conflict", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("voided", sa.Boolean(), nullable=False),
        sa.Column("request_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("content_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("pdf_key", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["at_station_id"], ["station.id"], name=op.f("fk_protocol_at_station_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_protocol_contract"
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_protocol_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol")),
    )
    op.create_index(op.f("ix_protocol_contract_id"), "protocol", ["contract_id"], unique=False)
    op.create_index(op.f("ix_protocol_vehicle_id"), "protocol", ["vehicle_id"], unique=False)
    op.create_table(
        "stored_card",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("network_reference", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("consent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_stored_card_contract"
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_stored_card")),
    )
    op.create_table(
        "vehicle_leg",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("to_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("check_out_id", sa.Uuid(), nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column("fuel_waived", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_vehicle_leg_contract"
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_vehicle_leg_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_leg")),
    )
    op.create_index(op.f("ix_vehicle_leg_contract_id"), "vehicle_leg", ["contract_id"], unique=False)
    op.create_index(op.f("ix_vehicle_leg_vehicle_id"), "vehicle_leg", ["vehicle_id"], unique=False)
    op.create_table(
        "damage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("protocol_id", sa.Uuid(), nullable=True),
        sa.Column(
            "view",
            sa.Enum(
                "FRONT", "REAR", "LEFT", "RIGHT", "TOP", "INTERIOR", name="vehicleview", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SCRATCH",
                "DENT",
                "CRACK",
                "STONE_CHIP",
                "RIM",
                "GLASS",
                "INTERIOR",
                "MISSING",
                "OTHER",
                name="damagekind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("size_mm", sa.Integer(), nullable=True),
        sa.Column("description", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("seen_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column(
            "liability",
            sa.Enum(
                "KNOWN",
                "SUSPECTED",
                "REJECTED",
                "CONFIRMED",
                "DECIDED_CUSTOMER",
                "DECIDED_INSURER",
                "DECIDED_THIRD_PARTY",
                "DECIDED_OWN_COST",
                "CLAIMED",
                "PAID",
                "DISPUTED",
                "WRITTEN_OFF",
                name="damageliability",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "repair",
            sa.Enum("OPEN", "SCHEDULED", "REPAIRED", name="repairstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("estimate_net_cents", sa.BigInteger(), nullable=True),
        sa.Column("final_net_cents", sa.BigInteger(), nullable=True),
        sa.Column("claim_deadline", sa.Date(), nullable=True),
        sa.Column("request_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("x between 0 and 1 and y between 0 and 1", name=op.f("ck_damage_position")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_damage_contract_id")),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name=op.f("fk_damage_protocol_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_damage_vehicle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_damage")),
    )
    op.create_index(
        "ix_damage_contract",
        "damage",
        ["contract_id"],
        unique=False,
        postgresql_where=sa.text("contract_id is not null"),
    )
    op.create_index(op.f("ix_damage_protocol_id"), "damage", ["protocol_id"], unique=False)
    op.create_index("ix_damage_vehicle", "damage", ["vehicle_id", "seen_at"], unique=False)
    op.create_table(
        "email",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column(
            "template",
            sa.Enum(
                "BOOKING_CONFIRMATION",
                "CHANGE",
                "REMINDER",
                "CHECK_OUT_PROTOCOL",
                "CHECK_IN_PROTOCOL",
                "OVERDUE",
                "FINAL_INVOICE",
                "REFUND",
                "CANCELLATION",
                "PAYMENT_FAILED",
                "DAMAGE_NOTICE",
                "DAMAGE_CLAIM",
                "CORRECTION",
                name="emailtemplate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("QUEUED", "SENT", "FAILED", name="emailstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("to", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("html", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("language", sa.Enum("DE", "EN", name="language", native_enum=False, length=32), nullable=False),
        sa.Column(
            "attachments",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
        ),
        sa.Column("protocol_id", sa.Uuid(), nullable=True),
        sa.Column("queued_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name=op.f("fk_email_protocol_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_email_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email")),
        sa.UniqueConstraint("contract_id", "template", "cause_id", name="uq_email_cause"),
    )
    op.create_index(op.f("ix_email_contract_id"), "email", ["contract_id"], unique=False)
    op.create_index(op.f("ix_email_protocol_id"), "email", ["protocol_id"], unique=False)
    op.create_index("ix_email_station_queued", "email", ["station_id", "queued_at", "id"], unique=False)
    op.create_table(
        "open_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("open_cents", sa.BigInteger(), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_open_item_document_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_open_item_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_item")),
        sa.UniqueConstraint("document_id", name=op.f("uq_open_item_document_id")),
    )
    op.create_index(op.f("ix_open_item_contract_id"), "open_item", ["contract_id"], unique=False)
    op.create_index("ix_open_item_station", "open_item", ["station_id", "due_on", "id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SALE",
                "REFUND",
                "HOLD",
                "CAPTURE",
                "RELEASE",
                "EXTERNAL",
                name="paymentkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum("ADVANCE", "DEPOSIT", "FINAL", "UNDO", name="purpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "PENDING",
                "SUCCEEDED",
                "DECLINED",
                "FAILED",
                "UNKNOWN",
                name="paymentstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("order_reference", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("attempt_reference", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("refers_to_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("gateway_reference", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("network_reference", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("inquiries", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("resolved_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_payment_document_id")),
        sa.ForeignKeyConstraint(["refers_to_id"], ["payment.id"], name=op.f("fk_payment_refers_to_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_payment_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("attempt_reference", name=op.f("uq_payment_attempt_reference")),
    )
    op.create_index(op.f("ix_payment_contract_id"), "payment", ["contract_id"], unique=False)
    op.create_index(op.f("ix_payment_order_reference"), "payment", ["order_reference"], unique=False)
    op.create_index(
        "ix_payment_unresolved",
        "payment",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state in ('PENDING', 'UNKNOWN')"),
    )
    op.create_index(
        "uq_payment_order",
        "payment",
        ["order_reference"],
        unique=True,
        postgresql_where=sa.text("kind in ('SALE', 'HOLD')"),
    )
    op.create_table(
        "protocol_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column(
            "slot",
            sa.Enum(
                "FRONT",
                "REAR",
                "LEFT",
                "RIGHT",
                "FRONT_LEFT",
                "FRONT_RIGHT",
                "REAR_LEFT",
                "REAR_RIGHT",
                "DASHBOARD",
                "INTERIOR",
                "DAMAGE",
                "OTHER",
                name="photoslot",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("taken_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_protocol_photo_photo_id")),
        sa.ForeignKeyConstraint(["protocol_id"], ["protocol.id"], name=op.f("fk_protocol_photo_protocol_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_protocol_photo_contract"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_photo")),
    )
    op.create_index("ix_protocol_photo_contract", "protocol_photo", ["contract_id"], unique=False)
    op.create_index(op.f("ix_protocol_photo_photo_id"), "protocol_photo", ["photo_id"], unique=False)
    op.create_index(op.f("ix_protocol_photo_protocol_id"), "protocol_photo", ["protocol_id"], unique=False)
    op.create_table(
        "damage_photo",
        sa.Column("damage_id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["damage_id"], ["damage.id"], name=op.f("fk_damage_photo_damage_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_damage_photo_photo_id")),
        sa.PrimaryKeyConstraint("damage_id", "photo_id", name=op.f("pk_damage_photo")),
    )
    op.create_index(op.f("ix_damage_photo_photo_id"), "damage_photo", ["photo_id"], unique=False)
    op.create_table(
        "deposit",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "NONE",
                "ACTIVE",
                "EXPIRED",
                "RELEASED",
                "PARTLY_USED",
                "USED",
                "FAILED",
                "WAIVED",
                name="depositstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("used_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("authorised_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("used_cents between 0 and amount_cents", name=op.f("ck_deposit_used")),
        sa.ForeignKeyConstraint(["hold_id"], ["payment.id"], name=op.f("fk_deposit_hold_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_deposit_contract"
        ),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_deposit")),
    )
    op.create_table(
        "hosted_payment",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("success_url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("failure_url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("locale", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_hosted_payment_payment_id")),
        sa.ForeignKeyConstraint(
            ["station_id", "contract_id"], ["contract.station_id", "contract.id"], name="fk_hosted_payment_contract"
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_hosted_payment")),
        sa.UniqueConstraint("at", name="uq_hosted_payment_at"),
    )
    op.create_index(op.f("ix_hosted_payment_contract_id"), "hosted_payment", ["contract_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_hosted_payment_contract_id"), table_name="hosted_payment")
    op.drop_table("hosted_payment")
    op.drop_table("deposit")
    op.drop_index(op.f("ix_damage_photo_photo_id"), table_name="damage_photo")
    op.drop_table("damage_photo")
    op.drop_index(op.f("ix_protocol_photo_protocol_id"), table_name="protocol_photo")
    op.drop_index(op.f("ix_protocol_photo_photo_id"), table_name="protocol_photo")
    op.drop_index("ix_protocol_photo_contract", table_name="protocol_photo")
    op.drop_table("protocol_photo")
    op.drop_index("uq_payment_order", table_name="payment", postgresql_where=sa.text("kind in ('SALE', 'HOLD')"))
    op.drop_index(
        "ix_payment_unresolved", table_name="payment", postgresql_where=sa.text("state in ('PENDING', 'UNKNOWN')")
    )
    op.drop_index(op.f("ix_payment_order_reference"), table_name="payment")
    op.drop_index(op.f("ix_payment_contract_id"), table_name="payment")
    op.drop_table("payment")
    op.drop_index("ix_open_item_station", table_name="open_item")
    op.drop_index(op.f("ix_open_item_contract_id"), table_name="open_item")
    op.drop_table("open_item")
    op.drop_index("ix_email_station_queued", table_name="email")
    op.drop_index(op.f("ix_email_protocol_id"), table_name="email")
    op.drop_index(op.f("ix_email_contract_id"), table_name="email")
    op.drop_table("email")
    op.drop_index("ix_damage_vehicle", table_name="damage")
    op.drop_index(op.f("ix_damage_protocol_id"), table_name="damage")
    op.drop_index("ix_damage_contract", table_name="damage", postgresql_where=sa.text("contract_id is not null"))
    op.drop_table("damage")
    op.drop_index(op.f("ix_vehicle_leg_vehicle_id"), table_name="vehicle_leg")
    op.drop_index(op.f("ix_vehicle_leg_contract_id"), table_name="vehicle_leg")
    op.drop_table("vehicle_leg")
    op.drop_table("stored_card")
    op.drop_index(op.f("ix_protocol_vehicle_id"), table_name="protocol")
    op.drop_index(op.f("ix_protocol_contract_id"), table_name="protocol")
    op.drop_table("protocol")
    op.drop_index("ix_occupancy_vehicle", table_name="occupancy")
    op.drop_index(
        "ix_occupancy_station",
        table_name="occupancy",
        postgresql_where=sa.text("active"),
        postgresql_include=["held_until"],
    )
    op.drop_index(op.f("ix_occupancy_contract_id"), table_name="occupancy")
    op.drop_index(op.f("ix_occupancy_block_id"), table_name="occupancy")
    op.drop_table("occupancy")
    op.drop_index(op.f("ix_note_contract_id"), table_name="note")
    op.drop_table("note")
    op.drop_index(op.f("ix_history_entry_contract_id"), table_name="history_entry")
    op.drop_table("history_entry")
    op.drop_index(op.f("ix_driver_contract_id"), table_name="driver")
    op.drop_table("driver")
    op.drop_index("ix_document_station_issued", table_name="document")
    op.drop_index(op.f("ix_document_refers_to_id"), table_name="document")
    op.drop_index(op.f("ix_document_contract_id"), table_name="document")
    op.drop_table("document")
    op.drop_index(op.f("ix_vehicle_block_vehicle_id"), table_name="vehicle_block")
    op.drop_table("vehicle_block")
    op.drop_index("ix_contract_vehicle", table_name="contract")
    op.drop_index("ix_contract_station_start", table_name="contract")
    op.drop_index("ix_contract_station_created", table_name="contract")
    op.drop_index("ix_contract_start", table_name="contract")
    op.drop_index(
        "ix_contract_return",
        table_name="contract",
        postgresql_where=sa.text("checked_out_at is not null and return_station_id <> station_id"),
    )
    op.drop_index(
        "ix_contract_open",
        table_name="contract",
        postgresql_where=sa.text("state in ('HELD','RESERVED','CHECKED_OUT','RETURNED')"),
    )
    op.drop_index(op.f("ix_contract_customer_id"), table_name="contract")
    op.drop_index("ix_contract_created", table_name="contract")
    op.drop_index("ix_contract_client", table_name="contract", postgresql_where=sa.text("client_id is not null"))
    op.drop_table("contract")
    op.drop_index(op.f("ix_vehicle_home_station_id"), table_name="vehicle")
    op.drop_index(op.f("ix_vehicle_group_id"), table_name="vehicle")
    op.drop_table("vehicle")
    op.drop_index(op.f("ix_user_station_station_id"), table_name="user_station")
    op.drop_table("user_station")
    op.drop_index(op.f("ix_tariff_group_id"), table_name="tariff")
    op.drop_table("tariff")
    op.drop_index(op.f("ix_session_user_id"), table_name="session")
    op.drop_index(op.f("ix_session_family_id"), table_name="session")
    op.drop_table("session")
    op.drop_table("document_series")
    op.drop_index(op.f("ix_customer_version_customer_id"), table_name="customer_version")
    op.drop_table("customer_version")
    op.drop_index(op.f("ix_customer_station_station_id"), table_name="customer_station")
    op.drop_table("customer_station")
    op.drop_index(op.f("ix_client_station_station_id"), table_name="client_station")
    op.drop_table("client_station")
    op.drop_table("vehicle_group")
    op.drop_table("station")
    op.drop_table("sign_in_bucket")
    op.drop_index(op.f("ix_photo_sha256"), table_name="photo")
    op.drop_table("photo")
    op.drop_index("ix_job_waiting", table_name="job", postgresql_where=sa.text("state = 'WAITING'"))
    op.drop_table("job")
    op.drop_table("idempotency_record")
    op.drop_index("uq_customer_email_key", table_name="customer", postgresql_where=sa.text("restricted_at is null"))
    op.drop_table("customer")
    op.drop_table("company")
    op.drop_table("app_user")
    op.drop_table("api_client")
