"""The form of one check-out or check-in while somebody fills it in. Saved as JSON at every step."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import uuid4

from mobile_kivy.forms.contract import Contract, Vehicle
from mobile_kivy.forms.day import CHECK_OUT, Job, job_of

GUIDED_SLOTS = ("FRONT", "FRONT_LEFT", "LEFT", "REAR_LEFT", "REAR", "REAR_RIGHT", "RIGHT", "FRONT_RIGHT")
"""Once around the car, in the order of walking."""
MORE_SLOTS = ("DASHBOARD", "INTERIOR", "OTHER")
DAMAGE_SLOT = "DAMAGE"
"""A photo that belongs to a damage rather than to the walk around the car."""
DAMAGE_KINDS = ("SCRATCH", "DENT", "CRACK", "STONE_CHIP", "RIM", "GLASS", "INTERIOR", "MISSING", "OTHER")
CLEANLINESS = ("CLEAN", "NORMAL", "HEAVY", "SPECIAL")
SIZES_MM = (10, 30, 100, 300)
"""Sizes that a finger can choose: up to a coin, a matchbox, a hand, a forearm."""

Strokes = list[list[tuple[float, float]]]


@dataclass
class NewDamage:
    """A damage that nobody knew of. `x` and `y` are fractions of the view's drawing, from its top left."""

    view: str
    x: float
    y: float
    kind: str = "SCRATCH"
    size_mm: int | None = None
    description: str = ""
    photos: list[str] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Photo:
    """What was taken for a slot, by the hash of its file; `taken_at` in ISO 8601."""

    sha256: str
    slot: str
    taken_at: str


@dataclass
class Address:
    """Where the customer lives; `country` is its code of two letters. Empty until the customer has said it."""

    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = "DE"

    def is_given(self) -> bool:
        """Whether there is something to send."""
        return bool(self.street.strip() or self.postcode.strip() or self.city.strip())


@dataclass
class Form:
    """All that is asked for. `protocol_id` is made when the form is opened and stays: it makes a repeat safe.

    `contract` and `vehicle` are what the server told of them when the form was opened: the form can be finished when
    they are no longer on the day's list. `corrects` names a refused protocol that this one replaces.
    """

    contract_id: str
    kind: str
    user_id: str
    opened_at: str
    contract: dict[str, Any] = field(repr=False)
    vehicle: dict[str, Any] | None = field(repr=False)
    other_vehicle: bool = False
    corrects: str | None = None
    protocol_id: str = field(default_factory=lambda: str(uuid4()))
    step: str = "condition"
    odometer: str = ""
    fuel_eighths: int | None = None
    charge_percent: int | None = None
    cleanliness_inside: str = "CLEAN"
    cleanliness_outside: str = "CLEAN"
    accessories: dict[str, int] = field(default_factory=dict)
    expected: dict[str, int] = field(default_factory=dict)
    remarks: str = ""
    key_drop_at: str | None = None
    damages: list[NewDamage] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    licences: list[str] = field(default_factory=list)
    override_reason: str = ""
    customer_strokes: Strokes = field(default_factory=list)
    staff_strokes: Strokes = field(default_factory=list)
    signature_missing_reason: str = ""
    address: Address = field(default_factory=Address)

    @property
    def checks_out(self) -> bool:
        """Whether the car leaves, not comes back."""
        return self.kind == CHECK_OUT

    def car(self) -> Vehicle | None:
        """The car that the form is about."""
        return Vehicle.of(self.vehicle) if self.vehicle else None

    def job(self) -> Job:
        """The job as it was when the form was opened."""
        return job_of(self.kind, Contract.of(self.contract))

    def photo(self, slot: str) -> Photo | None:
        """The photo of a guided slot."""
        return next((photo for photo in self.photos if photo.slot == slot), None)

    def take(self, slot: str, sha256: str, taken_at: datetime) -> None:
        """Keeps a photo; a guided slot has one, which a second one replaces."""
        if slot in GUIDED_SLOTS:
            self.photos = [photo for photo in self.photos if photo.slot != slot]
        if all(photo.sha256 != sha256 for photo in self.photos):
            self.photos.append(Photo(sha256, slot, taken_at.isoformat()))
        self.skipped.pop(slot, None)

    def use_vehicle(self, vehicle: Vehicle, *, other: bool) -> None:
        """Another car: what was read off the first one no longer counts."""
        self.vehicle, self.other_vehicle = dict(vehicle.answer), other
        self.odometer, self.damages, self.photos, self.skipped = "", [], [], {}
        _expect(self, vehicle, dict(vehicle.accessories))

    def to_json(self) -> dict[str, Any]:
        """As it is saved."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Form:
        """As it was saved; what a later version of the app added has its default, what it dropped is ignored."""
        known = {item.name for item in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        values["address"] = Address(**data.get("address", {}))
        values["damages"] = [NewDamage(**damage) for damage in data.get("damages", ())]
        # Forms that earlier apps have saved call them shots.
        values["photos"] = [Photo(**photo) for photo in data.get("photos", data.get("shots", ()))]
        return cls(**values)


def open_form(job: Job, user_id: str, now: datetime) -> Form:
    """An empty form for this job. Levels start where the car was last: only a difference has to be tapped."""
    contract = job.contract
    vehicle = contract.vehicle
    told = dict(vehicle.answer) if vehicle else None
    form = Form(contract.id, job.kind, user_id, now.isoformat(), dict(contract.answer), told)
    if vehicle is not None:
        out = contract.checked_out
        present = (
            dict(out.accessories) if out and not form.checks_out and out.accessories else dict(vehicle.accessories)
        )
        _expect(form, vehicle, present)
    return form


def _expect(form: Form, vehicle: Vehicle, accessories: dict[str, int]) -> None:
    form.fuel_eighths = None if vehicle.electric else _or(vehicle.fuel_eighths, 8)
    form.charge_percent = _or(vehicle.charge_percent, 80) if vehicle.electric else None
    form.accessories, form.expected = dict(accessories), dict(accessories)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
