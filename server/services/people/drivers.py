"""Who may drive: the people of a contract, and what a vehicle group asks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, Path, ProblemCode, Refused, Sentence
from server.models import Contract, Driver, VehicleGroup
from server.models.contract import DriverRole
from server.models.customer import CustomerDetails
from server.models.local_time import day_of
from server.services import validation
from server.services.acting import Acting
from server.services.fleet import stations
from server.services.people import matching

FIELD = ("input", "drivers")
CHECKED = ("input", "licence_checked_driver_ids")
NO_SUCH_DRIVER = Sentence("There is no such driver on this contract.", "Diesen Fahrer gibt es in diesem Vertrag nicht.")
LEGAL_AGE = 18
"""A licence proves it; for more, the date of birth has to be known."""


@dataclass(frozen=True, kw_only=True)
class DriverDetails:
    """Somebody who may drive, as a booking or a clerk names them."""

    role: DriverRole = DriverRole.DRIVER
    first_name: str
    last_name: str
    birth_date: date | None = None
    licence_number: str | None = None
    licence_class: str | None = None
    licence_issued: date | None = None
    licence_valid_until: date | None = None

    def row(self, contract: Contract) -> Driver:
        """As a driver of a contract."""
        return Driver(contract_id=contract.id, station_id=contract.station_id, **asdict(self))


def is_same_person(one: DriverDetails | Driver, other: DriverDetails | Driver) -> bool:
    """Whether two entries name one person: the same names, and neither birth date nor licence number differ. What is
    missing on one side does not differ (domain 4.9); a first name that is missing is made up for by the birth date.
    """
    if not matching.agree(one.last_name, other.last_name):
        return False
    born, licences = {one.birth_date, other.birth_date} - {None}, {_licence(one), _licence(other)} - {""}
    if len(born) > 1 or len(licences) > 1:
        return False
    if one.first_name and other.first_name:
        return matching.agree(one.first_name, other.first_name)
    return one.birth_date is not None and one.birth_date == other.birth_date


def _licence(driver: DriverDetails | Driver) -> str:
    return "".join(char for char in (driver.licence_number or "").upper() if char.isalnum())


def _merged(first: DriverDetails, second: DriverDetails) -> DriverDetails:
    """One entry of two that name the same person, with all that is known and the role that binds more."""
    role = min(first.role, second.role, key=list(DriverRole).index)
    known = {name: value or getattr(second, name) for name, value in asdict(first).items()}
    return DriverDetails(**{**known, "role": role})


@dataclass(frozen=True)
class LocalDays:
    """The first and the last day of a period, in the station's time zone."""

    first: date
    last: date

    @classmethod
    def of(cls, start: datetime, end: datetime, zone: ZoneInfo) -> LocalDays:
        """The days on which two instants lie."""
        return cls(day_of(start, zone), day_of(end, zone))


def checked(entries: Sequence[DriverDetails], customer: CustomerDetails) -> list[DriverDetails]:
    """The drivers as they are stored, each person once: who is named twice pays for one. If nobody is the renter, the
    customer is, who may be among the drivers without that role.
    """
    drivers: list[DriverDetails] = []
    for index, entry in enumerate(entries):
        _add(drivers, checked_entry(entry, (*FIELD, str(index))))
    if sum(driver.role is DriverRole.RENTER for driver in drivers) > 1:
        raise InvalidInput(
            Sentence(
                "Only one driver is the renter; further ones are CO_RENTER.",
                "Nur ein Fahrer ist der Mieter; weitere sind Mitmieter (CO_RENTER).",
            ),
            field=FIELD,
        )
    if not customer.last_name:
        return drivers
    renter = _as_renter(customer)
    named = next((driver for driver in drivers if driver.role is DriverRole.RENTER), None)
    if named is None or is_same_person(named, renter):
        _add(drivers, renter)
    return sorted(drivers, key=lambda driver: driver.role is not DriverRole.RENTER)


def _as_renter(customer: CustomerDetails) -> DriverDetails:
    return DriverDetails(
        role=DriverRole.RENTER,
        first_name=customer.first_name or "",
        last_name=customer.last_name or "",
        birth_date=customer.birth_date,
    )


def _add(drivers: list[DriverDetails], entry: DriverDetails) -> None:
    """Adds an entry, or what it says to the one that names the same person."""
    for index, known in enumerate(drivers):
        if is_same_person(known, entry):
            drivers[index] = _merged(known, entry)
            return
    drivers.append(entry)


def checked_entry(entry: DriverDetails, field: Path) -> DriverDetails:
    """One driver in the stored form; InvalidInput names the field."""
    return replace(
        entry,
        first_name=validation.text(entry.first_name, (*field, "first_name"), longest=100),
        last_name=validation.text(entry.last_name, (*field, "last_name"), longest=100),
        licence_number=validation.optional_text(entry.licence_number, (*field, "licence_number"), longest=40),
        licence_class=validation.optional_text(entry.licence_class, (*field, "licence_class"), longest=20),
    )


def check_all(
    group: VehicleGroup, drivers: Sequence[DriverDetails | Driver], period: LocalDays, *, field: Path = FIELD
) -> None:
    """DRIVER_NOT_ELIGIBLE if one is too young for the group, has held the licence too briefly, or if it runs out.

    Dates of the licence that are not known pass; the check-out looks again.
    """
    if reason := reason_against(group, drivers, period):
        raise Refused(ProblemCode.DRIVER_NOT_ELIGIBLE, reason, field=field)


def reason_against(
    group: VehicleGroup, drivers: Sequence[DriverDetails | Driver], period: LocalDays
) -> Sentence | None:
    """Why one of the drivers may not drive a vehicle of a group, as far as it is known; None if all may."""
    return next((reason for driver in drivers if (reason := _reason_against(group, driver, period))), None)


def _reason_against(group: VehicleGroup, driver: DriverDetails | Driver, period: LocalDays) -> Sentence | None:
    name, born = f"{driver.first_name} {driver.last_name}".strip(), driver.birth_date
    issued, valid_until = driver.licence_issued, driver.licence_valid_until
    if born is None and group.minimum_age > LEGAL_AGE:
        return Sentence(
            f"The date of birth of {name} is needed: {group.name} asks for at least {group.minimum_age} years.",
            f"Das Geburtsdatum von {name} fehlt: {group.name} verlangt mindestens {group.minimum_age} Jahre.",
        )
    if born is not None and _months(born, period.first) // 12 < group.minimum_age:
        return Sentence(
            f"{name} is younger than {group.minimum_age}, the minimum age for {group.name}.",
            f"{name} ist jünger als {group.minimum_age}, das Mindestalter für {group.name}.",
        )
    if issued is not None and _months(issued, period.first) < group.minimum_licence_months:
        return Sentence(
            f"{name} has held the licence for less than {group.minimum_licence_months} months.",
            f"{name} hat den Führerschein noch keine {group.minimum_licence_months} Monate.",
        )
    if valid_until is not None and valid_until < period.last:
        return Sentence(
            f"The licence of {name} runs out before the planned return.",
            f"Der Führerschein von {name} läuft vor der geplanten Rückgabe ab.",
        )
    return None


async def renter_was_born(session: Session, contract: Contract, customer: CustomerDetails) -> None:
    """The customer's date of birth was told after booking: for the renter of that name it counts from now on."""
    statement = select(Driver).where(col(Driver.contract_id) == contract.id, col(Driver.role) == DriverRole.RENTER)
    renter = await session.first(statement)
    if renter is not None and renter.birth_date is None and is_same_person(renter, _as_renter(customer)):
        renter.birth_date = customer.birth_date
        await session.store(renter)


async def check_licences(
    session: Session, contract: Contract, group_id: UUID, checked_ids: tuple[str, ...], acting: Acting
) -> None:
    """Every driver's original licence has been seen (§ 21 Abs. 1 Nr. 2 StVG), now or before; age and time of holding it
    fit the group of the car that goes out, or a manager overrides them with a reason.
    """
    drivers = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))
    if not drivers:
        message = Sentence(
            "Nobody is named as driver: add a driver first, then check the licence.",
            "Niemand ist als Fahrer eingetragen: bitte erst einen Fahrer eintragen, dann den Führerschein prüfen.",
        )
        raise Refused(ProblemCode.LICENCE_NOT_CHECKED, message, field=CHECKED)
    seen_now = {validation.as_uuid(driver_id) for driver_id in checked_ids}
    if seen_now - {driver.id for driver in drivers}:
        raise Refused(ProblemCode.NOT_FOUND, NO_SUCH_DRIVER, field=CHECKED)
    for driver in drivers:
        if driver.id in seen_now:
            driver.checked_at, driver.checked_by = acting.now, acting.name
        if driver.checked_at is None:
            message = Sentence(
                f"The licence of {driver.first_name} {driver.last_name} has not been checked.",
                f"Der Führerschein von {driver.first_name} {driver.last_name} wurde noch nicht geprüft.",
            )
            raise Refused(ProblemCode.LICENCE_NOT_CHECKED, message, field=CHECKED)
    group = await session.by_id(VehicleGroup, group_id)
    station = await stations.get(session, contract.station_id)
    if group is not None and not acting.overrides:
        zone = station.zone
        check_all(group, drivers, LocalDays.of(contract.starts_at, contract.ends_at, zone), field=CHECKED)
    await session.store(*drivers)


def _months(since: date, until: date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)
