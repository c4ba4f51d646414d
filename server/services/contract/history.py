"""The audit trail of a contract: written with every change, never changed itself."""

from datetime import datetime

from server.database import Session
from server.models import Contract, HistoryEntry

SYSTEM_ACTOR = "System"


async def record(
    session: Session,
    contract: Contract,
    action: str,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    before: str | None = None,
    after: str | None = None,
) -> None:
    """Adds an entry in the caller's transaction."""
    entry = HistoryEntry(
        contract_id=contract.id,
        station_id=contract.station_id,
        at=now,
        actor=actor,
        action=action,
        reason=reason,
        before=before,
        after=after,
    )
    await session.store(entry)
