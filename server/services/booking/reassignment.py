"""Other cars for contracts whose car nobody chose: to make room for a booking, and for those whose car is late.

What moves is decided twice, before and after the locks: contracts and cars that are to move are locked in this order,
and if the plan is still the same then, it is done. One at a time for each station; the database's constraint has the
last word (docs/adr/0023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session
from server.database.errors import sql_state
from server.errors import NotFound, Sentence
from server.models import Contract, Station, Vehicle
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.occupancy import OccupancyKind
from server.services.acting import Acting
from server.services.booking import calendars, moves
from server.services.booking.calendars import Calendar, Use
from server.services.booking.moves import Room
from server.services.booking.slot import Slot
from server.services.contract import history
from server.services.fleet import occupancies, stations
from server.services.lists.attention import AT_RISK
from server.services.mail import parts

TRIES = 5
"""How often a plan is made anew because somebody else was faster."""
_FOR_A_BOOKING = "to make room for another booking"
_FOR_A_LATE_CAR = "the planned car is not there"
_LOCK = "select pg_advisory_xact_lock(hashtextextended('reassign:' || cast(:station as text), 0))"


@dataclass(frozen=True)
class Reassignment:
    """Which contracts got another car, and which of those at risk could not be served."""

    moved: list[Contract] = field(default_factory=list)
    unserved: list[Contract] = field(default_factory=list)


async def make_room(
    session: Session, slot: Slot, group_id: UUID, now: datetime, *, only: UUID | None = None
) -> UUID | None:
    """The car that is free for a slot after contracts were moved to others, or `only` that one; None if that is not to
    be had. What was moved is written.
    """
    wanted, station = calendars.of_slot(slot), slot.station
    cars = await calendars.of_groups(session, [station.id], [group_id], now, slot.start)
    if moves.find(cars, wanted, station.zone, only=only) is None:
        return None  # nobody has to wait for the others to hear that
    await session.rows(_LOCK, {"station": station.id})
    search = _Search(session, station, group_id, wanted, Acting(now, why=_FOR_A_BOOKING), only)
    room = await search.settle()
    return None if room is None else room.vehicle_id


async def reassign(
    session: Session, station_id: UUID | None, contract_ids: Sequence[UUID | None] | None, acting: Acting
) -> Reassignment:
    """Serves contracts at risk with other cars, those of a station or some of them, the earliest first; other contracts
    whose car nobody chose make room where that helps. A car that was chosen stays. NotFound names the field.
    """
    station = await stations.get(session, station_id, field=["station_id"])
    await _require_here(session, station, contract_ids)
    await session.rows(_LOCK, {"station": station.id})
    found, moved = Reassignment(), dict[UUID, Contract]()
    for contract in await _at_risk(session, station, contract_ids, acting.now):
        may_have_another = contract.vehicle_id is None or not contract.vehicle_fixed
        others = await _serve(session, station, contract, acting.because(_FOR_A_LATE_CAR)) if may_have_another else None
        if others is None:
            found.unserved.append(contract)
            continue
        moved |= {one.id: one for one in (contract, *others)}
    found.moved.extend(moved.values())
    return found


async def _require_here(session: Session, station: Station, contract_ids: Sequence[UUID | None] | None) -> None:
    for contract_id in contract_ids or ():
        contract = await session.by_id(Contract, contract_id)
        if contract is None or contract.station_id != station.id:
            message = Sentence("There is no such contract at this station.", "Diesen Vertrag gibt es hier nicht.")
            raise NotFound(message, field=["contract_ids"])


async def _at_risk(
    session: Session, station: Station, contract_ids: Sequence[UUID | None] | None, now: datetime
) -> list[Contract]:
    """Locked, the earliest first. What somebody else has in hands right now is left to them."""
    statement = f"select r.id from ({AT_RISK}) r where r.station_id = :station"  # noqa: S608  # our own text
    ids = [row.id for row in await session.rows(statement, {"now": now, "station": station.id})]
    wanted = [one for one in ids if contract_ids is None or one in contract_ids]
    return sorted(await _locked(session, wanted), key=lambda contract: (contract.starts_at, contract.id))


async def _locked(session: Session, contract_ids: Sequence[UUID]) -> list[Contract]:
    """Never waits: who has a contract may be waiting for a car that is locked here."""
    statement = select(Contract).where(col(Contract.id).in_(contract_ids)).order_by(col(Contract.id))
    locking = statement.with_for_update(skip_locked=True, key_share=True)
    return await session.all(locking.execution_options(populate_existing=True))


async def _serve(session: Session, station: Station, contract: Contract, acting: Acting) -> list[Contract] | None:
    """Gives a contract at risk another car. The contracts that made room, or None if there is no car for it."""
    wanted = calendars.of_contract(contract, station, acting.now)
    search = _Search(session, station, contract.group_id, wanted, acting)
    room = await search.settle(contract)
    return None if room is None else search.moved


@dataclass
class _Search:
    """Looks for room at a station, locks what it would move, looks again, and moves it."""

    session: Session
    station: Station
    group_id: UUID
    wanted: Use
    acting: Acting
    only: UUID | None = None
    moved: list[Contract] = field(default_factory=list)

    async def settle(self, contract: Contract | None = None) -> Room | None:
        """Makes the moves that give room, and places a contract there if one is given."""
        settled: set[UUID] = set()
        for _ in range(TRIES):
            room = await self._find(settled)
            if room is None:
                return None
            savepoint = await self.session.begin_nested()
            mine = await self._lock(room)
            settled |= {move.contract_id for move in room.moves} - {one.id for one in mine}
            if await self._find(settled) == room and await self._carry_out(room, mine, contract):
                await savepoint.commit()
                return room
            await savepoint.rollback()
        return None

    async def _find(self, settled: set[UUID]) -> Room | None:
        cars: list[Calendar] = await calendars.of_groups(
            self.session, [self.station.id], [self.group_id], self.acting.now, self.wanted.starts_at
        )
        return moves.find(cars, self.wanted, self.station.zone, only=self.only, settled=settled)

    async def _lock(self, room: Room) -> list[Contract]:
        """The contracts that may be moved now; then the cars, in the order of their ids."""
        found = await _locked(self.session, [move.contract_id for move in room.moves])
        for vehicle_id in sorted({room.vehicle_id, *(move.to_vehicle for move in room.moves)}):
            await self.session.by_id(Vehicle, vehicle_id, lock=True)
        return [one for one in found if one.state is ContractState.RESERVED and occupancies.may_move(one)]

    async def _carry_out(self, room: Room, mine: list[Contract], contract: Contract | None) -> bool:
        """False if the database says that a car is taken after all."""
        targets = {move.contract_id: move.to_vehicle for move in room.moves}
        for one in (*mine, *([contract] if contract else ())):
            await occupancies.free_contract(self.session, one.id)
        try:
            for one in mine:
                await self._give(one, targets[one.id], self.acting.because(_FOR_A_BOOKING))
            if contract is not None:
                await self._give(contract, room.vehicle_id, self.acting)
        except IntegrityError as error:
            if sql_state(error) != "23P01":
                raise
            return False
        self.moved = mine
        return True

    async def _give(self, contract: Contract, vehicle_id: UUID, acting: Acting) -> None:
        session = self.session
        before, vehicle = await session.by_id(Vehicle, contract.vehicle_id), await session.by_id(Vehicle, vehicle_id)
        if vehicle is None:
            raise LookupError("a car that was locked a moment ago is gone")
        contract.vehicle_id, contract.search_text = vehicle.id, parts.search_text(contract, vehicle)
        contract.version += 1
        occupancies.leave(vehicle, contract)
        await session.store(contract, vehicle)
        starts_at = max(contract.starts_at, acting.now)  # before that, the car may have been with somebody else
        use = occupancies.Use(
            starts_at, contract.ends_at, self.station.turnaround, movable=occupancies.may_move(contract)
        )
        await occupancies.occupy(session, vehicle, contract.id, OccupancyKind.RESERVED, use)
        words = {"before": before.plate if before else None, "after": vehicle.plate}
        await history.record(session, contract, HistoryAction.VEHICLE_REASSIGNED, acting, **words)
