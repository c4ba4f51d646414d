"""Handover and return records, and the pictures that belong to them."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Column, Index, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from server.models.columns import Json, enum_column, json_column, new_id
from server.models.fleet import Cleanliness
from server.models.keys import of_contract, within_station


class ProtocolType(StrEnum):
    """What a protocol records: a car that goes out or comes back, also in a swap."""

    CHECK_OUT = "CHECK_OUT"
    """The car was handed over to the customer."""
    CHECK_IN = "CHECK_IN"
    """The car came back from the customer."""
    SWAP_OUT = "SWAP_OUT"
    """A replacement for another car was handed over during the rental."""
    SWAP_IN = "SWAP_IN"
    """The replaced car came back during the rental."""


LONGEST_WITHOUT_NETWORK = timedelta(days=7)
"""How long a hand-over may have waited in a tablet."""
WENT_OUT = frozenset({ProtocolType.CHECK_OUT, ProtocolType.SWAP_OUT})
"""Types of protocols with which a car leaves."""
CAME_BACK = frozenset({ProtocolType.CHECK_IN, ProtocolType.SWAP_IN})
"""Types of protocols with which a car comes back."""


class PhotoSlot(StrEnum):
    """What a photo shows, and from where."""

    FRONT = "FRONT"
    """The whole car from the front."""
    REAR = "REAR"
    """The whole car from the rear."""
    LEFT = "LEFT"
    """The whole left side, as the driver sees it."""
    RIGHT = "RIGHT"
    """The whole right side, as the driver sees it."""
    FRONT_LEFT = "FRONT_LEFT"
    """The corner at the front left."""
    FRONT_RIGHT = "FRONT_RIGHT"
    """The corner at the front right."""
    REAR_LEFT = "REAR_LEFT"
    """The corner at the rear left."""
    REAR_RIGHT = "REAR_RIGHT"
    """The corner at the rear right."""
    DASHBOARD = "DASHBOARD"
    """The dashboard, with the odometer and the level of fuel or charge."""
    INTERIOR = "INTERIOR"
    """The inside of the car."""
    DAMAGE = "DAMAGE"
    """A damage from close by."""
    OTHER = "OTHER"
    """Anything else that is worth a photo."""


GUIDED_SLOTS = (
    PhotoSlot.FRONT,
    PhotoSlot.FRONT_RIGHT,
    PhotoSlot.RIGHT,
    PhotoSlot.REAR_RIGHT,
    PhotoSlot.REAR,
    PhotoSlot.REAR_LEFT,
    PhotoSlot.LEFT,
    PhotoSlot.FRONT_LEFT,
)
"""The photos around a car, in the order in which somebody walks around it."""


class Photo(SQLModel, table=True):
    """An uploaded picture. `sha256` is of the bytes that were sent; what is stored was re-encoded.

    It belongs to the stations of whoever uploaded it; a protocol or a damage shows it to others.
    """

    __tablename__ = "photo"
    id: UUID = new_id()
    sha256: str = Field(index=True, max_length=64)
    uploaded_by: UUID
    stations: list[UUID] = Field(sa_column=Column(ARRAY(Uuid()), nullable=False))
    signature: bool = False
    width: int
    height: int
    object_key: str = Field(index=True)
    thumbnail_key: str
    created_at: datetime
    __table_args__ = (
        UniqueConstraint("sha256", "uploaded_by", name="uq_photo_upload"),
        Index("ix_photo_created_at", "created_at", "id"),
    )


class Protocol(SQLModel, table=True):
    """A finished record; the id is the client's. `station_id` is the contract's, `at_station_id` where it happened.

    `request_hash` recognises the same protocol sent again; `sha256` is of the PDF, once that is made;
    `clock_difference_seconds` is the device's clock minus ours, as the device knew it; `signed_sha256`,
    `shown_language` and `strokes` are how it was signed, as the device tells it. `approved_by` is the manager who
    allowed what `staff` could not decide alone.
    """

    __tablename__ = "protocol"
    id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(index=True)
    station_id: UUID
    at_station_id: UUID = Field(foreign_key="station.id")
    vehicle_id: UUID = Field(foreign_key="vehicle.id", index=True)
    type: ProtocolType = Field(sa_column=enum_column(ProtocolType))
    occurred_at: datetime
    received_at: datetime
    key_drop_at: datetime | None = None
    odometer_km: int
    fuel_eighths: int | None = None
    state_of_charge_percent: int | None = None
    cleanliness_inside: Cleanliness = Field(sa_column=enum_column(Cleanliness))
    cleanliness_outside: Cleanliness = Field(sa_column=enum_column(Cleanliness))
    accessories: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'"))
    signature_sha256: str | None = Field(default=None, index=True)
    signature_missing_reason: str | None = None
    staff_signature_sha256: str | None = Field(default=None, index=True)
    remarks: str | None = None
    override_reason: str | None = None
    staff: str
    staff_id: UUID
    approved_by: str | None = None
    approved_by_id: UUID | None = None
    clock_difference_seconds: int | None = None
    signed_sha256: str | None = None
    shown_language: str | None = None
    strokes: Json | None = Field(default=None, sa_column=json_column(nullable=True))
    conflict: str | None = None
    complete: bool = True
    voided: bool = False
    request_hash: str
    content_hash: str
    pdf_key: str | None = None
    sha256: str | None = None
    __table_args__ = of_contract("protocol", UniqueConstraint("station_id", "id", name="uq_protocol_station"))


class ProtocolPhoto(SQLModel, table=True):
    """A picture in its place in a protocol."""

    __tablename__ = "protocol_photo"
    id: UUID = new_id()
    protocol_id: UUID = Field(index=True)
    contract_id: UUID
    station_id: UUID
    photo_id: UUID = Field(foreign_key="photo.id", index=True)
    slot: PhotoSlot = Field(sa_column=enum_column(PhotoSlot))
    taken_at: datetime | None = None
    position: int
    __table_args__ = of_contract(
        "protocol_photo",
        within_station("protocol_photo", "protocol_id", "protocol"),
        Index("ix_protocol_photo_contract", "contract_id"),
    )


class ReadingCorrection(SQLModel, table=True):
    """What a protocol had recorded wrongly, and what is right. Only ever added; what is None stays as it was."""

    __tablename__ = "reading_correction"
    id: UUID = new_id()
    protocol_id: UUID = Field(index=True)
    contract_id: UUID = Field(index=True)
    station_id: UUID
    odometer_km: int | None = None
    fuel_eighths: int | None = None
    state_of_charge_percent: int | None = None
    reason: str
    corrected_by: str
    at: datetime
    __table_args__ = of_contract("reading_correction", within_station("reading_correction", "protocol_id", "protocol"))
