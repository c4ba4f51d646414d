"""The audit trail of a contract: written with every change, never changed itself."""

from server.database import Session
from server.models import Contract, HistoryEntry
from server.models.contract_parts import HistoryAction
from server.services.acting import Acting


async def record(
    session: Session,
    contract: Contract,
    action: HistoryAction,
    acting: Acting,
    *,
    before: str | None = None,
    after: str | None = None,
    approved_by: str | None = None,
) -> HistoryEntry:
    """Adds an entry in the caller's transaction, and returns it: what was done, with who, when and why of `acting`;
    `approved_by` is the manager who allowed just that.
    """
    entry = HistoryEntry(
        contract_id=contract.id,
        station_id=contract.station_id,
        at=acting.now,
        actor=acting.name,
        approved_by=approved_by,
        action=action,
        reason=acting.why,
        before=before,
        after=after,
    )
    await session.store(entry)
    return entry
