"""Vehicles: creating, changing, moving, blocking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, NotFound, Path, PeriodConflict, ProblemCode, Refused, Sentence, VersionConflict
from server.models import Occupancy, Station, Vehicle, VehicleBlock, VehicleGroup
from server.models.columns import Json
from server.models.fleet import BlockReason, Energy, VehicleStatus
from server.models.plate import plate_key
from server.models.unset import UNSET, Maybe, given_or
from server.security import Principal
from server.services import validation
from server.services.fleet import groups, known_cars, occupancies, stations
from server.services.lists import search
from server.services.validation import number, optional_number

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


@dataclass(frozen=True, kw_only=True)
class NewVehicle:
    """A vehicle as it is entered. Sizes: litres and watt-hours; levels: eighths and per cent, full if not given."""

    plate: str
    vin: str | None = None
    make: str
    model: str
    colour: str | None = None
    group_id: UUID | None
    station_id: UUID | None
    odometer_km: int
    fuel_eighths: int | None = None
    state_of_charge_percent: int | None = None
    tank_litres: int | None = None
    battery_wh: int | None = None
    first_registration: date | None = None
    inspection_due: date | None = None
    registered_as_rental: bool = True


@dataclass(frozen=True, kw_only=True)
class VehicleChange:
    """What changes of a vehicle; what is not given stays as it is."""

    plate: Maybe[str | None] = UNSET
    make: Maybe[str | None] = UNSET
    model: Maybe[str | None] = UNSET
    colour: Maybe[str | None] = UNSET
    group_id: Maybe[UUID | None] = UNSET
    station_id: Maybe[UUID | None] = UNSET
    odometer_km: Maybe[int | None] = UNSET
    tank_litres: Maybe[int | None] = UNSET
    battery_wh: Maybe[int | None] = UNSET
    inspection_due: Maybe[date | None] = UNSET
    status: Maybe[VehicleStatus | None] = UNSET


async def create_vehicle(session: Session, new: NewVehicle, *, now: datetime) -> Vehicle:
    """A new vehicle at a station of the caller."""
    station = await stations.get(session, new.station_id, field=(*INPUT, "station_id"))
    group = await groups.get(session, new.group_id, field=(*INPUT, "group_id"))
    vehicle = Vehicle(
        station_id=station.id,
        home_station_id=station.id,
        group_id=group.id,
        plate=validation.plate(new.plate, (*INPUT, "plate")),
        vin=validation.vin(new.vin, (*INPUT, "vin")),
        make=validation.text(new.make, (*INPUT, "make"), longest=60),
        model=validation.text(new.model, (*INPUT, "model"), longest=80),
        colour=validation.optional_text(new.colour, (*INPUT, "colour"), longest=60),
        odometer_km=number(new.odometer_km, (*INPUT, "odometer_km"), lowest=0, highest=HIGHEST_KM),
        first_registration=new.first_registration,
        inspection_due=new.inspection_due,
        registered_as_rental=new.registered_as_rental,
        accessories=_accessories(group),
        created_at=now,
    )
    _set_levels(vehicle, new, group)
    await known_cars.refuse_plate(session, vehicle, (*INPUT, "plate"))
    await known_cars.refuse_vin(session, vehicle, (*INPUT, "vin"))
    await known_cars.store(session, vehicle, INPUT)
    return vehicle


async def update_vehicle(
    session: Session, vehicle_id: UUID | None, version: int, change: VehicleChange, *, now: datetime
) -> Vehicle:
    """Changes what is given. A change of station is a transfer: the car's home moves with it."""
    vehicle = await lock_vehicle(session, vehicle_id, field=["id"])
    if vehicle.version != version:
        raise VersionConflict(vehicle.version)
    before = (vehicle.plate, vehicle.home_station_id)
    _apply(change, vehicle)
    if change.group_id is not UNSET:
        vehicle.group_id = (await groups.get(session, change.group_id, field=(*INPUT, "group_id"))).id
    if change.station_id is not UNSET:
        await _transfer(session, vehicle, change.station_id, now)
    if before != (vehicle.plate, vehicle.home_station_id):
        name = "plate" if vehicle.plate != before[0] else "station_id"
        await known_cars.refuse_plate(session, vehicle, (*INPUT, name))
    vehicle.version += 1
    await known_cars.store(session, vehicle, INPUT)
    return vehicle


async def lock_vehicle(session: Session, vehicle_id: UUID | None, *, field: Path | None = None) -> Vehicle:
    """A vehicle of the caller's stations, locked until the end of the transaction."""
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=True)
    if vehicle is None:
        raise NotFound(Sentence("There is no such vehicle.", "Dieses Fahrzeug gibt es nicht."), field=field)
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
            Sentence(
                "A block lasts at most ten years; to take a vehicle out for good, retire it.",
                "Eine Sperre dauert höchstens zehn Jahre; soll ein Fahrzeug für immer ausscheiden, bitte ausmustern.",
            ),
            field=["period", "end"],
        )
    vehicle = await lock_vehicle(session, vehicle_id, field=["vehicle_id"])
    await _require_in_sight(session, vehicle, ["vehicle_id"])
    conflicts = await occupancies.overlapping(session, vehicle.id, start, end, now)
    if conflicts:
        raise PeriodConflict(
            Sentence("The vehicle is taken in this period.", "Das Fahrzeug ist in diesem Zeitraum belegt."),
            conflicts=conflicts,
            field=["period"],
        )
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
        message = Sentence(
            "This vehicle stands at another station; what happens to it is decided there.",
            "Dieses Fahrzeug steht an einer anderen Station; was mit ihm geschieht, wird dort entschieden.",
        )
        raise Refused(ProblemCode.NOT_ALLOWED, message, field=field)


async def unblock(session: Session, block_id: UUID | None, *, now: datetime) -> Vehicle:
    """Ends a block; the vehicle is available again."""
    row = await session.by_id(VehicleBlock, block_id)
    if row is None or row.removed_at is not None:
        raise NotFound(Sentence("There is no such block.", "Diese Sperre gibt es nicht."), field=["block_id"])
    vehicle = await lock_vehicle(session, row.vehicle_id, field=["block_id"])
    await _require_in_sight(session, vehicle, ["block_id"])
    row.removed_at = now
    await session.store(row)
    await occupancies.free_block(session, row.id)
    return vehicle


async def find(session: Session, principal: Principal, vehicle_id: UUID | None, plate: str | None) -> Vehicle | None:
    """A vehicle of the caller's stations by its plate, however that is spelt, or, without one, by its id."""
    wanted = col(Vehicle.id) == vehicle_id if plate is None else col(Vehicle.plate_key) == plate_key(plate)
    return await session.first(select(Vehicle).where(wanted, *search.own_vehicles(principal)))


def is_inspected(vehicle: Vehicle, until: date) -> bool:
    """Whether the inspection (HU) covers a day. Cars rented out need it every twelve months (domain 3.16)."""
    return vehicle.inspection_due is None or vehicle.inspection_due >= until


def _apply(change: VehicleChange, vehicle: Vehicle) -> None:
    """Checks what is given and sets it. A plate, make or model cannot be emptied."""
    if change.plate is not UNSET:
        vehicle.plate = validation.plate(change.plate or "", (*INPUT, "plate"))
    if change.make is not UNSET:
        vehicle.make = validation.text(change.make or "", (*INPUT, "make"), longest=60)
    if change.model is not UNSET:
        vehicle.model = validation.text(change.model or "", (*INPUT, "model"), longest=80)
    if change.colour is not UNSET:
        vehicle.colour = validation.optional_text(change.colour, (*INPUT, "colour"), longest=60)
    km = validation.kept(change.odometer_km, vehicle.odometer_km, (*INPUT, "odometer_km"))
    vehicle.odometer_km = number(km, (*INPUT, "odometer_km"), lowest=0, highest=HIGHEST_KM)
    _set_sizes(
        vehicle, given_or(change.tank_litres, vehicle.tank_litres), given_or(change.battery_wh, vehicle.battery_wh)
    )
    vehicle.inspection_due = given_or(change.inspection_due, vehicle.inspection_due)
    vehicle.status = validation.kept(change.status, vehicle.status, (*INPUT, "status"))


async def _transfer(session: Session, vehicle: Vehicle, station_id: UUID | None, now: datetime) -> None:
    field = [*INPUT, "station_id"]
    station = await stations.get(session, station_id, field=field)
    if station.id == vehicle.station_id == vehicle.home_station_id:
        return
    await _require_in_sight(session, vehicle, field)
    if vehicle.out_contract_id is not None:
        raise InvalidInput(
            Sentence(
                "The vehicle is with a customer; it can move when it is back.",
                "Das Fahrzeug ist bei einem Kunden; die Station wechseln kann es erst nach der Rückgabe.",
            ),
            field=field,
        )
    booked = await session.all(
        select(Occupancy).where(
            col(Occupancy.vehicle_id) == vehicle.id,
            col(Occupancy.active),
            col(Occupancy.contract_id).is_not(None),
            col(Occupancy.busy_until) > now,  # what is over stays active, and is no hindrance
        )
    )
    if booked:
        raise InvalidInput(
            Sentence(
                "The vehicle is booked at this station; assign other vehicles first.",
                "Das Fahrzeug ist an dieser Station gebucht; bitte erst andere Fahrzeuge zuteilen.",
            ),
            field=field,
        )
    vehicle.station_id = vehicle.home_station_id = station.id


def _set_levels(vehicle: Vehicle, new: NewVehicle, group: VehicleGroup) -> None:
    """Tank and battery; full where nothing is said and the group has one."""
    charge = (*INPUT, "state_of_charge_percent")
    vehicle.fuel_eighths = optional_number(new.fuel_eighths, (*INPUT, "fuel_eighths"), lowest=0, highest=8)
    vehicle.state_of_charge_percent = optional_number(new.state_of_charge_percent, charge, lowest=0, highest=100)
    _set_sizes(vehicle, new.tank_litres, new.battery_wh)
    if group.energy is not Energy.ELECTRIC and vehicle.fuel_eighths is None:
        vehicle.fuel_eighths = 8
    if group.energy is not Energy.COMBUSTION and vehicle.state_of_charge_percent is None:
        vehicle.state_of_charge_percent = 100


def _set_sizes(vehicle: Vehicle, tank_litres: int | None, battery_wh: int | None) -> None:
    vehicle.tank_litres = optional_number(tank_litres, (*INPUT, "tank_litres"), lowest=1, highest=300)
    vehicle.battery_wh = optional_number(battery_wh, (*INPUT, "battery_wh"), lowest=500, highest=500_000)


def _accessories(group: VehicleGroup) -> list[Json]:
    wanted = [*USUAL_ACCESSORIES, *([CHARGING_CABLE] if group.energy is not Energy.COMBUSTION else [])]
    return [{"name": name, "expected": expected} for name, expected in wanted]


def is_rentable(vehicle: Vehicle) -> bool:
    """Whether a vehicle is in service at all."""
    return vehicle.status is VehicleStatus.ACTIVE
