"""A hand-over or return as a tablet sends it, and a station's work of one day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from server.models.fleet import Cleanliness
from server.models.protocol import PhotoSlot
from server.schema.building import api_input, api_type, row_type
from server.schema.contract import Contract
from server.schema.damage import DamageInput
from server.schema.fleet import Vehicle
from server.schema.station import Station
from server.services.billing.settlements import PlannedReturn
from server.services.handover.day import HandoverDay as DayFound
from server.services.handover.report import ConditionReport, HandoverReport, PhotoReport
from server.services.lists.search import only
from server.services.validation import as_uuid


@api_input
class ConditionInput:
    """What the instruments and the eye say."""

    odometer_km: int
    """Odometer in kilometres."""
    fuel_eighths: int | None = None
    """Fuel level in eighths; needed unless the car is electric."""
    state_of_charge_percent: int | None = None
    """State of charge in per cent; needed if the car is electric."""
    cleanliness_inside: Cleanliness = Cleanliness.CLEAN
    """How clean it is inside."""
    cleanliness_outside: Cleanliness = Cleanliness.CLEAN
    """How clean it is outside."""

    def report(self) -> ConditionReport:
        """As the services take it."""
        return ConditionReport(
            odometer_km=self.odometer_km,
            fuel_eighths=self.fuel_eighths,
            state_of_charge_percent=self.state_of_charge_percent,
            cleanliness_inside=self.cleanliness_inside,
            cleanliness_outside=self.cleanliness_outside,
        )


@api_input
class AccessoryInput:
    """Something that belongs to the car, counted."""

    name: str
    """What it is."""
    present: int
    """How many there are."""


@row_type(DayFound)
class HandoverDay:
    """A station's work of one day, for the tablet: everything that it needs to go on without a network."""

    station: Station
    """The station."""
    date: date
    """The day, in the station's time zone."""
    check_outs: list[Contract]
    """Cars to hand over."""
    check_ins: list[Contract]
    """Cars to take back."""
    overdue: list[Contract]
    """Cars that should be back already."""
    spare_vehicles: list[Vehicle]
    """Cars that are free for the rest of the day, should another one be needed."""
    generated_at: datetime
    """As of when."""


@api_input
class PhotoInput:
    """An uploaded picture in its place."""

    sha256: str
    """Hash of the bytes that were uploaded."""
    slot: PhotoSlot
    """What it shows."""
    taken_at: datetime | None = None
    """When it was taken, by the device."""


@api_input
class SignatureInput:
    """The customer's signature as an uploaded picture (its sha256), or the reason why there is none."""

    sha256: str | None = None
    """Hash of the uploaded signature."""
    missing_reason: str | None = None
    """Why the customer did not sign."""


@api_input
class CheckOutInput:
    """A car is handed over."""

    protocol_id: UUID
    """Made by the device; becomes the protocol's id. The same one again is the same protocol."""
    contract_id: strawberry.ID
    """The contract."""
    vehicle_id: strawberry.ID | None = None
    """Another car than planned."""
    occurred_at: datetime
    """When it happened, by the device."""
    condition: ConditionInput
    """What the instruments and the eye say."""
    accessories: list[AccessoryInput] = strawberry.field(default_factory=list)
    """What belongs to the car, counted."""
    damages: list[DamageInput] = strawberry.field(default_factory=list)
    """Damages that were not known before; nobody is asked to pay for them."""
    photos: list[PhotoInput] = strawberry.field(default_factory=list)
    """Uploaded pictures."""
    licence_checked_driver_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    """Drivers whose original licence was seen."""
    signature: SignatureInput
    """The customer's signature."""
    staff_signature_sha256: str | None = None
    """Hash of the uploaded signature of whoever hands the car over or takes it back."""
    remarks: str | None = None
    """Anything else."""
    override_reason: str | None = None
    """Why it goes on although something is not as it should be (odometer; for managers, a missing deposit)."""

    def report(self) -> HandoverReport:
        """As the services take it."""
        return HandoverReport(
            **_common(self),
            vehicle_id=only(self.vehicle_id),
            licence_checked_driver_ids=tuple(self.licence_checked_driver_ids),
        )


@api_input
class CheckInInput:
    """A car comes back."""

    protocol_id: UUID
    """Made by the device; becomes the protocol's id. The same one again is the same protocol."""
    contract_id: strawberry.ID
    """The contract."""
    station_id: strawberry.ID | None = None
    """Where it comes back; the planned station if not given."""
    occurred_at: datetime
    """When it was looked at, by the device."""
    key_drop_at: datetime | None = None
    """When the key was dropped, if nobody was there: the rental ended then."""
    condition: ConditionInput
    """What the instruments and the eye say."""
    accessories: list[AccessoryInput] = strawberry.field(default_factory=list)
    """What belongs to the car, counted."""
    damages: list[DamageInput] = strawberry.field(default_factory=list)
    """New damages; they are suspected, and people decide later who answers for them."""
    photos: list[PhotoInput] = strawberry.field(default_factory=list)
    """Uploaded pictures."""
    signature: SignatureInput
    """The customer's signature."""
    staff_signature_sha256: str | None = None
    """Hash of the uploaded signature of whoever hands the car over or takes it back."""
    remarks: str | None = None
    """Anything else."""
    override_reason: str | None = None
    """Why an implausible odometer is right; billing then waits for a clerk."""

    def report(self) -> HandoverReport:
        """As the services take it."""
        return HandoverReport(**_common(self), station_id=only(self.station_id), key_drop_at=self.key_drop_at)


def _common(given: CheckOutInput | CheckInInput) -> dict[str, Any]:
    return {
        "protocol_id": given.protocol_id,
        "contract_id": as_uuid(given.contract_id),
        "occurred_at": given.occurred_at,
        "condition": given.condition.report(),
        "accessories": tuple((accessory.name, accessory.present) for accessory in given.accessories),
        "damages": tuple(damage.report() for damage in given.damages),
        "photos": tuple(PhotoReport(photo.sha256, photo.slot, photo.taken_at) for photo in given.photos),
        "signature_sha256": given.signature.sha256,
        "signature_missing_reason": given.signature.missing_reason,
        "remarks": given.remarks,
        "override_reason": given.override_reason,
        "staff_signature_sha256": given.staff_signature_sha256,
    }


@api_input
class SettlementPreviewInput:
    """A return as it might be."""

    returned_at: datetime
    """When the car comes back."""
    condition: ConditionInput
    """In which state."""
    return_station_id: strawberry.ID | None = None
    """Where; the planned station if not given."""

    def given(self) -> PlannedReturn:
        """As the services take it."""
        return PlannedReturn(
            returned_at=self.returned_at,
            station_id=only(self.return_station_id or None),
            odometer_km=self.condition.odometer_km,
            fuel_eighths=self.condition.fuel_eighths,
            state_of_charge_percent=self.condition.state_of_charge_percent,
            cleanliness_inside=self.condition.cleanliness_inside,
            cleanliness_outside=self.condition.cleanliness_outside,
        )


@api_type
class StoredPhoto:
    """An uploaded picture."""

    sha256: str
    """Hash of the bytes that were sent: name the picture by it."""
    width: int
    """Width in pixels, as stored."""
    height: int
    """Height in pixels, as stored."""
