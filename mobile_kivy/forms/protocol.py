"""From the form to what `checkOut` and `checkIn` take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from mobile_kivy.forms.form import Address, Form, NewDamage, Photo

Words = Callable[..., str]


def to_input(
    form: Form, occurred_at: datetime, signature_sha256: str | None, staff_sha256: str | None, words: Words
) -> dict[str, Any]:
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
            {"sha256": signature_sha256}
            if signature_sha256
            else {"missingReason": form.signature_missing_reason.strip()}
        ),
        "staffSignatureSha256": staff_sha256,
        "remarks": _remarks(form, words),
        "overrideReason": form.override_reason.strip() or None,
    }
    if form.address.is_given():
        shared["customer"] = {"address": {name: value.strip() for name, value in asdict(form.address).items()}}
    if form.checks_out:
        other = {"vehicleId": form.vehicle["id"]} if form.other_vehicle and form.vehicle else {}
        return {**shared, **other, "licenceCheckedDriverIds": list(form.licences)}
    return {**shared, "keyDropAt": form.key_drop_at}


def _damage_input(damage: NewDamage) -> dict[str, Any]:
    return {
        "id": damage.id,
        "position": {"view": damage.view, "x": damage.x, "y": damage.y},
        "kind": damage.kind,
        "sizeMm": damage.size_mm,
        "description": damage.description.strip() or None,
        "photos": list(damage.photos),
    }


def form_of(sent: dict[str, Any], empty: Form) -> Form:
    """A form to correct a refused protocol with: as it was sent, but with an id of its own and not yet signed.

    `empty` is a new form of the same job; which photos were skipped stands in the remarks already.
    """
    condition = sent["condition"]
    return replace(
        empty,
        corrects=sent["protocolId"],
        odometer=str(condition["odometerKm"]),
        fuel_eighths=condition["fuelEighths"],
        charge_percent=condition["stateOfChargePercent"],
        cleanliness_inside=condition["cleanlinessInside"],
        cleanliness_outside=condition["cleanlinessOutside"],
        accessories={item["name"]: item["present"] for item in sent["accessories"]},
        remarks=sent["remarks"] or "",
        override_reason=sent["overrideReason"] or "",
        key_drop_at=sent.get("keyDropAt"),
        licences=list(sent.get("licenceCheckedDriverIds", ())),
        photos=[Photo(photo["sha256"], photo["slot"], photo["takenAt"]) for photo in sent["photos"]],
        damages=[_damage_of(damage) for damage in sent["damages"]],
        address=Address(**sent["customer"]["address"]) if "customer" in sent else Address(),
    )


def _damage_of(sent: dict[str, Any]) -> NewDamage:
    position = sent["position"]
    return NewDamage(
        position["view"],
        position["x"],
        position["y"],
        sent["kind"],
        sent["sizeMm"],
        sent["description"] or "",
        list(sent["photos"]),
        sent["id"],
    )


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
