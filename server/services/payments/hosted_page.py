"""The gateway's payment page: card numbers never reach this server. What the browser brings back is only a hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid4

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import InvalidInput, Path, Sentence
from server.gateways.payment import Attempt, Checkout, GatewayError, HostedForm, NoticeRejected, Outcome
from server.jobs import enqueue
from server.models import Contract, HostedPayment, Payment, payment_reasons
from server.models.job import JobKind, OfContract, OfPayment
from server.models.payment import PaymentKind, PaymentState, Purpose
from server.services import web_address
from server.services.outside import Outside
from server.services.payments import attempts, inquiries
from server.services.payments.attempts import Move

RETURN_PATH = "/payment/return"
NOTIFY_PATH = "/payment/notification"
WAITING_PATH = "/payment/waiting"
LOOK_AGAIN_AFTER = timedelta(minutes=45)
MOST_TRIES = 8
"""How often a customer may try a card on the page for one booking."""


def check_urls(success_url: str | None, failure_url: str | None, field: Path) -> None:
    """Both addresses are needed, and must be web addresses: the customer's browser is sent there."""
    for name, url in [("success_url", success_url), ("failure_url", failure_url)]:
        if len(url or "") > 2000 or not web_address.is_one(url or ""):
            raise InvalidInput(
                Sentence(
                    "The payment page needs a web address to return to (https://…).",
                    "Die Zahlungsseite braucht eine Webadresse, zu der sie zurückführt (https://…).",
                ),
                field=[*field, name],
            )


@dataclass(frozen=True)
class Way:
    """Where the customer's browser goes from the page, and until when (UTC) the page is good."""

    success_url: str
    failure_url: str
    until: datetime


async def open_page(session: Session, contract: Contract, payment: Payment, way: Way, *, now: datetime) -> None:
    """Writes what the page is opened with. Its time must be unique to the second: the answer's seal covers it."""
    await session.rows("select pg_advisory_xact_lock(hashtextextended('hosted_payment', 0))")
    latest = await session.value("select max(at) from hosted_payment")
    at = now.replace(microsecond=0)
    if latest is not None and latest >= at:
        at = latest + timedelta(seconds=1)
    payment.sent_at = now
    await session.store(
        payment,
        HostedPayment(
            payment_id=payment.id,
            contract_id=contract.id,
            station_id=contract.station_id,
            token=str(uuid4()),
            at=at,
            success_url=way.success_url,
            failure_url=way.failure_url,
            locale=contract.language.value.lower(),
            expires_at=way.until,
        ),
    )
    due_at = way.until + LOOK_AGAIN_AFTER
    key = f"late-page:{payment.id if payment.purpose is Purpose.CARD else contract.id}"
    await enqueue(session, JobKind.LATE_PAGE, OfContract(contract.id), key=key, now=now, due_at=due_at)


async def open_again(session: Session, contract: Contract, refused: Payment, *, now: datetime) -> bool:
    """Another try after a refusal on the page, under an order of its own, as long as the car is held. False if there is
    none: the time is over, the payment was not made on the page, or the customer has tried often enough.
    """
    page = await session.by_id(HostedPayment, refused.id)
    pages = await _pages_of(session, contract.id)
    if page is None or len(pages) >= MOST_TRIES or contract.held_until is None or now >= contract.held_until:
        return False
    letter = "D" if refused.kind is PaymentKind.SALE else "H"
    suffix = f"{letter}{len(pages) + 1}"
    move = Move(refused.kind, refused.purpose, refused.amount_cents, suffix, on_page=True)
    payment = await attempts.prepare(session, contract, move, now=now)
    way = Way(page.success_url, page.failure_url, contract.held_until)
    await open_page(session, contract, payment, way, now=now)
    return True


async def form_of(outside: Outside, contract_id: UUID) -> tuple[HostedForm, datetime] | None:
    """The form that opens a contract's payment page, and until when; None if it has no page open."""
    async with outside.database.transaction(SYSTEM) as session:
        found = await _of_contract(session, contract_id)
    if found is None or found[1].state not in attempts.UNRESOLVED:
        return None
    hosted, payment = found
    return outside.gateway.checkout_form(_checkout(outside, hosted, payment)), hosted.expires_at


@dataclass(frozen=True)
class PageAnswer:
    """An authentic answer of the page: whose it is, and what is known of its payment."""

    contract_id: UUID
    payment_id: UUID
    is_resolved: bool
    reason: str | None


async def accept(outside: Outside, form: Mapping[str, str], source: Literal["browser", "gateway"]) -> PageAnswer:
    """Checks an answer's seal against what was stored, then asks the gateway itself.

    NoticeRejected if the answer is not authentic or not of one of our orders.
    """
    order = outside.gateway.order_of(form)
    async with outside.database.transaction(SYSTEM) as session:
        # A refund or a release carries the same order, but was not made on a page.
        of_page = select(HostedPayment.payment_id).where(col(HostedPayment.payment_id) == col(Payment.id))
        statement = select(Payment).where(col(Payment.order_reference) == order, of_page.exists())
        payment = await session.first(statement)
        hosted = await session.by_id(HostedPayment, payment.id) if payment else None
    if payment is None or hosted is None:
        raise NoticeRejected("no such order")
    checkout = _checkout(outside, hosted, payment)
    gateway = outside.gateway
    judge = gateway.read_return if source == "browser" else gateway.read_notification
    notice = judge(form, checkout)
    state = PaymentState.UNKNOWN
    try:
        state = await inquiries.inquire_anew(outside, payment.id, payment_reasons.NOT_COMPLETED)
    except GatewayError:
        # The customer waits on a page of ours; a job goes on asking.
        if source == "gateway":
            raise
    is_resolved = state not in attempts.UNRESOLVED or notice.outcome is not Outcome.APPROVED
    if not is_resolved:
        await _ask_soon(outside, payment.id)
    return PageAnswer(payment.contract_id, payment.id, is_resolved, payment.reason or notice.code)


async def _ask_soon(outside: Outside, payment_id: UUID) -> None:
    """The page says that it was paid, and the gateway has not confirmed it yet: a job asks until it does."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        key = f"page:{payment_id}"
        due_at = now + inquiries.INQUIRY_GAPS[0]
        await enqueue(session, JobKind.RESOLVE_PAYMENT, OfPayment(payment_id), key=key, now=now, due_at=due_at)


async def look_up_before_expiry(outside: Outside, contract_id: UUID) -> None:
    """The customer may have paid and closed the browser: asks the gateway before the car is freed."""
    async with outside.database.transaction(SYSTEM) as session:
        found = await _of_contract(session, contract_id)
    if found is not None and found[1].state in attempts.UNRESOLVED:
        await inquiries.inquire_once(outside, found[1].id, give_up=payment_reasons.NOT_COMPLETED)


async def look_again(outside: Outside, contract_id: UUID) -> None:
    """Long after the hold: a payment whose notification was lost is found here, and given back by the saga."""
    async with outside.database.transaction(SYSTEM) as session:
        pages = await _pages_of(session, contract_id)
    for page in pages:
        await inquiries.inquire_anew(outside, page.payment_id, payment_reasons.NOT_COMPLETED)


async def _pages_of(session: Session, contract_id: UUID) -> list[HostedPayment]:
    """The pages of a contract, one for each try, the latest last."""
    statement = select(HostedPayment).where(col(HostedPayment.contract_id) == contract_id)
    return await session.all(statement.order_by(col(HostedPayment.at)))


async def _of_contract(session: Session, contract_id: UUID) -> tuple[HostedPayment, Payment] | None:
    """The latest page of a contract: the only one that can be open."""
    pages = await _pages_of(session, contract_id)
    payment = await session.by_id(Payment, pages[-1].payment_id) if pages else None
    return (pages[-1], payment) if pages and payment else None


def _checkout(outside: Outside, hosted: HostedPayment, payment: Payment) -> Checkout:
    return Checkout(
        attempt=Attempt(order_ref=payment.order_reference, attempt_ref=payment.attempt_reference),
        kind="sale" if payment.kind is PaymentKind.SALE else "hold",
        amount_cents=payment.amount_cents,
        token=hosted.token,
        at=hosted.at,
        success_url=f"{outside.base_url}{RETURN_PATH}",
        fail_url=f"{outside.base_url}{RETURN_PATH}",
        notify_url=f"{outside.base_url}{NOTIFY_PATH}",
        locale=hosted.locale,
    )
