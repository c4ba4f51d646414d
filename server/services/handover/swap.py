"""Another car in the middle of a rental: one comes back, one goes out, and the contract goes on with it.

Each car has a part (leg) of its own, with its kilometres and its fuel; both protocols are stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from server.database import Session
from server.errors import DomainError, InvalidInput, Path, Sentence, VersionConflict
from server.models import Contract, Protocol, Station, Vehicle, VehicleGroup, VehicleLeg
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.models.damage import DamageLiability
from server.models.occupancy import OccupancyKind
from server.models.protocol import ProtocolType
from server.services.acting import Acting
from server.services.changes import edit
from server.services.changes.edit import Prospect
from server.services.contract import contracts, history
from server.services.fleet import occupancies, stations
from server.services.fleet.occupancies import Use
from server.services.handover import approvals, condition, counter, damages, exchange, protocols, readiness, unfitting
from server.services.handover.approvals import Approval
from server.services.handover.damages import Sighting
from server.services.handover.doubts import Doubts
from server.services.handover.protocols import Handover
from server.services.handover.report import DAMAGES, HandoverReport, check_levels, check_report
from server.services.mail import parts
from server.services.people import drivers

_SHORTEST = timedelta(minutes=1)
_ANOTHER = Sentence("This protocol is of another contract.", "Dieses Protokoll gehört zu einem anderen Vertrag.")
_SAME_CAR = Sentence("This is the car that the customer has.", "Dieses Fahrzeug hat der Kunde schon.")


@dataclass(frozen=True)
class SwapRequest:
    """What comes back, what goes out instead, and whether missing fuel or charge of the first is given away.

    `approval` is a manager's, for what staff may not decide alone.
    """

    contract_id: UUID | None
    version: int
    vehicle_id: UUID | None
    returned: HandoverReport
    handed_out: HandoverReport
    waive_fuel: bool
    approval: Approval | None = None

    @property
    def goes_out(self) -> HandoverReport:
        """The report of the car that goes out, which is named beside it."""
        return replace(self.handed_out, vehicle_id=self.vehicle_id)

    def is_over(self, now: datetime) -> bool:
        """Whether both cars have changed hands a while ago, and somebody has signed for each."""
        return self.returned.is_over(now) and self.handed_out.is_over(now)


async def swap(session: Session, wanted: SwapRequest, acting: Acting) -> UUID:
    """Swaps the car of a rental. Sent again, both protocols are recognised and nothing happens twice.

    Raises VersionConflict, InvalidTransition, and the refusals of `checkIn` and `checkOut` with the path of the part
    (`returned`, `handed_out`) that is wrong.
    """
    contract = await contracts.lock(session, wanted.contract_id, field=["contract_id"])
    if await _sent_before(session, wanted):
        return contract.id
    leg = await exchange.open_leg(session, contract)
    conflict = await _conflict(session, contract, leg, wanted, acting)
    # Where the other car stands, not where the rental is to end: only a station that is named is another one.
    here = wanted.returned.station_id or contract.station_id
    station = await stations.get(session, here, field=("returned", "station_id"))
    if conflict is not None or leg is None:
        await _keep(session, contract, station, wanted, acting.because(conflict))
        return contract.id
    with part("returned"):
        coming = await _coming_back(session, contract, leg, station, wanted, acting)
    with part("handed_out"):
        going = await _going_out(session, contract, wanted, acting)
    for handover in (coming, going):
        await protocols.enqueue_paper(session, handover, acting.now)
    contract.version += 1
    await session.store(contract)
    plates = [(await _vehicle(session, one)).plate for one in (coming.vehicle_id, going.vehicle_id)]
    why = acting.because(wanted.handed_out.override_reason)
    await history.record(session, contract, HistoryAction.VEHICLE_SWAPPED, why, before=plates[0], after=plates[1])
    return contract.id


async def _conflict(
    session: Session, contract: Contract, leg: VehicleLeg | None, wanted: SwapRequest, acting: Acting
) -> str | None:
    """Why a swap that is over does not fit its contract; one of this moment is refused instead. That the contract was
    edited meanwhile is no reason: the cars have changed hands all the same.
    """
    fits = contract.state is ContractState.CHECKED_OUT and leg is not None
    if not wanted.is_over(acting.now):
        if contract.version != wanted.version:
            raise VersionConflict(contract.version)
        if not fits:
            raise contracts.not_now(contract)
        return None
    if leg is None or not fits:
        return unfitting.of_state(contract)
    await _vehicle(session, leg.vehicle_id)
    vehicle = await session.by_id(Vehicle, wanted.vehicle_id, lock=True)
    if vehicle is None:
        return None  # it cannot be named in a protocol, and is refused
    if vehicle.station_id != contract.station_id:
        return unfitting.ELSEWHERE
    is_with_others = vehicle.out_contract_id is not None or vehicle.id == contract.vehicle_id
    if is_with_others or await _is_taken(session, contract, vehicle, acting):
        return unfitting.NOT_FREE
    return None


async def _keep(session: Session, contract: Contract, station: Station, wanted: SwapRequest, acting: Acting) -> None:
    """Both protocols of a swap that does not fit are kept, with what they say of damages; a clerk decides."""
    came_back = await unfitting.went_out_with(session, contract)
    halves = [
        ("returned", ProtocolType.SWAP_IN, wanted.returned, came_back, DamageLiability.SUSPECTED),
        ("handed_out", ProtocolType.SWAP_OUT, wanted.goes_out, wanted.vehicle_id, DamageLiability.KNOWN),
    ]
    for name, kind, report, vehicle_id, liability in halves:
        with part(name):
            _check_contract(contract, report, ["input", "contract_id"])
            uploaded = await check_report(session, report)
            vehicle = await readiness.vehicle_for(session, contract, vehicle_id, own_needed=False)
            check_levels(report.condition, await session.by_id(VehicleGroup, vehicle.group_id))
            by = approvals.approved(acting, wanted.approval, contract, report)
            handover = Handover(kind, contract, vehicle, station, report, uploaded, acting.why, by)
            protocol = await protocols.store(session, handover)
            cause = contract.id if liability is DamageLiability.SUSPECTED else None
            sighting = Sighting(vehicle.id, liability, protocol.occurred_at, station.zone, cause, protocol.id)
            await damages.record(session, sighting, damages.placed(report.damages, DAMAGES), uploaded)
        await protocols.enqueue_paper(session, protocol, acting.now)


async def look(session: Session, contract: Contract, acting: Acting, *, vehicle_id: UUID | None) -> Prospect:
    """Whether a rental could go on with another car. What is agreed stays as it is."""
    problems = edit.against_state(contract, frozenset({ContractState.CHECKED_OUT}))
    vehicle = await session.by_id(Vehicle, vehicle_id)
    try:
        if vehicle is None:
            raise readiness.not_ready(Sentence("There is no such vehicle.", "Dieses Fahrzeug gibt es nicht."))
        await _check_car(session, contract, vehicle, acting)
    except DomainError as problem:
        problems.append(problem)
    return Prospect(before=contract.price, after=contract.price, problems=problems)


async def _sent_before(session: Session, wanted: SwapRequest) -> bool:
    """Whether this swap is there already; IDEMPOTENCY_CONFLICT if one of its protocols said something else."""
    with part("returned"):
        back = await protocols.sent_before(session, ProtocolType.SWAP_IN, wanted.returned)
    with part("handed_out"):
        out = await protocols.sent_before(session, ProtocolType.SWAP_OUT, wanted.goes_out)
        if (back is None) != (out is None):
            raise protocols.id_taken()
    return back is not None


@contextmanager
def part(name: str) -> Iterator[None]:
    """A report knows itself as `input`: what is wrong with it is named by the argument that it was sent as."""
    try:
        yield
    except DomainError as problem:
        if problem.field and problem.field[0] == "input":
            problem.field = [name, *problem.field[1:]]
        raise


def _check_contract(contract: Contract, report: HandoverReport, field: Path) -> None:
    if report.contract_id != contract.id:
        raise InvalidInput(_ANOTHER, field=field)


async def _vehicle(session: Session, vehicle_id: UUID) -> Vehicle:
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=True)
    if vehicle is None:
        raise readiness.not_ready(Sentence("There is no such vehicle.", "Dieses Fahrzeug gibt es nicht."))
    return vehicle


async def _coming_back(
    session: Session, contract: Contract, leg: VehicleLeg, station: Station, wanted: SwapRequest, acting: Acting
) -> Protocol:
    report = wanted.returned
    _check_contract(contract, report, ["input", "contract_id"])
    uploaded = await check_report(session, report)
    vehicle = await _vehicle(session, leg.vehicle_id)
    check_levels(report.condition, await session.by_id(VehicleGroup, vehicle.group_id))
    doubts, at = Doubts(report, acting.now), min(report.occurred_at, acting.now)
    odd = await exchange.implausible_reading(session, report, leg, at, doubts)
    by = approvals.approved(acting, wanted.approval, contract, report)
    handover = Handover(ProtocolType.SWAP_IN, contract, vehicle, station, report, uploaded, None, by)
    protocol = await protocols.store(session, handover)
    sighting = Sighting(vehicle.id, DamageLiability.SUSPECTED, at, station.zone, contract.id, protocol.id)
    await damages.record(session, sighting, damages.placed(report.damages, DAMAGES), uploaded)
    leg.to_at, leg.check_in_id, leg.fuel_waived = max(at, leg.from_at), protocol.id, wanted.waive_fuel
    await occupancies.end_contract(session, contract.id, leg.to_at, station.turnaround_minutes)
    condition.adopt(vehicle, protocol, latest=True)
    occupancies.car_comes_back(vehicle)
    vehicle.station_id = station.id
    await session.store(leg, vehicle)
    await doubts.block_billing(session, contract, acting, odometer=odd)
    return protocol


async def _going_out(session: Session, contract: Contract, wanted: SwapRequest, acting: Acting) -> Protocol:
    report = wanted.goes_out
    _check_contract(contract, report, ["input", "contract_id"])
    uploaded = await check_report(session, report)
    vehicle = await readiness.vehicle_for(session, contract, wanted.vehicle_id, own_needed=True)
    station = await stations.get(session, contract.station_id)
    check_levels(report.condition, await session.by_id(VehicleGroup, vehicle.group_id))
    by = approvals.approved(acting, wanted.approval, contract, report)
    handover = Handover(ProtocolType.SWAP_OUT, contract, vehicle, station, report, uploaded, None, by)
    doubts, because = Doubts(report, acting.now), by.because(report.override_reason)
    with doubts.kept():
        await _check_car(session, contract, vehicle, acting)
    with doubts.kept():
        await drivers.check_licences(session, contract, vehicle.group_id, report.licence_checked_driver_ids, because)
    odd = readiness.odometer_at_check_out(vehicle, report.condition.odometer_km, doubts.reason(report.override_reason))
    await counter.take_over(session, handover)
    protocol = await protocols.store(session, handover)
    sighting = Sighting(vehicle.id, DamageLiability.KNOWN, protocol.occurred_at, station.zone, protocol_id=protocol.id)
    await damages.record(session, sighting, damages.placed(report.damages, DAMAGES), uploaded)
    await _take(session, contract, vehicle, station, protocol, acting.now)
    await doubts.block_billing(session, contract, acting, odometer=odd)
    return protocol


async def _check_car(session: Session, contract: Contract, vehicle: Vehicle, acting: Acting) -> None:
    if vehicle.id == contract.vehicle_id:
        raise readiness.not_ready(_SAME_CAR)
    station = await stations.get(session, contract.station_id)
    await readiness.check_vehicle(session, contract, vehicle, acting.now)
    await readiness.check_turnaround(session, contract, vehicle, station, acting.now)
    if await _is_taken(session, contract, vehicle, acting):
        raise readiness.taken(vehicle.plate)


async def _is_taken(session: Session, contract: Contract, vehicle: Vehicle, acting: Acting) -> bool:
    """Whether others have the car as long as this rental needs it; one that is late goes on past its planned end."""
    station = await stations.get(session, contract.station_id)
    until = _goes_on_until(contract, acting.now) + station.turnaround
    uses = await occupancies.overlapping(session, vehicle.id, acting.now, until, acting.now)
    return any(use.contract_id != contract.id for use in uses)


def _goes_on_until(contract: Contract, now: datetime) -> datetime:
    return max(contract.ends_at, now + _SHORTEST)


async def _take(
    session: Session, contract: Contract, vehicle: Vehicle, station: Station, protocol: Protocol, now: datetime
) -> None:
    """The contract goes on with this car, until its planned end at least. What was before now is nobody's any more to
    take: there the car may have been with somebody else.
    """
    ends = _goes_on_until(contract, now)
    await occupancies.cut(session, contract.id, vehicle.id, now)
    use = Use(now, ends, station.turnaround)
    await occupancies.occupy(session, vehicle, contract.id, OccupancyKind.CHECKED_OUT, use)
    condition.adopt(vehicle, protocol, latest=True)
    occupancies.car_goes_out(vehicle, contract.id, contract.ends_at)
    occupancies.leave(vehicle, contract)
    contract.vehicle_id = vehicle.id
    contract.search_text = parts.search_text(contract, vehicle)
    await session.store(vehicle, contract, exchange.leg_of(contract, protocol))
