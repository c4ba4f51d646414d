"""Finished protocols of hand-overs and returns."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server import batches
from server.models import Contract as ContractRow
from server.models import Photo as PhotoRow
from server.models import Protocol as ProtocolRow
from server.models import ProtocolPhoto
from server.models import ReadingCorrection as CorrectionRow
from server.models import Station as StationRow
from server.models.fleet import Cleanliness
from server.models.protocol import ProtocolType
from server.schema.building import Info, api_enum, api_input, api_type, row_type, shown_as
from server.schema.contract import Contract
from server.schema.damage import Damage, Photo, PlacedPhoto
from server.schema.email import Email
from server.schema.fleet import Vehicle
from server.schema.related import related
from server.schema.shared import row_of
from server.schema.station import Station, StationLabel
from server.services.changes.readings import Reading

api_enum(ProtocolType)


@api_type
class Condition:
    """What the instruments and the eye said: odometer, levels, cleanliness."""

    odometer_km: int
    """Odometer in kilometres, as it was read."""
    fuel_eighths: int | None
    """Fuel level in eighths of the tank, 0 to 8; null if not recorded."""
    state_of_charge_percent: int | None
    """State of charge in per cent, 0 to 100; null if not recorded."""
    cleanliness_inside: Cleanliness
    """How clean it was inside."""
    cleanliness_outside: Cleanliness
    """How clean it was outside."""


@api_input
class ReadingInput:
    """What was read wrongly; what is not given stays."""

    odometer_km: int | None = None
    """The kilometres that the odometer really showed."""
    fuel_eighths: int | None = None
    """How full the tank really was, in eighths (0 to 8)."""
    state_of_charge_percent: int | None = None
    """How full the battery really was, in per cent (0 to 100)."""

    def given(self) -> Reading:
        """As the services take it."""
        return Reading(self.odometer_km, self.fuel_eighths, self.state_of_charge_percent)


@row_type(CorrectionRow)
class ReadingCorrection:
    """A reading of a protocol that was put right; null is what was read correctly."""

    odometer_km: int | None
    """The kilometres that the odometer really showed; null if they were read correctly."""
    fuel_eighths: int | None
    """How full the tank really was, in eighths; null if it was read correctly."""
    state_of_charge_percent: int | None
    """How full the battery really was, in per cent; null if it was read correctly."""
    at: datetime
    """When it was put right; who did it and why is in the contract's history."""


@api_type
class Accessory:
    """Something that belongs to the car, counted."""

    name: str
    """What it is, for example Warndreieck."""
    expected: int
    """How many of it the car should have."""
    present: int
    """How many of it were there."""


def _placed(row: ProtocolRow, found: list[tuple[ProtocolPhoto, PhotoRow]] | None) -> list[PlacedPhoto]:
    return [PlacedPhoto(photo, placed.slot, placed.taken_at, row.at_station_id) for placed, photo in found or []]


def _label(row: ProtocolRow, contract: ContractRow | None) -> StationLabel:
    if contract is None:
        return StationLabel(row.at_station_id, "", "")
    if contract.return_station_id == row.at_station_id:
        return StationLabel(row.at_station_id, contract.return_station_code, contract.return_station_name)
    return StationLabel(row.at_station_id, contract.station_code, contract.station_name)


@row_type(ProtocolRow)
class Protocol:
    """A finished record of a check-out or check-in. It is never changed: a correction is a new one that names it."""

    id: strawberry.ID
    """The protocol's id, made by the device."""
    type: ProtocolType
    """Whether the car was handed over or came back, and whether in a swap."""
    occurred_at: datetime
    """When it happened, by the device; not later than it arrived."""
    received_at: datetime
    """When it reached the server; later than `occurredAt` if the device was without a network."""
    clock_difference_seconds: int | None
    """The device's clock minus the server's, in seconds, as the device knew it; null if it did not say."""
    key_drop_at: datetime | None
    """When the key was dropped, and so the rental ended; null if the car was taken back in person."""
    signature_missing_reason: str | None
    """Why the customer did not sign; null if the customer did."""
    remarks: str | None
    """What else staff recorded; null if nothing."""
    complete: bool
    """Whether all its photos are there."""
    voided: bool
    """Whether it was taken back, and so counts no more."""
    staff: str
    """Name of the member of staff who made it."""
    approved_by: str | None
    """Name of the manager whose token came with it as `approvedBy`; null if none did."""

    contract = related(Contract, batches.contract, by="contract_id")
    """The contract that it belongs to."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The car that it is about."""

    @shown_as(Station)
    async def station(self, info: Info) -> StationRow | StationLabel:
        """Where it happened. Of a station that is not yours you see id, code and name only."""
        row, context = row_of(self), info.context
        found = await context.load(batches.station, row.at_station_id)
        return found or _label(row, await context.load(batches.contract, row.contract_id))

    @strawberry.field
    def condition(self) -> Condition:
        """What the instruments and the eye said: odometer, levels, cleanliness."""
        row = row_of(self)
        return Condition(
            odometer_km=row.odometer_km,
            fuel_eighths=row.fuel_eighths,
            state_of_charge_percent=row.state_of_charge_percent,
            cleanliness_inside=row.cleanliness_inside,
            cleanliness_outside=row.cleanliness_outside,
        )

    corrections = related(list[ReadingCorrection], batches.corrections_of_protocol)
    """Readings that were put right since, the oldest first: the last one counts."""

    @strawberry.field
    def accessories(self) -> list[Accessory]:
        """What belongs to the car, counted."""
        return [
            Accessory(name=item["name"], expected=item["expected"], present=item["present"])
            for item in row_of(self).accessories
        ]

    damages = related(list[Damage], batches.damages_of_protocol)
    """Damages that were first seen with it."""

    photos = related(list[Photo], batches.photos_of_protocol, shown=_placed)
    """Its photos, in the order in which the device named them."""

    @strawberry.field
    def sha256(self) -> str:
        """Hash of the PDF; until that is made, of what was recorded."""
        row = row_of(self)
        return row.sha256 or str(row.content_hash)

    @strawberry.field
    def content_sha256(self) -> str | None:
        """SHA-256 of what was shown when the customer signed, as the device computed it; null if it did not say."""
        found: str | None = row_of(self).signed_sha256
        return found

    @strawberry.field
    def signed_by_customer(self) -> bool:
        """Whether the customer signed on the device."""
        return row_of(self).signature_sha256 is not None

    @strawberry.field
    def pdf_url(self, info: Info) -> str | None:
        """Link to the PDF, good for a quarter of an hour; null until that is made."""
        row = row_of(self)
        return info.context.link(f"/media/protocols/{row.id}") if row.pdf_key else None

    emails = related(list[Email], batches.emails_of_protocol)
    """The mails to the customer that carried it. Not shown to websites."""
