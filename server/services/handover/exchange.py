"""Check-out and check-in: one transaction freezes the protocol and moves contract, vehicle and occupancy with it.

Physical facts are never refused because the contract changed meanwhile: a protocol of something that happened before
the change is kept, flagged and left to a clerk. A protocol sent again is the first one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import Session
from server.errors import ProblemCode, Refused
from server.jobs import enqueue
from server.models import Contract, Protocol, Station, Vehicle, VehicleGroup, VehicleLeg
from server.models.contract import ContractState
from server.models.damage import DamageLiability
from server.models.job import JobKind, OfContract
from server.models.occupancy import OccupancyKind
from server.models.protocol import ProtocolType
from server.security import Principal
from server.services.contract import contracts
from server.services.fleet import occupancies, stations
from server.services.handover import damages, protocols, readiness
from server.services.handover.report import FIELD, HandoverReport, check_levels, check_report
from server.services.people import drivers


async def check_out(session: Session, principal: Principal, report: HandoverReport, *, now: datetime) -> Protocol:
    """Hands a car over. The refusals of `checkOut`; nothing is written when one is raised."""
    contract = await contracts.lock(session, report.contract_id, field=(*FIELD, "contractId"))
    if (known := await protocols.sent_before(session, ProtocolType.CHECK_OUT, report)) is not None:
        return known
    pictures = await check_report(session, report)
    station = await stations.get(session, contract.station_id)
    conflict = await _conflict(session, contract, ContractState.CHECKED_OUT, report)
    vehicle = await readiness.vehicle_for(session, contract, report.vehicle_id, own_needed=conflict is None)
    group = await session.by_id(VehicleGroup, vehicle.group_id)
    check_levels(report.condition, group)
    implausible = None
    if conflict is None:
        implausible = await _check_ready(session, principal, contract, vehicle, report, now)
    protocol = await protocols.store(
        session, principal, contract, vehicle, station, ProtocolType.CHECK_OUT, report, pictures, conflict, now
    )
    await damages.record(
        session, vehicle.id, report.damages, pictures,
        liability=DamageLiability.KNOWN, seen_at=protocol.occurred_at, zone=ZoneInfo(station.time_zone),
        field=(*FIELD, "damages"), protocol_id=protocol.id,
    )  # fmt: skip
    if conflict is None:
        await _hand_out(session, principal, contract, vehicle, station, protocol, implausible, now)
    await protocols.enqueue_paper(session, protocol, now)
    return protocol


async def _check_ready(
    session: Session, principal: Principal, contract: Contract, vehicle: Vehicle, report: HandoverReport, now: datetime
) -> str | None:
    """Raises what stands against handing the car over now; returns why billing has to wait for a person."""
    readiness.check_out_time(report.occurred_at, contract, now)
    await readiness.check_vehicle(session, contract, vehicle, now)
    await drivers.check_licences(session, contract, report.licence_checked_driver_ids, principal, now)
    await readiness.check_deposit(session, contract, principal, report.override_reason, now)
    return readiness.odometer_below(vehicle, report.condition.odometer_km, report.override_reason)


async def check_in(session: Session, principal: Principal, report: HandoverReport, *, now: datetime) -> Protocol:
    """Takes a car back. The refusals of `checkIn`; billing follows by itself."""
    contract = await contracts.lock(session, report.contract_id, field=(*FIELD, "contractId"))
    if (known := await protocols.sent_before(session, ProtocolType.CHECK_IN, report)) is not None:
        return known
    pictures = await check_report(session, report)
    station = await _return_station(session, contract, report)
    conflict = await _conflict(session, contract, ContractState.RETURNED, report)
    leg = await _open_leg(session, contract)
    vehicle_id = leg.vehicle_id if leg else contract.vehicle_id
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=conflict is None)
    if vehicle is None:
        raise Refused(ProblemCode.VEHICLE_NOT_READY, "This contract has no vehicle that could come back.")
    group = await session.by_id(VehicleGroup, vehicle.group_id)
    check_levels(report.condition, group)
    implausible = None
    returned_at = min(report.key_drop_at or report.occurred_at, now)
    if conflict is None and leg is not None:
        readiness.check_times(report.occurred_at, report.key_drop_at, leg.from_at)
        handed_out = await session.by_id(Protocol, leg.check_out_id)
        implausible = readiness.odometer_at_return(
            handed_out,
            report.condition.odometer_km,
            returned_at,
            report.override_reason,
        )
    protocol = await protocols.store(
        session, principal, contract, vehicle, station, ProtocolType.CHECK_IN, report, pictures, conflict, now
    )
    await damages.record(
        session, vehicle.id, report.damages, pictures,
        liability=DamageLiability.SUSPECTED, seen_at=returned_at, zone=ZoneInfo(station.time_zone),
        field=(*FIELD, "damages"), contract_id=contract.id, protocol_id=protocol.id,
    )  # fmt: skip
    if conflict is None and leg is not None:
        await _take_back(session, principal, contract, vehicle, station, protocol, leg, returned_at, implausible, now)
    await protocols.enqueue_paper(session, protocol, now)
    return protocol


async def _conflict(session: Session, contract: Contract, wanted: ContractState, report: HandoverReport) -> str | None:
    """Why the protocol does not fit the contract although it records something real; InvalidTransition otherwise.

    Real is what happened before the contract changed: the tablet was offline and could not know.
    """
    try:
        contracts.require_state(contract, wanted)
    except Exception:
        changed_at = await session.value(
            "select max(at) from history_entry where contract_id = :id and action like 'STATE_%'", {"id": contract.id}
        )
        if contract.state is ContractState.HELD or changed_at is None or report.occurred_at >= changed_at:
            raise
        return f"The contract was {contract.state.value} when this protocol arrived."
    return None


async def _return_station(session: Session, contract: Contract, report: HandoverReport) -> Station:
    if report.station_id is not None:
        return await stations.get(session, report.station_id, field=(*FIELD, "stationId"))
    planned = await session.by_id(Station, contract.return_station_id)
    return planned or await stations.get(session, contract.station_id)


async def _open_leg(session: Session, contract: Contract) -> VehicleLeg | None:
    statement = select(VehicleLeg).where(col(VehicleLeg.contract_id) == contract.id, col(VehicleLeg.to_at).is_(None))
    return await session.first(statement)


async def _hand_out(
    session: Session,
    principal: Principal,
    contract: Contract,
    vehicle: Vehicle,
    station: Station,
    protocol: Protocol,
    implausible: str | None,
    now: datetime,
) -> None:
    turnaround = timedelta(minutes=station.turnaround_minutes)
    if contract.vehicle_id != vehicle.id:
        await readiness.change_vehicle(session, contract, vehicle, station, now)
    _adopt_condition(vehicle, protocol)
    vehicle.out_contract_id = contract.id
    vehicle.out_until = contract.ends_at + turnaround
    contract.checked_out_at = protocol.occurred_at
    contract.billing_block = implausible
    await session.store(vehicle)
    await occupancies.set_kind(session, contract.id, OccupancyKind.CHECKED_OUT)
    await session.store(
        VehicleLeg(
            contract_id=contract.id,
            station_id=contract.station_id,
            vehicle_id=vehicle.id,
            from_at=protocol.occurred_at,
            check_out_id=protocol.id,
        )
    )
    reason = protocol.override_reason
    await contracts.move(session, contract, ContractState.CHECKED_OUT, actor=principal.name, now=now, reason=reason)


async def _take_back(
    session: Session,
    principal: Principal,
    contract: Contract,
    vehicle: Vehicle,
    station: Station,
    protocol: Protocol,
    leg: VehicleLeg,
    returned_at: datetime,
    implausible: str | None,
    now: datetime,
) -> None:
    leg.to_at, leg.check_in_id = returned_at, protocol.id
    contract.returned_at = returned_at
    contract.return_station_id = station.id
    contract.return_station_code, contract.return_station_name = station.code, station.name
    contract.billing_block = contract.billing_block or implausible
    await session.store(leg)
    await contracts.move(
        session, contract, ContractState.RETURNED, actor=principal.name, now=now, reason=protocol.override_reason
    )
    await occupancies.end_contract(session, contract.id, returned_at, station.turnaround_minutes)
    _adopt_condition(vehicle, protocol)
    vehicle.out_contract_id = vehicle.out_until = vehicle.leaves_at = None
    vehicle.station_id = station.id
    await session.store(vehicle)
    if contract.billing_block is None:
        await enqueue(session, JobKind.SETTLE, OfContract(contract.id), key=f"settle:{contract.id}", now=now)


def _adopt_condition(vehicle: Vehicle, protocol: Protocol) -> None:
    vehicle.odometer_km = max(vehicle.odometer_km, protocol.odometer_km)
    vehicle.fuel_eighths = protocol.fuel_eighths
    vehicle.state_of_charge_percent = protocol.state_of_charge_percent
    vehicle.cleanliness = max(
        protocol.cleanliness_inside, protocol.cleanliness_outside, key=lambda cleanliness: cleanliness.rank
    )
    vehicle.version += 1
