"""What a protocol recorded wrongly of odometer, fuel or charge, put right; cleanliness and damages stay as they are.

Before the final invoice the office does it. After it a manager: the invoice is taken back and issued anew, and only the
difference moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from server.database import Session
from server.database.conflicts import tried_again
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import Contract, Document, Protocol, ReadingCorrection, Vehicle
from server.models.contract import ContractState
from server.models.contract_parts import HistoryAction
from server.services import validation
from server.services.acting import OVERRIDERS, Acting
from server.services.billing import cancelled, documents, invoice
from server.services.billing.readings import READINGS, corrected, leg_of
from server.services.changes import edit, mails, said
from server.services.changes.edit import Done
from server.services.fleet import levels
from server.services.outside import Outside

FIELD = ("reading",)
_POSSIBLE = (ContractState.CHECKED_OUT, ContractState.RETURNED, ContractState.BILLED)
_DOES_NOT_COUNT = Sentence(
    "This protocol does not count: it was taken back, or does not fit its contract.",
    "Dieses Protokoll zählt nicht: es wurde zurückgenommen oder passt nicht zu seinem Vertrag.",
)
_NOTHING = Sentence("Say what was read wrongly.", "Bitte angeben, was falsch abgelesen wurde.")
_FOR_MANAGERS = Sentence(
    "The rental is billed: only a manager can correct a reading now.",
    "Die Miete ist berechnet: nur die Leitung kann jetzt noch einen Wert berichtigen.",
)
_BACKWARDS = Sentence(
    "The car would come back with fewer kilometres than it went out with.",
    "Das Fahrzeug käme mit weniger Kilometern zurück, als es losfuhr.",
)


@dataclass(frozen=True)
class Reading:
    """What is right: kilometres, eighths, per cent. What is None was read correctly."""

    odometer_km: int | None = None
    fuel_eighths: int | None = None
    state_of_charge_percent: int | None = None


@tried_again
async def correct(outside: Outside, acting: Acting, protocol_id: UUID | None, reading: Reading, reason: str) -> UUID:
    """Puts readings right and tells the customer, with a correction sheet; returns the contract's id.

    Raises NotFound, InvalidInput, InvalidTransition, ODOMETER_IMPLAUSIBLE, NOT_ALLOWED, PAYMENT_UNRESOLVED.
    """
    acting = acting.because(validation.text(reason, ("reason",), longest=500, multiline=True))
    levels.check(FIELD, **vars(reading))
    if reading == Reading():
        raise InvalidInput(_NOTHING, field=FIELD)
    async with edit.editing_protocol(outside, acting, protocol_id) as (session, contract, protocol):
        before = await _right(session, contract, protocol, reading, acting)
        after = await corrected(session, protocol) or protocol
        issued: list[Document] = []
        if contract.state is ContractState.BILLED:
            issued = await invoice.issue_again(session, contract, acting)
        names = [said.read_as(contract, one) for one in (before, after)]
        done = Done(action=HistoryAction.READING_CORRECTED, before=names[0], after=names[1])
        entry = await edit.finish(session, contract, done, acting)
        lines = said.reading(contract, before, after)
        await mails.corrected(session, contract, entry.id, after, lines, issued, now=acting.now)
        await cancelled.tell_payer(session, contract, issued, now=acting.now)
    await documents.print_unprinted(outside, contract.id)
    return contract.id


async def _right(
    session: Session, contract: Contract, protocol: Protocol, reading: Reading, acting: Acting
) -> Protocol:
    """Writes the correction down, for the car as well if nothing was read of it since; returns what counted before."""
    edit.require_state(contract, *_POSSIBLE)
    if contract.state is ContractState.BILLED and acting.person.role not in OVERRIDERS:
        raise Refused(ProblemCode.NOT_ALLOWED, _FOR_MANAGERS)
    if protocol.voided or protocol.conflict is not None:
        raise InvalidInput(_DOES_NOT_COUNT, field=["protocol_id"])
    before = await corrected(session, protocol) or protocol
    correction = ReadingCorrection(
        protocol_id=protocol.id,
        contract_id=contract.id,
        station_id=contract.station_id,
        **vars(reading),
        reason=acting.why or "",
        corrected_by=acting.name,
        at=acting.now,
    )
    await session.store(correction)
    await _check_kilometres(session, protocol)
    await _adopt(session, before, reading)
    return before


async def _check_kilometres(session: Session, protocol: Protocol) -> None:
    """A car never comes back with fewer kilometres than it went out with."""
    leg = await leg_of(session, protocol)
    if leg is None:
        return
    out = await corrected(session, await session.by_id(Protocol, leg.check_out_id))
    back = await corrected(session, await session.by_id(Protocol, leg.check_in_id))
    if out is not None and back is not None and back.odometer_km < out.odometer_km:
        raise Refused(ProblemCode.ODOMETER_IMPLAUSIBLE, _BACKWARDS, field=[*FIELD, "odometer_km"])


async def _adopt(session: Session, before: Protocol, reading: Reading) -> None:
    """The car keeps what was read of it last: where that was this very reading, the right one takes its place."""
    vehicle = await session.by_id(Vehicle, before.vehicle_id, lock=True)
    if vehicle is None:
        return
    for name in READINGS:
        right = getattr(reading, name)
        if right is not None and getattr(vehicle, name) == getattr(before, name):
            setattr(vehicle, name, right)
    await session.store(vehicle)
