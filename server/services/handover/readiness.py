"""Whether a car may be handed over: vehicle, drivers, deposit, odometer. Each check raises its own refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from server.database import Session
from server.database.errors import sql_state
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import Contract, Deposit, Protocol, Station, Vehicle
from server.models.blank import seen
from server.models.occupancy import OccupancyKind
from server.models.payment import DepositState
from server.models.protocol import LONGEST_WITHOUT_NETWORK
from server.services.acting import Acting
from server.services.fleet import occupancies, stations, vehicles
from server.services.fleet.occupancies import Use
from server.services.mail import parts
from server.services.payments import deposits

_FOR_EVER = datetime.max.replace(tzinfo=UTC)
KM_A_DAY = 2000
KM_BETWEEN_RENTALS = 1000
CLOCKS_APART = timedelta(minutes=15)
"""How far a tablet's clock may be behind: the contract of a customer at the counter is a minute old."""


async def vehicle_for(session: Session, contract: Contract, vehicle_id: UUID | None, *, own_needed: bool) -> Vehicle:
    """The car to hand over: the planned one, or another that was chosen on the spot. Locked unless only recorded."""
    wanted = vehicle_id or contract.vehicle_id
    if own_needed:
        return await vehicles.lock_vehicle(session, wanted, field=("input", "vehicle_id"))
    vehicle = await session.by_id(Vehicle, wanted)
    if vehicle is None:
        raise not_ready(
            Sentence("The vehicle of this protocol is not known.", "Das Fahrzeug dieses Protokolls ist nicht bekannt.")
        )
    return vehicle


def not_ready(message: Sentence) -> Refused:
    """The refusal of a vehicle that cannot go out."""
    return Refused(ProblemCode.VEHICLE_NOT_READY, message, field=["input", "vehicle_id"])


async def check_vehicle(session: Session, contract: Contract, vehicle: Vehicle, now: datetime) -> None:
    """In service, at this station, back from the rental before, inspected, and free until the planned end."""
    if not vehicles.is_rentable(vehicle):
        raise not_ready(Sentence(f"{vehicle.plate} is not in service.", f"{vehicle.plate} steht nicht zur Vermietung."))
    if vehicle.station_id != contract.station_id:
        raise not_ready(
            Sentence(f"{vehicle.plate} stands at another station.", f"{vehicle.plate} steht an einer anderen Station.")
        )
    if vehicle.out_contract_id is not None:
        raise not_ready(
            Sentence(
                f"{vehicle.plate} is still out with another customer.",
                f"{vehicle.plate} ist noch bei einem anderen Kunden.",
            )
        )
    station = await stations.get(session, contract.station_id)
    last_day = station.day_of(contract.ends_at)
    if not vehicles.is_inspected(vehicle, last_day):
        raise not_ready(
            Sentence(
                f"The inspection of {vehicle.plate} is due before the planned return.",
                f"Die HU von {vehicle.plate} ist vor der geplanten Rückgabe fällig.",
            )
        )
    for use in await occupancies.overlapping(session, vehicle.id, min(now, contract.starts_at), contract.ends_at, now):
        if use.contract_id == contract.id or use.busy_until <= now:
            continue
        if use.kind is OccupancyKind.BLOCK or vehicle.id != contract.vehicle_id:
            raise taken(vehicle.plate)


async def check_turnaround(
    session: Session, contract: Contract, vehicle: Vehicle, station: Station, now: datetime
) -> None:
    """Another car than planned is free until it is ready again after this contract, too; one that a one-way rental
    takes away is not booked here for later.
    """
    if vehicle.id == contract.vehicle_id:
        return
    ready = contract.ends_at + station.turnaround
    for use in await occupancies.overlapping(session, vehicle.id, contract.ends_at, ready, now):
        if use.contract_id != contract.id:
            raise _taken_right_after(vehicle.plate)
    if contract.return_station_id == contract.station_id:
        return
    for use in await occupancies.overlapping(session, vehicle.id, ready, _FOR_EVER, now):
        if use.contract_id != contract.id:
            raise not_ready(
                Sentence(
                    f"{vehicle.plate} is booked here for later, and this rental does not bring it back.",
                    f"{vehicle.plate} ist hier für später gebucht, und diese Miete bringt es nicht zurück.",
                )
            )


def taken(plate: str) -> Refused:
    """The refusal of a car that somebody else has in the period."""
    return not_ready(Sentence(f"{plate} is taken in this period.", f"{plate} ist in diesem Zeitraum belegt."))


def _taken_right_after(plate: str) -> Refused:
    return not_ready(
        Sentence(f"{plate} is taken right after this period.", f"{plate} ist gleich nach diesem Zeitraum belegt.")
    )


async def change_vehicle(
    session: Session, contract: Contract, vehicle: Vehicle, station: Station, now: datetime
) -> None:
    """Another car than planned: the planned one is free again, this one is taken until the planned end."""
    await occupancies.free_contract(session, contract.id)
    contract.vehicle_id, plate = vehicle.id, vehicle.plate
    planned_start = contract.starts_at
    # The row begins now if the customer is early: before that, this car may have been with somebody else.
    starts = max(planned_start, now) if now < contract.ends_at else planned_start
    try:
        use = Use(starts, contract.ends_at, station.turnaround)
        await occupancies.occupy(session, vehicle, contract.id, OccupancyKind.RESERVED, use)
    except IntegrityError as error:  # the turnaround reaches into the next use
        if sql_state(error) == "23P01":
            raise _taken_right_after(plate) from error
        raise
    occupancies.leave(vehicle, contract)
    contract.search_text = parts.search_text(contract, vehicle)


async def check_deposit(session: Session, contract: Contract, acting: Acting) -> None:
    """DEPOSIT_MISSING unless the deposit is held or waived; a manager may go on with a reason."""
    deposit = await session.by_id(Deposit, contract.id)
    waived = deposit is None or deposit.state is DepositState.WAIVED or deposit.amount_cents == 0
    if waived or deposits.is_active(deposit, acting.now):
        return
    if acting.overrides:
        return
    message = Sentence(
        "The deposit is not held on the card. A manager can hand the car over with a reason.",
        "Die Kaution ist auf der Karte nicht blockiert. Die Leitung kann mit einer Begründung trotzdem übergeben.",
    )
    raise Refused(ProblemCode.DEPOSIT_MISSING, message, field=["input", "override_reason"])


def check_out_time(occurred_at: datetime, contract: Contract, now: datetime) -> None:
    """InvalidInput for a hand-over before its contract was made, or too long ago for a tablet without network."""
    field = ["input", "occurred_at"]
    if occurred_at < contract.created_at - CLOCKS_APART:
        raise InvalidInput(
            Sentence(
                "The contract had not been made yet at this time. Is the tablet's clock right?",
                "Zu dieser Zeit gab es den Vertrag noch nicht. Geht die Uhr des Tablets richtig?",
            ),
            field=field,
        )
    if occurred_at < now - LONGEST_WITHOUT_NETWORK:
        message = Sentence(
            f"This is more than {LONGEST_WITHOUT_NETWORK.days} days ago. Is the tablet's clock right?",
            f"Das ist mehr als {LONGEST_WITHOUT_NETWORK.days} Tage her. Geht die Uhr des Tablets richtig?",
        )
        raise InvalidInput(message, field=field)


def check_times(occurred_at: datetime, key_drop_at: datetime | None, earliest: datetime) -> None:
    """InvalidInput for a return before the hand-over or a key that was dropped after it was found: both cost money."""
    if (key_drop_at or occurred_at) < earliest:
        field = "occurred_at" if key_drop_at is None else "key_drop_at"
        raise InvalidInput(
            Sentence(
                "The car had not been handed over yet at this time.",
                "Zu dieser Zeit war das Fahrzeug noch nicht übergeben.",
            ),
            field=["input", field],
        )
    if key_drop_at is not None and key_drop_at > occurred_at:
        message = Sentence(
            "The key drop must lie before the check-in.",
            "Der Schlüsseleinwurf muss vor der Rückgabe liegen.",
        )
        raise InvalidInput(message, field=["input", "key_drop_at"])


def odometer_at_check_out(vehicle: Vehicle, odometer_km: int, override_reason: str | None) -> str | None:
    """The readings and the reason, if they were overridden; ODOMETER_IMPLAUSIBLE if they were not.

    Between two rentals a car is fetched and tested: it is not below its last reading, nor more than 1,000 km above it.
    """
    readings = f"{vehicle.odometer_km} km → {odometer_km} km"
    if odometer_km < vehicle.odometer_km:
        problem = Sentence(
            f"The odometer shows {odometer_km} km, the last reading was {vehicle.odometer_km} km.",
            f"Eingegeben sind {odometer_km} km, der letzte Kilometerstand war {vehicle.odometer_km} km.",
        )
        return _overridden(problem, readings, override_reason)
    leap = odometer_km - vehicle.odometer_km
    if leap > KM_BETWEEN_RENTALS:
        problem = Sentence(
            f"{odometer_km} km are {leap} km more than the last reading, {vehicle.odometer_km} km.",
            f"{odometer_km} km sind {leap} km mehr als der letzte Kilometerstand, {vehicle.odometer_km} km.",
        )
        return _overridden(problem, readings, override_reason)
    return None


def odometer_at_return(
    out: Protocol | None, odometer_km: int, returned_at: datetime, override_reason: str | None
) -> str | None:
    """The same for a return: not below the reading at hand-over, and not more than 2,000 km a day."""
    if out is None:
        return None
    driven = odometer_km - out.odometer_km
    readings = f"{out.odometer_km} km → {odometer_km} km"
    if driven < 0:
        problem = Sentence(
            f"The odometer shows {odometer_km} km, at hand-over it was {out.odometer_km} km.",
            f"Eingegeben sind {odometer_km} km, bei der Übergabe waren es {out.odometer_km} km.",
        )
        return _overridden(problem, readings, override_reason)
    days = max(timedelta(days=1), returned_at - out.occurred_at) / timedelta(days=1)
    if driven > KM_A_DAY * days:
        in_german = f"{days:.1f}".replace(".", ",")
        problem = Sentence(
            f"{driven} km in {days:.1f} days are more than {KM_A_DAY} km a day.",
            f"{driven} km in {in_german} Tagen sind mehr als {KM_A_DAY} km am Tag.",
        )
        return _overridden(problem, readings, override_reason)
    return None


def _overridden(problem: Sentence, readings: str, override_reason: str | None) -> str:
    reason = seen(override_reason)
    if reason is None:
        message = Sentence(
            f"{problem.en} Correct it, or say why it is right.",
            f"{problem.de} Bitte den Kilometerstand korrigieren oder begründen, warum er stimmt.",
        )
        raise Refused(ProblemCode.ODOMETER_IMPLAUSIBLE, message, field=["input", "condition", "odometer_km"])
    return f"{readings} ({reason})"
