"""What is still owed for a document: by whom it is made out to, or to the customer where no card takes it back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.jobs import enqueue
from server.models import Contract, Document, OpenItem, Station
from server.models.columns import uuid7
from server.models.job import JobKind, OfOpenItem
from server.models.local_time import wall_clock
from server.services.fleet import stations

DAYS_TO_PAY = 14
REMINDED_AFTER = (3, 14, 28)
"""Days after the due date on which whoever owes is reminded; then a clerk has to look."""
_AT = time(9)


def due_on(station: Station, now: datetime) -> date:
    """Until when what is billed now has to be paid: fourteen days of the station's calendar."""
    return station.day_of(now) + timedelta(days=DAYS_TO_PAY)


async def of_document(session: Session, document_id: UUID) -> OpenItem | None:
    """The open item of a document, if there is one: a document has one at most."""
    return await session.first(select(OpenItem).where(col(OpenItem.document_id) == document_id))


async def owe(session: Session, contract: Contract, document: Document, cents: int, now: datetime) -> OpenItem:
    """What is still owed for a document, due in fourteen days; negative: what the customer gets back by transfer."""
    if (existing := await of_document(session, document.id)) is not None:
        return existing
    station = await stations.get(session, contract.station_id)
    item = OpenItem(
        id=uuid7(),
        document_id=document.id,
        contract_id=contract.id,
        station_id=contract.station_id,
        due_on=due_on(station, now),
        open_cents=cents,
    )
    await session.store(item)
    await remind_later(session, item, station, now)
    return item


def next_reminder(item: OpenItem, told_on: date | None = None) -> date:
    """The day of the next reminder: some days after the due date, and as long after the last one (`told_on`) as they
    are apart, also where that came late.
    """
    after = REMINDED_AFTER[item.reminders]
    day = item.due_on + timedelta(days=after)
    if told_on is None or item.reminders == 0:
        return day
    return max(day, told_on + timedelta(days=after - REMINDED_AFTER[item.reminders - 1]))


async def remind_later(
    session: Session, item: OpenItem, station: Station, now: datetime, told_on: date | None = None
) -> None:
    """Writes the job of the next reminder, if there is one more and something is to be paid."""
    if item.open_cents <= 0 or item.for_clerk:
        return
    day = next_reminder(item, told_on)
    key, due_at = f"remind:{item.id}:{item.reminders}", wall_clock(day, _AT, station.zone)
    await enqueue(session, JobKind.REMIND_OF_PAYMENT, OfOpenItem(item.id), key=key, now=now, due_at=due_at)


async def payable(session: Session, contract_id: UUID) -> list[OpenItem]:
    """What is owed to the customer, to be transferred by a clerk."""
    owed = select(OpenItem).where(col(OpenItem.contract_id) == contract_id, col(OpenItem.open_cents) < 0)
    return await session.all(owed)


async def close_payable(session: Session, contract_id: UUID) -> None:
    """A clerk says that the customer has got everything back."""
    for item in await payable(session, contract_id):
        item.open_cents = 0
        await session.store(item)


async def unflag(session: Session, contract: Contract) -> None:
    """Takes the flag PAYMENT_OVERDUE away when nothing that a clerk has to look at is open any more."""
    if not contract.payment_overdue:
        return
    left = select(OpenItem.id).where(
        col(OpenItem.contract_id) == contract.id, col(OpenItem.open_cents) > 0, col(OpenItem.for_clerk)
    )
    if await session.first(left) is None:
        contract.payment_overdue = False
        await session.store(contract)
