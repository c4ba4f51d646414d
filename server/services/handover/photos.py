"""Pictures: checked, re-encoded, stored once under the hash of what is stored, found by the hash of what was sent."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from server import decoder
from server.database import Session
from server.errors import Path, ProblemCode, Refused, Sentence
from server.gateways.object_store import ObjectStore
from server.models import Photo
from server.models.columns import uuid7
from server.pictures import PhotoRefused
from server.security import Principal
from server.services import validation
from server.services.fleet import stations
from server.services.outside import Outside


@dataclass(frozen=True)
class KeptPhoto:
    """A photo that lies in the object store already, and has no row yet. `sha256` is of the bytes that were sent."""

    sha256: str
    width: int
    height: int
    object_key: str
    thumbnail_key: str


async def upload(outside: Outside, principal: Principal, sha256: str, content: bytes, *, now: datetime) -> Photo:
    """Stores one photo. The same bytes sent again are the same photo. PHOTO_REFUSED says what is wrong with it.

    Decoding waits for its turn, and the object store may be slow: meanwhile no connection of the database is held.
    """
    wanted = validation.sha256(sha256, ("sha256",))
    async with outside.database.snapshot(principal.scope) as session:
        known = await _own(session, principal, wanted)
    if known is not None and hashlib.sha256(content).hexdigest() == wanted:
        return known
    kept = await keep(outside.objects, wanted, content)
    async with outside.database.transaction(principal.scope) as session:
        return await record(session, principal, kept, now=now)


async def keep(objects: ObjectStore, sha256: str, content: bytes) -> KeptPhoto:
    """Checks and re-encodes a photo and puts it away, with a small version of it."""
    wanted = validation.sha256(sha256, ("sha256",))
    validation.same_file(content, wanted)
    try:
        processed = await decoder.photo(content)
    except PhotoRefused as refusal:
        raise Refused(ProblemCode.PHOTO_REFUSED, refusal.reason, field=["file"]) from refusal
    stored = hashlib.sha256(processed.jpeg).hexdigest()
    kept = KeptPhoto(wanted, processed.width, processed.height, f"photos/{stored}.jpg", f"photos/{stored}-small.jpg")
    # File first, then the row: a row never points at nothing.
    await objects.put(kept.object_key, processed.jpeg)
    await objects.put(kept.thumbnail_key, processed.thumbnail)
    return kept


async def record(session: Session, principal: Principal, kept: KeptPhoto, *, now: datetime) -> Photo:
    """Writes down who has uploaded a kept photo, and which stations may use it."""
    await session.write(
        "insert into photo (id, sha256, uploaded_by, stations, signature, width, height, object_key, thumbnail_key,"
        " created_at) values (:id, :sha256, :user, :stations, false, :width, :height, :key, :small, :now)"
        " on conflict (sha256, uploaded_by) do nothing",
        {
            "id": uuid7(),
            "sha256": kept.sha256,
            "user": principal.id,
            "stations": await stations.worked_at(session, principal),
            "width": kept.width,
            "height": kept.height,
            "key": kept.object_key,
            "small": kept.thumbnail_key,
            "now": now,
        },
    )
    photo = await _own(session, principal, kept.sha256)
    if photo is None:
        raise LookupError("the photo that was just stored")
    return photo


async def _own(session: Session, principal: Principal, sha256: str) -> Photo | None:
    statement = select(Photo).where(col(Photo.sha256) == sha256).order_by(col(Photo.uploaded_by) != principal.id)
    return await session.first(statement)


class PlacedPhoto(NamedTuple):
    """A photo of a protocol, and the PhotoSlot that says what it shows."""

    photo_id: UUID
    slot: str


async def of_protocol(session: Session, protocol_id: UUID) -> list[PlacedPhoto]:
    """Every photo that came with a protocol, in its order: those of the car, then the close-ups of what it found."""
    placed = await session.rows(
        "select photo_id, slot from ("
        " select photo_id, slot, 0 as part, '' as damage, position from protocol_photo where protocol_id = :id"
        " union all select p.photo_id, 'DAMAGE', 1, d.id::text, p.position from damage_photo p"
        " join damage d on d.id = p.damage_id where d.protocol_id = :id) as found order by part, damage, position",
        {"id": protocol_id},
    )
    once = {row.photo_id: PlacedPhoto(row.photo_id, row.slot) for row in reversed(placed)}
    return list(reversed(once.values()))


async def require(session: Session, hashes: Sequence[tuple[str, Path]]) -> dict[str, Photo]:
    """The uploaded photos of these hashes, as (hash, field). PHOTO_MISSING names the first that is not there."""
    wanted = {validation.sha256(sha256, field): field for sha256, field in hashes}
    if not wanted:
        return {}
    found = {photo.sha256: photo for photo in await session.all(select(Photo).where(col(Photo.sha256).in_(wanted)))}
    for sha256, field in wanted.items():
        if sha256 not in found:
            raise Refused(
                ProblemCode.PHOTO_MISSING,
                Sentence("This photo has not been uploaded yet.", "Dieses Foto ist noch nicht hochgeladen."),
                field=field,
            )
    return found
