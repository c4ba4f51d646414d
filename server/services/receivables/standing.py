"""How a contract stands after something of what is open was paid or given up."""

from __future__ import annotations

from server.database import Session
from server.models import Contract, Document, OpenItem
from server.models.contract import SettlementState
from server.models.document import DocumentType
from server.models.job import JobKind
from server.services.acting import Acting
from server.services.billing import collection, open_items


async def look(session: Session, contract: Contract, document: Document, item: OpenItem, acting: Acting) -> None:
    """Settles a locked contract when nothing of its invoice is open any more; what is left after a part is paid stays
    open. The flag of what is long overdue goes with the last such item.
    """
    if document.type is DocumentType.CANCELLATION_INVOICE:
        await collection.go_on_with(session, contract, JobKind.COLLECT, acting.now)
    elif document.type is DocumentType.FINAL_INVOICE and contract.state in collection.OVER:
        if item.open_cents == 0:
            state = SettlementState.WRITTEN_OFF if item.written_off_cents else SettlementState.PAID
            await collection.settled(session, contract, state, acting)
        elif item.open_cents > 0:
            contract.settlement_state = SettlementState.PARTLY_PAID
            await session.store(contract)
    await open_items.unflag(session, contract)
