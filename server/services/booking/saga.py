"""Booking: hold a car, take the day's price and the deposit, confirm. A saga that survives being killed anywhere.

1. One transaction checks everything, holds a car for fifteen minutes (`car_hold.py`) and writes the first payment.
2. The call is made. One transaction records what the gateway said, and writes the next payment.
3. The last of these confirms with the advance invoice and the mail, or cancels and gives back what was taken.

A process that dies between 1 and the call leaves an attempt that may have been made: its job asks the gateway for some
fourteen minutes before it makes it, which is within the hold.

`_next` looks only at what is stored, so that the request, the recovery job and the payment page can all call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import SYSTEM, Session
from server.database.conflicts import tried_again
from server.gateways.payment import PaymentResult
from server.models import Contract, Deposit, Payment
from server.models.contract import ContractState, SettlementState
from server.models.contract_attention import BillingBlock
from server.models.payment import PaymentKind, PaymentMethod, PaymentState, Purpose
from server.security import Principal
from server.services.acting import Acting
from server.services.billing import documents
from server.services.booking import car_hold, confirmation, expiry, idempotency
from server.services.booking.confirmation import Refunded
from server.services.booking.plan import BookingRequest, visible_stations
from server.services.contract import blocks, contracts
from server.services.outside import Outside
from server.services.payments import attempts, deposits, hosted_page
from server.services.payments.attempts import Call, Move


@dataclass(frozen=True)
class _Step:
    """What a transaction has decided. `is_over`: the answer to who has booked stands."""

    call: Call | None = None
    is_over: bool = False


_WAITS, _OVER = _Step(), _Step(is_over=True)


async def book(outside: Outside, principal: Principal, request: BookingRequest) -> UUID:
    """Books, and returns the contract's id: RESERVED, or HELD with a payment page open. The same key again: the first
    answer. Raises the refusals of `bookVehicle`; PAYMENT_UNRESOLVED while a payment's outcome is not known.
    """
    request_hash = idempotency.hash_of(request)
    owner = str(principal.id)
    known = await idempotency.find(outside, owner, request.key, request_hash)
    if known is None:
        begun = await _begin(outside, principal, request, request_hash)
        if begun is not None:
            await _carry_on(outside, *begun)
    return await idempotency.answer(outside, owner, request.key, request_hash)


@tried_again
async def _begin(
    outside: Outside, principal: Principal, request: BookingRequest, request_hash: str
) -> tuple[UUID, _Step] | None:
    """Holds a car and decides on the first payment. None if another request with the same key was faster: its answer
    counts.
    """
    now = outside.clock.now()
    async with outside.database.snapshot(principal.scope) as session:
        # Under the caller's own scope: what it may not see does not exist for it.
        visible = await visible_stations(session, request)
    async with outside.database.transaction(SYSTEM) as session:
        if not await idempotency.begin(session, str(principal.id), request.key, request_hash, now=now):
            return None
        contract = await car_hold.hold(session, outside.sealer, principal, request, visible, now)
        on_page = contract.payment_method == PaymentMethod.HOSTED_PAGE  # which is open, and has its own time
        return contract.id, _OVER if on_page else await _next(session, contract, [], now)


async def drive(outside: Outside, contract_id: UUID) -> None:
    """Takes a held booking as far as it goes; for a cancelled one, gives back what was taken. Safe to repeat."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        step = await _next(session, contract, await attempts.of_contract(session, contract_id), now)
    await _carry_on(outside, contract_id, step)


async def _carry_on(outside: Outside, contract_id: UUID, step: _Step) -> None:
    while step.call is not None:
        result = await attempts.make(outside, step.call)
        step = _WAITS if result is None else await _after(outside, contract_id, step.call.payment.id, result)
    await documents.print_unprinted(outside, contract_id)
    if not step.is_over:
        await _mark_unresolved(outside, contract_id)


async def _after(outside: Outside, contract_id: UUID, payment_id: UUID, result: PaymentResult) -> _Step:
    """Records what came of a call and decides what is next, in one transaction."""
    try:
        return await _recorded(outside, contract_id, payment_id, result)
    except Exception:
        # What the gateway has said is kept, whatever goes wrong with what follows from it.
        await attempts.record(outside, payment_id, result)
        raise


@tried_again
async def _recorded(outside: Outside, contract_id: UUID, payment_id: UUID, result: PaymentResult) -> _Step:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        if await attempts.record_in(session, payment_id, result, now=now) in attempts.UNRESOLVED:
            return _WAITS
        contract = await contracts.lock(session, contract_id)
        return await _next(session, contract, await attempts.of_contract(session, contract_id), now)


async def _next(session: Session, contract: Contract, made: list[Payment], now: datetime) -> _Step:
    """Decides under the contract's lock: on a call to be made, or that there is nothing to do now."""
    if contract.state is ContractState.CANCELLED and contract.confirmed_at is None:
        return await _pay_back(session, contract, made, now)
    if contract.state is not ContractState.HELD:
        return _OVER
    if any(payment.state in attempts.UNRESOLVED for payment in made):
        return _WAITS
    advance = _last(made, Purpose.ADVANCE)
    if contract.prepay_cents > 0 and advance is None:
        move = Move(PaymentKind.SALE, Purpose.ADVANCE, contract.prepay_cents, "D1")
        return _Step(await attempts.prepare_call(session, contract, move, now=now))
    if advance is not None and advance.state is not PaymentState.SUCCEEDED:
        return await _try_again_or_refuse(session, contract, made, advance, now)
    return await _with_the_deposit(session, contract, made, now)


async def _with_the_deposit(session: Session, contract: Contract, made: list[Payment], now: datetime) -> _Step:
    hold = _last(made, Purpose.DEPOSIT)
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if deposit is not None and hold is None and deposits.is_due(deposit, now):
        move = await deposits.next_hold(session, contract, deposit)
        return _Step(await attempts.prepare_call(session, contract, move, now=now))
    if hold is not None and hold.state is not PaymentState.SUCCEEDED:
        return await _try_again_or_refuse(session, contract, made, hold, now)
    if hold is not None and deposit is not None:
        await deposits.activate(session, contract, deposit, hold, now=now)
    await car_hold.confirm(session, contract, now)
    await idempotency.finish(session, contract.id)
    return _OVER


def _last(made: list[Payment], purpose: Purpose) -> Payment | None:
    return next((payment for payment in reversed(made) if payment.purpose is purpose), None)


async def _try_again_or_refuse(
    session: Session, contract: Contract, made: list[Payment], refused: Payment, now: datetime
) -> _Step:
    """On the payment page another card may be tried as long as the car is held; a stored card has had its try."""
    if await hosted_page.open_again(session, contract, refused, now=now):
        return _WAITS
    return await _refuse(session, contract, made, refused, now)


async def _refuse(session: Session, contract: Contract, made: list[Payment], refused: Payment, now: datetime) -> _Step:
    """The card was refused: the car is free again, and what was taken before goes back."""
    await expiry.cancel(session, contract, now=now, reason=f"payment refused: {refused.reason or refused.state.value}")
    await idempotency.finish(session, contract.id, refusal=expiry.refusal_of(contract, made))
    return await _pay_back(session, contract, made, now)


async def _pay_back(session: Session, contract: Contract, made: list[Payment], now: datetime) -> _Step:
    """The next refund or release of a booking that did not come about, or nothing when all is back."""
    undone = {payment.refers_to_id for payment in made if payment.kind in {PaymentKind.REFUND, PaymentKind.RELEASE}}
    for payment in made:
        if payment.state is not PaymentState.SUCCEEDED or payment.id in undone:
            continue
        kinds = {PaymentKind.SALE: PaymentKind.REFUND, PaymentKind.HOLD: PaymentKind.RELEASE}
        if kind := kinds.get(payment.kind):
            undo = Move(kind, Purpose.UNDO, payment.amount_cents, refers_to=payment)
            return _Step(await attempts.prepare_call(session, contract, undo, now=now))
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
    return _WAITS


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
