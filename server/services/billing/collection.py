"""Money that a final invoice asks for: charged, taken from the deposit, refunded, or left open.

`collect` looks only at what is stored: after a crash it goes on where it was, and finds a charge whose answer was lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Contract, Deposit, Document, OpenItem, Payment, Station
from server.models.columns import uuid7
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.services.acting import Acting
from server.services.billing import cancellations, documents, mails
from server.services.billing.settlements import SettlementAction, action_for
from server.services.contract import blocks, contracts, history
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.payments import attempts, deposits
from server.services.payments.attempts import Move

DAYS_TO_PAY = 14
_OF_THE_RENT = frozenset(Purpose) - {Purpose.DAMAGE}
OVER = frozenset({ContractState.BILLED, ContractState.CANCELLED, ContractState.NO_SHOW})
"""Where a contract ends, with a document if money was due."""


@dataclass(frozen=True)
class _Asked:
    """A document that asks for money, and all attempts of its contract. The last one `closes` a contract that is over:
    while a rental goes on, nothing of it is settled.
    """

    document: Document
    payments: list[Payment]
    closes: bool

    @property
    def made(self) -> list[Payment]:
        """The attempts for this document."""
        return [payment for payment in self.payments if payment.document_id == self.document.id]

    @property
    def next_order(self) -> str:
        """Each charge is an order of its own at the gateway."""
        charges = [one for one in self.payments if one.purpose is Purpose.FINAL and one.kind is PaymentKind.SALE]
        return f"F{1 + len(charges)}"

    @property
    def refundable(self) -> list[tuple[Payment, int]]:
        """What took money, and how many cents of it are still here."""
        done = [one for one in self.payments if one.state is PaymentState.SUCCEEDED and one.purpose in _OF_THE_RENT]
        back: Counter[UUID | None] = Counter()
        for one in done:
            if one.kind is PaymentKind.REFUND:
                back[one.refers_to_id] += one.amount_cents
        taking = {PaymentKind.SALE, PaymentKind.CAPTURE}
        return [(one, one.amount_cents - back[one.id]) for one in done if one.kind in taking]


async def collect(outside: Outside, contract_id: UUID) -> None:
    """Moves what a contract's documents ask for, one committed attempt at a time. Safe to repeat."""
    while (step := await _next_step(outside, contract_id)) is not None:
        if await attempts.execute(outside, step) in attempts.UNRESOLVED:
            return


async def _next_step(outside: Outside, contract_id: UUID) -> UUID | None:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        payments = await attempts.of_contract(session, contract_id)
        asking = await _asking(session, contract_id)
        for document in asking:
            asked = _Asked(document, payments, closes=document is asking[-1] and contract.state in OVER)
            if any(payment.state in attempts.UNRESOLVED for payment in asked.made):
                return None
            step = await _step_for(session, contract, asked, now)
            if step is not None:
                return step
    return None


async def _asking(session: Session, contract_id: UUID) -> list[Document]:
    """The documents because of which money moves, the oldest first; not a final invoice that was taken back."""
    finals = await documents.standing(session, contract_id, DocumentType.FINAL_INVOICE)
    mirrors = await documents.standing(session, contract_id, DocumentType.CANCELLATION_INVOICE)
    moving = [document for document in (*finals, *mirrors) if document.moves_cents != 0]
    return sorted(moving, key=lambda document: (document.issued_at, document.running_number))


async def _step_for(session: Session, contract: Contract, asked: _Asked, now: datetime) -> UUID | None:
    cents = asked.document.moves_cents
    if cents < 0:
        by_hand = await cancellations.is_paid_by_hand(session, contract.id, asked.document)
        return None if by_hand else await _refund_step(session, contract, asked, now)
    if not asked.made and await action_for(session, contract, cents) is not SettlementAction.CHARGE:
        return None  # it is an open item, of the payer or of a customer without a card
    return await _charge_step(session, contract, asked, now)


async def _charge_step(session: Session, contract: Contract, asked: _Asked, now: datetime) -> UUID | None:
    """The card first; if declined, the deposit as far as it reaches; the rest stays open (domain 4.5 rule 6)."""
    document, made = asked.document, asked.made
    due = document.moves_cents
    if not made:
        charge = Move(PaymentKind.SALE, Purpose.FINAL, due, asked.next_order, document_id=document.id)
        return (await attempts.prepare(session, contract, charge, now=now)).id
    sale = made[0]
    if sale.state is PaymentState.SUCCEEDED:
        await _paid(session, contract, asked, now)
        return None
    if not asked.closes or await _item_of(session, document) is not None:
        return None  # the final invoice asks for it, too; or what is open of it, `claims` may take from a kept hold
    captures = [payment for payment in made if payment.kind is PaymentKind.CAPTURE]
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if not captures and deposit is not None and deposits.is_active(deposit, now):
        hold = await session.by_id(Payment, deposit.hold_id)
        is_free = not await deposits.is_kept_for_damage(session, contract.id)
        if hold is not None and is_free and not deposits.is_spent(asked.payments, hold.id):
            amount = min(due, deposit.amount_cents)
            capture = Move(PaymentKind.CAPTURE, Purpose.FINAL, amount, refers_to=hold, document_id=document.id)
            return (await attempts.prepare(session, contract, capture, now=now)).id
    taken = sum(payment.amount_cents for payment in captures if payment.state is PaymentState.SUCCEEDED)
    if taken and deposit is not None:
        deposit.used_cents = taken
        deposit.state = DepositState.USED if taken == deposit.amount_cents else DepositState.PARTLY_USED
        await session.store(deposit)
    await _short(session, contract, asked, taken, now)
    return None


async def _refund_step(session: Session, contract: Contract, asked: _Asked, now: datetime) -> UUID | None:
    """Money goes back against what took it, never more than it took; several refunds where one payment is too small."""
    document, made = asked.document, asked.made
    done = sum(one.amount_cents for one in made if one.state is PaymentState.SUCCEEDED)
    left = -document.moves_cents - done
    if made and made[-1].state is not PaymentState.SUCCEEDED:
        reason = made[-1].reason
        await blocks.block_billing(session, contract, BillingBlock.REFUND_REFUSED, Acting(now), detail=reason)
        await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)
        return None
    if left > 0:
        source, most = max(asked.refundable, key=lambda item: item[1], default=(None, 0))
        if source is None or sum(cents for _, cents in asked.refundable) < left:
            await blocks.block_billing(session, contract, BillingBlock.REFUND_ABOVE_PAYMENT, Acting(now))
            await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)
            return None
        refund = Move(PaymentKind.REFUND, Purpose.FINAL, min(left, most), refers_to=source, document_id=document.id)
        return (await attempts.prepare(session, contract, refund, now=now)).id
    await mails.refund(session, contract, document, -document.moves_cents, now=now)
    await _paid(session, contract, asked, now)
    return None


async def _paid(session: Session, contract: Contract, asked: _Asked, now: datetime) -> None:
    if contract.is_settled or not asked.closes:
        return
    contract.settlement_state = SettlementState.PAID
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.SETTLED, Acting(now))
    await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)


async def _short(session: Session, contract: Contract, asked: _Asked, taken: int, now: datetime) -> None:
    """The card was declined: what the deposit did not cover stays open, and the customer hears of it."""
    document, sale = asked.document, asked.made[0]
    if contract.settlement_state is not SettlementState.OPEN:
        return
    station = await stations.get(session, contract.station_id)
    missing = document.moves_cents - taken
    if missing == 0:
        await _paid(session, contract, asked, now)
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
    if (existing := await _item_of(session, document)) is not None:
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


async def _item_of(session: Session, document: Document) -> OpenItem | None:
    return await session.first(select(OpenItem).where(col(OpenItem.document_id) == document.id))


def before_money(to_move: int) -> SettlementState:
    """How a contract stands between a document that closes it and its money."""
    if to_move == 0:
        return SettlementState.PAID
    return SettlementState.REFUND_PENDING if to_move < 0 else SettlementState.OPEN


async def set_going(
    session: Session, contract: Contract, document: Document | None, action: SettlementAction, now: datetime
) -> OpenItem | None:
    """Has moved what a document that closes a contract asks for: by card in a job, else it is an open item, which is
    returned. The deposit is lifted only when it is certain that nothing of it is needed.
    """
    item = None
    if document is not None and action is SettlementAction.OPEN_ITEM:
        station = await stations.get(session, contract.station_id)
        item = await open_item(session, contract, document, document.moves_cents, station, now)
    by_card = action in {SettlementAction.CHARGE, SettlementAction.REFUND}
    await go_on_with(session, contract, JobKind.COLLECT if by_card else JobKind.RELEASE_DEPOSIT, now)
    return item


async def go_on_with(session: Session, contract: Contract, kind: JobKind, now: datetime) -> None:
    """Writes the next step of a settlement as a job: COLLECT or RELEASE_DEPOSIT. A contract may come to several."""
    key = f"{kind.lower()}:{contract.id}:{contract.version}"
    await enqueue(session, kind, OfContract(contract.id), key=key, now=now)
