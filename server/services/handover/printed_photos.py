"""The photos of a protocol's paper: those around the car, then those of the damages that were found with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.gateways.object_store import ObjectStore
from server.models import Damage, DamagePhoto, Photo, Protocol, ProtocolPhoto
from server.models.damage import RepairState
from server.models.protocol import PhotoSlot
from server.paper.views import PhotoPrint

MOST_PRINTED_PHOTOS = 60
"""More would make a paper that no mail server takes; the sheet says how many there are."""


async def damages_shown(session: Session, protocol: Protocol) -> Sequence[Damage]:
    """The car's damages at the time of the protocol, in the order of their numbers on the drawing."""
    statement = select(Damage).where(
        col(Damage.vehicle_id) == protocol.vehicle_id,
        col(Damage.repair) != RepairState.REPAIRED,
        (col(Damage.seen_at) <= protocol.occurred_at) | (col(Damage.protocol_id) == protocol.id),
    )
    return await session.all(statement.order_by(col(Damage.seen_at), col(Damage.id)))


async def printed(
    session: Session, objects: ObjectStore, protocol: Protocol, shown: Sequence[Damage]
) -> tuple[list[PhotoPrint], int]:
    """The photos that are printed, and how many there are in all. LookupError if the object store has lost one."""
    placed = await session.all(
        select(ProtocolPhoto).where(col(ProtocolPhoto.protocol_id) == protocol.id).order_by(col(ProtocolPhoto.position))
    )
    found = {damage.id: number for number, damage in enumerate(shown, 1) if damage.protocol_id == protocol.id}
    of_damages = await session.all(
        select(DamagePhoto)
        .where(col(DamagePhoto.damage_id).in_(found))
        .order_by(col(DamagePhoto.damage_id), col(DamagePhoto.position))
    )
    wanted: list[tuple[UUID, PhotoSlot, datetime | None, int | None]] = [
        (row.photo_id, row.slot, row.taken_at, None) for row in placed
    ]
    close_ups = sorted(of_damages, key=lambda row: found[row.damage_id])
    wanted += [(row.photo_id, PhotoSlot.DAMAGE, None, found[row.damage_id]) for row in close_ups]
    chosen = wanted[:MOST_PRINTED_PHOTOS]
    uploaded = await session.all(select(Photo).where(col(Photo.id).in_({photo_id for photo_id, *_ in chosen})))
    keys = {photo.id: photo.object_key for photo in uploaded}
    prints = []
    for photo_id, slot, taken_at, number in chosen:
        jpeg = await objects.get(keys[photo_id])
        prints.append(PhotoPrint(slot=slot.value, jpeg=jpeg, taken_at=taken_at, number=number))
    return prints, len(wanted)
