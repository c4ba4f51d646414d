"""Who had a car: what an authority asks for, by number plate and instant."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, or_, select

from server.database import Session
from server.models import Vehicle, VehicleLeg
from server.models.plate import plate_key


async def at_moment(session: Session, plate: str, at: datetime) -> VehicleLeg | None:
    """The part of a contract with which a car was out at an instant: from its hand-over until it came back, or its key
    was dropped. The plate may be spelt in any way. None if nobody had it, or somebody whose contract is not in sight.
    """
    statement = (
        select(VehicleLeg)
        .join(Vehicle, col(Vehicle.id) == col(VehicleLeg.vehicle_id))
        .where(
            col(Vehicle.plate_key) == plate_key(plate),
            col(VehicleLeg.from_at) <= at,
            or_(col(VehicleLeg.to_at).is_(None), col(VehicleLeg.to_at) > at),
        )
        .order_by(col(VehicleLeg.from_at).desc(), col(VehicleLeg.id))
    )
    return await session.first(statement.limit(1))
