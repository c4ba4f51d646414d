"""Every use of a vehicle that takes it out of availability. The database allows no two to overlap."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlmodel import Field, SQLModel

from server.models.columns import enum_column, new_id

# Bounds the look back of the availability query: longer uses are stored as consecutive rows.
LONGEST_ROW_DAYS = 60


class OccupancyKind(StrEnum):
    """Why a vehicle is taken."""

    HELD = "HELD"
    """Held for a booking for fifteen minutes, until it is paid."""
    RESERVED = "RESERVED"
    """Booked and confirmed, and not handed over yet."""
    CHECKED_OUT = "CHECKED_OUT"
    """With the customer, or was until it came back."""
    BLOCK = "BLOCK"
    """Blocked by the station, for example for the workshop."""


class Occupancy(SQLModel, table=True):
    """One use, or one stretch of at most 60 days of it. `during` ends after the turnaround; `ends_at` is planned.

    `busy_until` repeats the end of `during` for the availability index, which goes through the station. `movable`: of a
    contract whose car nobody chose; as long as it is RESERVED and has not begun, another car of the group may serve it.
    """

    __tablename__ = "occupancy"
    id: UUID = new_id()
    vehicle_id: UUID
    station_id: UUID
    contract_id: UUID | None = Field(default=None, foreign_key="contract.id", index=True)
    block_id: UUID | None = Field(default=None, foreign_key="vehicle_block.id", index=True)
    kind: OccupancyKind = Field(sa_column=enum_column(OccupancyKind))
    during: Range[datetime] = Field(sa_column=Column(TSTZRANGE(), nullable=False))
    starts_at: datetime
    ends_at: datetime
    busy_until: datetime
    held_until: datetime | None = None
    active: bool = True
    movable: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    __table_args__ = (
        ForeignKeyConstraint(
            ["station_id", "vehicle_id"],
            ["vehicle.station_id", "vehicle.id"],
            name="fk_occupancy_vehicle",
            onupdate="CASCADE",
        ),
        ExcludeConstraint(
            ("vehicle_id", "="), ("during", "&&"), using="gist", where=text("active"), name="ex_occupancy_overlap"
        ),
        CheckConstraint("not isempty(during) and lower_inc(during) and not upper_inc(during)", name="during"),
        CheckConstraint("busy_until = upper(during) and starts_at = lower(during)", name="bounds"),
        CheckConstraint(f"busy_until - starts_at <= interval '{LONGEST_ROW_DAYS} days'", name="length"),
        CheckConstraint("(contract_id is null) <> (block_id is null)", name="owner"),
        Index(
            "ix_occupancy_station",
            "station_id",
            "busy_until",
            "starts_at",
            "vehicle_id",
            postgresql_where=text("active"),
            postgresql_include=["held_until"],
        ),
        Index("ix_occupancy_vehicle", "vehicle_id", "starts_at"),
    )
