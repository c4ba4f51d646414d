"""Damages of vehicles. They stay with the vehicle wherever it goes."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, Index, UniqueConstraint, Uuid, text
from sqlmodel import Field, SQLModel

from server.models.columns import cents_column, enum_column, new_id


class VehicleView(StrEnum):
    """A side of the vehicle's drawing."""

    FRONT = "FRONT"
    """The car seen from the front."""
    REAR = "REAR"
    """The car seen from the rear."""
    LEFT = "LEFT"
    """The car's left side, as the driver sees it."""
    RIGHT = "RIGHT"
    """The car's right side, as the driver sees it."""
    TOP = "TOP"
    """The car seen from above."""
    INTERIOR = "INTERIOR"
    """The inside of the car."""


class DamageKind(StrEnum):
    """What kind of damage it is."""

    SCRATCH = "SCRATCH"
    """A scratch in paint or plastic."""
    DENT = "DENT"
    """A dent in the body."""
    CRACK = "CRACK"
    """A crack, for example in a bumper or a lamp."""
    STONE_CHIP = "STONE_CHIP"
    """A small chip where a stone has hit."""
    RIM = "RIM"
    """A rim that is scraped or bent."""
    GLASS = "GLASS"
    """A window, mirror or lamp whose glass is damaged."""
    INTERIOR = "INTERIOR"
    """A damage inside the car, for example a burn or a tear."""
    MISSING = "MISSING"
    """A part that is no longer there."""
    OTHER = "OTHER"
    """Anything else; the description says what."""


class DamageLiability(StrEnum):
    """Who answers for a damage, as far as that is decided. Only clerks and managers decide (domain 4.6)."""

    KNOWN = "KNOWN"
    """Already there at check-out, or reported in between; nobody is asked to pay."""
    SUSPECTED = "SUSPECTED"
    """First seen at a return; not decided."""
    REJECTED = "REJECTED"
    """Not held against the customer: old, wear, or not provable."""
    CONFIRMED = "CONFIRMED"
    """It arose in the rental; who pays is not decided."""
    DECIDED_CUSTOMER = "DECIDED_CUSTOMER"
    """The customer has to answer for it."""
    DECIDED_INSURER = "DECIDED_INSURER"
    """An insurer has to pay for it."""
    DECIDED_THIRD_PARTY = "DECIDED_THIRD_PARTY"
    """A third party has to pay for it."""
    DECIDED_OWN_COST = "DECIDED_OWN_COST"
    """The company pays for it itself."""
    CLAIMED = "CLAIMED"
    """A claim was issued and is not paid."""
    PAID = "PAID"
    """The claim is paid in full."""
    DISPUTED = "DISPUTED"
    """The customer disputes the claim."""
    WRITTEN_OFF = "WRITTEN_OFF"
    """The company has given up the claim."""


_DECIDED = (
    DamageLiability.DECIDED_CUSTOMER,
    DamageLiability.DECIDED_INSURER,
    DamageLiability.DECIDED_THIRD_PARTY,
    DamageLiability.DECIDED_OWN_COST,
)
FOLLOWS: dict[DamageLiability, tuple[DamageLiability, ...]] = {
    DamageLiability.KNOWN: (),
    DamageLiability.SUSPECTED: (DamageLiability.REJECTED, DamageLiability.CONFIRMED),
    DamageLiability.REJECTED: (),
    DamageLiability.CONFIRMED: _DECIDED,
    # In favour of the customer, as long as nothing is claimed; not the other way round: they have been told.
    DamageLiability.DECIDED_CUSTOMER: (DamageLiability.CLAIMED, *_DECIDED[1:]),
    DamageLiability.DECIDED_INSURER: (),
    DamageLiability.DECIDED_THIRD_PARTY: (),
    DamageLiability.DECIDED_OWN_COST: (),
    # Back to DECIDED_CUSTOMER only with the claim's document and its money: `cancelDocument` does that, no decision.
    DamageLiability.CLAIMED: (
        DamageLiability.PAID,
        DamageLiability.DISPUTED,
        DamageLiability.WRITTEN_OFF,
        DamageLiability.DECIDED_CUSTOMER,
    ),
    DamageLiability.PAID: (DamageLiability.DISPUTED, DamageLiability.DECIDED_CUSTOMER),
    DamageLiability.DISPUTED: (
        DamageLiability.PAID,
        DamageLiability.WRITTEN_OFF,
        DamageLiability.DECIDED_CUSTOMER,
    ),
    DamageLiability.WRITTEN_OFF: (DamageLiability.DECIDED_CUSTOMER,),
}
"""Which liability may follow which (domain 4.6)."""
UNDECIDED = frozenset({DamageLiability.SUSPECTED, DamageLiability.CONFIRMED, DamageLiability.DECIDED_CUSTOMER})
"""People have still to decide about it, or to claim it: the deposit stays, and the deadline is watched."""


class RepairState(StrEnum):
    """Whether a damage is repaired."""

    OPEN = "OPEN"
    """Not repaired: it is still on the vehicle."""
    SCHEDULED = "SCHEDULED"
    """A repair is planned; until then it is still on the vehicle."""
    REPAIRED = "REPAIRED"
    """Repaired: no longer on the vehicle."""


class Damage(SQLModel, table=True):
    """One damage; the id is the client's. `contract_id`: the suspected cause; `protocol_id`: where first seen;
    `claim_document_id`: the document that claims it.
    """

    __tablename__ = "damage"
    id: UUID = Field(primary_key=True)
    vehicle_id: UUID = Field(foreign_key="vehicle.id")
    contract_id: UUID | None = Field(default=None, foreign_key="contract.id")
    protocol_id: UUID | None = Field(default=None, foreign_key="protocol.id", index=True)
    view: VehicleView = Field(sa_column=enum_column(VehicleView))
    x: float
    y: float
    kind: DamageKind = Field(sa_column=enum_column(DamageKind))
    size_mm: int | None = None
    description: str | None = None
    seen_at: datetime
    liability: DamageLiability = Field(sa_column=enum_column(DamageLiability))
    repair: RepairState = Field(default=RepairState.OPEN, sa_column=enum_column(RepairState))
    estimate_net_cents: int | None = Field(default=None, sa_column=cents_column(nullable=True))
    final_net_cents: int | None = Field(default=None, sa_column=cents_column(nullable=True))
    claim_deadline: date | None = None
    claim_document_id: UUID | None = Field(default=None, foreign_key="document.id")
    request_hash: str
    version: int = 1
    __table_args__ = (
        CheckConstraint("x between 0 and 1 and y between 0 and 1", name="position"),
        Index("ix_damage_vehicle", "vehicle_id", "seen_at"),
        Index("ix_damage_contract", "contract_id", postgresql_where=text("contract_id is not null")),
        Index(
            "uq_damage_claim_document",
            "claim_document_id",
            unique=True,
            postgresql_where=text("claim_document_id is not null"),
        ),
    )


class DamagePhoto(SQLModel, table=True):
    """A picture of a damage."""

    __tablename__ = "damage_photo"
    damage_id: UUID = Field(foreign_key="damage.id", primary_key=True)
    photo_id: UUID = Field(foreign_key="photo.id", primary_key=True, index=True)
    position: int


class EvidenceFile(SQLModel, table=True):
    """An uploaded PDF, such as an estimate. `sha256` is of its bytes, `size` their number.

    It belongs to the stations of whoever uploaded it.
    """

    __tablename__ = "evidence_file"
    id: UUID = new_id()
    sha256: str = Field(index=True, max_length=64)
    uploaded_by: UUID
    stations: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    pages: int
    size: int
    object_key: str = Field(index=True)
    created_at: datetime
    __table_args__ = (
        UniqueConstraint("sha256", "uploaded_by", name="uq_evidence_file_upload"),
        Index("ix_evidence_file_created_at", "created_at", "id"),
    )


class DamageEvidence(SQLModel, table=True):
    """A PDF that went with the claim for a damage."""

    __tablename__ = "damage_evidence"
    damage_id: UUID = Field(foreign_key="damage.id", primary_key=True)
    evidence_file_id: UUID = Field(foreign_key="evidence_file.id", primary_key=True, index=True)
    position: int
