"""What became of an attempt: the gateway's own ledger is asked, and no call is ever repeated blindly.

An attempt whose answer was lost is UNKNOWN until the ledger has been asked (telecash 1.10).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from server.database import SYSTEM
from server.gateways.payment import GatewayUnreachable, LedgerLine, LineKind, Outcome, PaymentResult
from server.jobs import TryLater, enqueue
from server.models import Contract, Payment, StoredCard, payment_reasons
from server.models.job import JobKind, OfPayment
from server.models.payment import PaymentKind, PaymentState, Purpose
from server.services.outside import Outside
from server.services.payments import attempts
from server.services.payments.attempts import RECOVER_AFTER, UNRESOLVED

INQUIRY_GAPS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""How long to wait before asking again for an attempt that the gateway does not know: it may still be on its way."""
_LINE_KINDS: dict[PaymentKind, LineKind] = {
    PaymentKind.SALE: "sale",
    PaymentKind.HOLD: "hold",
    PaymentKind.CAPTURE: "capture",
    PaymentKind.REFUND: "refund",
    PaymentKind.RELEASE: "void",
}


async def resolve(outside: Outside, payment_id: UUID) -> PaymentState:
    """Finds out what became of an attempt. TryLater while the gateway does not know it and it may be on its way,
    GatewayError while it does not answer.

    After the last inquiry a sale or hold is sent again with the same order id, which the gateway takes only once; a
    capture, refund or release is sent again once; after that a person has to look.
    """
    async with outside.database.transaction(SYSTEM) as session:
        payment = await attempts.get(session, payment_id)
    if payment.state not in UNRESOLVED:
        return payment.state
    if payment.sent_at is None:
        if await _is_wanted(outside, payment):
            return await _made(outside, payment_id, RECOVER_AFTER)
        return await attempts.record(
            outside, payment_id, PaymentResult(outcome=Outcome.REJECTED, message=payment_reasons.NOT_WANTED)
        )
    line = await _look_up(outside, payment)
    if line is not None and line.outcome not in {Outcome.PENDING, Outcome.UNKNOWN}:
        return await attempts.record(outside, payment_id, _result_of(line))
    return await _ask_again(outside, payment)


async def _made(outside: Outside, payment_id: UUID, gap: timedelta) -> PaymentState:
    """Makes an attempt that certainly has not happened. TryLater after the gap if its outcome is not known by then."""
    state = await attempts.execute(outside, payment_id)
    if state not in UNRESOLVED:
        return state
    async with outside.database.transaction(SYSTEM) as session:
        payment = await attempts.get(session, payment_id)
    if payment.state is PaymentState.PENDING and payment.sent_at is None:
        raise GatewayUnreachable("the attempt could not be sent")
    raise TryLater(outside.clock.now() + gap)


async def inquire_anew(outside: Outside, payment_id: UUID, give_up: str) -> PaymentState:
    """Asks once more for a payment that was given up because the gateway had never heard of it: a customer can pay on
    a page that was left open after the car was freed. What is found now counts.

    If the gateway does not answer now (GatewayError), a job goes on asking: nobody else comes back to a page's payment.
    """
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        reopened = await session.write(
            "update payment set state = 'UNKNOWN', resolved_at = null"
            " where id = :id and state = 'FAILED' and gateway_reference is null",
            {"id": payment_id},
        )
        if reopened:
            key = f"reopened:{payment_id}:{now.isoformat()}"
            due_at = now + RECOVER_AFTER
            await enqueue(session, JobKind.RESOLVE_PAYMENT, OfPayment(payment_id), key=key, now=now, due_at=due_at)
    return await inquire_once(outside, payment_id, give_up=give_up if reopened else None)


async def inquire_once(outside: Outside, payment_id: UUID, *, give_up: str | None = None) -> PaymentState:
    """Asks the gateway for an attempt of a payment page. With `give_up` it is over if the gateway does not know it."""
    async with outside.database.transaction(SYSTEM) as session:
        payment = await attempts.get(session, payment_id)
    if payment.state not in UNRESOLVED:
        return payment.state
    line = await _look_up(outside, payment)
    if line is not None and line.outcome not in {Outcome.PENDING, Outcome.UNKNOWN}:
        return await attempts.record(outside, payment_id, _result_of(line))
    if give_up is not None and line is None:
        return await attempts.record(outside, payment_id, PaymentResult(outcome=Outcome.REJECTED, message=give_up))
    return payment.state


async def _look_up(outside: Outside, payment: Payment) -> LedgerLine | None:
    line = await outside.gateway.lookup_attempt(payment.attempt_reference)
    if line is not None or payment.kind not in {PaymentKind.SALE, PaymentKind.HOLD}:
        return line
    # A payment page knows the order only.
    lines = await outside.gateway.lookup_order(payment.order_reference)
    wanted = [
        line for line in lines if line.kind == _LINE_KINDS[payment.kind] and line.amount_cents == payment.amount_cents
    ]
    approved = [line for line in wanted if line.outcome is Outcome.APPROVED]
    return next(iter(approved or wanted), None)


def _result_of(line: LedgerLine) -> PaymentResult:
    return PaymentResult(
        outcome=line.outcome, gateway_ref=line.gateway_ref, network_ref=line.network_ref, code=line.code, message=None
    )


async def _ask_again(outside: Outside, payment: Payment) -> PaymentState:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        payment = await attempts.get(session, payment.id, lock=True)
        if payment.state not in UNRESOLVED:
            return payment.state
        payment.state = PaymentState.UNKNOWN
        payment.inquiries += 1
        resend = payment.inquiries > len(INQUIRY_GAPS)
        if resend and payment.resends == 0:
            payment.inquiries, payment.resends = 0, 1
            payment.sent_at, payment.state = None, PaymentState.PENDING
        await session.store(payment)
    if not resend:
        raise TryLater(now + INQUIRY_GAPS[payment.inquiries - 1])
    if payment.sent_at is None and await _is_wanted(outside, payment):
        return await _made(outside, payment.id, INQUIRY_GAPS[0])
    given_up = PaymentResult(outcome=Outcome.REJECTED, message=payment_reasons.NEVER_HEARD_OF)
    return await attempts.record(outside, payment.id, given_up)


async def _is_wanted(outside: Outside, payment: Payment) -> bool:
    """Whether an attempt that certainly did not happen should still be made."""
    if payment.kind not in {PaymentKind.SALE, PaymentKind.HOLD} or payment.purpose in {Purpose.FINAL, Purpose.DAMAGE}:
        return True
    async with outside.database.transaction(SYSTEM) as session:
        contract = await session.by_id(Contract, payment.contract_id)
        card = await session.by_id(StoredCard, payment.contract_id)
        hosted = await session.value("select 1 from hosted_payment where payment_id = :id", {"id": payment.id})
    gone = contract is None or contract.state.value in {"CANCELLED", "NO_SHOW"}
    return not gone and card is not None and hosted is None
