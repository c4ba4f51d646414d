"""Reminders of open items: friendly, without interest, three times after the due date; then a clerk has to look."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.models import Contract, Damage, Document, OpenItem
from server.models.damage import DamageLiability
from server.services.billing import open_items
from server.services.contract import contracts
from server.services.fleet import stations
from server.services.outside import Outside
from server.services.receivables import mails


async def remind(outside: Outside, item_id: UUID) -> None:
    """Writes the next reminder of an open item when its day has come. Safe to repeat: one mail for each day."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        seen = await session.by_id(OpenItem, item_id)
        if seen is None:
            return
        contract = await contracts.lock(session, seen.contract_id)
        item = await session.by_id(OpenItem, item_id, lock=True)
        document = await session.by_id(Document, seen.document_id)
        if item is None or document is None or item.open_cents <= 0 or await _is_disputed(session, document):
            return
        await _next(session, contract, document, item, now)


async def _is_disputed(session: Session, document: Document) -> bool:
    """Whoever disputes a claim is answered by people, and not reminded."""
    disputed = select(Damage.id).where(
        col(Damage.claim_document_id) == document.id, col(Damage.liability) == DamageLiability.DISPUTED
    )
    return await session.first(disputed) is not None


async def _next(session: Session, contract: Contract, document: Document, item: OpenItem, now: datetime) -> None:
    station = await stations.get(session, contract.station_id)
    if item.for_clerk:
        return
    today, told_on = station.day_of(now), await mails.told_on(session, item, station)
    if today < open_items.next_reminder(item, told_on):
        await open_items.remind_later(session, item, station, now, told_on)
        return
    told = await mails.reminder(session, contract, document, item, now=now)
    item.reminders += told
    item.for_clerk = not told or item.reminders == len(open_items.REMINDED_AFTER)
    await session.store(item)
    if item.for_clerk:
        contract.payment_overdue = True
        contract.version += 1
        await session.store(contract)
    await open_items.remind_later(session, item, station, now, today)
