"""Money that a final invoice asks for: charged, taken from the deposit, refunded, or left open.

`collect` looks only at what is stored: after a crash it goes on where it was, and finds a charge whose answer was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import SYSTEM, Session
from server.jobs import enqueue
from server.models import Contract, Deposit, Document, OpenItem, Payment
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.contract_parts import HistoryAction
from server.models.document import DocumentType
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.services.acting import Acting
from server.services.billing import cancellations, documents, mails, open_items, sources
from server.services.billing.settlements import SettlementAction, action_for
from server.services.contract import blocks, contracts, history
from server.services.outside import Outside
from server.services.payments import attempts, deposits
from server.services.payments.attempts import Move

OVER = frozenset({ContractState.BILLED, ContractState.CANCELLED, ContractState.NO_SHOW})
"""Where a contract ends, with a document if money was due."""


@dataclass(frozen=True)
class _Asked:
    """A document that asks for money, and all attempts of its contract. The last one of the rent `closes` a contract
    that is over: while a rental goes on, nothing of it is settled. What takes a claim `of_damage` back is no rent.
    """

    document: Document
    payments: list[Payment]
    closes: bool
    of_damage: bool

    @property
    def made(self) -> list[Payment]:
        """The attempts at the gateway for this document."""
        return [payment for payment in self._own if payment.kind is not PaymentKind.EXTERNAL]

    @property
    def moved_cents(self) -> int:
        """What has come in for it, in whatever way; negative: what went back."""
        return sum(payment.moved_cents for payment in self._own)

    @property
    def _own(self) -> list[Payment]:
        return [payment for payment in self.payments if payment.document_id == self.document.id]

    @property
    def next_order(self) -> str:
        """Each charge is an order of its own at the gateway."""
        charges = [one for one in self.payments if one.purpose is Purpose.FINAL and one.kind is PaymentKind.SALE]
        return f"F{1 + len(charges)}"


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
        of_damages = await sources.of_damages(session, contract_id)
        rents = [document for document in asking if document.id not in of_damages]
        for document in asking:
            closes = document in rents[-1:] and contract.state in OVER
            asked = _Asked(document, payments, closes=closes, of_damage=document.id in of_damages)
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
    by_card = await action_for(session, contract, cents) is SettlementAction.CHARGE
    if not asked.made and (not by_card or await open_items.of_document(session, asked.document.id) is not None):
        return None  # it is an open item, of the payer or of a customer who had no card
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
    if not asked.closes or await open_items.of_document(session, document.id) is not None:
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
    """Money goes back against what took it, never more than it took; several refunds where one payment is too small.
    What no card takes back is owed to the customer, and a clerk transfers it.
    """
    document, made = asked.document, asked.made
    left = asked.moved_cents - document.moves_cents
    if left > 0 and await open_items.of_document(session, document.id) is not None:
        return None  # it is owed by hand already, whatever may be taken by card since
    if left > 0 and made and made[-1].state is not PaymentState.SUCCEEDED:
        await _owe(session, contract, asked, left, BillingBlock.REFUND_REFUSED, now)
        return None
    if left > 0:
        by_card = await sources.on_cards(session, contract.id, document.refers_to_id)
        source, most = max(by_card, key=lambda item: item[1], default=(None, 0))
        if source is None or most <= 0:
            await _owe(session, contract, asked, left, BillingBlock.REFUND_ABOVE_PAYMENT, now)
            return None
        purpose = Purpose.DAMAGE if asked.of_damage else Purpose.FINAL
        refund = Move(PaymentKind.REFUND, purpose, min(left, most), refers_to=source, document_id=document.id)
        return (await attempts.prepare(session, contract, refund, now=now)).id
    await _tell_refunded(session, contract, asked, now)
    await _paid(session, contract, asked, now)
    return None


async def _owe(
    session: Session, contract: Contract, asked: _Asked, cents: int, why: BillingBlock, now: datetime
) -> None:
    """What the card cannot take back is an item that is owed to the customer, until a clerk has transferred it."""
    await open_items.owe(session, contract, asked.document, -cents, now)
    reason = asked.made[-1].reason if why is BillingBlock.REFUND_REFUSED else None
    await blocks.block_billing(session, contract, why, Acting(now), detail=reason)
    await _tell_refunded(session, contract, asked, now)
    if not asked.of_damage:  # its damage is to be decided anew, and the rent may still need the deposit
        await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)


async def _tell_refunded(session: Session, contract: Contract, asked: _Asked, now: datetime) -> None:
    by_card = -sum(payment.moved_cents for payment in asked.made)
    if by_card > 0:
        await mails.refund(session, contract, asked.document, by_card, now=now)


async def _paid(session: Session, contract: Contract, asked: _Asked, now: datetime) -> None:
    if asked.closes and not contract.is_settled:
        await settled(session, contract, SettlementState.PAID, Acting(now))


async def settled(session: Session, contract: Contract, state: SettlementState, acting: Acting) -> None:
    """Nothing of what a contract came to is open any more: it is paid, or given up. Its deposit is lifted."""
    contract.settlement_state = state
    contract.version += 1
    await session.store(contract)
    if state is SettlementState.PAID:
        await history.record(session, contract, HistoryAction.SETTLED, acting)
    await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, acting.now)


async def _short(session: Session, contract: Contract, asked: _Asked, taken: int, now: datetime) -> None:
    """The card was declined: what the deposit did not cover stays open, and the customer hears of it."""
    document, sale = asked.document, asked.made[0]
    if await open_items.of_document(session, document.id) is not None:
        return
    missing = document.moves_cents - taken
    if missing == 0:
        await _paid(session, contract, asked, now)
        await mails.payment_failed(session, contract, document, sale, taken, None, now=now)
        return
    contract.settlement_state = SettlementState.PARTLY_PAID if taken else SettlementState.OPEN
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, HistoryAction.PAYMENT_FAILED, Acting(now, why=sale.reason))
    item = await open_items.owe(session, contract, document, missing, now)
    await go_on_with(session, contract, JobKind.RELEASE_DEPOSIT, now)
    await mails.payment_failed(session, contract, document, sale, taken, item, now=now)


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
        item = await open_items.owe(session, contract, document, document.moves_cents, now)
    by_card = action in {SettlementAction.CHARGE, SettlementAction.REFUND}
    await go_on_with(session, contract, JobKind.COLLECT if by_card else JobKind.RELEASE_DEPOSIT, now)
    return item


async def go_on_with(session: Session, contract: Contract, kind: JobKind, now: datetime) -> None:
    """Writes the next step of a settlement as a job: COLLECT or RELEASE_DEPOSIT. A contract may come to several."""
    key = f"{kind.lower()}:{contract.id}:{contract.version}"
    await enqueue(session, kind, OfContract(contract.id), key=key, now=now)
