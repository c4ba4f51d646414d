"""Who has a vehicle when. The only place that writes occupancy rows; the database refuses two that overlap.

A car that is with a customer past its planned end is late: it is busy for everything until it is back. Who has it, and
until when, stands on the car (`car_goes_out`, `car_comes_back`); `touching` and the search for free cars read it there.

Writers lock the vehicle's row first (`FOR NO KEY UPDATE`): the constraint alone is right, but two writers who meet in
it can wait for each other for seconds (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from server.database import Session
from server.database.errors import violated_constraint
from server.models import Contract, Occupancy, Vehicle, VehicleBlock
from server.models.occupancy import LONGEST_ROW_DAYS, OccupancyKind


@dataclass(frozen=True)
class Use:
    """From when to when a vehicle is used, and the turnaround after it; free again at `held_until` if not paid.

    `movable`: nobody has chosen this car, and as long as it is only reserved another of the group may take its place.
    """

    starts_at: datetime
    ends_at: datetime
    turnaround: timedelta
    held_until: datetime | None = None
    movable: bool = False


def touching(start: datetime, end: datetime, now: datetime, *, until: Any = None) -> ColumnElement[bool]:
    """Whether an active use touches [start, end): with its turnaround, or up to the column `until`.

    A car that is late is busy until it is back, however long that takes.
    """
    later = aliased(Occupancy)
    goes_on = exists(
        select(later.id).where(
            col(later.contract_id) == col(Occupancy.contract_id),
            col(later.vehicle_id) == col(Occupancy.vehicle_id),
            col(later.active),
            col(later.starts_at) > col(Occupancy.starts_at),
        )
    )
    is_late = exists(
        select(Vehicle.id).where(
            col(Vehicle.id) == col(Occupancy.vehicle_id),
            col(Vehicle.out_contract_id) == col(Occupancy.contract_id),
            col(Vehicle.out_until) <= now,
        )
    )
    reaches = (col(Occupancy.busy_until) if until is None else until) > start
    return and_(col(Occupancy.active), col(Occupancy.starts_at) < end, or_(reaches, and_(is_late, ~goes_on)))


def shown_end(use: Occupancy, vehicle: Vehicle | None, now: datetime) -> datetime:
    """Until when a use takes its car, as people see it: as planned, and up to now where the car is late with it."""
    if vehicle is None or vehicle.out_until is None or vehicle.out_contract_id != use.contract_id:
        return use.ends_at
    is_last = use.ends_at >= vehicle.out_until
    return max(use.ends_at, now) if is_last else use.ends_at


def car_goes_out(vehicle: Vehicle, contract_id: UUID, planned_end: datetime) -> None:
    """The car is with the customer until a planned end, and late from then on; again whenever that end changes."""
    vehicle.out_contract_id, vehicle.out_until = contract_id, planned_end


def car_is_here(vehicle: Vehicle) -> None:
    """The car is with nobody; a one-way rental may still take it away."""
    vehicle.out_contract_id = vehicle.out_until = None


def car_comes_back(vehicle: Vehicle) -> None:
    """The car is with nobody any more, and here to stay."""
    car_is_here(vehicle)
    vehicle.leaves_at = None


def leave(vehicle: Vehicle, contract: Contract, period: tuple[datetime, datetime] | None = None) -> None:
    """A one-way rental takes the car away from its start on, also of a `period` that is only to be agreed; nothing
    happens for any other.
    """
    if contract.return_station_id != contract.station_id:
        vehicle.leaves_at, vehicle.leaves_until = period or (contract.starts_at, contract.ends_at)


async def overlapping(
    session: Session, vehicle_id: UUID, start: datetime, end: datetime, now: datetime
) -> list[Occupancy]:
    """Active uses of a vehicle that touch [start, end), the turnaround after them included."""
    statement = select(Occupancy).where(col(Occupancy.vehicle_id) == vehicle_id, touching(start, end, now))
    return await session.all(statement.order_by(col(Occupancy.starts_at)))


async def occupy_contract(
    session: Session, vehicle: Vehicle, contract: Contract, kind: OccupancyKind, turnaround_minutes: int
) -> None:
    """Takes the vehicle for the contract's period and the turnaround after it. IntegrityError 23P01 if it is taken."""
    held_until = contract.held_until if kind is OccupancyKind.HELD else None
    turnaround = timedelta(minutes=turnaround_minutes)
    use = Use(contract.starts_at, contract.ends_at, turnaround, held_until, movable=may_move(contract))
    await occupy(session, vehicle, contract.id, kind, use)


def may_move(contract: Contract) -> bool:
    """Whether the contract may get another car of its group: nobody chose this one, and it brings it back here."""
    return not contract.vehicle_fixed and contract.return_station_id == contract.station_id


async def occupy(session: Session, vehicle: Vehicle, contract_id: UUID, kind: OccupancyKind, use: Use) -> None:
    """Takes the vehicle for a contract from one instant to another and for the turnaround after it."""
    rows = [
        Occupancy(
            vehicle_id=vehicle.id,
            station_id=vehicle.station_id,
            contract_id=contract_id,
            kind=kind,
            during=Range(start, end, bounds="[)"),
            starts_at=start,
            ends_at=min(end, use.ends_at),
            busy_until=end,
            held_until=use.held_until,
            movable=use.movable,
        )
        for start, end in stretches(use.starts_at, use.ends_at + use.turnaround)
    ]
    await session.store(*rows)


async def occupy_block(session: Session, vehicle: Vehicle, block: VehicleBlock) -> None:
    """Takes the vehicle for a block; a block needs no turnaround."""
    rows = [
        Occupancy(
            vehicle_id=vehicle.id,
            station_id=vehicle.station_id,
            block_id=block.id,
            kind=OccupancyKind.BLOCK,
            during=Range(start, end, bounds="[)"),
            starts_at=start,
            ends_at=end,
            busy_until=end,
        )
        for start, end in stretches(block.starts_at, block.ends_at)
    ]
    await session.store(*rows)


async def set_kind(session: Session, contract_id: UUID, kind: OccupancyKind) -> None:
    """Moves a contract's rows on: from HELD to RESERVED, from RESERVED to CHECKED_OUT."""
    await session.write(
        "update occupancy set kind = :kind, held_until = null where contract_id = :contract and active",
        {"kind": kind.value, "contract": contract_id},
    )


async def free_contract(session: Session, contract_id: UUID) -> None:
    """Frees the vehicle: the contract was cancelled or never came about."""
    await session.write(
        "update vehicle v set leaves_at = null from occupancy o, contract c where o.contract_id = :id and o.active"
        " and v.id = o.vehicle_id and c.id = :id and v.leaves_at = c.starts_at",
        {"id": contract_id},
    )
    await session.write("update occupancy set active = false where contract_id = :id and active", {"id": contract_id})


async def end_contract(session: Session, contract_id: UUID, returned_at: datetime, turnaround_minutes: int) -> None:
    """The car is back: it is free again after the turnaround, whatever was planned.

    What lies after that is freed; a stretch that has begun is cut, unless another use follows sooner.
    """
    free_from = returned_at + timedelta(minutes=turnaround_minutes)
    await session.write(
        "update occupancy set active = false where contract_id = :id and active and starts_at >= :free",
        {"id": contract_id, "free": free_from},
    )
    await session.write(
        "update occupancy set during = tstzrange(starts_at, :free, '[)'), busy_until = :free,"
        " ends_at = least(ends_at, :free) where contract_id = :id and active and busy_until > :free",
        {"id": contract_id, "free": free_from},
    )
    await _make_ready_until(session, contract_id, free_from)


async def _make_ready_until(session: Session, contract_id: UUID, free_from: datetime) -> None:
    """Of a late car the turnaround begins with the return, as far as the next use leaves room for it. Where the next is
    one of a station that the caller does not see, it ends as planned.
    """
    savepoint = await session.begin_nested()
    try:
        await _extend(session, contract_id, free_from)
    except IntegrityError as error:
        await savepoint.rollback()
        if violated_constraint(error) != "ex_occupancy_overlap":
            raise
    else:
        await savepoint.commit()


async def _extend(session: Session, contract_id: UUID, free_from: datetime) -> None:
    await session.write(
        "update occupancy o set during = tstzrange(o.starts_at, room.until, '[)'), busy_until = room.until"
        " from (select l.id, least(:free, coalesce((select min(n.starts_at) from occupancy n"
        "   where n.vehicle_id = l.vehicle_id and n.active and n.starts_at >= l.busy_until), :free)) as until"
        "   from occupancy l where l.contract_id = :id and l.active order by l.busy_until desc limit 1) room"
        " where o.id = room.id and room.until > o.busy_until and room.until - o.starts_at <= interval '60 days'",
        {"id": contract_id, "free": free_from},
    )


async def cut(session: Session, contract_id: UUID, vehicle_id: UUID, at: datetime) -> None:
    """Ends a contract's use of one car at an instant: it was to be made ready, and goes out again instead."""
    named = {"contract": contract_id, "vehicle": vehicle_id, "at": at}
    await session.write(
        "update occupancy set active = false"
        " where contract_id = :contract and vehicle_id = :vehicle and active and starts_at >= :at",
        named,
    )
    await session.write(
        "update occupancy set during = tstzrange(starts_at, :at, '[)'), busy_until = :at, ends_at = least(ends_at, :at)"
        " where contract_id = :contract and vehicle_id = :vehicle and active and busy_until > :at",
        named,
    )


async def free_block(session: Session, block_id: UUID) -> None:
    """Ends the rows of a block."""
    await session.write("update occupancy set active = false where block_id = :id and active", {"id": block_id})


def stretches(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A use in consecutive rows of at most 60 days, so that the availability index looks back only briefly."""
    longest = timedelta(days=LONGEST_ROW_DAYS)
    while start < end:
        until = min(end, start + longest)
        yield start, until
        start = until
