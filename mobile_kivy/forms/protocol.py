"""From the form to what `checkOut` and `checkIn` take."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from mobile_kivy.forms.form import Form, NewDamage
from mobile_kivy.forms.signature import Signature

Words = Callable[..., str]
_NO_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_UNSIGNED = frozenset(
    {
        "occurredAt",
        "signature",
        "staffSignatureSha256",
        "strokes",
        "contentSha256",
        "shownLanguage",
        "protocolId",
        "overrideReason",
    }
)
"""What is no part of the content: it comes to be by signing and sending, or is a reason that staff give each other."""


@dataclass(frozen=True)
class Signed:
    """The hashes of the signatures' pictures, and the language in which the customer has read what is signed."""

    customer: str | None = None
    staff: str | None = None
    language: str | None = None


def to_input(form: Form, occurred_at: datetime, signed: Signed, words: Words) -> dict[str, Any]:
    """The mutation's input. `words` gives a text's wording in the customer's language: skipped photos and their
    reasons stand in the remarks, because the customer reads them in the protocol.
    """
    shared: dict[str, Any] = {
        "protocolId": form.protocol_id,
        "contractId": form.contract_id,
        "occurredAt": occurred_at.isoformat(),
        "condition": {
            "odometerKm": int(form.odometer),
            "fuelEighths": form.fuel_eighths,
            "stateOfChargePercent": form.charge_percent,
            "cleanlinessInside": form.cleanliness_inside,
            "cleanlinessOutside": form.cleanliness_outside,
        },
        "accessories": [{"name": name, "present": present} for name, present in form.accessories.items()],
        "damages": [_damage_input(damage) for damage in form.damages],
        "photos": [{"sha256": photo.sha256, "slot": photo.slot, "takenAt": photo.taken_at} for photo in form.photos],
        "signature": (
            {"sha256": signed.customer} if signed.customer else {"missingReason": form.signature_missing_reason.strip()}
        ),
        "staffSignatureSha256": signed.staff,
        **_evidence(form, signed),
        "remarks": _remarks(form, words),
        "overrideReason": form.override_reason.strip() or None,
    }
    if form.address.is_given():
        shared["customer"] = {"address": {name: value.strip() for name, value in asdict(form.address).items()}}
    if form.checks_out:
        other = {"vehicleId": form.vehicle["id"]} if form.other_vehicle and form.vehicle else {}
        return {**shared, **other, "licenceCheckedDriverIds": list(form.licences)}
    return {**shared, "keyDropAt": form.key_drop_at}


def _evidence(form: Form, signed: Signed) -> dict[str, Any]:
    """How it was signed: the hands' strokes with their times, under which content, read in which language."""
    if not form.is_signed:
        return {}
    hands = {"customer": form.customer_signature, "staff": form.staff_signature}
    return {
        "strokes": {who: signature.to_json() for who, signature in hands.items() if signature is not None},
        "contentSha256": form.signed_content,
        "shownLanguage": signed.language,
    }


def _damage_input(damage: NewDamage) -> dict[str, Any]:
    return {
        "id": damage.id,
        "position": {"view": damage.view, "x": damage.x, "y": damage.y},
        "kind": damage.kind,
        "sizeMm": damage.size_mm,
        "description": damage.description.strip() or None,
        "photos": list(damage.photos),
    }


def content_sha256(form: Form, words: Words) -> str:
    """The hash of what stands above the signatures: all that is sent but the signatures themselves and the moment of
    sending. It changes with the car, the person, a reading, a damage, a photo, a word.
    """
    if not form.odometer.isdecimal():
        return ""
    content = {"kind": form.kind, "userId": form.user_id, "vehicle": (form.vehicle or {}).get("id")}
    content |= {
        name: value for name, value in to_input(form, _NO_MOMENT, Signed(), words).items() if name not in _UNSIGNED
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def keep_signed(form: Form, words: Words) -> bool:
    """Whether what was signed still stands there; if not, nobody has signed. True too where nobody had."""
    if not form.is_signed or form.signed_content == content_sha256(form, words):
        return True
    form.unsign()
    return False


def sign(form: Form, who: str, signature: Signature | None, words: Words) -> None:
    """`customer` or `staff` has signed what the form says now, or has wiped it off."""
    setattr(form, f"{who}_signature", signature)
    form.signed_content = content_sha256(form, words) if form.is_signed else ""


def photo_hashes(form: Form, *more: str | None) -> list[str]:
    """Every photo that the protocol names, each once, in the order of taking."""
    named = [photo.sha256 for photo in form.photos]
    named += [sha256 for damage in form.damages for sha256 in damage.photos]
    named += [sha256 for sha256 in more if sha256]
    return list(dict.fromkeys(named))


def _remarks(form: Form, words: Words) -> str | None:
    lines = [form.remarks.strip()] if form.remarks.strip() else []
    lines += [
        words("photo_not_taken", slot=words(f"slot_{slot}"), reason=reason) for slot, reason in form.skipped.items()
    ]
    return "\n".join(lines) or None
