"""What speaks for a claim: both protocols, the damage's photos, the PDFs that were uploaded; as far as a mail takes it.

Evidence comes first, because the customer does not know it yet; what does not fit is behind a link.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import InvalidInput, Sentence
from server.gateways.object_store import ObjectMissing
from server.models import Contract, Damage, DamagePhoto, EvidenceFile, Photo, Protocol
from server.models.email import StoredFile
from server.paper import file_names
from server.pictures import photo_for_print
from server.services import validation
from server.services.acting import Acting
from server.services.billing import readings
from server.services.claims import cases
from server.services.claims.mails import Bundle
from server.services.mail import links, parts
from server.services.outside import Outside

MOST_BYTES = 6_800_000
"""Attached files together, the claim besides: in a mail they grow by a third, and it stays below 10 MB."""
MOST_EVIDENCE_BYTES = 6_000_000
MOST_EVIDENCE = 10
PHOTO_BYTES = 300_000
"""What a photo may weigh in a mail."""
_PDF, _JPEG = "application/pdf", "image/jpeg"
_EVIDENCE, _PHOTO = Sentence("evidence", "Beleg"), Sentence("photo", "Foto")
_NOT_UPLOADED = Sentence(
    "This PDF has not been uploaded yet: send it with `uploadDocument` first.",
    "Dieses PDF ist noch nicht hochgeladen: bitte zuerst mit `uploadDocument` senden.",
)
_TOO_MANY = Sentence(
    f"At most {MOST_EVIDENCE} documents go with a claim.",
    f"Zu einer Forderung gehören höchstens {MOST_EVIDENCE} Belege.",
)
_TOO_HEAVY = Sentence(
    "Together these documents are larger than 6 MB, more than a mail takes: send smaller scans.",
    "Zusammen sind diese Belege größer als 6 MB, mehr als eine E-Mail fasst: bitte kleinere Scans senden.",
)


@dataclass(frozen=True)
class Proof:
    """A hand-over and the return to it, as far as they were printed and not taken back."""

    out: Protocol | None
    back: Protocol | None


async def proof_of(session: Session, damage: Damage) -> Proof:
    """Both protocols of the car's part of the rental in which a damage was found."""
    found = await session.by_id(Protocol, damage.protocol_id)
    leg = await readings.leg_of(session, found) if found else None
    out = await session.by_id(Protocol, leg.check_out_id) if leg else None
    back = await session.by_id(Protocol, leg.check_in_id) if leg else None
    return Proof(*(one if one is not None and not one.voided and one.pdf_key else None for one in (out, back)))


async def uploaded(outside: Outside, acting: Acting, hashes: Sequence[str]) -> list[EvidenceFile]:
    """The uploaded PDFs of these hashes that the caller may use, each once. InvalidInput names what is wrong."""
    wanted = {validation.sha256(one, ("evidence", str(place))): place for place, one in enumerate(hashes)}
    if len(wanted) > MOST_EVIDENCE:
        raise InvalidInput(_TOO_MANY, field=("evidence",))
    async with outside.database.snapshot(acting.person.scope) as session:
        rows = await session.all(select(EvidenceFile).where(col(EvidenceFile.sha256).in_(wanted)))
    found = {row.sha256: row for row in rows}
    for sha256, place in wanted.items():
        if sha256 not in found:
            raise InvalidInput(_NOT_UPLOADED, field=("evidence", str(place)))
    files = [found[sha256] for sha256 in wanted]
    if sum(file.size for file in files) > MOST_EVIDENCE_BYTES:
        raise InvalidInput(_TOO_HEAVY, field=("evidence",))
    return files


async def gather(outside: Outside, acting: Acting, damage_id: UUID | None, evidence: Sequence[EvidenceFile]) -> Bundle:
    """What goes with the mail. No transaction is held while the object store is asked. NotFound."""
    damage = await cases.seen_by(outside, acting, damage_id)
    async with outside.database.transaction(SYSTEM) as session:
        proof = await proof_of(session, damage)
        contract = await session.by_id(Contract, damage.contract_id)
        photos = await _photos(session, damage.id)
    if contract is None:
        return Bundle()
    number, language = contract.number, parts.wording(contract.language)
    named = f"{number}-{_EVIDENCE.within(language)}"
    files = [StoredFile(f"{named}-{place}.pdf", _PDF, one.object_key) for place, one in enumerate(evidence, 1)]
    left = MOST_BYTES - sum(one.size for one in evidence)
    printed = [one for one in (proof.out, proof.back) if one is not None]
    protocols = [
        StoredFile(file_names.pdf(one.type.value, number, language), _PDF, one.pdf_key or "") for one in printed
    ]
    weight = sum([await _size(outside, file.key) for file in protocols])
    if fits := weight <= left:
        left -= weight
    attached = await _attached(outside, f"{number}-{_PHOTO.within(language)}", photos, left)
    back = proof.back
    return Bundle(
        protocols=protocols if fits else (),
        photos=attached,
        evidence=files,
        protocol_links=() if fits else [links.shown(outside, f"/media/protocols/{one.id}") for one in printed],
        photos_url=links.shown(outside, f"/media/protocols/{back.id}/photos") if back and photos else None,
    )


async def _photos(session: Session, damage_id: UUID) -> list[str]:
    statement = (
        select(Photo.object_key)
        .join(DamagePhoto, col(DamagePhoto.photo_id) == col(Photo.id))
        .where(col(DamagePhoto.damage_id) == damage_id)
        .order_by(col(DamagePhoto.position))
    )
    return await session.all(statement)


async def _attached(outside: Outside, named: str, photos: Sequence[str], left: int) -> list[StoredFile]:
    """As many photos as fit, in a size that a mail can carry."""
    files = list[StoredFile]()
    for key in photos:
        small = await asyncio.to_thread(photo_for_print, await outside.objects.get(key), PHOTO_BYTES)
        if len(small) > left:
            break
        left -= len(small)
        kept = f"photos/{hashlib.sha256(small).hexdigest()}-mail.jpg"
        await outside.objects.put(kept, small)
        files.append(StoredFile(f"{named}-{len(files) + 1}.jpg", _JPEG, kept))
    return files


async def _size(outside: Outside, key: str) -> int:
    try:
        return len(await outside.objects.get(key))
    except ObjectMissing:
        return 0
