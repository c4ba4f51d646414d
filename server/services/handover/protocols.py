"""The protocol of a hand-over: stored once with its photos, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from server.database import Session
from server.database.errors import violated_constraint
from server.errors import ProblemCode, Refused, Sentence
from server.jobs import enqueue
from server.models import Contract, Photo, Protocol, ProtocolPhoto, Station, Vehicle
from server.models.blank import seen
from server.models.columns import Json
from server.models.contract import ContractState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.job import JobKind, OfProtocol
from server.models.protocol import WENT_OUT, ProtocolType
from server.services.acting import Acting
from server.services.contract import blocks, history
from server.services.handover import device_clock
from server.services.handover.evidence import Evidence
from server.services.handover.report import FIELD, HandoverReport, PhotoReport


@dataclass(frozen=True)
class Handover:
    """One check-out or check-in with everything that was found for it.

    `uploaded` are the photos that the report names, by hash; `conflict` says why it does not fit its contract.
    """

    kind: ProtocolType
    contract: Contract
    vehicle: Vehicle
    station: Station
    report: HandoverReport
    uploaded: dict[str, Photo]
    conflict: str | None
    acting: Acting


async def sent_before(session: Session, kind: ProtocolType, report: HandoverReport) -> Protocol | None:
    """The protocol of this id, if it is there already; IDEMPOTENCY_CONFLICT if that one says something else."""
    known = await session.by_id(Protocol, report.protocol_id)
    if known is not None and (known.type is not kind or known.request_hash != report.content_hash()):
        raise id_taken()
    return known


def id_taken() -> Refused:
    """The refusal of an id that stands for something else already."""
    message = Sentence(
        "This protocol id was used for another protocol already.",
        "Diese Protokoll-ID gehört schon zu einem anderen Protokoll.",
    )
    return Refused(ProblemCode.IDEMPOTENCY_CONFLICT, message, field=[*FIELD, "protocol_id"])


async def store(session: Session, handover: Handover) -> Protocol:
    """Freezes a report. With a conflict, why it does not fit its contract, the contract waits for a clerk."""
    protocol = _frozen(handover)
    try:
        await session.store(protocol)
    except IntegrityError as error:
        if violated_constraint(error) == "pk_protocol":
            raise id_taken() from error
        raise
    if handover.conflict is not None:
        await _flag(session, handover.contract, handover.acting.because(handover.conflict))
    else:
        await _doubt_times(session, handover)
    await _store_photos(session, protocol, handover.report.photos, handover.uploaded)
    return protocol


def _frozen(handover: Handover) -> Protocol:
    report, condition = handover.report, handover.report.condition
    staff, now, approver = handover.acting.person, handover.acting.now, handover.acting.approver
    evidence = report.evidence or Evidence()
    fuel_eighths, state_of_charge_percent = _levels(handover)
    return Protocol(
        id=report.protocol_id,
        contract_id=handover.contract.id,
        station_id=handover.contract.station_id,
        at_station_id=handover.station.id,
        vehicle_id=handover.vehicle.id,
        type=handover.kind,
        occurred_at=min(report.occurred_at, now),
        received_at=now,
        key_drop_at=report.key_drop_at and min(report.key_drop_at, now),
        odometer_km=condition.odometer_km,
        fuel_eighths=fuel_eighths,
        state_of_charge_percent=state_of_charge_percent,
        cleanliness_inside=condition.cleanliness_inside,
        cleanliness_outside=condition.cleanliness_outside,
        accessories=_accessories(handover.vehicle, report.accessories),
        signature_sha256=report.signature_sha256 and report.signature_sha256.lower(),
        signature_missing_reason=seen(report.signature_missing_reason),
        staff_signature_sha256=report.staff_signature_sha256 and report.staff_signature_sha256.lower(),
        remarks=seen(report.remarks),
        override_reason=seen(report.override_reason),
        staff=staff.name,
        staff_id=staff.id,
        approved_by=handover.acting.approved_by,
        approved_by_id=approver.id if approver else None,
        clock_difference_seconds=_seconds(report.clock_difference),
        signed_sha256=evidence.content_sha256,
        shown_language=evidence.shown_language,
        strokes=evidence.strokes,
        conflict=handover.conflict,
        request_hash=report.content_hash(),
        content_hash=report.content_hash(),
    )


def _seconds(difference: timedelta | None) -> int | None:
    return None if difference is None else int(difference.total_seconds())


def _levels(handover: Handover) -> tuple[int | None, int | None]:
    """Fuel and charge. A hybrid may go out with its fuel read alone: then its charge is the last one known, on the
    paper that the customer gets, and what is missing of it at the return has a price. What was not read at a return is
    not missing; and of a protocol that does not fit nobody knows which reading was the last one then.
    """
    condition, vehicle = handover.report.condition, handover.vehicle
    fuel, charge = condition.fuel_eighths, condition.state_of_charge_percent
    if handover.kind not in WENT_OUT or handover.conflict is not None:
        return fuel, charge
    known_fuel = vehicle.fuel_eighths if fuel is None else fuel
    return known_fuel, vehicle.state_of_charge_percent if charge is None else charge


async def _flag(session: Session, contract: Contract, acting: Acting) -> None:
    """A contract with a protocol that does not fit it is not billed before somebody has looked."""
    contract.protocol_conflict = True
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.PROTOCOL_CONFLICT, acting)
    if contract.state in {ContractState.CHECKED_OUT, ContractState.RETURNED}:
        state = contract.state.value
        await blocks.block_billing(session, contract, BillingBlock.PROTOCOL_CONFLICT, acting, detail=state)


async def _doubt_times(session: Session, handover: Handover) -> None:
    """What happened is kept at the time that the device says; if its clock is wrong, somebody looks before billing."""
    contract, acting = handover.contract, handover.acting
    away = device_clock.doubt(handover.report, acting.person.in_contact_since, acting.now)
    if away is not None:
        contract.protocol_conflict = True
        detail = device_clock.in_hours(away)
        await blocks.block_billing(session, contract, BillingBlock.DEVICE_CLOCK, acting, detail=detail)


async def _store_photos(
    session: Session, protocol: Protocol, reports: Sequence[PhotoReport], uploaded: dict[str, Photo]
) -> None:
    rows = [
        ProtocolPhoto(
            protocol_id=protocol.id,
            contract_id=protocol.contract_id,
            station_id=protocol.station_id,
            photo_id=uploaded[report.sha256.lower()].id,
            slot=report.slot,
            taken_at=report.taken_at,
            position=position,
        )
        for position, report in enumerate(reports)
    ]
    await session.store(*rows)


def _accessories(vehicle: Vehicle, present: Sequence[tuple[str, int]]) -> list[Json]:
    expected = {item["name"]: item["expected"] for item in vehicle.accessories}
    return [{"name": name, "expected": expected.get(name, count), "present": count} for name, count in present]


async def enqueue_paper(session: Session, protocol: Protocol, now: datetime) -> None:
    """Has the protocol printed and mailed."""
    key = f"protocol:{protocol.id}"
    await enqueue(session, JobKind.PROTOCOL_SHEET, OfProtocol(protocol.id), key=key, now=now)
