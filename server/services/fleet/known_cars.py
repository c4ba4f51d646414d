"""One car, one record: whether a car that is entered is there already, however its plate or VIN is spelt."""

from __future__ import annotations

from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session
from server.database.errors import violated_constraint
from server.errors import InvalidInput, Path, Sentence
from server.models import Vehicle
from server.models.plate import plate_key, vin_key

_PLATE = Sentence(
    "This station has a vehicle of that plate already.",
    "Diese Station hat schon ein Fahrzeug mit diesem Kennzeichen.",
)
_VIN = Sentence(
    "This station has a vehicle of that VIN already.",
    "Diese Station hat schon ein Fahrzeug mit dieser Fahrgestellnummer.",
)


async def refuse_plate(session: Session, vehicle: Vehicle, field: Path) -> None:
    """InvalidInput if a car of this plate is at home at this car's home station, or stands there. Of other stations
    nothing is looked up: a refusal would tell of them (domain 4.8).
    """
    here = vehicle.home_station_id
    known = select(col(Vehicle.id)).where(
        col(Vehicle.plate_key) == plate_key(vehicle.plate),
        or_(col(Vehicle.home_station_id) == here, col(Vehicle.station_id) == here),
        col(Vehicle.id) != vehicle.id,
    )
    if await session.value(known) is not None:
        raise InvalidInput(_PLATE, field=field)


async def refuse_vin(session: Session, vehicle: Vehicle, field: Path) -> None:
    """InvalidInput if a car of this VIN is among all that the caller may see, at whatever station."""
    key = vin_key(vehicle.vin)
    known = select(col(Vehicle.plate)).where(col(Vehicle.vin_key) == key, col(Vehicle.id) != vehicle.id)
    plate = await session.value(known) if key else None
    if plate is not None:
        message = Sentence(
            f"The car with this VIN is there already, as {plate}.",
            f"Das Auto mit dieser Fahrgestellnummer gibt es schon, als {plate}.",
        )
        raise InvalidInput(message, field=field)


async def store(session: Session, vehicle: Vehicle, field: Path) -> None:
    """Writes a car. Two who enter the same one at once meet in the database's keys; `field` is the input."""
    try:
        await session.store(vehicle)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_vehicle_plate":
            raise InvalidInput(_PLATE, field=[*field, "plate"]) from error
        if violated_constraint(error) == "uq_vehicle_vin":
            raise InvalidInput(_VIN, field=[*field, "vin"]) from error
        raise
