"""Attempts at the gateway: written and committed before the call, recorded after it, looked up when in doubt.

Nothing here ever repeats a call blindly. Whoever sets `sent_at` makes the call, so that two processes never both do;
an attempt whose answer was lost is UNKNOWN until the gateway's own ledger has been asked (telecash notes 1.10).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.gateways.payment import Attempt, GatewayError, LedgerLine, LineKind, Outcome, PaymentResult
from server.gateways.payment import StoredCard as CardToken
from server.jobs import TryLater, enqueue
from server.models import Contract, Payment, StoredCard
from server.models.columns import uuid7
from server.models.contract import ContractState
from server.models.payment import PaymentKind, PaymentState, Purpose
from server.services.outside import Outside

RECOVER_AFTER = timedelta(seconds=60)
INQUIRY_GAPS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
"""How long to wait before asking again for an attempt that the gateway does not know: it may still be on its way."""
UNRESOLVED = (PaymentState.PENDING, PaymentState.UNKNOWN)
_LINE_KINDS: dict[PaymentKind, LineKind] = {
    PaymentKind.SALE: "sale",
    PaymentKind.HOLD: "hold",
    PaymentKind.CAPTURE: "capture",
    PaymentKind.REFUND: "refund",
    PaymentKind.RELEASE: "void",
}
_STATES = {
    Outcome.APPROVED: PaymentState.SUCCEEDED,
    Outcome.DECLINED: PaymentState.DECLINED,
    Outcome.REJECTED: PaymentState.FAILED,
    Outcome.PENDING: PaymentState.UNKNOWN,
    Outcome.UNKNOWN: PaymentState.UNKNOWN,
}
_log = structlog.get_logger("payments")


async def of_contract(session: Session, contract_id: UUID) -> list[Payment]:
    """All attempts of a contract, oldest first."""
    return await session.all(
        select(Payment)
        .where(col(Payment.contract_id) == contract_id)
        .order_by(col(Payment.created_at), col(Payment.id))
    )


async def prepare(
    session: Session,
    contract: Contract,
    kind: PaymentKind,
    purpose: Purpose,
    amount_cents: int,
    *,
    now: datetime,
    order_suffix: str | None = None,
    refers_to: Payment | None = None,
    document_id: UUID | None = None,
    on_page: bool = False,
) -> Payment:
    """Writes an attempt, and the job that resolves it if nobody comes back to it.

    `on_page`: the customer pays on the gateway's page; then the end of the hold is what resolves it.
    A sale or hold gets an order of its own (`order_suffix`); what refers to an earlier payment carries its order.
    """
    order = refers_to.order_reference if refers_to else f"{contract.number}-{order_suffix}"
    payment = Payment(
        contract_id=contract.id,
        station_id=contract.station_id,
        kind=kind,
        purpose=purpose,
        amount_cents=amount_cents,
        order_reference=order,
        attempt_reference=uuid7().hex,
        refers_to_id=refers_to.id if refers_to else None,
        document_id=document_id,
        created_at=now,
    )
    await session.store(payment)
    if not on_page:
        key = f"payment:{payment.id}"
        await enqueue(session, "resolve_payment", key=key, due_at=now + RECOVER_AFTER, now=now, payment=str(payment.id))
    return payment


async def execute(outside: Outside, payment_id: UUID) -> PaymentState:
    """Makes the call of a prepared attempt, unless somebody else has, and records what came of it."""
    async with outside.database.transaction(SYSTEM) as session:
        claimed = await session.write(
            "update payment set sent_at = :now where id = :id and sent_at is null and state = 'PENDING'",
            {"now": outside.clock.now(), "id": payment_id},
        )
        payment = await _get(session, payment_id)
        card = await session.by_id(StoredCard, payment.contract_id)
        original = await session.by_id(Payment, payment.refers_to_id)
        contract = await session.by_id(Contract, payment.contract_id)
    if not claimed:
        return payment.state
    try:
        result = await _call(outside, payment, card, original)
    except GatewayError as error:
        _log.warning("payment.not_sent", payment=str(payment_id), reason=type(error).__name__)
        if contract is None or contract.state is not ContractState.HELD:
            return await _send_later(outside, payment_id)
        # Certainly not processed, and a customer is waiting for an answer: the booking fails, nothing is charged.
        result = PaymentResult(outcome=Outcome.REJECTED, message="the payment system cannot be reached")
    return await _record(outside, payment_id, result)


async def _send_later(outside: Outside, payment_id: UUID) -> PaymentState:
    """Leaves an attempt that certainly did not reach the gateway to the job, which sends it when its time comes."""
    async with outside.database.transaction(SYSTEM) as session:
        # UNKNOWN if the job has asked the gateway meanwhile: the claim of an attempt wants PENDING.
        await session.write(
            "update payment set sent_at = null, state = 'PENDING' where id = :id and state in ('PENDING', 'UNKNOWN')",
            {"id": payment_id},
        )
    return PaymentState.PENDING


async def _call(outside: Outside, payment: Payment, card: StoredCard | None, original: Payment | None) -> PaymentResult:
    attempt = Attempt(order_ref=payment.order_reference, attempt_ref=payment.attempt_reference)
    gateway, amount = outside.gateway, payment.amount_cents
    if payment.kind in {PaymentKind.SALE, PaymentKind.HOLD}:
        if card is None:
            return PaymentResult(outcome=Outcome.REJECTED, message="no card is stored")
        token = CardToken(token=card.token, network_ref=card.network_reference)
        use = gateway.charge if payment.kind is PaymentKind.SALE else gateway.hold
        return await use(attempt, token, amount)
    if payment.kind is PaymentKind.CAPTURE:
        return await gateway.capture(attempt, amount)
    if payment.kind is PaymentKind.REFUND:
        return await gateway.refund(attempt, amount)
    if original is None or original.gateway_reference is None:
        return PaymentResult(outcome=Outcome.REJECTED, message="the transaction to lift is not known")
    return await gateway.cancel(attempt, original.gateway_reference)


async def _record(outside: Outside, payment_id: UUID, result: PaymentResult) -> PaymentState:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        payment = await _get(session, payment_id, lock=True)
        if payment.state not in UNRESOLVED:
            return payment.state
        payment.state = _STATES[result.outcome]
        payment.gateway_reference = result.gateway_ref or payment.gateway_reference
        payment.network_reference = result.network_ref
        payment.reason = _reason(result)
        payment.resolved_at = None if payment.state in UNRESOLVED else now
        await session.store(payment)
        if payment.state is PaymentState.UNKNOWN:
            # The job written with the attempt asks the gateway, now and not in a minute.
            await session.write(
                "update job set due_at = :now where key = :key and state = 'WAITING'",
                {"now": now, "key": f"payment:{payment.id}"},
            )
            await session.rows("select pg_notify('job', '')")
        elif payment.state is PaymentState.SUCCEEDED:
            await _booked(session, payment)
        return payment.state


async def _booked(session: Session, payment: Payment) -> None:
    """What money that moved changes on the contract, in the same transaction as the payment itself."""
    signs = {PaymentKind.SALE: 1, PaymentKind.CAPTURE: 1, PaymentKind.REFUND: -1}
    if sign := signs.get(payment.kind):
        await session.write(
            "update contract set paid_cents = paid_cents + :amount where id = :id",
            {"amount": sign * payment.amount_cents, "id": payment.contract_id},
        )
    await session.write(
        "insert into stored_card (contract_id, station_id, token, consent_at)"
        " select contract_id, station_id, token, :now from hosted_payment where payment_id = :id"
        " on conflict do nothing",
        {"id": payment.id, "now": payment.resolved_at},
    )
    if payment.network_reference:
        await session.write(
            "update stored_card set network_reference = coalesce(network_reference, :reference)"
            " where contract_id = :id",
            {"reference": payment.network_reference, "id": payment.contract_id},
        )


def _reason(result: PaymentResult) -> str | None:
    if result.outcome is Outcome.APPROVED:
        return None
    return ": ".join(part for part in (result.code, result.message) if part)[:200] or None


async def resolve(outside: Outside, payment_id: UUID) -> PaymentState:
    """Finds out what became of an attempt. TryLater while the gateway does not know it and it may be on its way.

    After the last inquiry a sale or hold is sent again with the same order id, which the gateway takes only once; a
    capture, refund or release is sent again once; after that a person has to look.
    """
    async with outside.database.transaction(SYSTEM) as session:
        payment = await _get(session, payment_id)
    if payment.state not in UNRESOLVED:
        return payment.state
    if payment.sent_at is None:
        if await _is_wanted(outside, payment):
            state = await execute(outside, payment_id)
            if state in UNRESOLVED:
                raise TryLater(outside.clock.now() + RECOVER_AFTER)
            return state
        return await _record(outside, payment_id, PaymentResult(outcome=Outcome.REJECTED, message="no longer wanted"))
    line = await _look_up(outside, payment)
    if line is not None and line.outcome not in {Outcome.PENDING, Outcome.UNKNOWN}:
        return await _record(outside, payment_id, _result_of(line))
    return await _ask_again(outside, payment)


async def inquire_anew(outside: Outside, payment_id: UUID, give_up: str) -> PaymentState:
    """Asks once more for a payment that was given up because the gateway had never heard of it: a customer can pay on
    a page that was left open after the car was given free. What is found now counts.
    """
    async with outside.database.transaction(SYSTEM) as session:
        reopened = await session.write(
            "update payment set state = 'UNKNOWN', resolved_at = null"
            " where id = :id and state = 'FAILED' and gateway_reference is null",
            {"id": payment_id},
        )
    return await inquire_once(outside, payment_id, give_up=give_up if reopened else None)


async def inquire_once(outside: Outside, payment_id: UUID, *, give_up: str | None = None) -> PaymentState:
    """Asks the gateway for an attempt of a payment page. With `give_up` it is over if the gateway does not know it."""
    async with outside.database.transaction(SYSTEM) as session:
        payment = await _get(session, payment_id)
    if payment.state not in UNRESOLVED:
        return payment.state
    line = await _look_up(outside, payment)
    if line is not None and line.outcome not in {Outcome.PENDING, Outcome.UNKNOWN}:
        return await _record(outside, payment_id, _result_of(line))
    if give_up is not None and line is None:
        return await _record(outside, payment_id, PaymentResult(outcome=Outcome.REJECTED, message=give_up))
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
        payment = await _get(session, payment.id, lock=True)
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
        state = await execute(outside, payment.id)
        if state in UNRESOLVED:
            raise TryLater(now + INQUIRY_GAPS[0])
        return state
    message = "not known to the gateway after repeated inquiries"
    return await _record(outside, payment.id, PaymentResult(outcome=Outcome.REJECTED, message=message))


async def _is_wanted(outside: Outside, payment: Payment) -> bool:
    """Whether an attempt that certainly did not happen should still be made."""
    if payment.kind not in {PaymentKind.SALE, PaymentKind.HOLD} or payment.purpose is Purpose.FINAL:
        return True
    async with outside.database.transaction(SYSTEM) as session:
        contract = await session.by_id(Contract, payment.contract_id)
        card = await session.by_id(StoredCard, payment.contract_id)
        hosted = await session.value("select 1 from hosted_payment where payment_id = :id", {"id": payment.id})
    gone = contract is None or contract.state.value in {"CANCELLED", "NO_SHOW"}
    return not gone and card is not None and hosted is None


async def _get(session: Session, payment_id: UUID, *, lock: bool = False) -> Payment:
    payment = await session.by_id(Payment, payment_id, lock=lock)
    if payment is None:
        raise LookupError(f"payment {payment_id}")
    return payment
