"""A hand-over or return as a tablet sends it, and a station's work of one day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry

from server.models.fleet import Cleanliness
from server.models.protocol import PhotoSlot
from server.schema.building import api_input, api_type, row_type
from server.schema.contract import Contract
from server.schema.damage import DamageInput
from server.schema.fleet import Vehicle
from server.schema.scalars import JsonValue
from server.schema.station import Station
from server.schema.station_input import AddressInput
from server.services.billing.settlements import PlannedReturn
from server.services.changes.customer_data import CounterCustomer
from server.services.handover.day import HandoverDay as DayFound
from server.services.handover.evidence import evidence_of
from server.services.handover.report import ConditionReport, HandoverReport, PhotoReport
from server.services.lists.search import only
from server.services.validation import as_uuid


@api_input
class ConditionInput:
    """What the instruments and the eye say: odometer, levels, cleanliness."""

    odometer_km: int
    """Odometer in kilometres, 0 to 2,000,000."""
    fuel_eighths: int | None = None
    """Fuel level in eighths of the tank, 0 to 8; needed unless the car is electric."""
    state_of_charge_percent: int | None = None
    """State of charge in per cent, 0 to 100; needed if the car is electric. Of a hybrid that goes out without it, the
    last one known counts."""
    cleanliness_inside: Cleanliness = Cleanliness.CLEAN
    """How clean the car is inside."""
    cleanliness_outside: Cleanliness = Cleanliness.CLEAN
    """How clean the car is outside."""

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
    """What it is, as the car's list of accessories calls it; 1 to 80 characters."""
    present: int
    """How many of it are there, 0 to 99."""


@row_type(DayFound)
class HandoverDay:
    """A station's work of one day, for the tablet: everything that it needs to go on without a network."""

    station: Station
    """The station whose day it is."""
    date: date
    """The day, in the station's time zone."""
    check_outs: list[Contract]
    """Cars to hand over: booked contracts that start on this day, then those that should have started before."""
    check_ins: list[Contract]
    """Cars to take back: due here on this day and not overdue yet, by start of the contract."""
    overdue: list[Contract]
    """Cars that should be back here already, their grace over, whatever the day; by start of the contract."""
    spare_vehicles: list[Vehicle]
    """Cars that are free for the rest of the day, should another one be needed."""
    generated_at: datetime
    """When this was put together, by the server's clock."""


@api_input
class PhotoInput:
    """An uploaded photo in its place in a protocol."""

    sha256: str
    """SHA-256 of the bytes that were sent to `uploadPhoto`, as 64 hexadecimal digits."""
    slot: PhotoSlot
    """What the photo shows, for example the car's front."""
    taken_at: datetime | None = None
    """When it was taken, by the device's clock."""


@api_input
class SignatureInput:
    """The customer's signature as an uploaded picture (its sha256), or the reason why there is none."""

    sha256: str | None = None
    """SHA-256 of the picture of it, sent with `uploadPhoto` before; either this or `missingReason`."""
    missing_reason: str | None = None
    """Why the customer did not sign, up to 500 characters; either this or `sha256`."""


@api_input
class CounterCustomerInput:
    """What the customer corrects or adds at the counter. What is left out stays as it is.

    The contract takes it over, as its mails and documents go there; what is stored of the person is completed where it
    certainly is the same one, and a clerk is asked to look where it differs.
    """

    email: str | None = None
    """Mail address; what follows of this contract goes there."""
    phone: str | None = None
    """Phone number; without a prefix such as +49 it is one of the address's country, else of the station's."""
    address: AddressInput | None = None
    """Postal address for the invoice: needed above 250 EUR (`Contract.addressMissing`)."""
    birth_date: date | None = None
    """Date of birth, where the vehicle group has a minimum age; one that is known already is not written over."""

    def given(self) -> CounterCustomer:
        """As the services take it."""
        return CounterCustomer(
            email=self.email,
            phone=self.phone,
            address=self.address.given() if self.address else None,
            birth_date=self.birth_date,
        )


@api_input
class CheckOutInput:
    """A check-out: the car is handed to the customer."""

    protocol_id: UUID
    """Made by the device; becomes the protocol's id. The same one again is the same protocol."""
    contract_id: strawberry.ID
    """The contract for which the car is handed over."""
    vehicle_id: strawberry.ID | None = None
    """Another car than planned; it must stand at the pick-up station and be free until the planned end."""
    occurred_at: datetime
    """When it happened, by the device's clock: at most seven days ago; what lies ahead counts as now."""
    condition: ConditionInput
    """What the instruments and the eye say: odometer, levels, cleanliness."""
    accessories: list[AccessoryInput] = strawberry.field(default_factory=list)
    """What belongs to the car, counted."""
    damages: list[DamageInput] = strawberry.field(default_factory=list)
    """Damages that were not known before; nobody is asked to pay for them."""
    photos: list[PhotoInput] = strawberry.field(default_factory=list)
    """Photos of the car, sent with `uploadPhoto` before."""
    licence_checked_driver_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    """Ids of drivers whose original licence was seen now; who was checked before may be left out."""
    signature: SignatureInput
    """The customer's signature, or why there is none."""
    staff_signature_sha256: str | None = None
    """SHA-256 of the uploaded signature of the member of staff who hands the car over."""
    remarks: str | None = None
    """What else there is to say, up to 4000 characters; it stands in the protocol."""
    override_reason: str | None = None
    """Why it goes on with an odd odometer or, for managers, without the deposit or the age; up to 500 characters."""
    customer: CounterCustomerInput | None = None
    """What the customer corrected or added at the counter. Without the address that an invoice above 250 EUR needs, a
    check-out of the last 15 minutes is refused (CUSTOMER_INCOMPLETE); a later one is kept, and billing waits."""
    approved_by: str | None = None
    """Access token of a MANAGER of the contract's station, or an ADMIN: with `overrideReason` the car goes out without
    the deposit or the age although the caller may not decide that. It is not stored, and may differ in a repeat."""
    clock_difference_seconds: int | None = None
    """The device's clock minus the server's (`HandoverDay.generatedAt`) as the device last saw it, in seconds. If it is
    more than an hour, the contract is flagged and billing waits for somebody to look at the times.
    """
    content_sha256: str | None = None
    """SHA-256 of what was shown when the customer signed, as the device computed it: kept as evidence."""
    shown_language: str | None = None
    """The language in which the customer read it, by its letters of ISO 639 (`de`)."""
    strokes: JsonValue | None = None
    """The strokes of the signatures with their times, an object of at most 150 KB: kept as evidence."""

    def report(self) -> HandoverReport:
        """As the services take it."""
        return HandoverReport(
            **_common(self),
            vehicle_id=only(self.vehicle_id),
            licence_checked_driver_ids=tuple(self.licence_checked_driver_ids),
        )


@api_input
class CheckInInput:
    """A check-in: the car comes back."""

    protocol_id: UUID
    """Made by the device; becomes the protocol's id. The same one again is the same protocol."""
    contract_id: strawberry.ID
    """The contract whose car comes back."""
    station_id: strawberry.ID | None = None
    """Station where the car comes back; the planned one if not given."""
    occurred_at: datetime
    """When the car was looked at, by the device's clock; what lies ahead counts as now."""
    key_drop_at: datetime | None = None
    """When the key was dropped, if nobody was there: the rental ended then."""
    condition: ConditionInput
    """What the instruments and the eye say: odometer, levels, cleanliness."""
    accessories: list[AccessoryInput] = strawberry.field(default_factory=list)
    """What belongs to the car, counted."""
    damages: list[DamageInput] = strawberry.field(default_factory=list)
    """New damages; they are suspected, and people decide later who answers for them."""
    photos: list[PhotoInput] = strawberry.field(default_factory=list)
    """Photos of the car, sent with `uploadPhoto` before."""
    signature: SignatureInput
    """The customer's signature, or why there is none."""
    staff_signature_sha256: str | None = None
    """SHA-256 of the uploaded signature of the member of staff who takes the car back."""
    remarks: str | None = None
    """What else there is to say, up to 4000 characters; it stands in the protocol."""
    override_reason: str | None = None
    """Why an implausible odometer is right, up to 500 characters; billing then waits for a clerk."""
    customer: CounterCustomerInput | None = None
    """What the customer corrected or added at the counter, for the final invoice."""
    approved_by: str | None = None
    """Access token of a MANAGER of the contract's station, or an ADMIN; the protocol then names who approved."""
    clock_difference_seconds: int | None = None
    """The device's clock minus the server's (`HandoverDay.generatedAt`) as the device last saw it, in seconds. If it is
    more than an hour, the contract is flagged and billing waits for somebody to look at the times.
    """
    content_sha256: str | None = None
    """SHA-256 of what was shown when the customer signed, as the device computed it: kept as evidence."""
    shown_language: str | None = None
    """The language in which the customer read it, by its letters of ISO 639 (`de`)."""
    strokes: JsonValue | None = None
    """The strokes of the signatures with their times, an object of at most 150 KB: kept as evidence."""

    def report(self) -> HandoverReport:
        """As the services take it."""
        return HandoverReport(**_common(self), station_id=only(self.station_id), key_drop_at=self.key_drop_at)


def _common(given: CheckOutInput | CheckInInput) -> dict[str, Any]:
    difference = given.clock_difference_seconds
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
        "customer": given.customer.given() if given.customer else None,
        "evidence": evidence_of(given.content_sha256, given.shown_language, given.strokes),
        "clock_difference": None if difference is None else timedelta(seconds=difference),
    }


@api_input
class SettlementPreviewInput:
    """A return as it might be, to see what would be billed."""

    returned_at: datetime
    """When the car comes back: the days are counted up to then."""
    condition: ConditionInput
    """In which state the car comes back: odometer, levels, cleanliness."""
    return_station_id: strawberry.ID | None = None
    """Station where the car comes back; the planned one if not given."""

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
    """An uploaded photo, or the picture of a signature."""

    sha256: str
    """SHA-256 of the bytes that were sent: protocols and damages name the photo by it."""
    width: int
    """Width in pixels, as stored."""
    height: int
    """Height in pixels, as stored."""
