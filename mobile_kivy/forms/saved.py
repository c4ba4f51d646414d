"""Reads a form that was saved, perhaps by another version of the app: all of it with its type, or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mobile_kivy.forms.contract import Contract, Vehicle
from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT
from mobile_kivy.forms.form import Address, Form, NewDamage, Photo
from mobile_kivy.forms.signature import Signature
from mobile_kivy.reading import Fields, Unreadable, text_at


def form_of(saved: Any) -> Form:
    """The form; `Unreadable` if it cannot be opened. What a later version added is ignored, what this one added has its
    default. Signatures of the first version, which knew no pad's size, have to be given again.
    """
    data = Fields(saved, "form")
    form = Form(
        contract_id=data.name("contract_id"),
        kind=_kind(data),
        user_id=data.name("user_id"),
        opened_at=_instant(data.text("opened_at")),
        contract=dict(data.part("contract").raw),
        vehicle=dict(data.part("vehicle").raw) if data.has("vehicle") else None,
        protocol_id=data.name("protocol_id"),
    )
    # Both are looked at whenever the form is on the list or on the screen: better now than there.
    Contract.of(form.contract)
    if form.vehicle is not None:
        Vehicle.of(form.vehicle)
    _fill_condition(form, data)
    _fill_findings(form, data)
    _fill_people(form, data)
    return form


def _fill_condition(form: Form, data: Fields) -> None:
    form.other_vehicle = data.yes("other_vehicle")
    form.corrects = data.text_or("corrects") or None
    form.step = data.text_or("step", form.step)
    form.odometer = data.text_or("odometer")
    form.fuel_eighths = data.whole_or_none("fuel_eighths")
    form.charge_percent = data.whole_or_none("charge_percent")
    form.cleanliness_inside = data.text_or("cleanliness_inside", form.cleanliness_inside)
    form.cleanliness_outside = data.text_or("cleanliness_outside", form.cleanliness_outside)
    form.accessories, form.expected = _counts(data, "accessories"), _counts(data, "expected")
    form.remarks = data.text_or("remarks")
    form.override_reason = data.text_or("override_reason")
    form.key_drop_at = _instant(data.text("key_drop_at")) if data.has("key_drop_at") else None


def _fill_findings(form: Form, data: Fields) -> None:
    form.damages = [_damage(damage) for damage in data.parts("damages")]
    # The first version called photos shots.
    form.photos = [_photo(photo) for photo in data.parts("photos") or data.parts("shots")]
    skipped = data.part_or_none("skipped")
    form.skipped = {slot: skipped.text(slot) for slot in skipped.raw} if skipped else {}


def _fill_people(form: Form, data: Fields) -> None:
    form.licences = list(data.texts("licences"))
    form.signature_missing_reason = data.text_or("signature_missing_reason")
    form.signed_content, form.shown_language = data.text_or("signed_content"), data.text_or("shown_language")
    if data.has("customer_signature"):
        form.customer_signature = Signature.of(data.raw["customer_signature"])
    if data.has("staff_signature"):
        form.staff_signature = Signature.of(data.raw["staff_signature"])
    address = data.part_or_none("address")
    if address is not None:
        form.address = Address(*(address.text_or(name) for name in ("street", "postcode", "city", "country")))


def _kind(data: Fields) -> str:
    kind = data.name("kind")
    if kind not in {CHECK_OUT, CHECK_IN}:
        raise Unreadable("form.kind", "a check-out or a check-in")
    return kind


def _instant(text: str) -> str:
    """As it was written: it is sent so. `Unreadable` if it is none."""
    try:
        aware = datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        aware = False
    if not aware:
        raise Unreadable("form", "an instant with its offset")
    return text


def _counts(data: Fields, name: str) -> dict[str, int]:
    counts = data.part_or_none(name)
    return {text_at(key, name): counts.whole(key) for key in counts.raw} if counts else {}


def _damage(damage: Fields) -> NewDamage:
    return NewDamage(
        view=damage.name("view"),
        x=damage.fraction("x"),
        y=damage.fraction("y"),
        kind=damage.name("kind"),
        size_mm=damage.whole_or_none("size_mm"),
        description=damage.text_or("description"),
        photos=list(damage.texts("photos")),
        id=damage.name("id"),
    )


def _photo(photo: Fields) -> Photo:
    return Photo(photo.name("sha256"), photo.name("slot"), _instant(photo.text("taken_at")))
