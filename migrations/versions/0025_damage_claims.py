"""Damages are decided and claimed: their documents, the shares of one capture, PDFs as evidence, reminders in time."""

import sqlalchemy as sa
from alembic import op

from migrations.policies import CALLERS, OF_CONTRACT, STATIONS, freeze, protect, unprotect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

CHANGING = ["liability", "repair", "estimate_net_cents", "final_net_cents", "claim_deadline", "version"]
DECIDED = ["liability", "repair", "estimate_net_cents", "final_net_cents", "claim_document_id", "version"]
AT_EIGHT = "time '08:00'"


def upgrade() -> None:
    op.add_column("damage", sa.Column("claim_document_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_damage_claim_document_id", "damage", "document", ["claim_document_id"], ["id"])
    op.create_index(
        "uq_damage_claim_document",
        "damage",
        ["claim_document_id"],
        unique=True,
        postgresql_where=sa.text("claim_document_id is not null"),
    )
    op.execute("drop trigger frozen on damage")
    freeze("damage", but=[*CHANGING, "claim_document_id"])
    op.execute(f"grant update ({', '.join(DECIDED)}) on damage to {CALLERS['system']}")
    _make_shares()
    _make_evidence()
    # Of damages that are suspected already, as far as the day is still to come.
    for months in (3, 1):
        due = f"((d.claim_deadline - interval '{months} months')::date + {AT_EIGHT}) at time zone s.time_zone"
        op.execute(
            "insert into job (id, kind, key, payload, state, due_at, tries, created_at)"
            f" select gen_random_uuid(), 'DAMAGE_REMINDER', 'damage:' || d.id || ':' || {6 - months},"
            f" jsonb_build_object('damage', d.id), 'WAITING', {due}, 0, now()"
            " from damage d join contract c on c.id = d.contract_id join station s on s.id = c.station_id"
            f" where d.liability = 'SUSPECTED' and d.claim_deadline is not null and {due} > now()"
            " on conflict (key) do nothing"
        )


def _make_shares() -> None:
    op.create_table(
        "payment_share",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents > 0", name="ck_payment_share_cents"),
        *(
            sa.ForeignKeyConstraint(["station_id", column], [f"{table}.station_id", f"{table}.id"], name=name)
            for column, table, name in (
                ("contract_id", "contract", "fk_payment_share_contract"),
                ("payment_id", "payment", "fk_payment_share_payment_id"),
                ("document_id", "document", "fk_payment_share_document_id"),
            )
        ),
        sa.PrimaryKeyConstraint("payment_id", "document_id", name="pk_payment_share"),
    )
    op.create_index("ix_payment_share_contract_id", "payment_share", ["contract_id"])
    may = {"staff": "select", "admin": "select", "system": "select, insert"}
    protect("payment_share", may=may, rows={"staff": OF_CONTRACT})
    freeze("payment_share")


def _make_evidence() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("stations", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_file"),
        sa.UniqueConstraint("sha256", "uploaded_by", name="uq_evidence_file_upload"),
    )
    op.create_index("ix_evidence_file_sha256", "evidence_file", ["sha256"])
    may = {"staff": "select, insert", "admin": "select, insert", "system": "select"}
    protect("evidence_file", may=may, rows={"staff": f"stations && {STATIONS}"})
    freeze("evidence_file")
    op.create_table(
        "damage_evidence",
        sa.Column("damage_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["damage_id"], ["damage.id"], name="fk_damage_evidence_damage_id"),
        sa.ForeignKeyConstraint(
            ["evidence_file_id"], ["evidence_file.id"], name="fk_damage_evidence_evidence_file_id"
        ),
        sa.PrimaryKeyConstraint("damage_id", "evidence_file_id", name="pk_damage_evidence"),
    )
    op.create_index("ix_damage_evidence_evidence_file_id", "damage_evidence", ["evidence_file_id"])
    may = {"staff": "select", "admin": "select", "system": "select, insert"}
    protect("damage_evidence", may=may, rows={"staff": "damage_is_seen(damage_id)"})
    freeze("damage_evidence")


def downgrade() -> None:
    op.execute("delete from job where kind in ('DAMAGE_REMINDER', 'COLLECT_CLAIMS')")
    for table in ("damage_evidence", "evidence_file", "payment_share"):
        unprotect(table)
        op.drop_table(table)
    op.execute(f"revoke update ({', '.join(DECIDED)}) on damage from {CALLERS['system']}")
    op.execute("drop trigger frozen on damage")
    freeze("damage", but=CHANGING)
    op.drop_index("uq_damage_claim_document", "damage")
    op.drop_constraint("fk_damage_claim_document_id", "damage", type_="foreignkey")
    op.drop_column("damage", "claim_document_id")
