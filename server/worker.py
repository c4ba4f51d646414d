"""Which job does what. A handler may be run again at any time; it looks at what is stored and does what is missing."""

from __future__ import annotations

from uuid import UUID

from server.database import SYSTEM
from server.jobs import ClaimedJob, Handler, TryLater, Worker
from server.models import Payment
from server.models.contract import ContractState
from server.services.billing import collection, invoice
from server.services.booking import saga
from server.services.handover import paper
from server.services.mail import emails
from server.services.outside import Outside
from server.services.payments import attempts, deposits, hosted_page, inquiries


def create_worker(outside: Outside) -> Worker:
    """A worker that knows every kind of job."""
    return Worker(outside.database, outside.clock, handlers(outside))


def handlers(outside: Outside) -> dict[str, Handler]:  # noqa: C901  # one small function for each kind
    """What to do for each kind of job."""

    async def drive_booking(job: ClaimedJob) -> None:
        await saga.drive(outside, _contract(job))

    async def expire_hold(job: ClaimedJob) -> None:
        await saga.expire(outside, _contract(job))

    async def late_page(job: ClaimedJob) -> None:
        await hosted_page.look_again(outside, _contract(job))
        await saga.drive(outside, _contract(job))

    async def resolve_payment(job: ClaimedJob) -> None:
        payment_id = UUID(job.payload["payment"])
        state = await inquiries.resolve(outside, payment_id)
        if state in attempts.UNRESOLVED:
            raise TryLater(outside.clock.now() + attempts.RECOVER_AFTER)
        await follow(outside, payment_id)

    async def place_deposit(job: ClaimedJob) -> None:
        await deposits.place(outside, _contract(job))

    async def release_deposit(job: ClaimedJob) -> None:
        await deposits.release(outside, _contract(job))

    async def settle(job: ClaimedJob) -> None:
        await invoice.settle(outside, _contract(job))

    async def collect(job: ClaimedJob) -> None:
        await collection.collect(outside, _contract(job))

    async def protocol_paper_job(job: ClaimedJob) -> None:
        await paper.make(outside, UUID(job.payload["protocol"]))

    async def send_email(job: ClaimedJob) -> None:
        await emails.send(outside, job)

    return {
        "drive_booking": drive_booking,
        "expire_hold": expire_hold,
        "late_page": late_page,
        "resolve_payment": resolve_payment,
        "place_deposit": place_deposit,
        "release_deposit": release_deposit,
        "settle": settle,
        "collect": collect,
        "protocol_paper": protocol_paper_job,
        "send_email": send_email,
    }


def _contract(job: ClaimedJob) -> UUID:
    return UUID(job.payload["contract"])


async def follow(outside: Outside, payment_id: UUID) -> None:
    """Goes on with whatever waited for a payment's outcome."""
    async with outside.database.transaction(SYSTEM) as session:
        payment = await session.by_id(Payment, payment_id)
        state = await session.value(
            "select state from contract where id = :id", {"id": payment.contract_id if payment else None}
        )
    if payment is None:
        return
    if state in {ContractState.HELD.value, ContractState.CANCELLED.value}:
        await saga.drive(outside, payment.contract_id)
        return
    await deposits.follow(outside, payment.contract_id)
    await deposits.after_release(outside, payment.contract_id)
    await collection.collect(outside, payment.contract_id)


async def recover(outside: Outside) -> None:
    """At start: looks at once into every payment whose outcome is not known, instead of waiting for its time."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        await session.write(
            "update job set due_at = least(due_at, :now) where state = 'WAITING'"
            " and kind in ('resolve_payment', 'drive_booking', 'collect', 'settle', 'release_deposit')",
            {"now": now},
        )
