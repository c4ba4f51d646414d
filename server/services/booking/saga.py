"""Booking: hold a car, take the day's price and the deposit, confirm. A saga that survives being killed anywhere.

1. One transaction checks everything and holds a car for fifteen minutes (`car_hold.py`).
2. `drive` makes the payments, one committed attempt at a time.
3. One transaction confirms with the advance invoice and the mail, or cancels and gives back what was taken.

`drive` looks only at what is stored, so that the request, the recovery job and the payment page can all call it.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.database import SYSTEM, Session
from server.database.conflicts import tried_again
from server.models import Contract, Deposit, Payment
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.payment import PaymentKind, PaymentState, Purpose
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import documents
from server.services.booking import car_hold, confirmation, expiry, idempotency
from server.services.booking.confirmation import Refunded
from server.services.booking.plan import BookingRequest
from server.services.contract import blocks, contracts
from server.services.outside import Outside
from server.services.payments import attempts, deposits, hosted_page
from server.services.payments.attempts import Move

_hold = tried_again(car_hold.hold)


async def book(outside: Outside, principal: Principal, request: BookingRequest) -> UUID:
    """Books, and returns the contract's id: RESERVED, or HELD with a payment page open. The same key again: the first
    answer. Raises the refusals of `bookVehicle`; PAYMENT_UNRESOLVED while a payment's outcome is not known.
    """
    request_hash = idempotency.hash_of(request)
    owner = str(principal.id)
    known = await idempotency.find(outside, owner, request.key, request_hash)
    if known is None:
        contract_id = await _hold(outside, principal, request, request_hash)
        if contract_id is not None:
            await drive(outside, contract_id)
    return await idempotency.answer(outside, owner, request.key, request_hash)


async def drive(outside: Outside, contract_id: UUID) -> None:
    """Takes a held booking as far as it goes; for a cancelled one, gives back what was taken. Safe to repeat."""
    while (step := await _next_step(outside, contract_id)) is not None:
        state = await attempts.execute(outside, step)
        if state in attempts.UNRESOLVED:
            break
    await documents.print_unprinted(outside, contract_id)
    await _mark_unresolved(outside, contract_id)


async def _next_step(outside: Outside, contract_id: UUID) -> UUID | None:  # noqa: PLR0911  # one decision after another
    """Decides under the contract's lock; returns an attempt to make, or None when there is nothing to do now."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        made = await attempts.of_contract(session, contract_id)
        if contract.state is ContractState.CANCELLED and contract.confirmed_at is None:
            return await _pay_back(session, contract, made, now)
        if contract.state is not ContractState.HELD or any(payment.state in attempts.UNRESOLVED for payment in made):
            return None
        advance = _last(made, Purpose.ADVANCE)
        if contract.prepay_cents > 0 and advance is None:
            move = Move(PaymentKind.SALE, Purpose.ADVANCE, contract.prepay_cents, "D1")
            return (await attempts.prepare(session, contract, move, now=now)).id
        if advance is not None and advance.state is not PaymentState.SUCCEEDED:
            return await _try_again_or_refuse(session, contract, made, advance, now)
        hold = _last(made, Purpose.DEPOSIT)
        deposit = await session.by_id(Deposit, contract.id, lock=True)
        if deposit is not None and hold is None and deposits.is_due(deposit, now):
            return (await deposits.prepare_hold(session, contract, deposit, now=now)).id
        if hold is not None and hold.state is not PaymentState.SUCCEEDED:
            return await _try_again_or_refuse(session, contract, made, hold, now)
        if hold is not None and deposit is not None:
            await deposits.activate(session, contract, deposit, hold, now=now)
        await car_hold.confirm(session, contract, now)
        await idempotency.finish(session, contract.id)
    return None


def _last(made: list[Payment], purpose: Purpose) -> Payment | None:
    return next((payment for payment in reversed(made) if payment.purpose is purpose), None)


async def _try_again_or_refuse(
    session: Session, contract: Contract, made: list[Payment], refused: Payment, now: datetime
) -> UUID | None:
    """On the payment page another card may be tried as long as the car is held; a stored card has had its try."""
    if await hosted_page.open_again(session, contract, refused, now=now):
        return None
    return await _refuse(session, contract, made, refused, now)


async def _refuse(
    session: Session, contract: Contract, made: list[Payment], refused: Payment, now: datetime
) -> UUID | None:
    """The card was refused: the car is free again, and what was taken before goes back."""
    await expiry.cancel(session, contract, now=now, reason=f"payment refused: {refused.reason or refused.state.value}")
    await idempotency.finish(session, contract.id, refusal=expiry.refusal_of(contract, made))
    return await _pay_back(session, contract, made, now)


async def _pay_back(session: Session, contract: Contract, made: list[Payment], now: datetime) -> UUID | None:
    """The next refund or release of a booking that did not come about, or None when all is back."""
    undone = {payment.refers_to_id for payment in made if payment.kind in {PaymentKind.REFUND, PaymentKind.RELEASE}}
    for payment in made:
        if payment.state is not PaymentState.SUCCEEDED or payment.id in undone:
            continue
        kinds = {PaymentKind.SALE: PaymentKind.REFUND, PaymentKind.HOLD: PaymentKind.RELEASE}
        if kind := kinds.get(payment.kind):
            undo = Move(kind, Purpose.UNDO, payment.amount_cents, refers_to=payment)
            return (await attempts.prepare(session, contract, undo, now=now)).id
    # An attempt that was prepared here and never sent, because the process died, is made by its own job.
    refunds = [p for p in made if p.kind is PaymentKind.REFUND and p.state not in attempts.UNRESOLVED]
    is_refused = any(p.state is not PaymentState.SUCCEEDED for p in refunds)
    if refunds:
        no_deposit = any(p.purpose is Purpose.DEPOSIT and p.state is not PaymentState.SUCCEEDED for p in made)
        told = Refunded(sum(p.amount_cents for p in refunds), no_deposit=no_deposit, by_hand=is_refused)
        await confirmation.tell_refunded(session, contract, told, now=now)
    if is_refused and not contract.is_settled:
        contract.settlement_state = SettlementState.REFUND_PENDING
        await blocks.block_billing(session, contract, BillingBlock.ADVANCE_NOT_REFUNDED, Acting(now))
    return None


async def _mark_unresolved(outside: Outside, contract_id: UUID) -> None:
    async with outside.database.transaction(SYSTEM) as session:
        await idempotency.mark_unresolved(session, contract_id)


async def expire(outside: Outside, contract_id: UUID) -> None:
    """Frees the car of an unpaid booking after fifteen minutes; what was paid after all goes back."""
    await hosted_page.look_up_before_expiry(outside, contract_id)
    await drive(outside, contract_id)
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        if contract.state is ContractState.HELD:
            await expiry.expire(session, contract, now)
    await drive(outside, contract_id)
