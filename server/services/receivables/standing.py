"""How a contract stands after something of what is open was paid or given up."""

from __future__ import annotations

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Document, OpenItem
from server.models.contract import SettlementState
from server.models.document import DocumentType
from server.services.acting import Acting
from server.services.billing import collection, open_items

_OF_THE_RENTAL = frozenset({DocumentType.FINAL_INVOICE, DocumentType.CANCELLATION_INVOICE})


async def look(session: Session, contract: Contract, document: Document, item: OpenItem, acting: Acting) -> None:
    """Settles a locked contract when nothing of its invoice is open any more; what is left after a part is paid stays
    open. The flag of what is long overdue goes with the last such item.
    """
    if document.type in _OF_THE_RENTAL and contract.state in collection.OVER:
        if item.open_cents == 0:
            state = SettlementState.WRITTEN_OFF if item.written_off_cents else SettlementState.PAID
            await collection.settled(session, contract, state, acting)
        elif item.open_cents > 0:
            contract.settlement_state = SettlementState.PARTLY_PAID
            await session.store(contract)
    await unflag(session, contract)


async def unflag(session: Session, contract: Contract) -> None:
    """Takes the flag PAYMENT_OVERDUE away when nothing that was reminded of to the end is open any more."""
    if not contract.payment_overdue:
        return
    last = len(open_items.REMINDED_AFTER)
    left = select(OpenItem.id).where(
        col(OpenItem.contract_id) == contract.id, col(OpenItem.open_cents) > 0, col(OpenItem.reminders) >= last
    )
    if await session.first(left) is None:
        contract.payment_overdue = False
        await session.store(contract)
