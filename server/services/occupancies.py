"""Who has a vehicle when. The only place that writes occupancy rows; the database refuses two that overlap.

Writers lock the vehicle's row first (`FOR NO KEY UPDATE`): the constraint alone is right, but two writers who meet in
it can wait for each other for seconds (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Occupancy, Vehicle, VehicleBlock
from server.models.occupancy import LONGEST_ROW_DAYS, OccupancyKind


async def overlapping(session: Session, vehicle_id: UUID, start: datetime, end: datetime) -> list[Occupancy]:
    """Active uses of a vehicle that touch [start, end)."""
    statement = (
        select(Occupancy)
        .where(
            col(Occupancy.vehicle_id) == vehicle_id,
            col(Occupancy.active),
            col(Occupancy.starts_at) < end,
            col(Occupancy.busy_until) > start,
        )
        .order_by(col(Occupancy.starts_at))
    )
    return await session.all(statement)


async def occupy_contract(
    session: Session, vehicle: Vehicle, contract: Contract, kind: OccupancyKind, turnaround_minutes: int
) -> None:
    """Takes the vehicle for the contract's period and the turnaround after it. IntegrityError 23P01 if it is taken."""
    until = contract.ends_at + timedelta(minutes=turnaround_minutes)
    rows = [
        Occupancy(
            vehicle_id=vehicle.id,
            station_id=vehicle.station_id,
            contract_id=contract.id,
            kind=kind,
            during=Range(start, end, bounds="[)"),
            starts_at=start,
            ends_at=min(end, contract.ends_at),
            busy_until=end,
            held_until=contract.held_until if kind is OccupancyKind.HELD else None,
        )
        for start, end in stretches(contract.starts_at, until)
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
    """Gives the vehicle free: the contract was cancelled or never came about."""
    await session.write("update occupancy set active = false where contract_id = :id and active", {"id": contract_id})


async def end_contract(session: Session, contract_id: UUID, returned_at: datetime, turnaround_minutes: int) -> None:
    """The car is back: it is free again after the turnaround, whatever was planned.

    What lies after that is given free; a stretch that has begun is cut, unless another use follows sooner.
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
