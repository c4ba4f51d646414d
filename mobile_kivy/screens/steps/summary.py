"""The form in words, as the customer reads it before signing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mobile_kivy.forms.visit import Visit
from mobile_kivy.i18n import clock, day, number, text

Row = tuple[str, str, bool]
"""Name, value, and whether it is bad news."""


def summary(visit: Visit, lang: str, now: datetime) -> Iterator[Row]:
    """Everything that the protocol will say."""
    form, job, vehicle = visit.form, visit.job, visit.car()
    local = now.astimezone(job.due.tzinfo)
    yield text(lang, "contract"), job.contract.number, False
    yield text(lang, "vehicle"), f"{vehicle.plate}, {vehicle.name}", False
    if form.key_drop_at:
        dropped = datetime.fromisoformat(form.key_drop_at).astimezone(job.due.tzinfo)
        yield text(lang, "key_drop"), f"{day(lang, dropped)} {clock(dropped)}", False
    else:
        yield text(lang, f"time_{form.kind}"), f"{day(lang, local)} {clock(local)}", False
    yield text(lang, "odometer"), f"{number(lang, int(form.odometer))} km", False
    if form.charge_percent is not None:
        yield text(lang, "charge"), f"{form.charge_percent} %", False
    else:
        yield text(lang, "fuel"), f"{form.fuel_eighths}/8", False
    for name in ("outside", "inside"):
        grade = getattr(form, f"cleanliness_{name}")
        yield text(lang, f"clean_{name}"), text(lang, f"clean_{grade}"), grade in {"HEAVY", "SPECIAL"}
    for name, present in form.accessories.items():
        expected = form.expected.get(name, present)
        yield name, text(lang, "of_count", present=present, of=expected), present < expected
    yield text(lang, "damages_known"), str(len(vehicle.damages)), False
    for known in vehicle.damages:
        words = f"{text(lang, f'damage_{known.kind}')}, {text(lang, f'side_{known.view}')}"
        yield "", f"{words}: {known.description}" if known.description else words, False
    for damage in form.damages:
        words = f"{text(lang, f'damage_{damage.kind}')}, {text(lang, f'side_{damage.view}')}"
        yield text(lang, "damage_new_short"), f"{words}: {damage.description}" if damage.description else words, True
    yield text(lang, "photos"), str(len(form.photos)), False
    for slot, reason in form.skipped.items():
        yield "", text(lang, "photo_not_taken", slot=text(lang, f"slot_{slot}"), reason=reason), False
    if form.remarks.strip():
        yield text(lang, "remarks"), form.remarks.strip(), False
