"""Finished protocols of hand-overs and returns."""

from __future__ import annotations

from datetime import datetime

import strawberry

from server import batches
from server.models import Contract as ContractRow
from server.models import Photo as PhotoRow
from server.models import Protocol as ProtocolRow
from server.models import ProtocolPhoto
from server.models import Station as StationRow
from server.models.fleet import Cleanliness
from server.models.protocol import ProtocolType
from server.schema.building import Info, api_enum, api_type, row_type, shown_as
from server.schema.contract import Contract
from server.schema.damage import Damage, Photo, PlacedPhoto
from server.schema.email import Email
from server.schema.fleet import Vehicle
from server.schema.related import related
from server.schema.shared import row_of
from server.schema.station import Station, StationLabel

api_enum(ProtocolType)


@api_type
class Condition:
    """What the instruments and the eye said."""

    odometer_km: int
    """Odometer in kilometres."""
    fuel_eighths: int | None
    """Fuel level in eighths."""
    state_of_charge_percent: int | None
    """State of charge in per cent."""
    cleanliness_inside: Cleanliness
    """How clean it was inside."""
    cleanliness_outside: Cleanliness
    """How clean it was outside."""


@api_type
class Accessory:
    """Something that belongs to the car, counted."""

    name: str
    """What it is."""
    expected: int
    """How many there should be."""
    present: int
    """How many there were."""


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
    """A finished handover or return record. It is never changed: a correction is a new one that names it."""

    id: strawberry.ID
    """The id that the device made."""
    type: ProtocolType
    """What it records."""
    occurred_at: datetime
    """When it happened, by the device; not later than it arrived."""
    received_at: datetime
    """When it arrived."""
    key_drop_at: datetime | None
    """When the key was dropped, if nobody was there; the rental ended then."""
    signature_missing_reason: str | None
    """Why the customer did not sign."""
    remarks: str | None
    """Anything else."""
    complete: bool
    """Whether all its pictures are there."""
    voided: bool
    """Whether it was taken back."""
    staff: str
    """Who made it."""

    contract = related(Contract, batches.contract, by="contract_id")
    """The contract."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The vehicle."""

    @shown_as(Station)
    async def station(self, info: Info) -> StationRow | StationLabel:
        """Where it happened. Of a station that is not yours you see id, code and name only."""
        row, context = row_of(self), info.context
        found = await context.load(batches.station, row.at_station_id)
        return found or _label(row, await context.load(batches.contract, row.contract_id))

    @strawberry.field
    def condition(self) -> Condition:
        """What the instruments and the eye said."""
        row = row_of(self)
        return Condition(
            odometer_km=row.odometer_km,
            fuel_eighths=row.fuel_eighths,
            state_of_charge_percent=row.state_of_charge_percent,
            cleanliness_inside=row.cleanliness_inside,
            cleanliness_outside=row.cleanliness_outside,
        )

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
    """Its pictures, in order."""

    @strawberry.field
    def sha256(self) -> str:
        """Hash of the PDF; until that is made, of what was recorded."""
        row = row_of(self)
        return row.sha256 or str(row.content_hash)

    @strawberry.field
    def signed_by_customer(self) -> bool:
        """Whether the customer signed."""
        return row_of(self).signature_sha256 is not None

    @strawberry.field
    def pdf_url(self, info: Info) -> str | None:
        """The PDF, once that is made; the link is good for a quarter of an hour."""
        row = row_of(self)
        return info.context.link(f"/media/protocols/{row.id}") if row.pdf_key else None

    emails = related(list[Email], batches.emails_of_protocol)
    """The mails that carried it. Not shown to websites."""
