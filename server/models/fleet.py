"""Vehicle groups, vehicles and the times when a vehicle is blocked."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, event, inspect, text
from sqlmodel import Field, SQLModel

from server.models.columns import Json, cents_column, enum_column, json_column, new_id, search_index
from server.models.plate import plate_key, vin_key


class Energy(StrEnum):
    """How a vehicle is driven: it decides whether fuel or charge is recorded."""

    COMBUSTION = "COMBUSTION"
    """Petrol or diesel: the tank level is recorded in eighths."""
    ELECTRIC = "ELECTRIC"
    """Battery: the state of charge is recorded in percent."""
    PLUGIN_HYBRID = "PLUGIN_HYBRID"
    """Both a tank and a battery that can be charged: both levels may be recorded."""


class VehicleStatus(StrEnum):
    """Whether a vehicle can be rented at all."""

    ACTIVE = "ACTIVE"
    """In service: it can be rented."""
    BLOCKED = "BLOCKED"
    """Out of service until further notice."""
    RETIRED = "RETIRED"
    """Gone for good; its history stays."""


class Cleanliness(StrEnum):
    """How clean a vehicle is, best first."""

    CLEAN = "CLEAN"
    """Ready for the next customer."""
    NORMAL = "NORMAL"
    """Normal traces of use; no fee."""
    HEAVY = "HEAVY"
    """Heavily soiled: the tariff's first cleaning fee applies."""
    SPECIAL = "SPECIAL"
    """Special cleaning needed (animal hair, smoke, oil): the tariff's second cleaning fee applies."""

    @property
    def rank(self) -> int:
        """0 is cleanest."""
        return list(Cleanliness).index(self)


class BlockReason(StrEnum):
    """Why a vehicle is blocked for some time."""

    WORKSHOP = "WORKSHOP"
    """In the workshop for repair or service."""
    INSPECTION = "INSPECTION"
    """At its periodic inspection (HU)."""
    DAMAGE = "DAMAGE"
    """Damaged and not fit to be rented."""
    TRANSFER = "TRANSFER"
    """On the way to another station."""
    SALE = "SALE"
    """About to be sold; not rented any more."""
    OTHER = "OTHER"
    """Anything else; the note says what."""


class VehicleGroup(SQLModel, table=True):
    """A class of vehicles that are rented for the same price. Company-wide."""

    __tablename__ = "vehicle_group"
    id: UUID = new_id()
    code: str = Field(unique=True)
    name: str
    acriss: str | None = None
    minimum_age: int = 18
    minimum_licence_months: int = 0
    deposit_cents: int = Field(sa_column=cents_column())
    deductible_cents: int = Field(sa_column=cents_column())
    energy: Energy = Field(sa_column=enum_column(Energy))
    version: int = 1


class Vehicle(SQLModel, table=True):
    """A car. `station_id` is where it stands now, `home_station_id` whose it is.

    `out_contract_id` and `out_until` say that it is with a customer until a planned end: past it the car is late, and
    busy for everything until it is back (`services/fleet/occupancies.py`). `leaves_at`: a one-way rental takes it
    away from then on, unless nobody has picked it up by `leaves_until`, its planned end.
    `plate_key` and `vin_key` are how one car is recognised, unique among those of a home: where it
    stands may change on the road, and a return is never refused. A blank in a key marks a car that had been entered
    twice before there were keys.
    """

    __tablename__ = "vehicle"
    id: UUID = new_id()
    station_id: UUID = Field(foreign_key="station.id")
    home_station_id: UUID = Field(foreign_key="station.id", index=True)
    group_id: UUID = Field(foreign_key="vehicle_group.id", index=True)
    plate: str
    plate_key: str = ""
    vin: str | None = None
    vin_key: str | None = None
    make: str
    model: str
    colour: str | None = None
    odometer_km: int
    fuel_eighths: int | None = None
    state_of_charge_percent: int | None = None
    tank_litres: int | None = None
    battery_wh: int | None = None
    cleanliness: Cleanliness = Field(default=Cleanliness.CLEAN, sa_column=enum_column(Cleanliness))
    first_registration: date | None = None
    inspection_due: date | None = None
    registered_as_rental: bool = True
    status: VehicleStatus = Field(default=VehicleStatus.ACTIVE, sa_column=enum_column(VehicleStatus))
    accessories: list[Json] = Field(default_factory=list, sa_column=json_column("'[]'"))
    out_contract_id: UUID | None = None
    out_until: datetime | None = None
    leaves_at: datetime | None = None
    leaves_until: datetime | None = None
    version: int = 1
    created_at: datetime
    __table_args__ = (
        UniqueConstraint("station_id", "id", name="uq_vehicle_station"),
        UniqueConstraint("home_station_id", "plate_key", name="uq_vehicle_plate"),
        UniqueConstraint("home_station_id", "vin_key", name="uq_vehicle_vin"),
        search_index("vehicle", "plate, plate_key, vin_key"),
        Index("ix_vehicle_out", "out_contract_id", postgresql_where=text("out_contract_id is not null")),
        Index("ix_vehicle_out_until", "out_until", postgresql_where=text("out_until is not null")),
        CheckConstraint("odometer_km >= 0", name="odometer"),
        CheckConstraint("fuel_eighths between 0 and 8", name="fuel"),
        CheckConstraint("state_of_charge_percent between 0 and 100", name="charge"),
    )


@event.listens_for(Vehicle, "before_insert")
@event.listens_for(Vehicle, "before_update")
def _recognise(_mapper: Any, _connection: Any, vehicle: Vehicle) -> None:
    """Keeps the keys in step with what they are made of, whoever writes the row."""
    written = inspect(vehicle).attrs
    if written.plate.history.has_changes():
        vehicle.plate_key = plate_key(vehicle.plate)
    if written.vin.history.has_changes():
        vehicle.vin_key = vin_key(vehicle.vin)


class VehicleBlock(SQLModel, table=True):
    """A time in which a vehicle cannot be rented. Its occupancy rows carry the same period."""

    __tablename__ = "vehicle_block"
    id: UUID = new_id()
    vehicle_id: UUID = Field(foreign_key="vehicle.id", index=True)
    starts_at: datetime
    ends_at: datetime
    reason: BlockReason = Field(sa_column=enum_column(BlockReason))
    note: str | None = None
    removed_at: datetime | None = None
    created_at: datetime
