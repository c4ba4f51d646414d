"""Who may drive, after booking: added or taken off by the office until the car is back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import DomainError, InvalidInput, NotFound, Sentence, VersionConflict
from server.models import Contract, Driver, VehicleGroup
from server.models.contract import ContractState, DriverRole
from server.models.contract_parts import HistoryAction
from server.models.local_time import day_of
from server.paper.views import Changed
from server.services import validation
from server.services.acting import Acting
from server.services.changes import edit, said, said_cancelling
from server.services.changes.edit import Done, Prospect
from server.services.contract import contracts, keeping
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.people import drivers
from server.services.people.drivers import DriverDetails, LocalDays

FIELD = ("driver",)
_POSSIBLE = frozenset({ContractState.RESERVED, ContractState.CHECKED_OUT})


async def of_contract(session: Session, contract: Contract) -> list[Driver]:
    """Everybody who may drive."""
    return await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))


async def look_at_adding(session: Session, contract: Contract, acting: Acting, entry: DriverDetails) -> Prospect:
    """What one driver more would cost, and what stands against the person: state, age, licence, a second renter."""
    zone = (await stations.get(session, contract.station_id)).zone
    known = await of_contract(session, contract)
    problems = edit.against_state(contract, _POSSIBLE)
    try:
        await _eligible(session, contract, entry, known, zone, acting.now)
    except DomainError as problem:
        problems.append(problem)
    after = contracts.price_of(contract, drivers=len(known) + 1, zone=zone)
    return Prospect(before=contract.price, after=after, problems=problems)


@tried_again
async def add(outside: Outside, acting: Acting, contract_id: UUID | None, version: int, entry: DriverDetails) -> UUID:
    """Adds somebody who may drive, until the car is back; what is agreed is priced anew with one driver more.

    Raises VersionConflict, InvalidTransition, DRIVER_NOT_ELIGIBLE, InvalidInput for a second renter.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        prospect = await look_at_adding(session, contract, acting, entry)
        prospect.refuse()
        driver = drivers.checked_entry(entry, FIELD).row(contract)
        await session.store(driver)
        told = await _agreed_on(session, contract, prospect, acting, said.driver(contract, added=driver))
        done = Done(action=HistoryAction.DRIVER_ADDED, after=said.name_of(driver), told=told)
        await edit.finish(session, contract, done, acting)
        return contract.id


async def look_at_removing(session: Session, contract: Contract, _acting: Acting, driver_id: UUID | None) -> Prospect:
    """What is agreed without this driver. The renter stays: the contract is with that person."""
    zone = (await stations.get(session, contract.station_id)).zone
    known = await of_contract(session, contract)
    problems = edit.against_state(contract, _POSSIBLE)
    driver = next((one for one in known if one.id == driver_id), None)
    if driver is None:
        problems.append(NotFound(drivers.NO_SUCH_DRIVER, field=["driver_id"]))
    elif driver.role is DriverRole.RENTER:
        message = Sentence("The renter cannot be taken off.", "Der Mieter lässt sich nicht austragen.")
        problems.append(InvalidInput(message, field=["driver_id"]))
    left = len(known) - (driver is not None)
    after = contracts.price_of(contract, drivers=max(1, left), zone=zone)
    return Prospect(before=contract.price, after=after, problems=problems)


@tried_again
async def remove(
    outside: Outside, acting: Acting, contract_id: UUID | None, version: int, driver_id: UUID | None
) -> UUID:
    """Takes somebody off who may drive; what is agreed is priced anew. NotFound, InvalidInput for the renter."""
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        prospect = await look_at_removing(session, contract, acting, driver_id)
        prospect.refuse()
        driver = next(one for one in await of_contract(session, contract) if one.id == driver_id)
        told = await _agreed_on(session, contract, prospect, acting, said.driver(contract, removed=driver))
        done = Done(action=HistoryAction.DRIVER_REMOVED, before=said.name_of(driver), told=told)
        await session.remove(driver)
        await edit.finish(session, contract, done, acting)
        return contract.id


async def see_licence(
    session: Session, acting: Acting, contract_id: UUID | None, version: int, driver_id: UUID | None
) -> UUID:
    """Records by whom and when a driver's original licence was seen (§ 21 Abs. 1 Nr. 2 StVG), before the check-out.

    As at a check-out the caller writes it, in the caller's own scope. Seen again, it stays with the first time.
    NotFound, VersionConflict, InvalidTransition once the car is back.
    """
    contract = await contracts.lock(session, contract_id, field=["contract_id"])
    if contract.version != version:
        raise VersionConflict(contract.version)
    keeping.require_person(contract)
    edit.require_state(contract, *_POSSIBLE)
    driver = next((one for one in await of_contract(session, contract) if one.id == driver_id), None)
    if driver is None:
        raise NotFound(drivers.NO_SUCH_DRIVER, field=["driver_id"])
    if driver.checked_at is None:
        driver.checked_at, driver.checked_by = acting.now, acting.name
        await session.store(driver)
        await edit.finish(
            session, contract, Done(action=HistoryAction.LICENCE_SEEN, after=said.name_of(driver)), acting
        )
    return contract.id


async def _agreed_on(
    session: Session, contract: Contract, prospect: Prospect, acting: Acting, who: list[Changed]
) -> tuple[Changed, ...]:
    """Agrees on the new price; what the customer is told."""
    off = said_cancelling.agreed(contract)
    contract.agree_on(prospect.after)
    zone = (await stations.get(session, contract.station_id)).zone
    price = said.price(contract, prospect.before)
    return said.joined([who, price, said_cancelling.changes(contract, off, zone, acting.now)])


async def _eligible(
    session: Session, contract: Contract, entry: DriverDetails, known: list[Driver], zone: ZoneInfo, now: datetime
) -> None:
    details = drivers.checked_entry(entry, FIELD)
    validation.birth_date(details.birth_date, (*FIELD, "birth_date"), day_of(now, zone))
    if any(drivers.is_same_person(driver, details) for driver in known):
        name = said.name_of(details)
        message = Sentence(
            f"{name} may drive already; of two people of one name, give birth date or licence number.",
            f"{name} ist schon als Fahrer eingetragen; bei zwei Personen dieses Namens bitte Geburtsdatum oder"
            " Führerscheinnummer angeben.",
        )
        raise InvalidInput(message, field=FIELD)
    if details.role is DriverRole.RENTER and any(driver.role is DriverRole.RENTER for driver in known):
        message = Sentence(
            "The contract has a renter already; a further one is CO_RENTER.",
            "Der Vertrag hat schon einen Mieter; ein weiterer ist Mitmieter (CO_RENTER).",
        )
        raise InvalidInput(message, field=[*FIELD, "role"])
    group = await session.by_id(VehicleGroup, contract.group_id)
    if group is not None:
        days = LocalDays.of(contract.starts_at, contract.ends_at, zone)
        drivers.check_all(group, [details], days, field=FIELD)
