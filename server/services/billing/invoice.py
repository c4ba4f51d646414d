"""Billing by itself: facts, price, final invoice, money, deposit, mail. Each step is stored before the next begins.

The final invoice is issued first, so that every charge is preceded by a document and a mail (domain 3.10); the money
is moved by `collection.py`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import ProblemCode, Refused, Sentence, VersionConflict
from server.jobs import enqueue
from server.models import Contract, Deposit, Protocol, Station, VehicleLeg
from server.models.contract import BillingBlock, ContractState, SettlementState
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState
from server.paper.views import DepositNote, PaymentPart, PaymentWay, VehicleUse
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import addressee, collection, documents, mails, settlements
from server.services.billing.drafts import Deduction, Draft
from server.services.billing.settlements import Settlement, SettlementAction
from server.services.contract import blocks, contracts, history
from server.services.fleet import company_data, stations
from server.services.outside import Outside
from server.services.payments import deposits

PAID_BY_HAND = frozenset(
    {BillingBlock.REFUND_ABOVE_PAYMENT, BillingBlock.REFUND_REFUSED, BillingBlock.ADVANCE_NOT_REFUNDED}
)
"""Whoever clears one of these says that the money went back."""


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
    if await _unreadable(session, contract):
        message = Sentence(
            "The tank or battery size of the vehicle is missing; enter it, then settle again.",
            "Die Größe von Tank oder Batterie des Fahrzeugs fehlt: bitte eintragen, dann noch einmal abrechnen.",
        )
        raise Refused(ProblemCode.BILLING_BLOCKED, message)
    if contract.billing_block is BillingBlock.ADDRESS_MISSING and await _still_lacks_address(session, contract):
        raise Refused(ProblemCode.BILLING_BLOCKED, addressee.ADDRESS_MISSING)
    if await blocks.clear(session, contract, acting) in PAID_BY_HAND:
        contract.settlement_state = SettlementState.PAID
        await session.store(contract)
        await history.record(session, contract, HistoryAction.SETTLED, acting)
    await go_on_with_address(session, contract, acting)
    await _bill_again(session, contract, acting)
    return contract


async def _still_lacks_address(session: Session, contract: Contract) -> bool:
    """By what would be billed: a car that came back early may have become cheap enough. While it is out nobody knows,
    and billing looks again.
    """
    if contract.state is not ContractState.RETURNED:
        return False
    back = await settlements.facts_of(session, await _last_check_in(session, contract))
    settlement = await settlements.of_contract(session, contract, back)
    return addressee.lacks_address(contract, settlement.price.total_cents)


async def go_on_with_address(session: Session, contract: Contract, acting: Acting) -> None:
    """The address that the invoice of a locked contract waited for may be known now: then it is issued."""
    if contract.billing_block is BillingBlock.ADDRESS_MISSING and addressee.has_address(contract):
        await blocks.clear(session, contract, acting)
        await _bill_again(session, contract, acting)


async def _bill_again(session: Session, contract: Contract, acting: Acting) -> None:
    if contract.state is ContractState.RETURNED and contract.billing_block is None:
        # Under another key than the first one: that job may have found the block and be done.
        key = f"bill:{contract.id}:{contract.version}"
        await enqueue(session, JobKind.BILL, OfContract(contract.id), key=key, now=acting.now)


async def _issue(session: Session, contract: Contract, now: datetime) -> None:
    if await _unreadable(session, contract):
        await blocks.block_billing(session, contract, BillingBlock.VEHICLE_SIZE, Acting(now))
        return
    last = await _last_check_in(session, contract)
    back = await settlements.facts_of(session, last)
    settlement = await settlements.of_contract(session, contract, back)
    if addressee.lacks_address(contract, settlement.price.total_cents):
        await blocks.block_billing(session, contract, BillingBlock.ADDRESS_MISSING, Acting(now))
        return
    station = await stations.get(session, contract.station_id)
    company = await company_data.require(session)
    advances = await documents.advances_of(session, contract.id)
    deposit = await session.by_id(Deposit, contract.id)
    kept = await deposits.is_kept_for_damage(session, contract.id)
    draft = Draft(
        type=DocumentType.FINAL_INVOICE,
        service_from=settlement.starts_at,
        service_until=back.returned_at,
        lines=settlement.price.lines,
        sums=settlement.price.sums,
        advances=[Deduction.of(advance) for advance in advances],
        payments=_payment_parts(settlement, station, now),
        vehicles=await _vehicle_uses(session, contract),
        deposit_cents=_held(deposit),
        deposit_note=DepositNote.KEPT if kept else DepositNote.RELEASED,
        to_move_cents=settlement.due.gross,
    )
    contract.agree_on(settlement.price)
    contract.billed_at = now
    contract.settlement_state = _state_before_money(settlement)
    await contracts.move(session, contract, ContractState.BILLED, Acting(now))
    document = await documents.issue(session, contract, draft, company, station, now=now)
    if settlement.action is SettlementAction.OPEN_ITEM:
        await collection.open_item(session, contract, document, settlement.due.gross, station, now)
    await mails.final_invoice(session, contract, document, draft.payments, deposit, kept=kept, now=now)
    # The deposit is lifted only when it is certain that nothing of it is needed.
    moves_money = settlement.action in {SettlementAction.CHARGE, SettlementAction.REFUND}
    await collection.go_on_with(session, contract, JobKind.COLLECT if moves_money else JobKind.RELEASE_DEPOSIT, now)


def _held(deposit: Deposit | None) -> int | None:
    return deposit.amount_cents if deposit is not None and deposit.state is DepositState.ACTIVE else None


def _state_before_money(settlement: Settlement) -> SettlementState:
    if settlement.due.gross == 0:
        return SettlementState.PAID
    return SettlementState.REFUND_PENDING if settlement.due.gross < 0 else SettlementState.OPEN


def _payment_parts(settlement: Settlement, station: Station, now: datetime) -> list[PaymentPart]:
    amount = abs(settlement.due.gross)
    if settlement.action is SettlementAction.NOTHING:
        return []
    if settlement.action is SettlementAction.OPEN_ITEM:
        due_on = collection.due_on(station, now)
        return [PaymentPart(way=PaymentWay.TRANSFER, amount_cents=amount, due_on=due_on)]
    way = PaymentWay.TO_BE_CHARGED if settlement.action is SettlementAction.CHARGE else PaymentWay.TO_BE_REFUNDED
    return [PaymentPart(way=way, amount_cents=amount)]


async def _last_check_in(session: Session, contract: Contract) -> Protocol | None:
    statement = select(VehicleLeg).where(col(VehicleLeg.contract_id) == contract.id)
    leg = await session.first(statement.order_by(col(VehicleLeg.from_at).desc()))
    return await session.by_id(Protocol, leg.check_in_id) if leg else None


async def _unreadable(session: Session, contract: Contract) -> bool:
    """Whether fuel or charge is missing and the size of tank or battery is not known."""
    missing = await session.value(
        "select 1 from vehicle_leg l join vehicle v on v.id = l.vehicle_id"
        " join protocol o on o.id = l.check_out_id join protocol i on i.id = l.check_in_id"
        " where l.contract_id = :id and not l.fuel_waived"
        " and ((i.fuel_eighths < o.fuel_eighths and v.tank_litres is null)"
        " or (i.state_of_charge_percent < o.state_of_charge_percent and v.battery_wh is null))",
        {"id": contract.id},
    )
    return missing is not None


async def _vehicle_uses(session: Session, contract: Contract) -> list[VehicleUse]:
    rows = await session.rows(
        "select v.plate, v.make || ' ' || v.model as model, o.odometer_km as km_out, i.odometer_km as km_in"
        " from vehicle_leg l join vehicle v on v.id = l.vehicle_id"
        " join protocol o on o.id = l.check_out_id left join protocol i on i.id = l.check_in_id"
        " where l.contract_id = :id order by l.from_at",
        {"id": contract.id},
    )
    return [VehicleUse(plate=row.plate, model=row.model, km_out=row.km_out, km_in=row.km_in) for row in rows]
