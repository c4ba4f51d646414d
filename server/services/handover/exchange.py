"""Check-out and check-in: one transaction freezes the protocol and moves contract, vehicle and occupancy with it.

Physical facts are never refused because the contract changed meanwhile: a protocol of something that happened before
the change is kept, flagged and left to a clerk. A protocol sent again is the first one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select

from server.database import Session
from server.errors import ProblemCode, Refused, Sentence
from server.models import Contract, Protocol, Station, Vehicle, VehicleGroup, VehicleLeg
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.damage import DamageLiability
from server.models.occupancy import OccupancyKind
from server.models.protocol import ProtocolType
from server.services.acting import Acting
from server.services.billing import addressee, invoice, readings
from server.services.booking import overdue
from server.services.contract import blocks, contracts
from server.services.fleet import occupancies, stations
from server.services.handover import approvals, condition, counter, damages, protocols, readiness, unfitting
from server.services.handover.approvals import Approval
from server.services.handover.damages import Sighting
from server.services.handover.doubts import Doubts
from server.services.handover.protocols import Handover
from server.services.handover.report import DAMAGES, FIELD, HandoverReport, check_levels, check_report
from server.services.people import drivers


async def check_out(
    session: Session, report: HandoverReport, acting: Acting, approval: Approval | None = None
) -> Protocol:
    """Hands a car over. The refusals of `checkOut`; nothing is written when one is raised."""
    contract = await contracts.lock(session, report.contract_id, field=(*FIELD, "contract_id"))
    if (known := await protocols.sent_before(session, ProtocolType.CHECK_OUT, report)) is not None:
        return known
    uploaded = await check_report(session, report)
    station = await stations.get(session, contract.station_id)
    conflict = await unfitting.reason(session, contract, ContractState.CHECKED_OUT, report, acting.now)
    vehicle = await readiness.vehicle_for(session, contract, report.vehicle_id, own_needed=conflict is None)
    check_levels(report.condition, await session.by_id(VehicleGroup, vehicle.group_id))
    by = approvals.approved(acting, approval, contract, report)
    handover = Handover(ProtocolType.CHECK_OUT, contract, vehicle, station, report, uploaded, conflict, by)
    doubts = Doubts(report, acting.now)
    implausible = None if conflict else await _get_ready(session, handover, doubts)
    if doubts.are_about(ProblemCode.VEHICLE_NOT_READY) and (why := _cannot_be_entered(contract, vehicle)):
        handover = replace(handover, conflict=why)  # what happened is kept, and a clerk decides
    protocol = await protocols.store(session, handover)
    zone = station.zone
    sighting = Sighting(vehicle.id, DamageLiability.KNOWN, protocol.occurred_at, zone, protocol_id=protocol.id)
    await damages.record(session, sighting, damages.placed(report.damages, DAMAGES), uploaded)
    if handover.conflict is None:
        await _record_check_out(session, handover, protocol)
        await doubts.block_billing(session, contract, acting, odometer=implausible)
    else:
        await unfitting.goes_out(session, handover, protocol)
    await protocols.enqueue_paper(session, protocol, acting.now)
    return protocol


def _cannot_be_entered(contract: Contract, vehicle: Vehicle) -> str | None:
    """Why a car that was not ready cannot go out for this contract in the books as well; None if it can."""
    if vehicle.station_id != contract.station_id:
        return unfitting.ELSEWHERE
    return None if vehicle.id == contract.vehicle_id else unfitting.NOT_FREE


async def _get_ready(session: Session, handover: Handover, doubts: Doubts) -> str | None:
    """Raises what stands against handing the car over now; what happened a while ago is doubted instead. Returns why
    billing has to wait for a person because of the odometer.
    """
    contract, vehicle, report, acting = handover.contract, handover.vehicle, handover.report, handover.acting
    await counter.take_over(session, handover)
    counter.check_address(handover)
    because = acting.because(report.override_reason)
    with doubts.kept():
        readiness.check_out_time(report.occurred_at, contract, acting.now)
    with doubts.kept():
        await readiness.check_vehicle(session, contract, vehicle, acting.now)
        await readiness.check_turnaround(session, contract, vehicle, handover.station, acting.now)
    with doubts.kept():
        await drivers.check_licences(session, contract, vehicle.group_id, report.licence_checked_driver_ids, because)
    with doubts.kept():
        await readiness.check_deposit(session, contract, because)
    reason = doubts.reason(report.override_reason)
    return readiness.odometer_at_check_out(vehicle, report.condition.odometer_km, reason)


async def check_in(
    session: Session, report: HandoverReport, acting: Acting, approval: Approval | None = None
) -> Protocol:
    """Takes a car back. The refusals of `checkIn`; billing follows by itself."""
    contract = await contracts.lock(session, report.contract_id, field=(*FIELD, "contract_id"))
    if (known := await protocols.sent_before(session, ProtocolType.CHECK_IN, report)) is not None:
        return known
    uploaded = await check_report(session, report)
    station = await _return_station(session, contract, report)
    conflict = await unfitting.reason(session, contract, ContractState.RETURNED, report, acting.now)
    leg = await open_leg(session, contract)
    vehicle_id = leg.vehicle_id if leg else await unfitting.went_out_with(session, contract)
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=conflict is None)
    if vehicle is None:
        raise Refused(
            ProblemCode.VEHICLE_NOT_READY,
            Sentence(
                "This contract has no vehicle that could come back.",
                "Zu diesem Vertrag gibt es kein Fahrzeug, das zurückkommen könnte.",
            ),
        )
    check_levels(report.condition, await session.by_id(VehicleGroup, vehicle.group_id))
    by = approvals.approved(acting, approval, contract, report)
    handover = Handover(ProtocolType.CHECK_IN, contract, vehicle, station, report, uploaded, conflict, by)
    returned_at = min(report.key_drop_at or report.occurred_at, acting.now)
    coming_back, doubts, implausible = leg if conflict is None else None, Doubts(report, acting.now), None
    if coming_back is not None:
        implausible = await implausible_reading(session, report, coming_back, returned_at, doubts)
        returned_at = max(returned_at, coming_back.from_at)
    protocol = await protocols.store(session, handover)
    zone = station.zone
    sighting = Sighting(vehicle.id, DamageLiability.SUSPECTED, returned_at, zone, contract.id, protocol.id)
    await damages.record(session, sighting, damages.placed(report.damages, DAMAGES), uploaded)
    if coming_back is not None:
        coming_back.to_at, coming_back.check_in_id = returned_at, protocol.id
        await session.store(coming_back)
        # Before the contract moves on: with a doubt it is not billed.
        await doubts.block_billing(session, contract, acting, odometer=implausible)
        await _record_check_in(session, handover, protocol, returned_at)
    else:
        await unfitting.comes_back(session, handover, protocol)
    await protocols.enqueue_paper(session, protocol, acting.now)
    return protocol


async def implausible_reading(
    session: Session, report: HandoverReport, leg: VehicleLeg, returned_at: datetime, doubts: Doubts
) -> str | None:
    """Raises what cannot be, or doubts it; returns why billing has to wait for a person because of the odometer."""
    with doubts.kept():
        readiness.check_times(report.occurred_at, report.key_drop_at, leg.from_at)
    out = await readings.corrected(session, await session.by_id(Protocol, leg.check_out_id))
    reason = doubts.reason(report.override_reason)
    return readiness.odometer_at_return(out, report.condition.odometer_km, returned_at, reason)


async def _return_station(session: Session, contract: Contract, report: HandoverReport) -> Station:
    if report.station_id is not None:
        return await stations.get(session, report.station_id, field=(*FIELD, "station_id"))
    planned = await session.by_id(Station, contract.return_station_id)
    return planned or await stations.get(session, contract.station_id)


async def open_leg(session: Session, contract: Contract) -> VehicleLeg | None:
    """The part of a contract whose car is out."""
    statement = select(VehicleLeg).where(col(VehicleLeg.contract_id) == contract.id, col(VehicleLeg.to_at).is_(None))
    return await session.first(statement)


def leg_of(contract: Contract, protocol: Protocol) -> VehicleLeg:
    """The part of a contract that begins with a hand-over. A device that was empty may begin in the past: no day before
    the contract was made is ever counted.
    """
    return VehicleLeg(
        contract_id=contract.id,
        station_id=contract.station_id,
        vehicle_id=protocol.vehicle_id,
        from_at=max(protocol.occurred_at, contract.created_at),
        check_out_id=protocol.id,
    )


async def _record_check_out(session: Session, handover: Handover, protocol: Protocol) -> None:
    contract, vehicle, station = handover.contract, handover.vehicle, handover.station
    if contract.vehicle_id != vehicle.id:
        await readiness.change_vehicle(session, contract, vehicle, station, handover.acting.now)
    condition.adopt(vehicle, protocol, latest=True)
    occupancies.car_goes_out(vehicle, contract.id, contract.ends_at)
    leg = leg_of(contract, protocol)
    contract.checked_out_at = leg.from_at
    await session.store(vehicle, leg)
    await occupancies.set_kind(session, contract.id, OccupancyKind.CHECKED_OUT)
    acting = handover.acting.because(protocol.override_reason)
    await contracts.move(session, contract, ContractState.CHECKED_OUT, acting)
    await overdue.watch(session, contract, now=acting.now)
    if addressee.lacks_address(contract):
        await blocks.block_billing(session, contract, BillingBlock.ADDRESS_MISSING, handover.acting)


async def _record_check_in(session: Session, handover: Handover, protocol: Protocol, returned_at: datetime) -> None:
    contract, vehicle, station = handover.contract, handover.vehicle, handover.station
    await counter.take_over(session, handover)
    contract.returned_at = returned_at
    if contract.return_station_id != station.id:
        contract.planned_return_station_id = contract.return_station_id
    contract.return_station_id = station.id
    contract.return_station_code, contract.return_station_name = station.code, station.name
    acting = handover.acting.because(protocol.override_reason)
    await contracts.move(session, contract, ContractState.RETURNED, acting)
    await occupancies.end_contract(session, contract.id, returned_at, station.turnaround_minutes)
    is_back = vehicle.out_contract_id in {None, contract.id}  # else it is out again, and that arrived first
    condition.adopt(vehicle, protocol, latest=is_back)
    if is_back:
        occupancies.car_comes_back(vehicle)
        vehicle.station_id = station.id
    await session.store(vehicle)
    await invoice.bill_soon(session, contract, acting)
