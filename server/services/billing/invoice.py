"""Billing by itself: facts, price, final invoice, money, deposit, mail. Each step is stored before the next begins.

The final invoice is issued first, so that every charge is preceded by a document and a mail (domain 3.10); the money
is moved by `collection.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import SYSTEM, Session
from server.errors import ProblemCode, Refused, Sentence, VersionConflict
from server.jobs import enqueue
from server.models import Contract, Deposit, Document
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import Purpose
from server.paper.views import VehicleUse
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import (
    addressee,
    cancellations,
    collection,
    documents,
    mails,
    open_items,
    readings,
    settlements,
    ways,
)
from server.services.billing.drafts import Deduction, Draft
from server.services.billing.readings import Part
from server.services.billing.settlements import ReturnFacts, Settlement
from server.services.contract import blocks, contracts, history
from server.services.fleet import company_data, stations
from server.services.mail.parts import recipient_of
from server.services.outside import Outside
from server.services.payments import attempts, deposits

PAID_BY_HAND = cancellations.BY_HAND | {BillingBlock.ADVANCE_NOT_REFUNDED}
"""Whoever clears one of these says that the money went back."""
_MISSING = {
    BillingBlock.VEHICLE_SIZE: Sentence(
        "The tank or battery size of the vehicle is missing; enter it, then settle again.",
        "Die Größe von Tank oder Batterie des Fahrzeugs fehlt: bitte eintragen, dann noch einmal abrechnen.",
    ),
    BillingBlock.ADDRESS_MISSING: addressee.ADDRESS_MISSING,
    BillingBlock.SELLER_CONTACT_MISSING: addressee.SELLER_CONTACT_MISSING,
}
_GIVEN_UP = Sentence(
    "What is open of this invoice was given up: it is not billed again by itself. `cancelDocument` takes it back.",
    "Der offene Rest dieser Rechnung ist abgeschrieben: sie wird nicht von selbst neu berechnet. `cancelDocument`"
    " storniert sie.",
)
_SEVERAL = Sentence(
    "Several refunds are owed by hand: enter each one with `recordExternalPayment`.",
    "Mehrere Erstattungen sind von Hand zu zahlen: bitte jede mit `recordExternalPayment` eintragen.",
)
_UNDER_WAY = Sentence(
    "The outcome of a payment is not known yet. Please try again in a minute.",
    "Wie eine Zahlung ausging, ist noch nicht bekannt. Bitte in einer Minute noch einmal versuchen.",
)


async def bill(outside: Outside, contract_id: UUID) -> None:
    """Issues the final invoice of a returned contract and goes on to the money. Safe to repeat."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        if contract.state is ContractState.RETURNED and contract.billing_block is None:
            await _issue(session, contract, now)
    await documents.print_unprinted(outside, contract_id)


async def settle(outside: Outside, contract_id: UUID) -> None:
    """What the jobs would do one after the other: the final invoice, then its money. Safe to repeat."""
    await bill(outside, contract_id)
    await collection.collect(outside, contract_id)


async def settle_by_hand(outside: Outside, principal: Principal, contract_id: UUID | None, version: int) -> UUID:
    """A clerk has looked (`release_block`), and what waited is done at once. Returns the contract's id.

    Should the second part fail, nothing is lost: the first has left a job for it.
    """
    async with outside.database.transaction(principal.scope) as session:
        acting = Acting(outside.clock.now(), principal)
        contract = await release_block(session, contract_id, version, acting)
    await settle(outside, contract.id)
    return contract.id


async def release_block(session: Session, contract_id: UUID | None, version: int, acting: Acting) -> Contract:
    """A clerk has looked: whatever waited goes on, in whatever state the contract is.

    A refund that had to be paid by hand counts as paid. InvalidTransition where nothing waits; BILLING_BLOCKED when the
    contract still cannot be billed.
    """
    contract = await contracts.lock(session, contract_id, field=["contract_id"])
    if contract.version != version:
        raise VersionConflict(contract.version)
    waits = contract.billing_block is not None or contract.protocol_conflict
    if contract.state is not ContractState.RETURNED and not waits:
        contracts.require_state(contract, ContractState.BILLED)
    parts = await readings.parts_of(session, contract.id)
    if any(part.lacks_a_size for part in parts):
        raise Refused(ProblemCode.BILLING_BLOCKED, _MISSING[BillingBlock.VEHICLE_SIZE])
    # While a car is out nobody knows what would be billed, and billing looks again; and one that came back early may
    # have become cheap enough.
    shown = contract.billing_block
    looks = shown in _MISSING and contract.state is ContractState.RETURNED
    if shown and looks and (await _bill_of(session, contract)).lacks is shown:
        raise Refused(ProblemCode.BILLING_BLOCKED, _MISSING[shown])
    if contract.billing_block in PAID_BY_HAND and len(await open_items.payable(session, contract.id)) > 1:
        raise Refused(ProblemCode.NOT_ALLOWED, _SEVERAL, field=("contract_id",))
    by_hand = await blocks.clear(session, contract, acting) in PAID_BY_HAND
    if by_hand:
        await open_items.close_payable(session, contract.id)
    is_open = contract.state in collection.OVER and not contract.is_settled
    if by_hand and is_open and await _is_paid(session, contract):
        contract.settlement_state = SettlementState.PAID
        await session.store(contract)
        await history.record(session, contract, HistoryAction.SETTLED, acting)
    await go_on_with_address(session, contract, acting)
    await bill_soon(session, contract, acting)
    return contract


async def _is_paid(session: Session, contract: Contract) -> bool:
    """Whether nothing is left to be paid, or to go back, of the invoice that a contract has now."""
    finals = await documents.standing(session, contract.id, DocumentType.FINAL_INVOICE)
    for final in finals:
        left = final.moves_cents - await cancellations.paid_for(session, contract.id, final)
        if (final.moves_cents > 0 and left > 0) or (final.moves_cents < 0 and left < 0):
            return False
    return True


async def go_on_with_address(session: Session, contract: Contract, acting: Acting) -> None:
    """The address that the invoice of a locked contract waited for may be known now: then it is issued."""
    if contract.billing_block is BillingBlock.ADDRESS_MISSING and addressee.has_address(contract):
        await blocks.clear(session, contract, acting)
        await bill_soon(session, contract, acting)


async def bill_soon(session: Session, contract: Contract, acting: Acting) -> None:
    """Has a returned contract billed, if nothing stands against it: once for each time that it comes back or a block is
    cleared, for a job of before may be done.
    """
    if contract.state is ContractState.RETURNED and contract.billing_block is None:
        key = f"bill:{contract.id}:{contract.version}"
        await enqueue(session, JobKind.BILL, OfContract(contract.id), key=key, now=acting.now)


@dataclass(frozen=True)
class _Bill:
    """What a returned contract comes to, and what is missing for its invoice; None if nothing is."""

    parts: list[Part]
    back: ReturnFacts
    settlement: Settlement
    lacks: BillingBlock | None


async def _bill_of(session: Session, contract: Contract) -> _Bill:
    parts = await readings.parts_of(session, contract.id)
    back = await settlements.facts_of(session, parts[-1].back if parts else None)
    settlement = await settlements.of_contract(session, contract, back)
    lacks = None
    if any(part.lacks_a_size for part in parts):
        lacks = BillingBlock.VEHICLE_SIZE
    elif addressee.lacks_address(contract, settlement.price.total_cents):
        lacks = BillingBlock.ADDRESS_MISSING
    elif await _lacks_seller_contact(session, contract):
        lacks = BillingBlock.SELLER_CONTACT_MISSING
    return _Bill(parts, back, settlement, lacks)


async def _lacks_seller_contact(session: Session, contract: Contract) -> bool:
    station, company = await stations.get(session, contract.station_id), await company_data.require(session)
    return addressee.lacks_seller_contact(recipient_of(contract), company, station)


async def issue_again(session: Session, contract: Contract, acting: Acting) -> list[Document]:
    """Takes the final invoice of a locked, BILLED contract back and issues it anew from what counts now; only the
    difference moves. Returns both documents. PAYMENT_UNRESOLVED while its money is under way, BILLING_BLOCKED where
    something is missing.
    """
    (old,) = await documents.standing(session, contract.id, DocumentType.FINAL_INVOICE)
    await refuse_under_way(session, contract)
    item = await open_items.of_document(session, old.id)
    if item is not None and item.written_off_cents:
        raise Refused(ProblemCode.NOT_ALLOWED, _GIVEN_UP)
    bill = await _complete_bill_of(session, contract)
    mirror = await cancellations.cancel(session, contract, old, acting.because(None), back_cents=0)
    new, _ = await _final_invoice(session, contract, bill, acting.now)
    return [mirror, new]


async def issue_for_payer(session: Session, contract: Contract, acting: Acting) -> Document:
    """Issues the final invoice of a BILLED contract, whose earlier one was taken back, to whoever pays now, and mails
    it. BILLING_BLOCKED where something is missing.
    """
    document, draft = await _final_invoice(session, contract, await _complete_bill_of(session, contract), acting.now)
    await mails.to_payer(session, contract, document, draft.payments, now=acting.now)
    return document


async def _complete_bill_of(session: Session, contract: Contract) -> _Bill:
    bill = await _bill_of(session, contract)
    if bill.lacks is not None:
        raise Refused(ProblemCode.BILLING_BLOCKED, _MISSING[bill.lacks])
    return bill


async def refuse_under_way(session: Session, contract: Contract) -> None:
    """PAYMENT_UNRESOLVED while the outcome of a payment of this contract is not known. A page that is merely open, for
    another card, is none.
    """
    made = await attempts.of_contract(session, contract.id)
    if any(one.state in attempts.UNRESOLVED and one.purpose is not Purpose.CARD for one in made):
        raise Refused(ProblemCode.PAYMENT_UNRESOLVED, _UNDER_WAY)


async def _issue(session: Session, contract: Contract, now: datetime) -> None:
    bill = await _bill_of(session, contract)
    if bill.lacks is not None:
        await blocks.block_billing(session, contract, bill.lacks, Acting(now))
        return
    await contracts.move(session, contract, ContractState.BILLED, Acting(now))
    agreed = contract.total_cents if contract.billed_at is None else None
    document, draft = await _final_invoice(session, contract, bill, now)
    deposit = await session.by_id(Deposit, contract.id)
    await mails.final_invoice(session, contract, document, draft, deposit, agreed_cents=agreed, now=now)


async def _final_invoice(session: Session, contract: Contract, bill: _Bill, now: datetime) -> tuple[Document, Draft]:
    """Issues the final invoice from what counts now; its money moves, less what an earlier one has taken already."""
    settlement = bill.settlement
    station = await stations.get(session, contract.station_id)
    company = await company_data.require(session)
    advances = await documents.advances_of(session, contract.id)
    to_move = settlement.due.gross - await cancellations.kept_of_cancelled(session, contract.id)
    action = await settlements.action_for(session, contract, to_move)
    parts = ways.payment_parts(settlement.due.gross, action, to_move, open_items.due_on(station, now))
    kept = await deposits.is_kept_for_damage(session, contract.id)
    draft = Draft(
        type=DocumentType.FINAL_INVOICE,
        service_from=settlement.starts_at,
        service_until=bill.back.returned_at,
        lines=settlement.price.lines,
        sums=settlement.price.sums,
        advances=[Deduction.of(advance) for advance in advances],
        payments=ways.said_elsewhere(parts, await cancellations.kept_elsewhere(session, contract.id)),
        vehicles=[_vehicle_use(part) for part in bill.parts],
        deposit_cents=deposits.held_cents(await session.by_id(Deposit, contract.id)),
        deposit_note=ways.deposit_note(action, kept=kept),
        to_move_cents=to_move,
    )
    contract.agree_on(settlement.price)
    contract.billed_at = now
    contract.settlement_state = collection.before_money(to_move)
    await session.store(contract)
    document = await documents.issue(session, contract, draft, company, station, now=now)
    await collection.set_going(session, contract, document, action, now)
    return document, draft


def _vehicle_use(part: Part) -> VehicleUse:
    return VehicleUse(
        plate=part.vehicle.plate,
        model=f"{part.vehicle.make} {part.vehicle.model}",
        km_out=part.out.odometer_km,
        km_in=part.back.odometer_km if part.back else None,
    )
