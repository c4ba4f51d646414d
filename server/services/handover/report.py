"""A protocol as the tablet sends it, and what can be judged of it without the contract."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from server.database import Session
from server.errors import InvalidInput, Sentence
from server.models import Photo, VehicleGroup
from server.models.blank import is_blank
from server.models.fleet import Cleanliness, Energy
from server.models.protocol import PhotoSlot
from server.services import validation
from server.services.changes.customer_data import CounterCustomer
from server.services.fleet import levels
from server.services.handover import damages, photos
from server.services.handover.damages import DamageReport
from server.services.handover.evidence import Evidence

FIELD = ("input",)
LIVE = timedelta(minutes=15)
"""A protocol of something longer ago comes from a tablet that was offline: what happened is not refused."""
DAMAGES = (*FIELD, "damages")


@dataclass(frozen=True)
class ConditionReport:
    """What the instruments and the eye say. Fuel in eighths, charge in per cent."""

    odometer_km: int
    fuel_eighths: int | None
    state_of_charge_percent: int | None
    cleanliness_inside: Cleanliness
    cleanliness_outside: Cleanliness


@dataclass(frozen=True)
class PhotoReport:
    """A picture of the protocol, by its hash."""

    sha256: str
    slot: PhotoSlot
    taken_at: datetime | None


@dataclass(frozen=True)
class HandoverReport:
    """A protocol as the tablet sends it. Only a check-out has `vehicle_id` and `licence_checked_driver_ids`, only a
    check-in `station_id` and `key_drop_at`.
    """

    protocol_id: UUID
    contract_id: UUID | None
    occurred_at: datetime
    condition: ConditionReport
    accessories: tuple[tuple[str, int], ...]
    damages: tuple[DamageReport, ...]
    photos: tuple[PhotoReport, ...]
    signature_sha256: str | None
    signature_missing_reason: str | None
    remarks: str | None
    override_reason: str | None
    staff_signature_sha256: str | None = None
    vehicle_id: UUID | None = None
    licence_checked_driver_ids: tuple[str, ...] = ()
    station_id: UUID | None = None
    key_drop_at: datetime | None = None
    customer: CounterCustomer | None = None
    clock_difference: timedelta | None = None
    evidence: Evidence | None = None

    def content_hash(self) -> str:
        """Recognises the same protocol sent again, also one that an app sent first which knew less."""
        content = asdict(self)
        for added_later in ("customer", "clock_difference", "evidence"):
            if content[added_later] is None:
                del content[added_later]
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()

    @property
    def is_signed(self) -> bool:
        """Whether somebody's hand stands under it."""
        return bool(self.signature_sha256 or self.staff_signature_sha256)

    def is_over(self, now: datetime) -> bool:
        """Whether it records what happened a while ago and somebody has signed: a fact that no refusal undoes."""
        return self.is_signed and not self.is_live(now)

    def is_live(self, now: datetime) -> bool:
        """Whether the customer still stands there: what is missing can be asked for, and may be refused."""
        return self.occurred_at - (self.clock_difference or timedelta()) >= now - LIVE


async def check_report(session: Session, report: HandoverReport) -> dict[str, Photo]:
    """What can be judged without the contract; returns the photos that are named."""
    signed, reason = report.signature_sha256, report.signature_missing_reason
    if bool(signed) != is_blank(reason):
        message = Sentence(
            "Give the customer's signature, or the reason why there is none.",
            "Bitte den Kunden unterschreiben lassen oder angeben, warum die Unterschrift fehlt.",
        )
        raise InvalidInput(message, field=[*FIELD, "signature"])
    seen = damages.placed(report.damages, DAMAGES)
    damages.check(seen)
    for index, (name, present) in enumerate(report.accessories):
        validation.text(name, (*FIELD, "accessories", str(index), "name"), longest=80)
        validation.number(present, (*FIELD, "accessories", str(index), "present"), lowest=0, highest=99)
    validation.optional_text(report.remarks, (*FIELD, "remarks"), longest=4000, multiline=True)
    validation.optional_text(reason, (*FIELD, "signature", "missing_reason"), longest=500)
    validation.optional_text(report.override_reason, (*FIELD, "override_reason"), longest=500)
    hashes = [(p.sha256, [*FIELD, "photos", str(i), "sha256"]) for i, p in enumerate(report.photos)]
    if signed:
        hashes.append((signed, [*FIELD, "signature", "sha256"]))
    if report.staff_signature_sha256 is not None:
        hashes.append((report.staff_signature_sha256, [*FIELD, "staff_signature_sha256"]))
    return await photos.require(session, [*hashes, *damages.photo_hashes(seen)])


def check_levels(condition: ConditionReport, group: VehicleGroup | None) -> None:
    """InvalidInput for an impossible reading, or one that is missing for the group's kind of energy."""
    field = (*FIELD, "condition")
    levels.check(
        field,
        odometer_km=condition.odometer_km,
        fuel_eighths=condition.fuel_eighths,
        state_of_charge_percent=condition.state_of_charge_percent,
    )
    energy = group.energy if group else Energy.COMBUSTION
    if energy is Energy.ELECTRIC and condition.state_of_charge_percent is None:
        raise InvalidInput(
            Sentence(
                "An electric car needs its state of charge.", "Bei einem Elektroauto bitte den Ladestand angeben."
            ),
            field=[*field, "state_of_charge_percent"],
        )
    if energy is not Energy.ELECTRIC and condition.fuel_eighths is None:
        raise InvalidInput(
            Sentence(
                "This car needs its fuel level, in eighths.",
                "Bei diesem Fahrzeug bitte den Tankstand in Achteln angeben.",
            ),
            field=[*field, "fuel_eighths"],
        )
