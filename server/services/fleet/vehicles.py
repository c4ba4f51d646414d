"""Vehicle groups and vehicles: creating, changing, blocking."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session, violated_constraint
from server.errors import InvalidInput, NotFound, Path, PeriodConflict, ProblemCode, Refused, VersionConflict
from server.models import Occupancy, Station, Vehicle, VehicleBlock, VehicleGroup
from server.models.fleet import BlockReason, Energy, VehicleStatus
from server.services import validation
from server.services.fleet import occupancies, stations
from server.services.validation import number, optional_number

Values = dict[str, Any]
INPUT = ("input",)
HIGHEST_KM = 2_000_000
LONGEST_BLOCK = timedelta(days=3660)
USUAL_ACCESSORIES = [
    ("Fahrzeugschlüssel", 1),
    ("Fahrzeugschein", 1),
    ("Warndreieck", 1),
    ("Verbandkasten", 1),
    ("Warnweste", 1),
]
CHARGING_CABLE = ("Ladekabel", 1)


async def create_group(session: Session, values: Values) -> VehicleGroup:
    """A new vehicle group of the company."""
    group = VehicleGroup(
        code=validation.code(values["code"], (*INPUT, "code")),
        name=validation.text(values["name"], (*INPUT, "name")),
        acriss=_acriss(values.get("acriss")),
        minimum_age=number(values["minimum_age"], (*INPUT, "minimumAge"), lowest=17, highest=99),
        minimum_licence_months=number(
            values["minimum_licence_months"], (*INPUT, "minimumLicenceMonths"), lowest=0, highest=600
        ),
        deposit_cents=validation.cents(values["deposit"], (*INPUT, "deposit")),
        deductible_cents=validation.cents(values["deductible"], (*INPUT, "deductible")),
        energy=values["energy"],
    )
    try:
        await session.store(group)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_vehicle_group_code":
            raise InvalidInput("There is a group of that code already.", field=[*INPUT, "code"]) from error
        raise
    return group


async def get_group(session: Session, group_id: UUID | None, *, field: Path | None = None) -> VehicleGroup:
    """A vehicle group, or NotFound."""
    group = await session.by_id(VehicleGroup, group_id)
    if group is None:
        raise NotFound("vehicle group", field=field)
    return group


async def create_vehicle(session: Session, values: Values, *, now: datetime) -> Vehicle:
    """A new vehicle at a station of the caller."""
    station = await stations.get(session, validation.as_uuid(values["station_id"]), field=(*INPUT, "stationId"))
    group = await get_group(session, validation.as_uuid(values["group_id"]), field=(*INPUT, "groupId"))
    vehicle = Vehicle(
        station_id=station.id,
        home_station_id=station.id,
        group_id=group.id,
        plate=validation.plate(values["plate"], (*INPUT, "plate")),
        vin=validation.vin(values.get("vin"), (*INPUT, "vin")),
        make=validation.text(values["make"], (*INPUT, "make"), longest=60),
        model=validation.text(values["model"], (*INPUT, "model"), longest=80),
        colour=validation.optional_text(values.get("colour"), (*INPUT, "colour"), longest=60),
        odometer_km=number(values["odometer_km"], (*INPUT, "odometerKm"), lowest=0, highest=HIGHEST_KM),
        first_registration=values.get("first_registration"),
        inspection_due=values.get("inspection_due"),
        registered_as_rental=values["registered_as_rental"],
        accessories=_accessories(group),
        created_at=now,
        **_levels(values, group),
    )
    await _store(session, vehicle)
    return vehicle


async def update_vehicle(
    session: Session, vehicle_id: UUID | None, version: int, values: Values, *, now: datetime
) -> Vehicle:
    """Changes what is given. A change of station is a transfer: the car's home moves with it."""
    vehicle = await lock_vehicle(session, vehicle_id, field=["id"])
    if vehicle.version != version:
        raise VersionConflict(vehicle.version)
    for name, value in _changes(values).items():
        setattr(vehicle, name, value)
    if "group_id" in values:
        group = await get_group(session, validation.as_uuid(values["group_id"]), field=(*INPUT, "groupId"))
        vehicle.group_id = group.id
    if "station_id" in values:
        await _transfer(session, vehicle, validation.as_uuid(values["station_id"]), now)
    vehicle.version += 1
    await _store(session, vehicle)
    return vehicle


async def lock_vehicle(session: Session, vehicle_id: UUID | None, *, field: Path | None = None) -> Vehicle:
    """A vehicle of the caller's stations, locked until the end of the transaction."""
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=True)
    if vehicle is None:
        raise NotFound("vehicle", field=field)
    return vehicle


async def block(
    session: Session,
    vehicle_id: UUID | None,
    start: datetime,
    end: datetime,
    reason: BlockReason,
    note: str | None,
    *,
    now: datetime,
) -> VehicleBlock:
    """Takes a vehicle out of availability. PeriodConflict names every use that is in the way."""
    validation.period(start, end, ("period",))
    if end - start > LONGEST_BLOCK:
        raise InvalidInput(
            "A block lasts at most ten years; to take a vehicle out for good, retire it.", field=["period", "end"]
        )
    vehicle = await lock_vehicle(session, vehicle_id, field=["vehicleId"])
    await _require_in_sight(session, vehicle, ["vehicleId"])
    conflicts = await occupancies.overlapping(session, vehicle.id, start, end)
    if conflicts:
        raise PeriodConflict("The vehicle is taken in this period.", conflicts=conflicts, field=["period"])
    checked_note = validation.optional_text(note, ("note",), longest=2000, multiline=True)
    row = VehicleBlock(
        vehicle_id=vehicle.id, starts_at=start, ends_at=end, reason=reason, note=checked_note, created_at=now
    )
    await session.store(row)
    await occupancies.occupy_block(session, vehicle, row)
    return row


async def _require_in_sight(session: Session, vehicle: Vehicle, field: Path) -> None:
    """A car of one's own may stand at a station that one may not see; what it is booked for there is not known here."""
    if await session.by_id(Station, vehicle.station_id) is None:
        message = "This vehicle stands at another station; what happens to it is decided there."
        raise Refused(ProblemCode.NOT_ALLOWED, message, field=field)


async def unblock(session: Session, block_id: UUID | None, *, now: datetime) -> Vehicle:
    """Ends a block; the vehicle is available again."""
    row = await session.by_id(VehicleBlock, block_id)
    if row is None or row.removed_at is not None:
        raise NotFound("block", field=["blockId"])
    vehicle = await lock_vehicle(session, row.vehicle_id, field=["blockId"])
    await _require_in_sight(session, vehicle, ["blockId"])
    row.removed_at = now
    await session.store(row)
    await occupancies.free_block(session, row.id)
    return vehicle


def has_plate(plate: str) -> ColumnElement[bool]:
    """The condition that a vehicle has a plate, however that is spelt."""
    plain = func.replace(func.replace(func.upper(col(Vehicle.plate)), " ", ""), "-", "")
    return plain == plate.upper().replace(" ", "").replace("-", "")


def is_inspected(vehicle: Vehicle, until: date) -> bool:
    """Whether the inspection (HU) covers a day. Cars rented out need it every twelve months (domain 3.16)."""
    return vehicle.inspection_due is None or vehicle.inspection_due >= until


def _changes(values: Values) -> Values:
    validation.no_nulls(values, INPUT, odometer_km="odometerKm", status="status")
    changes: Values = {}
    if "plate" in values:
        changes["plate"] = validation.plate(values["plate"], (*INPUT, "plate"))
    for name, longest in [("make", 60), ("model", 80)]:
        if name in values:
            changes[name] = validation.text(values[name], (*INPUT, name), longest=longest)
    if "colour" in values:
        changes["colour"] = validation.optional_text(values["colour"], (*INPUT, "colour"), longest=60)
    if "odometer_km" in values:
        changes["odometer_km"] = number(values["odometer_km"], (*INPUT, "odometerKm"), lowest=0, highest=HIGHEST_KM)
    for name in ["inspection_due", "status"]:
        if name in values:
            changes[name] = values[name]
    return changes


async def _transfer(session: Session, vehicle: Vehicle, station_id: UUID | None, now: datetime) -> None:
    field = [*INPUT, "stationId"]
    station = await stations.get(session, station_id, field=field)
    if station.id == vehicle.station_id == vehicle.home_station_id:
        return
    await _require_in_sight(session, vehicle, field)
    if vehicle.out_contract_id is not None:
        raise InvalidInput("The vehicle is with a customer; it can move when it is back.", field=field)
    booked = await session.all(
        select(Occupancy).where(
            col(Occupancy.vehicle_id) == vehicle.id,
            col(Occupancy.active),
            col(Occupancy.contract_id).is_not(None),
            col(Occupancy.busy_until) > now,  # what is over stays active, and is no hindrance
        )
    )
    if booked:
        raise InvalidInput("The vehicle is booked at this station; assign other vehicles first.", field=field)
    vehicle.station_id = vehicle.home_station_id = station.id


async def _store(session: Session, vehicle: Vehicle) -> None:
    try:
        await session.store(vehicle)
    except IntegrityError as error:
        if violated_constraint(error) == "uq_vehicle_plate":
            message = "This station has a vehicle of that plate already."
            raise InvalidInput(message, field=[*INPUT, "plate"]) from error
        raise


def _levels(values: Values, group: VehicleGroup) -> Values:
    """Tank and battery. A vehicle that is fuelled needs the size of its tank, or missing fuel could not be billed."""
    levels = {
        "fuel_eighths": optional_number(values.get("fuel_eighths"), (*INPUT, "fuelEighths"), lowest=0, highest=8),
        "state_of_charge_percent": optional_number(
            values.get("state_of_charge_percent"), (*INPUT, "stateOfChargePercent"), lowest=0, highest=100
        ),
        "tank_litres": optional_number(values.get("tank_litres"), (*INPUT, "tankLitres"), lowest=1, highest=300),
        "battery_wh": optional_number(values.get("battery_wh"), (*INPUT, "batteryWh"), lowest=500, highest=500_000),
    }
    if group.energy is not Energy.ELECTRIC and levels["fuel_eighths"] is None:
        levels["fuel_eighths"] = 8
    if group.energy is not Energy.COMBUSTION and levels["state_of_charge_percent"] is None:
        levels["state_of_charge_percent"] = 100
    return levels


def _accessories(group: VehicleGroup) -> list[Values]:
    wanted = [*USUAL_ACCESSORIES, *([CHARGING_CABLE] if group.energy is not Energy.COMBUSTION else [])]
    return [{"name": name, "expected": expected} for name, expected in wanted]


def _acriss(value: str | None) -> str | None:
    cleaned = validation.optional_text(value, (*INPUT, "acriss"), longest=4)
    if cleaned is not None and (len(cleaned) != 4 or not cleaned.isalpha()):
        raise InvalidInput("An ACRISS code has four letters, for example CDMR.", field=[*INPUT, "acriss"])
    return cleaned and cleaned.upper()


def is_rentable(vehicle: Vehicle) -> bool:
    """Whether a vehicle is in service at all."""
    return vehicle.status is VehicleStatus.ACTIVE
