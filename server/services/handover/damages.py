"""Damages as they are reported: with a hand-over, a return, or in between. What becomes of them is in `claims`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from server.database import Session
from server.database.errors import violated_constraint
from server.errors import InvalidInput, Path, ProblemCode, Refused, Sentence
from server.models import Damage, DamagePhoto, Photo
from server.models.blank import seen
from server.models.damage import DamageKind, DamageLiability, VehicleView
from server.services import validation
from server.services.claims import deadlines
from server.services.fleet import vehicles
from server.services.handover import photos


@dataclass(frozen=True)
class DamageReport:
    """A damage that somebody saw. `x` and `y` are fractions of the view's drawing; `photos` are hashes."""

    id: UUID
    view: VehicleView
    x: float
    y: float
    kind: DamageKind
    size_mm: int | None
    description: str | None
    photos: tuple[str, ...]

    def content_hash(self) -> str:
        """Recognises the same report sent again."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


Placed = Sequence[tuple[DamageReport, Path]]
"""Reports, each with its place in the input."""


def placed(reports: Sequence[DamageReport], field: Path) -> Placed:
    """The reports of a list."""
    return [(report, [*field, str(index)]) for index, report in enumerate(reports)]


def check(reports: Placed) -> None:
    """InvalidInput for a position outside the drawing, a size or text that cannot be, an id that is there twice."""
    seen: set[UUID] = set()
    for report, own in reports:
        if report.id in seen:
            raise InvalidInput(Sentence("This id is there twice.", "Diese ID kommt zweimal vor."), field=[*own, "id"])
        seen.add(report.id)
        if not (0 <= report.x <= 1 and 0 <= report.y <= 1):
            raise InvalidInput(
                Sentence("A position lies between 0 and 1.", "Eine Position liegt zwischen 0 und 1."),
                field=[*own, "position"],
            )
        validation.optional_number(report.size_mm, [*own, "size_mm"], lowest=1, highest=10_000)
        validation.optional_text(report.description, [*own, "description"], longest=1000, multiline=True)


def photo_hashes(reports: Placed) -> list[tuple[str, Path]]:
    """Every picture that the reports name, with its field."""
    return [
        (sha256, [*own, "photos", str(position)])
        for report, own in reports
        for position, sha256 in enumerate(report.photos)
    ]


@dataclass(frozen=True)
class Sighting:
    """On which car damages were seen, when, and what follows. `seen_at` is an instant (UTC), `zone` the place's.

    The contract is that of a suspected damage: the customer may have to answer for it.
    """

    vehicle_id: UUID
    liability: DamageLiability
    seen_at: datetime
    zone: ZoneInfo
    contract_id: UUID | None = None
    protocol_id: UUID | None = None


async def report(session: Session, vehicle_id: UUID | None, seen: DamageReport, *, now: datetime) -> Damage:
    """A damage that was found outside a hand-over: it is known, and nobody is suspected."""
    reports = [(seen, ["damage"])]
    vehicle = await vehicles.lock_vehicle(session, vehicle_id, field=["vehicle_id"])
    check(reports)
    uploaded = await photos.require(session, photo_hashes(reports))
    sighting = Sighting(vehicle.id, DamageLiability.KNOWN, now, ZoneInfo("UTC"))
    (damage,) = await record(session, sighting, reports, uploaded)
    return damage


async def record(session: Session, sighting: Sighting, reports: Placed, uploaded: dict[str, Photo]) -> list[Damage]:
    """Stores what is new. A damage sent again is the one that is there; other content is an IDEMPOTENCY_CONFLICT."""
    ids = [report.id for report, _own in reports]
    known = {damage.id: damage for damage in await session.all(select(Damage).where(col(Damage.id).in_(ids)))}
    stored = []
    for report, own in reports:
        damage = known.get(report.id)
        if damage is None:
            damage = await _store(session, _row(sighting, report), report, uploaded, [*own, "id"])
            if damage.liability is DamageLiability.SUSPECTED:
                await deadlines.schedule(session, damage, sighting.zone, sighting.seen_at)
        elif damage.vehicle_id != sighting.vehicle_id or damage.request_hash != report.content_hash():
            raise _id_taken([*own, "id"])
        stored.append(damage)
    return stored


async def _store(
    session: Session, damage: Damage, report: DamageReport, uploaded: dict[str, Photo], field: Path
) -> Damage:
    try:
        await session.store(damage)
    except IntegrityError as error:  # of a vehicle that is not the caller's
        if violated_constraint(error) == "pk_damage":
            raise _id_taken(field) from error
        raise
    await session.store(
        *(
            DamagePhoto(damage_id=damage.id, photo_id=uploaded[sha256.lower()].id, position=position)
            for position, sha256 in enumerate(dict.fromkeys(report.photos))
        )
    )
    return damage


def _id_taken(field: Path) -> Refused:
    return Refused(
        ProblemCode.IDEMPOTENCY_CONFLICT,
        Sentence("This id belongs to another damage already.", "Diese ID gehört schon zu einem anderen Schaden."),
        field=field,
    )


def _row(sighting: Sighting, report: DamageReport) -> Damage:
    suspected = sighting.liability is DamageLiability.SUSPECTED
    return Damage(
        id=report.id,
        vehicle_id=sighting.vehicle_id,
        contract_id=sighting.contract_id if suspected else None,
        protocol_id=sighting.protocol_id,
        view=report.view,
        x=report.x,
        y=report.y,
        kind=report.kind,
        size_mm=report.size_mm,
        description=seen(report.description),
        seen_at=sighting.seen_at,
        liability=sighting.liability,
        claim_deadline=deadlines.deadline_of(sighting.seen_at.astimezone(sighting.zone).date()) if suspected else None,
        request_hash=report.content_hash(),
    )
