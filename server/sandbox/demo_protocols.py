"""Hand-overs and returns of the plan's contracts: readings, pictures, signatures, damages."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from uuid import UUID, uuid4

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Driver, Station, Vehicle
from server.models.damage import DamageKind, VehicleView
from server.models.fleet import Cleanliness
from server.models.protocol import PhotoSlot
from server.sandbox import demo_pictures
from server.sandbox.demo_people import CUSTOMERS
from server.sandbox.demo_plan import DemoContract, Use
from server.security import Principal
from server.services.acting import Acting
from server.services.handover import exchange, photos
from server.services.handover.damages import DamageReport
from server.services.handover.report import ConditionReport, HandoverReport, PhotoReport
from server.services.outside import Outside

PHOTOGRAPHED = 6
"""One in so many check-outs and check-ins has photos: enough to look at, few enough to start quickly."""
SLOTS = (PhotoSlot.FRONT, PhotoSlot.LEFT, PhotoSlot.REAR, PhotoSlot.DASHBOARD)
FULL = 8
Shots = tuple[PhotoReport, ...]


async def check_out(outside: Outside, yard: Principal, contract: Contract, index: int, plan: DemoContract) -> None:
    """The car goes out, full and clean. Now and then a damage is there already and is written down."""
    acting = Acting(outside.clock.now(), yard)
    async with outside.database.transaction(yard.scope) as session:
        vehicle = await _vehicle(session, contract)
        seen = index % 9 == 4
        shots = await _shots(outside, session, yard, vehicle, index)
        report = await _report(outside, session, yard, contract, plan, vehicle.odometer_km, shots)
        report = replace(
            report,
            condition=_condition(vehicle, vehicle.odometer_km, Use(0)),
            damages=(_stone_chip(),) if seen else (),
            licence_checked_driver_ids=await _driver_ids(session, contract),
        )
        await exchange.check_out(session, report, acting)


async def check_in(outside: Outside, yard: Principal, contract: Contract, plan: DemoContract) -> None:
    """The car comes back as the plan says."""
    acting, use = Acting(outside.clock.now(), yard), plan.use or Use(0)
    async with outside.database.transaction(yard.scope) as session:
        vehicle = await _vehicle(session, contract)
        km = vehicle.odometer_km + use.driven_km
        report = await _report(outside, session, yard, contract, plan, km, ())
        damages = (await _scratch(outside, session, yard, vehicle),) if use.scratch else ()
        returned_at = await _station_id(session, plan.return_station) if plan.return_station else None
        report = replace(
            report, condition=_condition(vehicle, km, use), damages=damages, station_id=returned_at
        )  # fmt: skip
        await exchange.check_in(session, report, acting)


async def _report(
    outside: Outside,
    session: Session,
    yard: Principal,
    contract: Contract,
    plan: DemoContract,
    km: int,
    shots: Shots,
) -> HandoverReport:
    vehicle = await _vehicle(session, contract)
    renter = CUSTOMERS[plan.customer]
    scribble = demo_pictures.signature(f"{renter.first_name} {renter.last_name}")
    return HandoverReport(
        protocol_id=uuid4(),
        contract_id=contract.id,
        occurred_at=outside.clock.now(),
        condition=_condition(vehicle, km, Use(0)),
        accessories=tuple((item["name"], item["expected"]) for item in vehicle.accessories),
        damages=(),
        photos=shots,
        signature_sha256=await _upload(outside, session, yard, scribble),
        signature_missing_reason=None,
        remarks=None,
        override_reason=None,
    )


def _condition(vehicle: Vehicle, km: int, use: Use) -> ConditionReport:
    electric = vehicle.battery_wh is not None
    # Handed out clean, so that a heavily soiled return is charged to the customer.
    return ConditionReport(
        odometer_km=km,
        fuel_eighths=None if electric else FULL - use.missing_eighths,
        state_of_charge_percent=100 - use.missing_percent if electric else None,
        cleanliness_inside=use.inside if use.driven_km else Cleanliness.CLEAN,
        cleanliness_outside=use.outside if use.driven_km else Cleanliness.CLEAN,
    )


async def _shots(outside: Outside, session: Session, yard: Principal, vehicle: Vehicle, index: int) -> Shots:
    if index % PHOTOGRAPHED:
        return ()
    now = outside.clock.now()
    return tuple(
        [
            PhotoReport(await _upload(outside, session, yard, demo_pictures.photo(slot, vehicle.plate)), slot, now)
            for slot in SLOTS
        ]
    )


async def _upload(outside: Outside, session: Session, yard: Principal, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    kept = await photos.keep(outside.objects, sha256, content)
    await photos.record(session, yard, kept, now=outside.clock.now())
    return sha256


def _stone_chip() -> DamageReport:
    return DamageReport(
        uuid4(), VehicleView.FRONT, 0.42, 0.31, DamageKind.STONE_CHIP, 3, "Steinschlag auf der Motorhaube", ()
    )


async def _scratch(outside: Outside, session: Session, yard: Principal, vehicle: Vehicle) -> DamageReport:
    picture = await _upload(outside, session, yard, demo_pictures.scratch(vehicle.plate, "Kratzer hinten rechts"))
    description = "Kratzer an der Tür hinten rechts, bei der Rückgabe entdeckt"
    return DamageReport(uuid4(), VehicleView.RIGHT, 0.68, 0.55, DamageKind.SCRATCH, 90, description, (picture,))


async def _vehicle(session: Session, contract: Contract) -> Vehicle:
    vehicle = await session.by_id(Vehicle, contract.vehicle_id)
    if vehicle is None:
        raise LookupError(f"the car of {contract.number}")
    return vehicle


async def _driver_ids(session: Session, contract: Contract) -> tuple[str, ...]:
    drivers = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))
    return tuple(str(driver.id) for driver in drivers)


async def _station_id(session: Session, code: str) -> UUID | None:
    return await session.first(select(Station.id).where(col(Station.code) == code))
