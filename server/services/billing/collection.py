"""Money that a final invoice asks for: charged, taken from the deposit, refunded, or left open.

`collect` looks only at what is stored: after a crash it goes on where it was, and finds a charge whose answer was lost.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Contract, Deposit, Document, OpenItem, Payment, Station
from server.models.columns import uuid7
from server.models.contract import BillingBlock, ContractState, SettlementState
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.services.acting import Acting
from server.services.billing import mails
from server.services.billing.settlements import SettlementAction, action_for
from server.services.contract import blocks, contracts, history
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.payments import attempts, deposits
from server.services.payments.attempts import Move

DAYS_TO_PAY = 14


async def collect(outside: Outside, contract_id: UUID) -> None:
    """Moves what the final invoice asks for, one committed attempt at a time. Safe to repeat."""
    while (step := await _next_step(outside, contract_id)) is not None:
        if await attempts.execute(outside, step) in attempts.UNRESOLVED:
            return


async def _next_step(outside: Outside, contract_id: UUID) -> UUID | None:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        document = await _final_invoice(session, contract_id)
        if contract.state is not ContractState.BILLED or document is None or document.payable_cents == 0:
            return None
        if contract.is_settled and document.payable_cents < 0:
            return None  # paid back, maybe by hand because the gateway refused
        made = [p for p in await attempts.of_contract(session, contract_id) if p.document_id == document.id]
        if any(payment.state in attempts.UNRESOLVED for payment in made):
            return None
        if document.payable_cents < 0:
            return await _refund_step(session, contract, document, made, now)
        if await action_for(session, contract, document.payable_cents) is not SettlementAction.CHARGE:
            return None  # it is an open item, of the payer or of a customer without a card
        return await _charge_step(session, contract, document, made, now)


async def _final_invoice(session: Session, contract_id: UUID) -> Document | None:
    statement = select(Document).where(
        col(Document.contract_id) == contract_id, col(Document.type) == DocumentType.FINAL_INVOICE
    )
    return await session.first(statement)


async def _charge_step(
    session: Session, contract: Contract, document: Document, made: list[Payment], now: datetime
) -> UUID | None:
    """The card first; if declined, the deposit as far as it reaches; the rest stays open (domain 4.5 rule 6)."""
    due = document.payable_cents
    if not made:
        charge = Move(PaymentKind.SALE, Purpose.FINAL, due, "F1", document_id=document.id)
        return (await attempts.prepare(session, contract, charge, now=now)).id
    sale = made[0]
    if sale.state is PaymentState.SUCCEEDED:
        await _paid(session, contract, now)
        return None
    captures = [payment for payment in made if payment.kind is PaymentKind.CAPTURE]
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if not captures and deposit is not None and deposits.is_active(deposit, now):
        hold = await session.by_id(Payment, deposit.hold_id)
        if hold is not None and not await deposits.is_kept_for_damage(session, contract.id):
            amount = min(due, deposit.amount_cents)
            capture = Move(PaymentKind.CAPTURE, Purpose.FINAL, amount, refers_to=hold, document_id=document.id)
            return (await attempts.prepare(session, contract, capture, now=now)).id
    taken = sum(payment.amount_cents for payment in captures if payment.state is PaymentState.SUCCEEDED)
    if taken and deposit is not None:
        deposit.used_cents = taken
        deposit.state = DepositState.USED if taken == deposit.amount_cents else DepositState.PARTLY_USED
        await session.store(deposit)
    await _short(session, contract, document, sale, taken, now)
    return None


async def _refund_step(
    session: Session, contract: Contract, document: Document, made: list[Payment], now: datetime
) -> UUID | None:
    """Money goes back against the sale that took it; never more than it took."""
    amount = -document.payable_cents
    if not made:
        sales = [p for p in await attempts.of_contract(session, contract.id) if p.purpose is Purpose.ADVANCE]
        paid = [p for p in sales if p.kind is PaymentKind.SALE and p.state is PaymentState.SUCCEEDED]
        if not paid or paid[-1].amount_cents < amount:
            await blocks.block_billing(session, contract, BillingBlock.REFUND_ABOVE_PAYMENT, Acting(now))
            await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)
            return None
        refund = Move(PaymentKind.REFUND, Purpose.FINAL, amount, refers_to=paid[-1], document_id=document.id)
        return (await attempts.prepare(session, contract, refund, now=now)).id
    if made[-1].state is PaymentState.SUCCEEDED:
        if contract.settlement_state is not SettlementState.PAID:
            await mails.refund(session, contract, document, amount, now=now)
        await _paid(session, contract, now)
    else:
        reason = made[-1].reason
        await blocks.block_billing(session, contract, BillingBlock.REFUND_REFUSED, Acting(now), detail=reason)
        await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)
    return None


async def _paid(session: Session, contract: Contract, now: datetime) -> None:
    if contract.settlement_state is SettlementState.PAID:
        return
    contract.settlement_state = SettlementState.PAID
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.SETTLED, Acting(now))
    await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)


async def _short(
    session: Session, contract: Contract, document: Document, sale: Payment, taken: int, now: datetime
) -> None:
    """The card was declined: what the deposit did not cover stays open, and the customer hears of it."""
    known = select(OpenItem).where(col(OpenItem.document_id) == document.id)
    if contract.settlement_state is not SettlementState.OPEN or await session.first(known) is not None:
        return
    station = await stations.get(session, contract.station_id)
    missing = document.payable_cents - taken
    if missing == 0:
        await _paid(session, contract, now)
        await mails.payment_failed(session, contract, document, sale, taken, None, now=now)
        return
    contract.settlement_state = SettlementState.PARTLY_PAID if taken else SettlementState.OPEN
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.PAYMENT_FAILED, Acting(now, why=sale.reason))
    item = await open_item(session, contract, document, missing, station, now)
    await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)
    await mails.payment_failed(session, contract, document, sale, taken, item, now=now)


def due_on(station: Station, now: datetime) -> date:
    """Until when what is billed now has to be paid: fourteen days of the station's calendar."""
    return station.day_of(now) + timedelta(days=DAYS_TO_PAY)


async def open_item(
    session: Session, contract: Contract, document: Document, cents: int, station: Station, now: datetime
) -> OpenItem:
    """What is still owed for a document, due in fourteen days; a document has one item at most."""
    statement = select(OpenItem).where(col(OpenItem.document_id) == document.id)
    if (existing := await session.first(statement)) is not None:
        return existing
    item = OpenItem(
        id=uuid7(),
        document_id=document.id,
        contract_id=contract.id,
        station_id=contract.station_id,
        due_on=due_on(station, now),
        open_cents=cents,
    )
    await session.store(item)
    return item


async def go_on_with(session: Session, contract: Contract, kind: JobKind, now: datetime) -> None:
    """Writes the next step of a settlement as a job: COLLECT or RELEASE_DEPOSIT."""
    await enqueue(session, kind, OfContract(contract.id), key=f"{kind.lower()}:{contract.id}", now=now)
