"""Which car a contract has for another period: its own if it is free then, else another one of its group; and, if a
manager says so, its own all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.errors import Sentence
from server.models import Contract, Occupancy, Vehicle
from server.models.columns import uuid7
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.occupancy import OccupancyKind
from server.services.acting import Acting
from server.services.booking import free_cars
from server.services.booking.calendars import FOREVER
from server.services.booking.slot import Slot
from server.services.contract import contracts, history
from server.services.fleet import occupancies, stations, vehicles
from server.services.fleet.occupancies import Use
from server.services.mail import notices, parts
from server.services.mail.notices import Notice

_KINDS = {
    ContractState.HELD: OccupancyKind.HELD,
    ContractState.RESERVED: OccupancyKind.RESERVED,
    ContractState.CHECKED_OUT: OccupancyKind.CHECKED_OUT,
}


@dataclass(frozen=True)
class Found:
    """The cars that would do, the best first, and what stands in the way of the contract's own."""

    vehicle_ids: Sequence[UUID]
    conflicts: Sequence[Occupancy]

    @property
    def can_be_forced(self) -> bool:
        """Whether only bookings that nobody has picked up stand in the way: they can get another car."""
        return bool(self.conflicts) and all(use.kind is OccupancyKind.RESERVED for use in self.conflicts)

    def without_names(self) -> Found:
        """For a website, which learns nothing of others."""
        return replace(self, conflicts=())

    @property
    def contract_ids(self) -> list[UUID]:
        """The contracts that are in the way, each once."""
        return sorted({use.contract_id for use in self.conflicts if use.contract_id is not None})


async def slot_of(session: Session, contract: Contract, period: tuple[datetime, datetime] | None = None) -> Slot:
    """The agreed period of a contract, or another one, at its stations."""
    start, end = period or (contract.starts_at, contract.ends_at)
    station = await stations.get(session, contract.station_id)
    elsewhere = contract.return_station_id != contract.station_id
    back_at = await stations.get(session, contract.return_station_id) if elsewhere else None
    return Slot(station, start, end, back_at)


async def find(session: Session, contract: Contract, slot: Slot, now: datetime) -> Found:
    """The cars that a contract could have in a slot. What is out stays out: then only its own car will do."""
    slot = replace(slot, start=max(slot.start, now))  # what is over is in nobody's way
    conflicts = await _in_the_way(session, contract, slot, now)
    own = await session.by_id(Vehicle, contract.vehicle_id)
    found: list[UUID] = []
    if own is not None and not conflicts and _will_do(own, contract, slot):
        found.append(own.id)
    if contract.state is ContractState.RESERVED and not contract.vehicle_fixed:
        found += await free_cars.candidates(session, slot, contract.group_id, now)
    return Found(found, conflicts)


async def find_named(session: Session, contract: Contract, slot: Slot, vehicle_id: UUID, now: datetime) -> Found | None:
    """The same, where somebody has named the car: it alone will do. None if no such car of the contract's group is at
    its station.
    """
    if vehicle_id == contract.vehicle_id:
        found = await find(session, contract, slot, now)
        return replace(found, vehicle_ids=[one for one in found.vehicle_ids if one == vehicle_id])
    vehicle = await session.by_id(Vehicle, vehicle_id)
    if vehicle is None or (vehicle.station_id, vehicle.group_id) != (contract.station_id, contract.group_id):
        return None
    slot = replace(slot, start=max(slot.start, now))
    if vehicle_id in await free_cars.candidates(session, slot, contract.group_id, now):
        return Found([vehicle_id], [])
    until = FOREVER if slot.one_way else slot.until
    return Found([], await occupancies.overlapping(session, vehicle_id, slot.start, until, now))


def _will_do(vehicle: Vehicle, contract: Contract, slot: Slot) -> bool:
    """A car that is out is looked after when it is back; one that is to go out has to be fit for it."""
    is_out = contract.state is ContractState.CHECKED_OUT
    ready = vehicles.is_rentable(vehicle) and vehicle.station_id == slot.station.id
    return (is_out or ready) and vehicles.is_inspected(vehicle, slot.last_day)


async def _in_the_way(session: Session, contract: Contract, slot: Slot, now: datetime) -> list[Occupancy]:
    """Other uses of the contract's own car in a slot; of a car that does not come back here, all later ones, too."""
    if contract.vehicle_id is None:
        return []
    until = FOREVER if slot.one_way else slot.until
    uses = await occupancies.overlapping(session, contract.vehicle_id, slot.start, until, now)
    return [use for use in uses if use.contract_id != contract.id]


async def take_first(
    session: Session, contract: Contract, slot: Slot, vehicle_ids: Sequence[UUID], now: datetime
) -> bool:
    """Moves a locked contract to the first of these cars that still is free in the slot. False if none is: then it has
    none, and no use of one.
    """
    begins = await _out_since(session, contract, now) or max(slot.start, now)
    await occupancies.free_contract(session, contract.id)
    for vehicle_id in vehicle_ids:
        if await _take(session, contract, slot, begins, vehicle_id, now):
            return True
    contract.vehicle_id = None
    contract.search_text = parts.search_text(contract, None)
    return False


async def _out_since(session: Session, contract: Contract, now: datetime) -> datetime | None:
    """Since when a contract has the car that it has now: after a swap not from its beginning on, and if it had the car
    before, not since then but since others had it.
    """
    if contract.state is not ContractState.CHECKED_OUT:
        return None
    since: datetime | None = await session.value(
        "select greatest(min(starts_at) filter (where contract_id = :id),"
        "  max(busy_until) filter (where contract_id is distinct from :id and starts_at < :now))"
        " from occupancy where vehicle_id = :vehicle and active",
        {"id": contract.id, "vehicle": contract.vehicle_id, "now": now},
    )
    return since


async def _take(
    session: Session, contract: Contract, slot: Slot, begins: datetime, vehicle_id: UUID, now: datetime
) -> bool:
    savepoint = await session.begin_nested()
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=True)
    if vehicle is None or await occupancies.overlapping(session, vehicle_id, begins, slot.until, now):
        await savepoint.rollback()
        return False
    contract.vehicle_id = vehicle.id
    contract.search_text = parts.search_text(contract, vehicle)
    occupancies.leave(vehicle, contract, (slot.start, slot.end))
    if vehicle.out_contract_id == contract.id:
        occupancies.car_goes_out(vehicle, contract.id, slot.end)
    await session.store(contract, vehicle)
    movable = occupancies.may_move(contract)
    use = Use(begins, slot.end, slot.station.turnaround, contract.held_until, movable)
    await occupancies.occupy(session, vehicle, contract.id, _KINDS[contract.state], use)
    await savepoint.commit()
    return True


async def give_another(session: Session, contract_id: UUID, acting: Acting) -> Contract:
    """Gives a booking whose car was taken another one of its group, or none: then it is at risk until a clerk finds
    one. Its car has to be free of it before (`occupancies.free_contract`).
    """
    contract = await contracts.lock(session, contract_id)
    before = await session.by_id(Vehicle, contract.vehicle_id)
    slot = await slot_of(session, contract)
    await take_first(
        session, contract, slot, await free_cars.candidates(session, slot, contract.group_id, acting.now), acting.now
    )
    after = await session.by_id(Vehicle, contract.vehicle_id)
    contract.version += 1
    await session.store(contract)
    plates = [vehicle.plate if vehicle else None for vehicle in (before, after)]
    await history.record(session, contract, HistoryAction.VEHICLE_TAKEN, acting, before=plates[0], after=plates[1])
    notice = Notice(uuid7(), _lost(contract, before, after), vehicle=after)
    await notices.tell_station(session, contract, notice, now=acting.now)
    return contract


def _lost(contract: Contract, before: Vehicle | None, after: Vehicle | None) -> Sentence:
    """What its station is told when a manager took a booking's car."""
    lost = before.plate if before else "?"
    if after is None:
        return Sentence(
            f"Contract {contract.number} has lost its car {lost} to another contract, and no other one of the group is"
            " free: it is at risk until somebody finds one.",
            f"Vertrag {contract.number} hat sein Fahrzeug {lost} an einen anderen Vertrag verloren, und kein anderes"
            " der Gruppe ist frei: er ist gefährdet, bis jemand eines findet.",
        )
    return Sentence(
        f"Contract {contract.number} has lost its car {lost} to another contract; it has {after.plate} instead.",
        f"Vertrag {contract.number} hat sein Fahrzeug {lost} an einen anderen Vertrag verloren; geplant ist nun"
        f" {after.plate}.",
    )
