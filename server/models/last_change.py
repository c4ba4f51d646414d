"""When each contract was last changed, in an order in which no change can come in before one that was seen."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from server.models.keys import of_contract


class LastChange(SQLModel, table=True):
    """The last change of a contract or of anything that belongs to it. Written by the database alone, as the last act
    of a transaction (docs/adr/0026): no two have the same `updated_at`, and what is committed later has a later one.

    `return_station_id` is where the contract is seen besides its own station: null until the car went out, or where it
    comes back to where it was picked up.
    """

    __tablename__ = "last_change"
    contract_id: UUID = Field(primary_key=True)
    station_id: UUID
    return_station_id: UUID | None = None
    client_id: UUID | None = None
    updated_at: datetime
    __table_args__ = of_contract(
        "last_change",
        Index("uq_last_change", "updated_at", unique=True),
        Index("ix_last_change_station", "station_id", "updated_at"),
        Index(
            "ix_last_change_return",
            "return_station_id",
            "updated_at",
            postgresql_where=text("return_station_id is not null"),
        ),
        Index("ix_last_change_client", "client_id", "updated_at", postgresql_where=text("client_id is not null")),
    )
