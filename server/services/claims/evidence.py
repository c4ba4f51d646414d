"""PDFs that speak for a claim, such as an estimate: checked, kept as they are, found by the hash of what was sent."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, Sentence
from server.models import EvidenceFile, Station
from server.models.columns import uuid7
from server.models.staff import Role
from server.pdf_pages import PdfRefused, count_pages
from server.security import Principal
from server.services import validation
from server.services.outside import Outside

_OTHER_FILE = Sentence(
    "The file is not the one that this sha256 belongs to; send it again.",
    "Die Datei passt nicht zu diesem sha256; bitte noch einmal senden.",
)


async def upload(outside: Outside, principal: Principal, sha256: str, content: bytes, *, now: datetime) -> EvidenceFile:
    """Stores one PDF. The same bytes sent again are the same file. InvalidInput says what is wrong with it."""
    wanted = validation.sha256(sha256, ("sha256",))
    if await asyncio.to_thread(_hash, content) != wanted:
        raise InvalidInput(_OTHER_FILE, field=("sha256",))
    async with outside.database.snapshot(principal.scope) as session:
        known = await _own(session, principal, wanted)
    if known is not None:
        return known
    try:
        pages = await asyncio.to_thread(count_pages, content)
    except PdfRefused as refusal:
        raise InvalidInput(refusal.reason, field=("file",)) from refusal
    # File first, then the row: a row never points at nothing.
    key = f"evidence/{wanted}.pdf"
    await outside.objects.put(key, content)
    async with outside.database.transaction(principal.scope) as session:
        await _record(
            session,
            EvidenceFile(
                id=uuid7(),
                sha256=wanted,
                uploaded_by=principal.id,
                stations=await _stations(session, principal),
                pages=pages,
                size=len(content),
                object_key=key,
                created_at=now,
            ),
        )
        stored = await _own(session, principal, wanted)
    if stored is None:
        raise LookupError("the PDF that was just stored")
    return stored


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def _stations(session: Session, principal: Principal) -> list[UUID]:
    everywhere = principal.role is Role.ADMIN
    return await session.all(select(Station.id)) if everywhere else list(principal.stations)


async def _record(session: Session, file: EvidenceFile) -> None:
    """Who has uploaded it, and which stations may use it; once, also if it was sent twice at the same time."""
    await session.write(
        "insert into evidence_file (id, sha256, uploaded_by, stations, pages, size, object_key, created_at)"
        " values (:id, :sha256, :uploaded_by, :stations, :pages, :size, :object_key, :created_at)"
        " on conflict (sha256, uploaded_by) do nothing",
        file.model_dump(),
    )


async def _own(session: Session, principal: Principal, sha256: str) -> EvidenceFile | None:
    statement = select(EvidenceFile).where(col(EvidenceFile.sha256) == sha256)
    return await session.first(statement.order_by(col(EvidenceFile.uploaded_by) != principal.id))
