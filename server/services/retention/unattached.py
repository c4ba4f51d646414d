"""Uploads that nobody has attached: to no protocol, no damage, no claim, and under nothing signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from server.database import Session
from server.services.retention import files

KINDS = ("photo", "evidence_file")
"""Tables of uploads."""
_FIRST_ID = UUID(int=0)


@dataclass(frozen=True)
class Place:
    """Where a walk through uploads, from the youngest to the oldest, has got to: it goes on with what is older."""

    created_at: datetime
    id: UUID = _FIRST_ID


async def erase_page(session: Session, kind: str, place: Place, *, now: datetime, most: int) -> Place | None:
    """Looks at so many uploads older than a place, erases those that nobody has attached, and has their objects
    deleted; where to go on, or None after the oldest.
    """
    # The table's name is one of ours.
    page = await session.rows(
        f"select id, created_at from {kind} where (created_at, id) < (:at, :id)"  # noqa: S608
        " order by created_at desc, id desc limit :most",
        {"at": place.created_at, "id": place.id, "most": most},
    )
    erase = files.erase_unattached_photos if kind == "photo" else files.erase_estimates
    await erase(session, uuid4(), [row.id for row in page], now=now)
    return Place(page[-1].created_at, page[-1].id) if len(page) == most else None
