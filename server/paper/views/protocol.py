"""A handover or return protocol as it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.models.recipient import Recipient
from server.models.vehicle_body import VehicleBody
from server.paper.views.parts import Language, Place, Supplier


class ProtocolKind(StrEnum):
    """The kind of a protocol, named like the API's ProtocolType. SWAP_OUT hands a car out, SWAP_IN takes one back."""

    CHECK_OUT = "CHECK_OUT"
    CHECK_IN = "CHECK_IN"
    SWAP_OUT = "SWAP_OUT"
    SWAP_IN = "SWAP_IN"

    @property
    def is_check_in(self) -> bool:
        """Whether the car comes back with this protocol."""
        return self in (ProtocolKind.CHECK_IN, ProtocolKind.SWAP_IN)


@dataclass(frozen=True, kw_only=True)
class DriverLine:
    """A driver on a protocol; `checked_at`: when the original licence was seen."""

    name: str
    licence_class: str | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class VehicleLine:
    """The car of a protocol; `body` is the shape in which it is drawn."""

    plate: str
    make: str
    model: str
    body: VehicleBody
    vin: str | None = None
    colour: str | None = None
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionView:
    """The car's state: km, fuel in eighths (0 to 8) or charge in percent; cleanliness as in the API's Cleanliness."""

    odometer_km: int
    fuel_eighths: int | None = None
    charge_percent: int | None = None
    cleanliness_inside: str = "CLEAN"
    cleanliness_outside: str = "CLEAN"


@dataclass(frozen=True, kw_only=True)
class AccessoryLine:
    """An accessory with how many belong to the car and how many were there."""

    name: str
    expected: int
    present: int


@dataclass(frozen=True, kw_only=True)
class DamageMark:
    """A damage on the drawing: `x`, `y` are fractions (0 to 1) of that view from its top left; kinds as in the API."""

    view: str
    x: float
    y: float
    kind: str
    is_new: bool
    size_mm: int | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class PhotoPrint:
    """A processed JPEG for the protocol, with the API's PhotoSlot as caption, or `caption` instead. `number` is that of
    the damage on the drawing that it shows.
    """

    slot: str
    jpeg: bytes
    caption: str | None = None
    taken_at: datetime | None = None
    number: int | None = None


@dataclass(frozen=True, kw_only=True)
class ProtocolView:
    """A handover or return protocol as it is printed. `before` and `before_at`: the matching check-out, on a return.

    The signature pictures are PNG bytes; without the customer's one, `signature_missing_reason` is printed.
    `content_sha256` is the hash of the stored protocol, `corrects` the id of a protocol that this one replaces;
    `photo_count` counts all photos, also those that are not printed.
    """

    protocol_id: str
    kind: ProtocolKind
    language: Language
    time_zone: str
    contract_number: str
    supplier: Supplier
    station: Place
    customer: Recipient
    vehicle: VehicleLine
    condition: ConditionView
    occurred_at: datetime
    received_at: datetime
    staff_name: str
    drivers: Sequence[DriverLine] = ()
    key_drop_at: datetime | None = None
    planned_return_at: datetime | None = None
    before: ConditionView | None = None
    before_at: datetime | None = None
    accessories: Sequence[AccessoryLine] = ()
    damages: Sequence[DamageMark] = ()
    photos: Sequence[PhotoPrint] = ()
    photo_count: int = 0
    customer_signature: bytes | None = None
    staff_signature: bytes | None = None
    signed_by: str | None = None
    signature_missing_reason: str | None = None
    remarks: str | None = None
    content_sha256: str | None = None
    corrects: str | None = None
