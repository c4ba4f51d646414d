"""Photos and PDFs whose rows are erased: written down with the erasure, deleted by a job. Nothing is left lying."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import RETENTION, Session
from server.jobs import enqueue
from server.models import ErasedFile
from server.models.job import JobKind, OfErasure
from server.services.outside import Outside

_NOT_SHOWN = (
    "not exists (select from protocol_photo x where x.photo_id = photo.id)"
    " and not exists (select from damage_photo x where x.photo_id = photo.id)"
)
_NOT_SIGNED = (
    "not exists (select from protocol x where x.signature_sha256 = photo.sha256)"
    " and not exists (select from protocol x where x.staff_signature_sha256 = photo.sha256)"
)
# The same bytes lie under one key, whoever has uploaded them.
_STILL_USED = (
    "select 1 where exists (select from photo where object_key = any(:keys))"
    " or exists (select from evidence_file where object_key = any(:keys))"
)


async def erase_photos(session: Session, erasure_id: UUID, photo_ids: Collection[UUID], *, now: datetime) -> None:
    """Erases those of some photos that nothing shows any more."""
    unused = f"photo where id = any(:wanted) and {_NOT_SHOWN}"
    await erase(session, erasure_id, await _deleted(session, unused, list(photo_ids)), now=now)


async def erase_unattached_photos(
    session: Session, erasure_id: UUID, photo_ids: Collection[UUID], *, now: datetime
) -> None:
    """Erases those of some photos that neither show nor sign anything."""
    unused = f"photo where id = any(:wanted) and {_NOT_SHOWN} and {_NOT_SIGNED}"
    await erase(session, erasure_id, await _deleted(session, unused, list(photo_ids)), now=now)


async def erase_signatures(session: Session, erasure_id: UUID, hashes: Collection[str], *, now: datetime) -> None:
    """Erases those of some signatures, by the hash of what was sent, that stand under no protocol any more."""
    unused = f"photo where sha256 = any(:wanted) and {_NOT_SHOWN} and {_NOT_SIGNED}"
    await erase(session, erasure_id, await _deleted(session, unused, list(hashes)), now=now)


async def erase_estimates(session: Session, erasure_id: UUID, file_ids: Collection[UUID], *, now: datetime) -> None:
    """Erases those of some PDFs that speak for no claim any more."""
    unused = (
        "evidence_file where id = any(:wanted)"
        " and not exists (select from damage_evidence x where x.evidence_file_id = evidence_file.id)"
    )
    await erase(session, erasure_id, await _deleted(session, unused, list(file_ids)), now=now)


async def erase(session: Session, erasure_id: UUID, keys: Collection[str], *, now: datetime) -> None:
    """Has objects deleted once the caller's transaction is committed."""
    if not keys:
        return
    await session.store(*(ErasedFile(erasure_id=erasure_id, object_key=key) for key in keys))
    await enqueue(session, JobKind.ERASE_FILES, OfErasure(erasure_id), key=f"erase-files:{erasure_id}", now=now)


async def _deleted(session: Session, unused: str, wanted: Sequence[UUID | str]) -> list[str]:
    """Deletes rows, and returns the keys of what they stood for."""
    if not wanted:
        return []
    columns = "object_key, thumbnail_key" if unused.startswith("photo") else "object_key"
    gone = await session.rows(f"delete from {unused} returning {columns}", {"wanted": wanted})  # noqa: S608  # our own text
    return [key for row in gone for key in row]


def _owners(key: str) -> list[str]:
    """The key by which a row names an object: a small photo goes with its large one."""
    return [key, key.replace("-small.jpg", ".jpg")]


async def delete(outside: Outside, erasure_id: UUID) -> None:
    """Deletes what an erasure has left in the object store, one after the other. Safe to repeat."""
    async with outside.database.transaction(RETENTION) as session:
        left = await session.all(select(ErasedFile).where(col(ErasedFile.erasure_id) == erasure_id))
    for file in left:
        async with outside.database.transaction(RETENTION) as session:
            is_used = await session.value(_STILL_USED, {"keys": _owners(file.object_key)}) is not None
        if not is_used:
            await outside.objects.delete(file.object_key)
        async with outside.database.transaction(RETENTION) as session:
            await session.write("delete from erased_file where id = :id", {"id": file.id})
