"""Attempts at the gateway: written and committed before the call, recorded after it.

Whoever sets `sent_at` makes the call, so that two processes never both do. What is in doubt is for `inquiries.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.gateways.payment import Attempt, GatewayError, Outcome, PaymentResult
from server.gateways.payment import StoredCard as CardToken
from server.jobs import enqueue, hasten
from server.models import Contract, Payment, StoredCard, payment_reasons
from server.models.columns import uuid7
from server.models.contract import ContractState
from server.models.job import JobKind, OfPayment
from server.models.payment import PaymentKind, PaymentState, Purpose
from server.services.outside import Outside

RECOVER_AFTER = timedelta(seconds=60)
UNRESOLVED = (PaymentState.PENDING, PaymentState.UNKNOWN)
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


def refundable(payments: Sequence[Payment]) -> list[tuple[Payment, int]]:
    """What took money from a card for the rent, and how many cents of it are still here. What was paid for a damage
    is not touched.
    """
    back: Counter[UUID | None] = Counter()
    for one in payments:
        if one.kind is PaymentKind.REFUND:
            back[one.refers_to_id] -= one.moved_cents
    by_card = {PaymentKind.SALE, PaymentKind.CAPTURE}
    took = [one for one in payments if one.kind in by_card and one.purpose is not Purpose.DAMAGE]
    return [(one, one.moved_cents - back[one.id]) for one in took if one.moved_cents > 0]


@dataclass(frozen=True)
class Move:
    """Money that is to be moved, in cents. A sale or hold gets an order of its own (`order_suffix`); what refers to an
    earlier payment carries its order. `on_page`: the customer pays on the gateway's page.
    """

    kind: PaymentKind
    purpose: Purpose
    amount_cents: int
    order_suffix: str | None = None
    refers_to: Payment | None = None
    document_id: UUID | None = None
    on_page: bool = False


@dataclass(frozen=True)
class Call:
    """A call at the gateway that whoever has this makes, once the transaction is committed: nobody else will."""

    payment: Payment
    card: StoredCard | None
    original: Payment | None
    """What is refunded, captured or lifted."""
    somebody_waits: bool
    """Whether a customer waits for the booking that depends on it."""


async def prepare_call(session: Session, contract: Contract, move: Move, *, now: datetime) -> Call:
    """Writes an attempt that the caller makes at once."""
    payment = await prepare(session, contract, move, now=now, sent_at=now)
    card = await session.by_id(StoredCard, contract.id)
    return Call(payment, card, move.refers_to, contract.state is ContractState.HELD)


async def prepare(
    session: Session, contract: Contract, move: Move, *, now: datetime, sent_at: datetime | None = None
) -> Payment:
    """Writes an attempt, and the job that resolves it if nobody comes back to it. `sent_at` for who makes it at once.

    An attempt on the gateway's page has none: there the end of the hold is what resolves it.
    """
    before = move.refers_to
    order = before.order_reference if before else f"{contract.number}-{move.order_suffix}"
    payment = Payment(
        contract_id=contract.id,
        station_id=contract.station_id,
        kind=move.kind,
        purpose=move.purpose,
        amount_cents=move.amount_cents,
        order_reference=order,
        attempt_reference=uuid7().hex,
        refers_to_id=before.id if before else None,
        document_id=move.document_id,
        created_at=now,
        sent_at=sent_at,
    )
    await session.store(payment)
    if not move.on_page:
        due_at = now + RECOVER_AFTER
        await enqueue(
            session, JobKind.RESOLVE_PAYMENT, OfPayment(payment.id), key=_key(payment), now=now, due_at=due_at
        )
    return payment


def _key(payment: Payment) -> str:
    return f"payment:{payment.id}"


async def execute(outside: Outside, payment_id: UUID) -> PaymentState:
    """Makes the call of a prepared attempt, unless somebody else has, and records what came of it."""
    async with outside.database.transaction(SYSTEM) as session:
        claimed = await session.write(
            "update payment set sent_at = :now where id = :id and sent_at is null and state = 'PENDING'",
            {"now": outside.clock.now(), "id": payment_id},
        )
        payment = await get(session, payment_id)
        card = await session.by_id(StoredCard, payment.contract_id)
        original = await session.by_id(Payment, payment.refers_to_id)
        contract = await session.by_id(Contract, payment.contract_id)
    if not claimed:
        return payment.state
    waits = contract is not None and contract.state is ContractState.HELD
    result = await make(outside, Call(payment, card, original, waits))
    return PaymentState.PENDING if result is None else await record(outside, payment_id, result)


async def make(outside: Outside, call: Call) -> PaymentResult | None:
    """Makes a call. None if it certainly did not reach the gateway and its job makes it later."""
    try:
        return await _call(outside, call.payment, call.card, call.original)
    except GatewayError as error:
        _log.warning("payment.not_sent", payment=str(call.payment.id), reason=type(error).__name__)
        if call.somebody_waits:
            # Certainly not processed, and a customer is waiting for an answer: the booking fails, nothing is charged.
            return PaymentResult(outcome=Outcome.REJECTED, message=payment_reasons.UNREACHABLE)
        await _send_later(outside, call.payment.id)
        return None


async def _send_later(outside: Outside, payment_id: UUID) -> None:
    """Leaves an attempt that certainly did not reach the gateway to the job, which sends it when its time comes."""
    async with outside.database.transaction(SYSTEM) as session:
        # UNKNOWN if the job has asked the gateway meanwhile: the claim of an attempt wants PENDING.
        await session.write(
            "update payment set sent_at = null, state = 'PENDING' where id = :id and state in ('PENDING', 'UNKNOWN')",
            {"id": payment_id},
        )


async def _call(outside: Outside, payment: Payment, card: StoredCard | None, original: Payment | None) -> PaymentResult:
    attempt = Attempt(order_ref=payment.order_reference, attempt_ref=payment.attempt_reference)
    gateway, amount = outside.gateway, payment.amount_cents
    if payment.kind in {PaymentKind.SALE, PaymentKind.HOLD}:
        if card is None:
            return PaymentResult(outcome=Outcome.REJECTED, message=payment_reasons.NO_CARD)
        token = CardToken(token=card.token, network_ref=card.network_reference)
        use = gateway.charge if payment.kind is PaymentKind.SALE else gateway.hold
        return await use(attempt, token, amount)
    if payment.kind is PaymentKind.CAPTURE:
        return await gateway.capture(attempt, amount)
    if payment.kind is PaymentKind.REFUND:
        return await gateway.refund(attempt, amount)
    if original is None or original.gateway_reference is None:
        return PaymentResult(outcome=Outcome.REJECTED, message=payment_reasons.NOT_KNOWN)
    return await gateway.cancel(attempt, original.gateway_reference)


async def record(outside: Outside, payment_id: UUID, result: PaymentResult) -> PaymentState:
    """Writes what came of an attempt, once, with what it changes on the contract; returns the state that stands."""
    async with outside.database.transaction(SYSTEM) as session:
        return await record_in(session, payment_id, result, now=outside.clock.now())


async def record_in(session: Session, payment_id: UUID, result: PaymentResult, *, now: datetime) -> PaymentState:
    """The same in the caller's transaction, which has not locked the contract yet: the payment comes first."""
    payment = await get(session, payment_id, lock=True)
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
        await hasten(session, _key(payment), now=now)
    elif payment.state is PaymentState.SUCCEEDED:
        await _booked(session, payment)
    return payment.state


async def _booked(session: Session, payment: Payment) -> None:
    """What money that moved changes on the contract, in the same transaction as the payment itself."""
    if payment.moved_cents:
        await session.write(
            "update contract set paid_cents = paid_cents + :amount where id = :id",
            {"amount": await _for_the_rent(session, payment), "id": payment.contract_id},
        )
    await session.write(
        "insert into stored_card (contract_id, station_id, token, consent_at)"
        " select contract_id, station_id, token, :now from hosted_payment where payment_id = :id"
        " on conflict (contract_id) do update"
        " set token = excluded.token, network_reference = null, consent_at = excluded.consent_at where :replaces",
        {"id": payment.id, "now": payment.resolved_at, "replaces": payment.purpose is Purpose.CARD},
    )
    if payment.network_reference:
        await session.write(
            "update stored_card set network_reference = coalesce(network_reference, :reference)"
            " where contract_id = :id",
            {"reference": payment.network_reference, "id": payment.contract_id},
        )


async def _for_the_rent(session: Session, payment: Payment) -> int:
    """Cents that move for the rent by an attempt: of one for a damage, the shares of other documents."""
    if payment.purpose is not Purpose.DAMAGE:
        return payment.moved_cents
    share = await session.value(
        "select sum(s.cents) from payment_share s join document d on d.id = s.document_id"
        " where s.payment_id = :id and d.type <> 'DAMAGE_CLAIM'",
        {"id": payment.id},
    )
    return int(share or 0)


def _reason(result: PaymentResult) -> str | None:
    if result.outcome is Outcome.APPROVED:
        return None
    if result.card_unknown:
        return payment_reasons.CARD_UNKNOWN
    return ": ".join(part for part in (result.code, result.message) if part)[:200] or None


async def get(session: Session, payment_id: UUID, *, lock: bool = False) -> Payment:
    """An attempt that must be there. LookupError if it is not."""
    payment = await session.by_id(Payment, payment_id, lock=lock)
    if payment is None:
        raise LookupError(f"payment {payment_id}")
    return payment
