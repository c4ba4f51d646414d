"""Protocols that do not fit their contract: kept for a clerk to decide, and what they say of the car counts.

A contract that was cancelled while its car was handed over stays cancelled; its car is gone all the same, and comes
back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, any_, exists, func, union_all
from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidTransition
from server.models import Contract, Protocol, Vehicle
from server.models.contract import ContractState
from server.models.protocol import CAME_BACK, WENT_OUT
from server.services.contract import contracts
from server.services.fleet import occupancies
from server.services.handover import condition
from server.services.handover.protocols import Handover
from server.services.handover.report import HandoverReport

ELSEWHERE = "The car stood at another station when this protocol arrived."
NOT_FREE = "The other car was not free when this protocol arrived."
_ENDED = frozenset({ContractState.CANCELLED, ContractState.NO_SHOW})


async def reason(
    session: Session, contract: Contract, wanted: ContractState, report: HandoverReport, now: datetime
) -> str | None:
    """Why a protocol does not fit the contract although it records something real; InvalidTransition otherwise.

    Real is what happened before the contract changed, what somebody has signed (the tablet could not know), and that a
    car which is out comes back. A car for which nobody has paid yet is not handed over while it can still be stopped.
    """
    try:
        contracts.require_state(contract, wanted)
    except InvalidTransition:
        held = contract.state is ContractState.HELD
        real = report.is_over(now) if held else report.is_signed or report.occurred_at < contract.state_since
        comes_back = wanted is ContractState.RETURNED and await _is_out_for(session, contract)
        if not (real or comes_back):
            raise
        return of_state(contract)
    return None


def of_state(contract: Contract) -> str:
    """That a contract was not in the state in which such a protocol fits."""
    return f"The contract was {contract.state.value} when this protocol arrived."


def out_all_the_same(station: Any) -> CompoundSelect[Any]:
    """Contracts for which a car is out, and that may be to come back to a station without being CHECKED_OUT: they had
    ended when the hand-over arrived, whatever has become of them since. A car that is out stands where its contract
    began, so one elsewhere is out for a one-way rental.
    """
    out = select(Vehicle.out_contract_id).where(col(Vehicle.out_contract_id).is_not(None))
    one_way = select(Contract.id).where(
        col(Contract.return_station_id) == station,
        col(Contract.return_station_id) != col(Contract.station_id),
        ~Contract.is_in(ContractState.CHECKED_OUT),
    )
    # As an array: the planner would think that most contracts are one-way, and rather look at every car that is out.
    elsewhere = out.where(col(Vehicle.out_contract_id) == any_(func.array(one_way.scalar_subquery())))
    return union_all(out.where(col(Vehicle.station_id) == station), elsewhere)


async def _is_out_for(session: Session, contract: Contract) -> bool:
    """Whether a car is out for a contract that is not CHECKED_OUT."""
    statement = select(Contract.id).where(
        col(Contract.id) == contract.id,
        col(Contract.state) != ContractState.CHECKED_OUT,
        exists(select(Vehicle.id).where(col(Vehicle.out_contract_id) == col(Contract.id))),
    )
    return await session.first(statement) is not None


async def went_out_with(session: Session, contract: Contract) -> UUID | None:
    """The car that is out for a contract, else that of the last hand-over, also of one that did not fit: what comes
    back is what went out.
    """
    out = select(Vehicle.id).where(col(Vehicle.out_contract_id) == contract.id)
    if (is_out := await session.first(out)) is not None:
        return is_out
    statement = (
        select(Protocol.vehicle_id)
        .where(
            col(Protocol.contract_id) == contract.id,
            col(Protocol.type).in_(WENT_OUT),
            col(Protocol.voided).is_(False),
        )
        .order_by(col(Protocol.occurred_at).desc())
    )
    return await session.first(statement) or contract.vehicle_id


async def goes_out(session: Session, handover: Handover, protocol: Protocol) -> None:
    """The car of a contract that had ended counts as out until it comes back, unless it is known to be elsewhere."""
    contract = handover.contract
    vehicle = await session.by_id(Vehicle, handover.vehicle.id, lock=True)
    is_here = vehicle is not None and vehicle.out_contract_id is None and vehicle.station_id == contract.station_id
    if vehicle is None or not is_here or contract.state not in _ENDED or await _is_back(session, protocol):
        return
    condition.adopt(vehicle, protocol, latest=True)
    occupancies.car_goes_out(vehicle, contract.id, max(contract.ends_at, handover.acting.now))
    await session.store(vehicle)


async def _is_back(session: Session, protocol: Protocol) -> bool:
    """Whether the return of this hand-over is here already: tablets send in any order."""
    statement = select(Protocol.id).where(
        col(Protocol.contract_id) == protocol.contract_id,
        col(Protocol.vehicle_id) == protocol.vehicle_id,
        col(Protocol.type).in_(CAME_BACK),
        col(Protocol.voided).is_(False),
        col(Protocol.occurred_at) >= protocol.occurred_at,
    )
    return await session.first(statement) is not None


async def comes_back(session: Session, handover: Handover, protocol: Protocol) -> None:
    """The car that counted as out for this contract is back, where the protocol was written."""
    if handover.contract.state is ContractState.CHECKED_OUT:
        return
    vehicle = await session.by_id(Vehicle, handover.vehicle.id, lock=True)
    if vehicle is None or vehicle.out_contract_id != handover.contract.id:
        return
    condition.adopt(vehicle, protocol, latest=True)
    occupancies.car_comes_back(vehicle)
    vehicle.station_id = handover.station.id
    await session.store(vehicle)
