"""Which job does what. Work may be done again at any time; it looks at what is stored and does what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from server.database import SYSTEM
from server.jobs import ClaimedJob, Handler, TryLater, hasten_all, hasten_tried
from server.jobs.loops import Lane, Worker
from server.models import Contract, Payment
from server.models.job import (
    About,
    JobKind,
    OfContract,
    OfCustomer,
    OfDamage,
    OfDocument,
    OfEmail,
    OfErasure,
    OfNothing,
    OfOpenItem,
    OfPayment,
    OfProtocol,
)
from server.services.billing import collection, documents, invoice
from server.services.booking import overdue, reminder, saga
from server.services.claims import collection as claims
from server.services.claims import deadlines, deposit_watch
from server.services.contract import effects
from server.services.ends import no_show
from server.services.handover import paper
from server.services.mail import emails
from server.services.outside import Outside
from server.services.payments import attempts, deposits, hosted_page, inquiries, new_card
from server.services.receivables import reminders
from server.services.retention import cleaning, erasing, files, requests

Subject = TypeVar("Subject", bound=About)


@dataclass(frozen=True)
class Work(Generic[Subject]):
    """What a kind of job is about, what it may have to wait for, and who does it."""

    about: type[Subject]
    lane: Lane
    do: Callable[[Outside, Subject, ClaimedJob], Awaitable[None]]


def create_worker(outside: Outside) -> Worker:
    """A worker that knows every kind of job."""
    return Worker(outside.database, outside.clock, handlers(outside), lanes=LANES, tell=effects.given_up)


def handlers(outside: Outside) -> dict[JobKind, Handler]:
    """The table below with everything that its work needs."""
    return {kind: _handler(outside, work) for kind, work in WORK.items()}


def _handler(outside: Outside, work: Work[Any]) -> Handler:
    async def handle(job: ClaimedJob) -> None:
        await work.do(outside, work.about(**{name: UUID(value) for name, value in job.payload.items()}), job)

    return handle


def _on_contract(lane: Lane, do: Callable[[Outside, UUID], Awaitable[None]]) -> Work[OfContract]:
    async def work(outside: Outside, about: OfContract, _job: ClaimedJob) -> None:
        await do(outside, about.contract)

    return Work(OfContract, lane, work)


async def _look_at_late_page(outside: Outside, contract_id: UUID) -> None:
    await hosted_page.look_again(outside, contract_id)
    await saga.drive(outside, contract_id)
    await new_card.give_up(outside, contract_id)


async def _resolve_payment(outside: Outside, about: OfPayment, _job: ClaimedJob) -> None:
    state = await inquiries.resolve(outside, about.payment)
    if state in attempts.UNRESOLVED:
        raise TryLater(outside.clock.now() + attempts.RECOVER_AFTER)
    await follow(outside, about.payment)


async def _remind_of_damage(outside: Outside, about: OfDamage, _job: ClaimedJob) -> None:
    await deadlines.remind(outside, about.damage)


async def _print_document(outside: Outside, about: OfDocument, _job: ClaimedJob) -> None:
    await documents.print_pdf(outside, about.document)


async def _print_protocol(outside: Outside, about: OfProtocol, _job: ClaimedJob) -> None:
    await paper.make(outside, about.protocol)


async def _remind(outside: Outside, about: OfOpenItem, _job: ClaimedJob) -> None:
    await reminders.remind(outside, about.open_item)


async def _send_email(outside: Outside, about: OfEmail, job: ClaimedJob) -> None:
    await emails.send(outside, about.email, is_last_try=job.is_last_try)


async def _erase_customer(outside: Outside, about: OfCustomer, _job: ClaimedJob) -> None:
    await requests.carry_out(outside, about.customer)


async def _erase_files(outside: Outside, about: OfErasure, _job: ClaimedJob) -> None:
    await files.delete(outside, about.erasure)


async def _clean(outside: Outside, _about: OfNothing, _job: ClaimedJob) -> None:
    await cleaning.clean(outside)


WORK: Mapping[JobKind, Work[Any]] = {
    JobKind.DRIVE_BOOKING: _on_contract(Lane.MONEY, saga.drive),
    JobKind.EXPIRE_CAR_HOLD: _on_contract(Lane.MONEY, saga.expire),
    JobKind.LATE_PAGE: _on_contract(Lane.MONEY, _look_at_late_page),
    JobKind.RESOLVE_PAYMENT: Work(OfPayment, Lane.MONEY, _resolve_payment),
    JobKind.PLACE_DEPOSIT: _on_contract(Lane.MONEY, deposit_watch.place),
    JobKind.RELEASE_DEPOSIT: _on_contract(Lane.MONEY, deposits.release),
    JobKind.BILL: _on_contract(Lane.MONEY, invoice.bill),
    JobKind.COLLECT: _on_contract(Lane.MONEY, collection.collect),
    JobKind.COLLECT_CLAIMS: _on_contract(Lane.MONEY, claims.collect),
    JobKind.DAMAGE_REMINDER: Work(OfDamage, Lane.DIARY, _remind_of_damage),
    JobKind.MARK_NO_SHOW: _on_contract(Lane.DIARY, no_show.mark_by_itself),
    JobKind.PRINT_DOCUMENT: Work(OfDocument, Lane.PAPER, _print_document),
    JobKind.PROTOCOL_SHEET: Work(OfProtocol, Lane.PAPER, _print_protocol),
    JobKind.OVERDUE: _on_contract(Lane.DIARY, overdue.look),
    JobKind.REMIND_OF_START: _on_contract(Lane.DIARY, reminder.remind),
    JobKind.REMIND_OF_PAYMENT: Work(OfOpenItem, Lane.DIARY, _remind),
    JobKind.SEND_EMAIL: Work(OfEmail, Lane.MAIL, _send_email),
    JobKind.RETENTION: _on_contract(Lane.RETENTION, erasing.look),
    JobKind.ERASE_CUSTOMER: Work(OfCustomer, Lane.RETENTION, _erase_customer),
    JobKind.ERASE_FILES: Work(OfErasure, Lane.RETENTION, _erase_files),
    JobKind.CLEAN: Work(OfNothing, Lane.DIARY, _clean),
}

LANES: Mapping[JobKind, Lane] = {kind: work.lane for kind, work in WORK.items()}
"""What each kind of job may have to wait for."""

AT_ONCE_AFTER_A_START = (
    JobKind.RESOLVE_PAYMENT,
    JobKind.DRIVE_BOOKING,
    JobKind.COLLECT,
    JobKind.COLLECT_CLAIMS,
    JobKind.BILL,
    JobKind.RELEASE_DEPOSIT,
)
"""Jobs about money whose outcome nobody may have seen do not wait for their time."""


async def follow(outside: Outside, payment_id: UUID) -> None:
    """Goes on with whatever waited for a payment's outcome."""
    async with outside.database.transaction(SYSTEM) as session:
        payment = await session.by_id(Payment, payment_id)
        contract = await session.by_id(Contract, payment.contract_id if payment else None)
    if payment is None or contract is None:
        return
    if contract.confirmed_at is None:
        await saga.drive(outside, payment.contract_id)
        return
    await deposits.follow(outside, payment.contract_id)
    await deposit_watch.look(outside, payment.contract_id)
    await new_card.follow(outside, payment.contract_id)
    await deposits.after_release(outside, payment.contract_id)
    await claims.collect(outside, payment.contract_id)


async def recover(outside: Outside) -> None:
    """At start: looks at once into every payment whose outcome is not known, instead of waiting for its time, and tries
    again what had to wait for something that was away: it may just have been put right. What repeats daily is going.
    """
    async with outside.database.transaction(SYSTEM) as session:
        await hasten_all(session, AT_ONCE_AFTER_A_START, now=outside.clock.now())
        await hasten_tried(session, now=outside.clock.now())
        await cleaning.schedule(session, now=outside.clock.now())
