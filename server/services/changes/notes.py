"""Remarks of staff on a contract: only ever added."""

from __future__ import annotations

from uuid import UUID

from server.database.conflicts import tried_again
from server.models import Note
from server.services import validation
from server.services.acting import Acting
from server.services.changes import edit
from server.services.outside import Outside

LONGEST = 4000


@tried_again
async def add(outside: Outside, acting: Acting, contract_id: UUID | None, text: str) -> UUID:
    """Adds a remark. It changes nothing else, so that it needs no version. NotFound, InvalidInput."""
    said = validation.text(text, ("text",), longest=LONGEST, multiline=True)
    async with edit.editing(outside, acting, contract_id, None) as (session, contract):
        note = Note(
            contract_id=contract.id,
            station_id=contract.station_id,
            text=said,
            author=acting.name,
            created_at=acting.now,
        )
        await session.store(note)
        return contract.id
