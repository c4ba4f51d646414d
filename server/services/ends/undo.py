"""A check-out or check-in that never happened like that, taken back by a manager within the hour. The protocol is kept.

If the rental was billed meanwhile, its invoice is taken back; what was paid for it counts for the next one.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, PeriodConflict, ProblemCode, Refused, Sentence
from server.models import Contract, Damage, Document, Protocol, Station, Vehicle, VehicleLeg
from server.models.contract import ContractState, SettlementState
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.occupancy import OccupancyKind
from server.models.protocol import ProtocolType
from server.services import validation
from server.services.acting import Acting
from server.services.billing import cancellations, cancelled, documents, invoice, readings
from server.services.booking import overdue
from server.services.changes import cars, edit, mails
from server.services.contract import contracts, history, no_shows
from server.services.fleet import occupancies
from server.services.fleet.occupancies import Use
from server.services.outside import Outside
from server.services.payments import deposits

WITHIN = timedelta(minutes=60)
_SHORTEST = timedelta(minutes=1)
_TOO_LATE = Sentence(
    "A protocol can be taken back within 60 minutes of its arrival.",
    "Ein Protokoll lässt sich nur 60 Minuten lang nach seinem Eintreffen zurücknehmen.",
)
_NOT_THE_LAST = Sentence(
    "Only the last protocol of a contract can be taken back, and no swap.",
    "Zurücknehmen lässt sich nur das letzte Protokoll eines Vertrags, und kein Fahrzeugtausch.",
)
_GONE_ON = Sentence(
    "The car is out again, or stands at another station now.",
    "Das Fahrzeug ist wieder unterwegs oder steht inzwischen an einer anderen Station.",
)
_CLAIMED = Sentence(
    "A damage that was found at this return is claimed already.",
    "Ein Schaden, der bei dieser Rückgabe festgestellt wurde, ist schon gefordert.",
)
_TAKEN = Sentence(
    "The car has been given to somebody else for this time.", "Das Fahrzeug ist für diese Zeit schon vergeben."
)
_FIELD = ("protocol_id",)


@tried_again
async def undo(outside: Outside, acting: Acting, protocol_id: UUID | None, reason: str) -> UUID:
    """Takes the last protocol of a contract back, with its effects; returns the contract's id.

    Raises NotFound, InvalidInput, NOT_ALLOWED, PeriodConflict, VEHICLE_NOT_READY, PAYMENT_UNRESOLVED.
    """
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    async with edit.editing_protocol(outside, acting, protocol_id) as (session, contract, protocol):
        await _require_undoable(session, contract, protocol, acting)
        leg = await _leg_of(session, protocol)
        vehicle = await _vehicle(session, protocol)
        issued = await _unbill(session, contract, acting)
        if protocol.type is ProtocolType.CHECK_IN:
            await _out_again(session, contract, leg, vehicle, acting)
        else:
            await _not_out(session, contract, leg, vehicle, acting)
        protocol.voided = True
        await session.store(protocol)
        entry = await history.record(
            session, contract, HistoryAction.PROTOCOL_VOIDED, acting, before=protocol.type.value
        )
        await mails.corrected(session, contract, entry.id, protocol, (), issued, now=acting.now)
        await cancelled.tell_payer(session, contract, issued, now=acting.now)
    await documents.print_unprinted(outside, contract.id)
    return contract.id


async def _require_undoable(session: Session, contract: Contract, protocol: Protocol, acting: Acting) -> None:
    last = await session.first(
        select(Protocol)
        .where(
            col(Protocol.contract_id) == contract.id, col(Protocol.voided).is_(False), col(Protocol.conflict).is_(None)
        )
        .order_by(col(Protocol.received_at).desc(), col(Protocol.occurred_at).desc())
    )
    fits = {
        ProtocolType.CHECK_OUT: {ContractState.CHECKED_OUT},
        ProtocolType.CHECK_IN: {ContractState.RETURNED, ContractState.BILLED},
    }
    if last is None or last.id != protocol.id or contract.state not in fits.get(protocol.type, set()):
        raise InvalidInput(_NOT_THE_LAST, field=_FIELD)
    if acting.now > protocol.received_at + WITHIN:
        raise Refused(ProblemCode.NOT_ALLOWED, _TOO_LATE, field=_FIELD)
    claimed = select(Damage).where(col(Damage.protocol_id) == protocol.id, col(Damage.claim_document_id).is_not(None))
    if await session.first(claimed) is not None:
        raise Refused(ProblemCode.NOT_ALLOWED, _CLAIMED, field=_FIELD)


async def _leg_of(session: Session, protocol: Protocol) -> VehicleLeg:
    leg = await readings.leg_of(session, protocol)
    if leg is None:
        raise LookupError(f"no car of protocol {protocol.id}")
    return leg


async def _vehicle(session: Session, protocol: Protocol) -> Vehicle:
    vehicle = await session.by_id(Vehicle, protocol.vehicle_id, lock=True)
    where = vehicle is not None and vehicle.station_id == protocol.at_station_id
    out_with = {ProtocolType.CHECK_IN: None}.get(protocol.type, protocol.contract_id)
    if vehicle is None or not where or vehicle.out_contract_id != out_with:
        raise Refused(ProblemCode.VEHICLE_NOT_READY, _GONE_ON, field=_FIELD)
    return vehicle


async def _unbill(session: Session, contract: Contract, acting: Acting) -> list[Document]:
    """What was billed is taken back; nothing moves, because the rental goes on and will be billed."""
    if contract.state is not ContractState.BILLED:
        return []
    await invoice.refuse_under_way(session, contract)
    finals = await documents.standing(session, contract.id, DocumentType.FINAL_INVOICE)
    silent = acting.because(None)
    taken = [await cancellations.cancel(session, contract, one, silent, back_cents=0) for one in finals]
    contract.billed_at, contract.settlement_state = None, SettlementState.NONE
    return taken


async def _plan_return_again(session: Session, contract: Contract) -> None:
    """It is to come back where it was to come back before."""
    planned = await session.by_id(Station, contract.planned_return_station_id)
    if planned is not None:
        contract.return_station_id, contract.planned_return_station_id = planned.id, None
        contract.return_station_code, contract.return_station_name = planned.code, planned.name


async def _out_again(session: Session, contract: Contract, leg: VehicleLeg, vehicle: Vehicle, acting: Acting) -> None:
    """The car was not back: it is out, as it was."""
    await _plan_return_again(session, contract)
    slot = await cars.slot_of(session, contract)
    ends = max(slot.end, acting.now + _SHORTEST)
    # What was kept free after the return is not in the way, other contracts are.
    await occupancies.free_contract(session, contract.id)
    in_the_way = await occupancies.overlapping(
        session, vehicle.id, leg.from_at, ends + slot.station.turnaround, acting.now
    )
    if in_the_way:
        raise PeriodConflict(_TAKEN, conflicts=in_the_way, field=_FIELD)
    leg.to_at = leg.check_in_id = contract.returned_at = None
    occupancies.car_goes_out(vehicle, contract.id, slot.end)
    vehicle.station_id = contract.station_id
    occupancies.leave(vehicle, contract)
    await contracts.move_back(session, contract, ContractState.CHECKED_OUT, acting)
    await session.store(leg, vehicle, contract)
    use = Use(leg.from_at, ends, slot.station.turnaround)
    await occupancies.occupy(session, vehicle, contract.id, OccupancyKind.CHECKED_OUT, use)
    await deposits.begin_anew(session, contract, now=acting.now)
    await overdue.watch(session, contract, now=acting.now)


async def _not_out(session: Session, contract: Contract, leg: VehicleLeg, vehicle: Vehicle, acting: Acting) -> None:
    """The car has not gone out: the booking waits for its customer."""
    occupancies.car_is_here(vehicle)
    contract.checked_out_at = None
    leg.to_at = leg.from_at  # kept, but of no time
    await contracts.move_back(session, contract, ContractState.RESERVED, acting)
    await session.store(leg, vehicle, contract)
    await occupancies.set_kind(session, contract.id, OccupancyKind.RESERVED)
    await no_shows.plan(session, contract, now=acting.now)
