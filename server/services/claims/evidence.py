"""PDFs that speak for a claim, such as an estimate: checked, kept as they are, found by the hash of what was sent."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput
from server.models import EvidenceFile
from server.models.columns import uuid7
from server.pdf_pages import PdfRefused, count_pages
from server.security import Principal
from server.services import validation
from server.services.fleet import stations
from server.services.outside import Outside


async def upload(outside: Outside, principal: Principal, sha256: str, content: bytes, *, now: datetime) -> EvidenceFile:
    """Stores one PDF. The same bytes sent again are the same file. InvalidInput says what is wrong with it."""
    wanted = validation.sha256(sha256, ("sha256",))
    await asyncio.to_thread(validation.same_file, content, wanted)
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
                stations=await stations.worked_at(session, principal),
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
