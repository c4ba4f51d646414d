"""Who may drive: the people of a contract, and what a vehicle group asks of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, InvalidTransition, Path, ProblemCode, Refused, VersionConflict
from server.models import Contract, Driver, Station, VehicleGroup
from server.models.contract import ALLOWED, ContractState, DriverRole
from server.models.contract_parts import HistoryAction
from server.services import validation
from server.services.acting import Acting
from server.services.contract import contracts, history
from server.services.fleet import stations

FIELD = ("input", "drivers")


def checked(entries: list[dict[str, Any]], customer: dict[str, Any]) -> list[dict[str, Any]]:
    """The drivers as given; the customer as renter if no driver is the renter."""
    drivers = [_checked_entry(entry, ("input", "drivers", str(index))) for index, entry in enumerate(entries)]
    if sum(driver["role"] is DriverRole.RENTER for driver in drivers) > 1:
        raise InvalidInput("Only one driver is the renter; further ones are CO_RENTER.", field=["input", "drivers"])
    has_renter = any(driver["role"] is DriverRole.RENTER for driver in drivers)
    if not has_renter and customer["last_name"]:
        renter = {
            "role": DriverRole.RENTER,
            "first_name": customer["first_name"] or "",
            "last_name": customer["last_name"],
            "birth_date": customer["birth_date"],
        }
        drivers.insert(0, renter)
    return drivers


def _checked_entry(entry: dict[str, Any], field: Path) -> dict[str, Any]:
    number, licence_class = entry.get("licence_number"), entry.get("licence_class")
    return {
        **entry,
        "first_name": validation.text(entry["first_name"], (*field, "firstName"), longest=100),
        "last_name": validation.text(entry["last_name"], (*field, "lastName"), longest=100),
        "licence_number": validation.optional_text(number, (*field, "licenceNumber"), longest=40),
        "licence_class": validation.optional_text(licence_class, (*field, "licenceClass"), longest=20),
    }


def check_all(
    group: VehicleGroup,
    drivers: list[dict[str, Any]],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    *,
    field: Path = FIELD,
) -> None:
    """As far as it is known before the hand-over, which looks again."""
    for driver in drivers:
        check_eligible(
            group,
            f"{driver['first_name']} {driver['last_name']}".strip(),
            driver.get("birth_date"),
            driver.get("licence_issued"),
            driver.get("licence_valid_until"),
            start.astimezone(zone).date(),
            end.astimezone(zone).date(),
            field=field,
        )


async def add(
    session: Session, contract_id: UUID | None, version: int, entry: dict[str, Any], acting: Acting
) -> Contract:
    """Adds somebody who may drive, until the car is back; what is agreed is priced anew with one driver more.

    Raises VersionConflict, InvalidTransition, DRIVER_NOT_ELIGIBLE, InvalidInput for a second renter.
    """
    contract = await contracts.lock(session, contract_id, field=["contractId"])
    if contract.version != version:
        raise VersionConflict(contract.version)
    if contract.state not in {ContractState.RESERVED, ContractState.CHECKED_OUT}:
        message = f"Drivers are added from the booking until the return; the contract is {contract.state.value}."
        raise InvalidTransition(message, state=contract.state, allowed=ALLOWED[contract.state])
    # At the return station of a rental under way, the station of the pick-up is not to be seen.
    station = await session.by_id(Station, contract.station_id)
    station = station or await stations.get(session, contract.return_station_id)
    zone = ZoneInfo(station.time_zone)
    known = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))
    values = await _eligible(session, contract, entry, known, zone, acting.now)
    driver = Driver(contract_id=contract.id, station_id=contract.station_id, **values)
    await session.store(driver)
    contracts.reprice(contract, drivers=len(known) + 1, zone=zone)
    contract.version += 1
    await session.store(contract)
    name = f"{driver.first_name} {driver.last_name}"
    await history.record(session, contract, HistoryAction.DRIVER_ADDED, acting, after=name)
    return contract


async def _eligible(
    session: Session, contract: Contract, entry: dict[str, Any], known: list[Driver], zone: ZoneInfo, now: datetime
) -> dict[str, Any]:
    values = _checked_entry(entry, ("driver",))
    today = now.astimezone(zone).date()
    values["birth_date"] = validation.birth_date(values.get("birth_date"), ("driver", "birthDate"), today)
    if values["role"] is DriverRole.RENTER and any(driver.role is DriverRole.RENTER for driver in known):
        message = "The contract has a renter already; a further one is CO_RENTER."
        raise InvalidInput(message, field=["driver", "role"])
    group = await session.by_id(VehicleGroup, contract.group_id)
    if group is not None:
        check_all(group, [values], contract.starts_at, contract.ends_at, zone, field=("driver",))
    return values


async def check_licences(session: Session, contract: Contract, checked_ids: tuple[str, ...], acting: Acting) -> None:
    """Every driver's original licence has been seen (§ 21 Abs. 1 Nr. 2 StVG), now or before, and age and time fit."""
    drivers = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))
    if not drivers:
        message = "Nobody is named as driver: add a driver first, then check the licence."
        raise Refused(ProblemCode.LICENCE_NOT_CHECKED, message, field=["input", "licenceCheckedDriverIds"])
    seen_now = {validation.as_uuid(driver_id) for driver_id in checked_ids}
    if seen_now - {driver.id for driver in drivers}:
        message = "There is no such driver on this contract."
        raise Refused(ProblemCode.NOT_FOUND, message, field=["input", "licenceCheckedDriverIds"])
    for driver in drivers:
        if driver.id in seen_now:
            driver.checked_at, driver.checked_by = acting.now, acting.name
        if driver.checked_at is None:
            message = f"The licence of {driver.first_name} {driver.last_name} has not been checked."
            raise Refused(ProblemCode.LICENCE_NOT_CHECKED, message, field=["input", "licenceCheckedDriverIds"])
    group = await session.by_id(VehicleGroup, contract.group_id)
    station = await stations.get(session, contract.station_id)
    zone = ZoneInfo(station.time_zone)
    if group is not None:
        for driver in drivers:
            check_eligible(
                group,
                f"{driver.first_name} {driver.last_name}",
                driver.birth_date,
                driver.licence_issued,
                driver.licence_valid_until,
                contract.starts_at.astimezone(zone).date(),
                contract.ends_at.astimezone(zone).date(),
            )
    await session.store(*drivers)


def check_eligible(
    group: VehicleGroup,
    name: str,
    birth_date: date | None,
    licence_issued: date | None,
    licence_valid_until: date | None,
    first_day: date,
    last_day: date,
    *,
    field: Path = FIELD,
) -> None:
    """DRIVER_NOT_ELIGIBLE for somebody too young for the group, too new to driving, or with a licence that runs out."""
    reason = None
    if birth_date is not None and _years(birth_date, first_day) < group.minimum_age:
        reason = f"{name} is younger than {group.minimum_age}, the minimum age for {group.name}."
    elif licence_issued is not None and _months(licence_issued, first_day) < group.minimum_licence_months:
        reason = f"{name} has held the licence for less than {group.minimum_licence_months} months."
    elif licence_valid_until is not None and licence_valid_until < last_day:
        reason = f"The licence of {name} runs out before the planned return."
    if reason:
        raise Refused(ProblemCode.DRIVER_NOT_ELIGIBLE, reason, field=field)


def _months(since: date, until: date) -> int:
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def _years(since: date, until: date) -> int:
    return _months(since, until) // 12
