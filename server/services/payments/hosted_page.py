"""The gateway's payment page: card numbers never reach this server. What the browser brings back is only a hint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import InvalidInput, Path, Sentence
from server.gateways.payment import Attempt, Checkout, GatewayError, HostedForm, NoticeRejected, Outcome
from server.jobs import enqueue
from server.models import Contract, HostedPayment, Payment
from server.models.job import JobKind, OfContract
from server.models.payment import PaymentKind
from server.services.outside import Outside
from server.services.payments import attempts, inquiries

RETURN_PATH = "/payment/return"
NOTIFY_PATH = "/payment/notification"
NOT_COMPLETED = "the payment page was not completed"
LOOK_AGAIN_AFTER = timedelta(minutes=45)


def check_urls(success_url: str | None, failure_url: str | None, field: Path) -> None:
    """Both addresses are needed, and must be web addresses: the customer's browser is sent there."""
    for name, url in [("success_url", success_url), ("failure_url", failure_url)]:
        if len(url or "") > 2000 or not _is_web_address(url or ""):
            raise InvalidInput(
                Sentence(
                    "The payment page needs a web address to return to (https://…).",
                    "Die Zahlungsseite braucht eine Webadresse, zu der sie zurückführt (https://…).",
                ),
                field=[*field, name],
            )


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


async def open_page(
    session: Session, contract: Contract, payment: Payment, success_url: str, failure_url: str, *, now: datetime
) -> None:
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
            success_url=success_url,
            failure_url=failure_url,
            locale=contract.language.value.lower(),
            expires_at=contract.held_until or now,
        ),
    )
    due_at = (contract.held_until or now) + LOOK_AGAIN_AFTER
    key = f"late-page:{contract.id}"
    await enqueue(session, JobKind.LATE_PAGE, OfContract(contract.id), key=key, now=now, due_at=due_at)


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
    """An authentic answer of the page: whose it is, what it says, and where the customer wants to go then."""

    contract_id: UUID
    approved: bool
    success_url: str
    failure_url: str


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
    try:
        await inquiries.inquire_anew(outside, payment.id, NOT_COMPLETED)
    except GatewayError:
        # The customer is sent back all the same; the end of the hold asks once more.
        if source == "gateway":
            raise
    approved = notice.outcome is Outcome.APPROVED
    return PageAnswer(payment.contract_id, approved, hosted.success_url, hosted.failure_url)


async def look_up_before_expiry(outside: Outside, contract_id: UUID) -> None:
    """The customer may have paid and closed the browser: asks the gateway before the car is freed."""
    async with outside.database.transaction(SYSTEM) as session:
        found = await _of_contract(session, contract_id)
    if found is not None and found[1].state in attempts.UNRESOLVED:
        await inquiries.inquire_once(outside, found[1].id, give_up=NOT_COMPLETED)


async def look_again(outside: Outside, contract_id: UUID) -> None:
    """Long after the hold: a payment whose notification was lost is found here, and given back by the saga."""
    async with outside.database.transaction(SYSTEM) as session:
        found = await _of_contract(session, contract_id)
    if found is not None:
        await inquiries.inquire_anew(outside, found[1].id, NOT_COMPLETED)


async def _of_contract(session: Session, contract_id: UUID) -> tuple[HostedPayment, Payment] | None:
    hosted = await session.first(select(HostedPayment).where(col(HostedPayment.contract_id) == contract_id))
    payment = await session.by_id(Payment, hosted.payment_id) if hosted else None
    return (hosted, payment) if hosted and payment else None


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
