"""What a form still lacks and what looks wrong, as keys of the app's texts. The server checks again and decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mobile_kivy.forms.contract import CheckedOut, Vehicle
from mobile_kivy.forms.day import Job
from mobile_kivy.forms.form import GUIDED_SLOTS, Form, Strokes

MOST_KM_A_DAY = 2000
MOST_KM_BETWEEN_RENTALS = 1000
"""More than this is a slip of the finger rather than a drive; the server asks for a reason then, and so do we."""
MOST_KM = 2_000_000
"""No instrument shows more."""
FEWEST_POINTS = 8
"""A signature of fewer points is a touch by accident."""


@dataclass(frozen=True)
class Complaint:
    """Something to mend: the field, the key of the text that says it, and the text's figures.

    `index` says which one it is where a field is a list.
    """

    where: str
    key: str
    figures: dict[str, object] = field(default_factory=dict)
    index: int = 0


def condition(form: Form, job: Job, vehicle: Vehicle | None, now: datetime) -> list[Complaint]:
    """Odometer and levels. An implausible reading passes with a reason, an impossible one does not."""
    if vehicle is None:
        return [Complaint("vehicle", "no_vehicle")]
    if not form.odometer.isdecimal():
        return [Complaint("odometer", "odometer_empty")]
    if int(form.odometer) > MOST_KM:
        return [Complaint("odometer", "odometer_impossible", {"most": MOST_KM})]
    doubt = implausible(form, job, vehicle, now)
    if doubt is not None and not form.override_reason.strip():
        return [doubt]
    return levels(form, vehicle)


def implausible(form: Form, job: Job, vehicle: Vehicle, now: datetime) -> Complaint | None:
    """Why the reading cannot be right, unless somebody says why it is: below the last one, or too far for the time.

    The car was driven until it came back, which is the key drop when there was one. Between two rentals it is fetched
    and tested, and no more.
    """
    last, driven = _driven(form, job, vehicle)
    if driven < 0:
        return Complaint("odometer", "odometer_low", {"last": last})
    out = _checked_out(form, job)
    if out is None:
        leaps = driven > MOST_KM_BETWEEN_RENTALS
        return Complaint("odometer", "odometer_leap", {"driven": driven}) if leaps else None
    returned_at = datetime.fromisoformat(form.key_drop_at) if form.key_drop_at else now
    days = max(timedelta(days=1), returned_at - out.at) / timedelta(days=1)
    most = int(MOST_KM_A_DAY * days)
    return Complaint("odometer", "odometer_high", {"driven": driven, "most": most}) if driven > most else None


def levels(form: Form, vehicle: Vehicle) -> list[Complaint]:
    """The level that the car's kind of energy needs; a hybrid's is its tank."""
    needed = form.charge_percent if vehicle.electric else form.fuel_eighths
    possible = 0 <= (form.fuel_eighths or 0) <= 8 and 0 <= (form.charge_percent or 0) <= 100
    return [] if needed is not None and possible else [Complaint("level", "level_missing")]


def _driven(form: Form, job: Job, vehicle: Vehicle) -> tuple[int, int]:
    """The reading that this one is compared with, and how far it is from there."""
    out = _checked_out(form, job)
    last = vehicle.odometer_km if out is None else out.odometer_km
    return last, int(form.odometer) - last


def _checked_out(form: Form, job: Job) -> CheckedOut | None:
    """How the car that comes back went out, as far as the device knows."""
    return None if form.checks_out else job.contract.checked_out


def key_drop(form: Form, job: Job, now: datetime) -> list[Complaint]:
    """The key drop lies between the check-out and now."""
    if form.key_drop_at is None:
        return []
    at = datetime.fromisoformat(form.key_drop_at)
    if at > now:
        return [Complaint("key_drop", "key_drop_future")]
    if job.contract.checked_out is not None and at < job.contract.checked_out.at:
        return [Complaint("key_drop", "key_drop_early")]
    return []


def damages(form: Form, first_number: int = 1) -> list[Complaint]:
    """Each new damage has a photo, and words where its kind says nothing. Numbers as on the drawing."""
    for index, damage in enumerate(form.damages):
        figures: dict[str, object] = {"number": first_number + index}
        if not damage.photos:
            return [Complaint("damages", "damage_without_photo", figures, index)]
        if damage.kind == "OTHER" and not damage.description.strip():
            return [Complaint("damages", "damage_without_words", figures, index)]
    return []


def photos(form: Form) -> list[Complaint]:
    """Each guided slot has its photo or a reason why not."""
    missing = [slot for slot in GUIDED_SLOTS if form.photo(slot) is None and not form.skipped.get(slot)]
    return [Complaint("photos", "photos_missing", {"count": len(missing)})] if missing else []


def address(form: Form) -> list[Complaint]:
    """The address that the invoice needs. Whether the postcode is one, the server knows."""
    said = form.address
    if not said.street.strip() or not said.city.strip():
        return [Complaint("address", "address_incomplete")]
    country = said.country.strip()
    return [] if len(country) == 2 and country.isalpha() else [Complaint("country", "country_wrong")]


def licences(form: Form, job: Job) -> list[Complaint]:
    """Every driver's original licence is seen, now or before."""
    if not job.contract.drivers:
        return [Complaint("licences", "no_driver")]
    unseen = [d for d in job.contract.drivers if not d.checked and d.id not in form.licences]
    return [Complaint("licences", "licence_unseen", {"name": unseen[0].name})] if unseen else []


def signatures(form: Form) -> list[Complaint]:
    """The customer's signature or a reason why there is none, and always that of the staff."""
    found = []
    if not is_signed(form.customer_strokes) and not form.signature_missing_reason.strip():
        found.append(Complaint("customer", "signature_customer"))
    if not is_signed(form.staff_strokes):
        found.append(Complaint("staff", "signature_staff"))
    return found


def is_signed(strokes: Strokes) -> bool:
    """Whether there is more than a touch by accident."""
    return sum(len(stroke) for stroke in strokes) >= FEWEST_POINTS
