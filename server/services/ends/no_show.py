"""Bookings that nobody picked up: ended by a clerk or by the clock, and taken up again by a manager."""

from __future__ import annotations

from uuid import UUID

from server.database import SYSTEM, Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, PeriodConflict, ProblemCode, Refused, Sentence
from server.models import Contract, Vehicle
from server.models.columns import uuid7
from server.models.contract import ContractState, SettlementState
from server.models.document import DocumentType
from server.models.job import JobKind
from server.services import validation
from server.services.acting import Acting
from server.services.billing import cancellations, cancelled, collection, documents, invoice
from server.services.changes import cars, edit, mails, said
from server.services.contract import contracts, no_shows
from server.services.ends import closing
from server.services.ends.closing import End
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.payments import deposits
from server.services.pricing import fees

_TAKEN = Sentence(
    "No car of the group is free any more in the booked period.",
    "Im gebuchten Zeitraum ist kein Fahrzeug der Gruppe mehr frei.",
)
_IS_OVER = Sentence("The booked period is over.", "Der gebuchte Zeitraum ist vorbei.")


@tried_again
async def mark(outside: Outside, acting: Acting, contract_id: UUID | None, version: int) -> UUID:
    """A clerk says that nobody came, from two hours after the planned start on. The car is free, the deposit is lifted,
    the terms' fee is due. NotFound, VersionConflict, InvalidTransition, NOT_ALLOWED before its time.
    """
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        edit.require_state(contract, ContractState.RESERVED)
        await _refuse_early(session, contract, acting)
        await closing.close(session, contract, _end(contract), acting)
        done = contract.id
    await documents.print_unprinted(outside, done)
    return done


async def mark_by_itself(outside: Outside, contract_id: UUID) -> None:
    """What the clock says of a booking that nobody picked up. Safe to repeat.

    Where the dealer has no car to hand over, it is not the customer who does not come: a clerk decides.
    """
    acting = Acting(outside.clock.now())
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        due = contract.state is ContractState.RESERVED and acting.now >= no_shows.by_itself_at(contract)
        if not due:
            return
        if not await _is_ready(session, contract):
            await no_shows.plan(session, contract, now=acting.now)
            return
        await closing.close(session, contract, _end(contract), acting)
    await documents.print_unprinted(outside, contract_id)


@tried_again
async def undo(outside: Outside, acting: Acting, contract_id: UUID | None, version: int, reason: str) -> UUID:
    """A manager takes the booking up again, if a car of its group is free: the fee's invoice is taken back, and what it
    has moved. NotFound, VersionConflict, InvalidTransition, PeriodConflict, InvalidInput, PAYMENT_UNRESOLVED.
    """
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    async with edit.editing(outside, acting, contract_id, version) as (session, contract):
        _refuse_undoing(contract, acting)
        await invoice.refuse_under_way(session, contract)
        await contracts.move(session, contract, ContractState.RESERVED, acting)
        await _take_a_car(session, contract, acting)
        finals = await documents.standing(session, contract.id, DocumentType.FINAL_INVOICE)
        silent = acting.because(None)
        mirrors = [await cancellations.cancel(session, contract, document, silent) for document in finals]
        contract.settlement_state = SettlementState.NONE
        await session.store(contract)
        await deposits.begin_anew(session, contract, now=acting.now)
        await no_shows.plan(session, contract, now=acting.now)
        await collection.go_on_with(session, contract, JobKind.COLLECT, acting.now)
        await mails.changed(session, contract, uuid7(), said.resumed(contract), mirrors, now=acting.now)
        await cancelled.tell_payer(session, contract, mirrors, now=acting.now)
        done = contract.id
    await documents.print_unprinted(outside, done)
    return done


def _refuse_undoing(contract: Contract, acting: Acting) -> None:
    edit.require_state(contract, ContractState.NO_SHOW)
    if contract.ends_at <= acting.now:
        raise InvalidInput(_IS_OVER, field=["contract_id"])


def _end(contract: Contract) -> End:
    total = fees.basis(contract.kind, contract.total_cents)
    return End(ContractState.NO_SHOW, fees.no_show_fee(contract.terms, total))


async def _refuse_early(session: Session, contract: Contract, acting: Acting) -> None:
    earliest = no_shows.from_when(contract)
    if acting.now >= earliest:
        return
    zone = (await stations.get(session, contract.station_id)).zone
    at = f"{earliest.astimezone(zone):%H:%M}"
    message = Sentence(
        f"The customer may still come: this is possible from {at} on.",
        f"Der Kunde kann noch kommen: das geht erst ab {at} Uhr.",
    )
    raise Refused(ProblemCode.NOT_ALLOWED, message)


async def _is_ready(session: Session, contract: Contract) -> bool:
    vehicle = await session.by_id(Vehicle, contract.vehicle_id)
    return vehicle is not None and vehicle.out_contract_id is None


async def _take_a_car(session: Session, contract: Contract, acting: Acting) -> None:
    slot = await cars.slot_of(session, contract)
    found = await cars.find(session, contract, slot, acting.now)
    if not await cars.take_first(session, contract, slot, found.vehicle_ids, acting.now):
        raise PeriodConflict(_TAKEN, conflicts=found.conflicts)
