"""Check-out and check-in: one transaction freezes the protocol and moves contract, vehicle and occupancy with it.

Physical facts are never refused because the contract changed meanwhile: a protocol of something that happened before
the change is kept, flagged and left to a clerk. A protocol sent again is the first one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session, violated_constraint
from server.errors import InvalidInput, ProblemCode, Refused
from server.jobs import enqueue
from server.models import Contract, Photo, Protocol, ProtocolPhoto, Station, Vehicle, VehicleGroup, VehicleLeg
from server.models.contract import ContractState
from server.models.damage import DamageLiability
from server.models.fleet import Cleanliness, Energy
from server.models.occupancy import OccupancyKind
from server.models.protocol import PhotoSlot, ProtocolType
from server.security import Principal
from server.services import contracts, damages, history, occupancies, photos, readiness, stations, validation
from server.services.damages import DamageReport
from server.services.validation import optional_number

FIELD = ("input",)


@dataclass(frozen=True)
class ConditionReport:
    """What the instruments and the eye say. Fuel in eighths, charge in per cent."""

    odometer_km: int
    fuel_eighths: int | None
    state_of_charge_percent: int | None
    cleanliness_inside: Cleanliness
    cleanliness_outside: Cleanliness


@dataclass(frozen=True)
class PhotoReport:
    """A picture of the protocol, by its hash."""

    sha256: str
    slot: PhotoSlot
    taken_at: datetime | None


@dataclass(frozen=True)
class HandoverReport:
    """A protocol as the tablet sends it. `vehicle_id` and licence checks are of check-outs, the rest of `station_id`
    and `key_drop_at` of check-ins.
    """

    protocol_id: UUID
    contract_id: UUID | None
    occurred_at: datetime
    condition: ConditionReport
    accessories: tuple[tuple[str, int], ...]
    damages: tuple[DamageReport, ...]
    photos: tuple[PhotoReport, ...]
    signature_sha256: str | None
    signature_missing_reason: str | None
    remarks: str | None
    override_reason: str | None
    vehicle_id: UUID | None = None
    licence_checked_driver_ids: tuple[str, ...] = ()
    station_id: UUID | None = None
    key_drop_at: datetime | None = None

    def content_hash(self) -> str:
        """Recognises the same protocol sent again."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


async def check_out(session: Session, principal: Principal, report: HandoverReport, *, now: datetime) -> Protocol:
    """Hands a car over. The refusals of `checkOut`; nothing is written when one is raised."""
    contract = await contracts.lock(session, report.contract_id, field=(*FIELD, "contractId"))
    if (known := await _known(session, ProtocolType.CHECK_OUT, report)) is not None:
        return known
    pictures = await _check_report(session, report)
    station = await stations.get(session, contract.station_id)
    conflict = await _conflict(session, contract, ContractState.CHECKED_OUT, report)
    vehicle = await readiness.vehicle_for(session, contract, report.vehicle_id, own_needed=conflict is None)
    group = await session.by_id(VehicleGroup, vehicle.group_id)
    _check_levels(report.condition, group)
    occurred = min(report.occurred_at, now)
    implausible = None
    if conflict is None:
        await readiness.check_vehicle(session, contract, vehicle, now)
        await readiness.check_drivers(session, contract, report.licence_checked_driver_ids, principal, now)
        await readiness.check_deposit(session, contract, principal, report.override_reason, now)
        implausible = readiness.odometer_below(vehicle, report.condition.odometer_km, report.override_reason)
    protocol = await _store(
        session,
        principal,
        contract,
        vehicle,
        station,
        ProtocolType.CHECK_OUT,
        report,
        pictures,
        conflict,
        occurred,
        now,
    )
    zone = ZoneInfo(station.time_zone)
    await damages.record(
        session,
        vehicle.id,
        report.damages,
        pictures,
        liability=DamageLiability.KNOWN,
        seen_at=occurred,
        zone=zone,
        field=(*FIELD, "damages"),
        protocol_id=protocol.id,
    )
    if conflict is None:
        await _hand_out(session, principal, contract, vehicle, station, protocol, implausible, now)
    await _enqueue_paper(session, protocol, now)
    return protocol


async def check_in(session: Session, principal: Principal, report: HandoverReport, *, now: datetime) -> Protocol:
    """Takes a car back. The refusals of `checkIn`; billing follows by itself."""
    contract = await contracts.lock(session, report.contract_id, field=(*FIELD, "contractId"))
    if (known := await _known(session, ProtocolType.CHECK_IN, report)) is not None:
        return known
    pictures = await _check_report(session, report)
    station = await _return_station(session, contract, report)
    conflict = await _conflict(session, contract, ContractState.RETURNED, report)
    leg = await _open_leg(session, contract)
    vehicle_id = leg.vehicle_id if leg else contract.vehicle_id
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=conflict is None)
    if vehicle is None:
        raise Refused(ProblemCode.VEHICLE_NOT_READY, "This contract has no vehicle that could come back.")
    group = await session.by_id(VehicleGroup, vehicle.group_id)
    _check_levels(report.condition, group)
    occurred = min(report.occurred_at, now)
    implausible = None
    if conflict is None and leg is not None:
        readiness.check_times(report.occurred_at, report.key_drop_at, leg.from_at)
        handed_out = await session.by_id(Protocol, leg.check_out_id)
        implausible = readiness.odometer_at_return(
            handed_out, report.condition.odometer_km, report.key_drop_at or occurred, report.override_reason
        )
    protocol = await _store(
        session, principal, contract, vehicle, station, ProtocolType.CHECK_IN, report, pictures, conflict, occurred, now
    )
    returned_at = min(report.key_drop_at or occurred, now)
    zone = ZoneInfo(station.time_zone)
    await damages.record(
        session,
        vehicle.id,
        report.damages,
        pictures,
        liability=DamageLiability.SUSPECTED,
        seen_at=returned_at,
        zone=zone,
        field=(*FIELD, "damages"),
        contract_id=contract.id,
        protocol_id=protocol.id,
    )
    if conflict is None and leg is not None:
        await _take_back(session, principal, contract, vehicle, station, protocol, leg, returned_at, implausible, now)
    await _enqueue_paper(session, protocol, now)
    return protocol


async def _known(session: Session, kind: ProtocolType, report: HandoverReport) -> Protocol | None:
    known = await session.by_id(Protocol, report.protocol_id)
    if known is not None and (known.type is not kind or known.request_hash != report.content_hash()):
        raise _id_taken()
    return known


def _id_taken() -> Refused:
    message = "This protocol id was used for another protocol already."
    return Refused(ProblemCode.IDEMPOTENCY_CONFLICT, message, field=[*FIELD, "protocolId"])


async def _check_report(session: Session, report: HandoverReport) -> dict[str, Photo]:
    """What can be judged without the contract; returns the pictures that are named."""
    signed, reason = report.signature_sha256, (report.signature_missing_reason or "").strip()
    if bool(signed) == bool(reason):
        message = "Give the customer's signature, or the reason why there is none."
        raise InvalidInput(message, field=[*FIELD, "signature"])
    damages.check(report.damages, (*FIELD, "damages"))
    for index, (name, present) in enumerate(report.accessories):
        validation.text(name, (*FIELD, "accessories", str(index), "name"), longest=80)
        validation.number(present, (*FIELD, "accessories", str(index), "present"), lowest=0, highest=99)
    validation.optional_text(report.remarks, (*FIELD, "remarks"), longest=4000, multiline=True)
    validation.optional_text(reason, (*FIELD, "signature", "missingReason"), longest=500)
    validation.optional_text(report.override_reason, (*FIELD, "overrideReason"), longest=500)
    hashes = [(p.sha256, [*FIELD, "photos", str(i), "sha256"]) for i, p in enumerate(report.photos)]
    if signed:
        hashes.append((signed, [*FIELD, "signature", "sha256"]))
    return await photos.require(session, [*hashes, *damages.photo_hashes(report.damages, (*FIELD, "damages"))])


def _check_levels(condition: ConditionReport, group: VehicleGroup | None) -> None:
    field = (*FIELD, "condition")
    validation.number(condition.odometer_km, (*field, "odometerKm"), lowest=0, highest=2_000_000)
    optional_number(condition.fuel_eighths, (*field, "fuelEighths"), lowest=0, highest=8)
    optional_number(condition.state_of_charge_percent, (*field, "stateOfChargePercent"), lowest=0, highest=100)
    energy = group.energy if group else Energy.COMBUSTION
    if energy is Energy.ELECTRIC and condition.state_of_charge_percent is None:
        raise InvalidInput("An electric car needs its state of charge.", field=[*field, "stateOfChargePercent"])
    if energy is not Energy.ELECTRIC and condition.fuel_eighths is None:
        raise InvalidInput("This car needs its fuel level, in eighths.", field=[*field, "fuelEighths"])


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


async def _store(
    session: Session,
    principal: Principal,
    contract: Contract,
    vehicle: Vehicle,
    station: Station,
    kind: ProtocolType,
    report: HandoverReport,
    pictures: dict[str, Photo],
    conflict: str | None,
    occurred_at: datetime,
    now: datetime,
) -> Protocol:
    condition = report.condition
    protocol = Protocol(
        id=report.protocol_id,
        contract_id=contract.id,
        station_id=contract.station_id,
        at_station_id=station.id,
        vehicle_id=vehicle.id,
        type=kind,
        occurred_at=occurred_at,
        received_at=now,
        key_drop_at=report.key_drop_at and min(report.key_drop_at, now),
        odometer_km=condition.odometer_km,
        fuel_eighths=condition.fuel_eighths,
        state_of_charge_percent=condition.state_of_charge_percent,
        cleanliness_inside=condition.cleanliness_inside,
        cleanliness_outside=condition.cleanliness_outside,
        accessories=_accessories(vehicle, report.accessories),
        signature_sha256=report.signature_sha256 and report.signature_sha256.lower(),
        signature_missing_reason=(report.signature_missing_reason or "").strip() or None,
        remarks=report.remarks and report.remarks.strip(),
        override_reason=report.override_reason and report.override_reason.strip(),
        staff=principal.name,
        staff_id=principal.id,
        conflict=conflict,
        request_hash=report.content_hash(),
        content_hash=report.content_hash(),
    )
    try:
        await session.store(protocol)
    except IntegrityError as error:
        if violated_constraint(error) == "pk_protocol":
            raise _id_taken() from error
        raise
    if conflict is not None:
        contract.protocol_conflict = True
        if contract.state in {ContractState.CHECKED_OUT, ContractState.RETURNED}:
            contract.billing_block = contract.billing_block or f"A protocol does not fit the contract. {conflict}"
        contract.version += 1
        await session.store(contract)
        action = "PROTOCOL_CONFLICT"
        await history.record(session, contract, action, actor=principal.name, now=now, reason=conflict)
    await _store_photos(session, protocol, report.photos, pictures)
    return protocol


async def _store_photos(
    session: Session, protocol: Protocol, reports: Sequence[PhotoReport], pictures: dict[str, Photo]
) -> None:
    rows = [
        ProtocolPhoto(
            protocol_id=protocol.id,
            contract_id=protocol.contract_id,
            station_id=protocol.station_id,
            photo_id=pictures[report.sha256.lower()].id,
            slot=report.slot,
            taken_at=report.taken_at,
            position=position,
        )
        for position, report in enumerate(reports)
    ]
    await session.store(*rows)


def _accessories(vehicle: Vehicle, present: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    expected = {item["name"]: item["expected"] for item in vehicle.accessories}
    return [{"name": name, "expected": expected.get(name, count), "present": count} for name, count in present]


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
        await enqueue(session, "settle", key=f"settle:{contract.id}", due_at=now, now=now, contract=str(contract.id))


def _adopt_condition(vehicle: Vehicle, protocol: Protocol) -> None:
    vehicle.odometer_km = max(vehicle.odometer_km, protocol.odometer_km)
    vehicle.fuel_eighths = protocol.fuel_eighths
    vehicle.state_of_charge_percent = protocol.state_of_charge_percent
    vehicle.cleanliness = max(
        protocol.cleanliness_inside, protocol.cleanliness_outside, key=lambda cleanliness: cleanliness.rank
    )
    vehicle.version += 1


async def _enqueue_paper(session: Session, protocol: Protocol, now: datetime) -> None:
    key = f"protocol:{protocol.id}"
    await enqueue(session, "protocol_paper", key=key, due_at=now, now=now, protocol=str(protocol.id))
