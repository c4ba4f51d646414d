"""Another card for a contract, by a payment page: a hold stores it, and becomes the deposit.

Where no deposit is wanted, the hold is over one euro and is lifted at once. The old card is not used any more; the hold
on it is lifted when the new one stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.database import SYSTEM, Session
from server.models import Contract, Deposit, Payment, payment_reasons
from server.models.contract_parts import HistoryAction
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.services.acting import Acting
from server.services.contract import contracts, history
from server.services.outside import Outside
from server.services.payments import attempts, deposits, hosted_page, inquiries
from server.services.payments.attempts import Move
from server.services.payments.hosted_page import Way

GOOD_FOR = timedelta(minutes=30)
"""How long the page is good; a card that is entered later is found all the same."""
VERIFIED_CENTS = 1_00
_DEPOSITS = frozenset({DepositState.ACTIVE, DepositState.FAILED, DepositState.EXPIRED})


@dataclass(frozen=True)
class Page:
    """Where the customer's browser goes from the payment page."""

    success_url: str
    failure_url: str


async def open_page(session: Session, contract: Contract, page: Page, *, now: datetime) -> Payment:
    """Opens a page for another card of a locked contract."""
    deposit = await session.by_id(Deposit, contract.id)
    made = await attempts.of_contract(session, contract.id)
    cents = deposit.amount_cents if deposit is not None and is_wanted(contract, deposit, now) else VERIFIED_CENTS
    suffix = f"K{1 + sum(one.purpose is Purpose.CARD and one.kind is PaymentKind.HOLD for one in made)}"
    move = Move(PaymentKind.HOLD, Purpose.CARD, cents, suffix, on_page=True)
    payment = await attempts.prepare(session, contract, move, now=now)
    way = Way(page.success_url, page.failure_url, now + GOOD_FOR)
    await hosted_page.open_page(session, contract, payment, way, now=now)
    return payment


def is_wanted(contract: Contract, deposit: Deposit, now: datetime) -> bool:
    """Whether the contract needs a deposit now that is not used, lifted or waived: one that is to be placed shortly
    before the start is not blocked weeks ahead.
    """
    needed = deposit.state in _DEPOSITS or deposits.is_due(deposit, now)
    return contract.state in deposits.LIVE and deposit.amount_cents > 0 and needed


async def follow(outside: Outside, contract_id: UUID) -> None:
    """Does what follows from pages on which a card was entered: the last one's hold becomes the deposit, every other
    hold is lifted. Safe to repeat.
    """
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        found = await _standing(session, contract_id)
        if not found:
            return
        deposit = await session.by_id(Deposit, contract_id, lock=True)
        lifted = found
        await history.record(session, contract, HistoryAction.CARD_REPLACED, Acting(now))
        if deposit is not None and is_wanted(contract, deposit, now) and found[-1].amount_cents == deposit.amount_cents:
            before = await session.by_id(Payment, deposit.hold_id)
            await deposits.activate(session, contract, deposit, found[-1], now=now)
            await deposits.schedule(session, contract, now=now)
            lifted = [*found[:-1], *([before] if before is not None else [])]
        steps = [await deposits.prepare_release(session, contract, hold, now) for hold in lifted]
    for step in steps:
        if step is not None:
            await attempts.execute(outside, step)
    await deposits.after_release(outside, contract_id)


async def give_up(outside: Outside, contract_id: UUID) -> None:
    """Long after pages have expired: one on which no card was entered is over, one that was paid is found.

    GatewayError while the gateway does not answer.
    """
    async with outside.database.transaction(SYSTEM) as session:
        made = await attempts.of_contract(session, contract_id)
    for payment in made:
        opened = payment.purpose is Purpose.CARD and payment.kind is PaymentKind.HOLD
        if opened and payment.state in attempts.UNRESOLVED and payment.created_at + GOOD_FOR <= outside.clock.now():
            await inquiries.inquire_once(outside, payment.id, give_up=payment_reasons.NOT_COMPLETED)
    await follow(outside, contract_id)


async def _standing(session: Session, contract_id: UUID) -> list[Payment]:
    """Holds of pages that succeeded, are not lifted or captured and not the deposit already; the last one last."""
    made = await attempts.of_contract(session, contract_id)
    deposit = await session.by_id(Deposit, contract_id)
    over = {one.refers_to_id for one in made if one.kind in {PaymentKind.RELEASE, PaymentKind.CAPTURE}}
    over.add(deposit.hold_id if deposit else None)
    holds = [one for one in made if one.purpose is Purpose.CARD and one.kind is PaymentKind.HOLD and one.id not in over]
    return sorted(
        (one for one in holds if one.state is PaymentState.SUCCEEDED), key=lambda one: one.resolved_at or one.created_at
    )
