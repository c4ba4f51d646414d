"""What counts of a protocol's readings: as recorded, or as corrected since. The protocol itself never changes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.models import Protocol, ReadingCorrection, Vehicle, VehicleLeg

READINGS = ("odometer_km", "fuel_eighths", "state_of_charge_percent")
"""What can be read wrongly: the same names in a protocol and in a correction."""


async def corrected(session: Session, protocol: Protocol | None) -> Protocol | None:
    """A protocol with the readings that count now: a copy that is never stored, where one was corrected."""
    if protocol is None:
        return None
    statement = select(ReadingCorrection).where(col(ReadingCorrection.protocol_id) == protocol.id)
    corrections = await session.all(statement.order_by(col(ReadingCorrection.at), col(ReadingCorrection.id)))
    if not corrections:
        return protocol
    copy = Protocol(**protocol.model_dump())
    for correction in corrections:
        for name in READINGS:
            if (value := getattr(correction, name)) is not None:
                setattr(copy, name, value)
    return copy


@dataclass(frozen=True)
class Part:
    """One car's part of a rental, with its readings as they count; `back` is None while it is out."""

    leg: VehicleLeg
    vehicle: Vehicle
    out: Protocol
    back: Protocol | None

    @property
    def lacks_a_size(self) -> bool:
        """Whether fuel or charge is missing and the size of tank or battery is not known, so that it has no price."""
        if self.back is None or self.leg.fuel_waived:
            return False
        fuel = self.back.fuel_eighths is not None and self.back.fuel_eighths < (self.out.fuel_eighths or 0)
        before, after = self.out.state_of_charge_percent or 0, self.back.state_of_charge_percent
        charge = after is not None and after < before
        return (fuel and self.vehicle.tank_litres is None) or (charge and self.vehicle.battery_wh is None)


async def leg_of(session: Session, protocol: Protocol) -> VehicleLeg | None:
    """The part of a contract that begins or ends with a protocol; none for one that does not fit its contract."""
    ends = (col(VehicleLeg.check_out_id) == protocol.id) | (col(VehicleLeg.check_in_id) == protocol.id)
    return await session.first(select(VehicleLeg).where(ends))


async def parts_of(session: Session, contract_id: UUID) -> list[Part]:
    """The cars of a rental in their order; not one whose hand-over was taken back."""
    statement = select(VehicleLeg).where(col(VehicleLeg.contract_id) == contract_id)
    found = []
    for leg in await session.all(statement.order_by(col(VehicleLeg.from_at), col(VehicleLeg.id))):
        out = await corrected(session, await session.by_id(Protocol, leg.check_out_id))
        back = await corrected(session, await session.by_id(Protocol, leg.check_in_id))
        vehicle = await session.by_id(Vehicle, leg.vehicle_id)
        if out is not None and not out.voided and vehicle is not None:
            found.append(Part(leg, vehicle, out, back))
    return found
