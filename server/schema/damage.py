"""Damages of vehicles and the pictures of them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import strawberry

from server import batches
from server.models import Damage as DamageRow
from server.models import Photo as PhotoRow
from server.models.damage import DamageKind, DamageLiability, RepairState, VehicleView
from server.models.protocol import PhotoSlot
from server.schema.building import Info, api_enum, api_input, api_type, row_type, shown_as
from server.schema.fleet import Vehicle
from server.schema.paging import connection_type
from server.schema.related import later, related
from server.schema.shared import Money, optional_money, row_of
from server.services.handover.damages import DamageReport
from server.services.lists import search
from server.services.lists.listing import Listing
from server.services.lists.search import only

for _kind in (DamageKind, DamageLiability, RepairState, VehicleView, PhotoSlot):
    api_enum(_kind)


class PlacedPhoto:
    """A picture in its place: which slot, taken when and at which station."""

    def __init__(
        self, photo: PhotoRow, slot: PhotoSlot, taken_at: datetime | None = None, station_id: UUID | None = None
    ) -> None:
        self.photo, self.slot, self.taken_at, self.station_id = photo, slot, taken_at, station_id
        self.id, self.sha256, self.width, self.height = photo.id, photo.sha256, photo.width, photo.height


@row_type(PlacedPhoto)
class Photo:
    """A picture. `url` needs the viewer's own authorization or is signed and short-lived; it never is public."""

    id: strawberry.ID
    """The picture's id."""
    slot: PhotoSlot
    """What it shows."""
    sha256: str
    """Hash of the bytes that were uploaded."""
    width: int
    """Width in pixels."""
    height: int
    """Height in pixels."""
    taken_at: datetime | None
    """When it was taken, by the device."""

    @strawberry.field
    def url(self, info: Info) -> str:
        """The picture; the link is good for a quarter of an hour."""
        return info.context.link(f"/media/photos/{row_of(self).id}")

    @strawberry.field
    def thumbnail_url(self, info: Info) -> str:
        """A small version of it."""
        return info.context.link(f"/media/photos/{row_of(self).id}/small")


@api_type
class DamagePosition:
    """`x` and `y` are fractions (0 to 1) of the drawing of that view, from its top left corner."""

    view: VehicleView
    """The side."""
    x: float
    """From the left, 0 to 1."""
    y: float
    """From the top, 0 to 1."""


@api_input
class DamagePositionInput:
    """`x` and `y` are fractions (0 to 1) of the drawing of that view, from its top left corner."""

    view: VehicleView
    """The side."""
    x: float
    """From the left, 0 to 1."""
    y: float
    """From the top, 0 to 1."""


def _placed(_row: DamageRow, found: list[PhotoRow] | None) -> list[PlacedPhoto]:
    return [PlacedPhoto(photo, PhotoSlot.DAMAGE) for photo in found or []]


@row_type(DamageRow)
class Damage:
    """A damage of a vehicle. It is never charged by itself: people decide (liability)."""

    id: strawberry.ID
    """The id that the reporting device made."""
    kind: DamageKind
    """What kind of damage."""
    size_mm: int | None
    """Its longest side in millimetres."""
    description: str | None
    """Anything else, for people."""
    seen_at: datetime
    """When it was first seen."""
    liability: DamageLiability
    """Who answers for it, as far as that is decided."""
    repair: RepairState
    """Whether it is repaired."""
    claim_deadline: date | None
    """Until when a claim can be made: six months after the return (§ 548 BGB)."""
    version: int
    """Give it with a change; it grows with each."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The vehicle."""

    contract = related(later("contract.Contract") | None, batches.contract, by="contract_id")
    """The contract that is suspected to have caused it; null where there is none or you may not see it."""

    @strawberry.field
    def position(self) -> DamagePosition:
        """Where on the vehicle."""
        row = row_of(self)
        return DamagePosition(view=row.view, x=row.x, y=row.y)

    photos = related(list[Photo], batches.photos_of_damage, shown=_placed)
    """Pictures of it."""

    @strawberry.field
    def estimate_net(self) -> Money | None:
        """Estimated repair cost, net."""
        return optional_money(row_of(self).estimate_net_cents)

    @strawberry.field
    def final_net(self) -> Money | None:
        """Final repair cost, net."""
        return optional_money(row_of(self).final_net_cents)

    @shown_as(later("document.Document") | None)
    def claim(self) -> None:
        """The claim, once there is one."""
        return


DamageConnection = connection_type(Damage)


@api_input
class DamageFilter:
    """Narrows a list of damages."""

    station_id: strawberry.ID | None = None
    """Only of vehicles that stand there."""
    vehicle_id: strawberry.ID | None = None
    """Only of this vehicle."""
    liability: list[DamageLiability] | None = None
    """Only in one of these states."""
    repair: list[RepairState] | None = None
    """Only in one of these states of repair."""

    def listing(self) -> Listing[DamageRow]:
        """The list that it asks for."""
        return search.damages(
            station_id=only(self.station_id),
            vehicle_id=only(self.vehicle_id),
            liability=self.liability,
            repair=self.repair,
        )


@api_input
class DamageInput:
    """A damage that somebody saw."""

    id: UUID
    """Made by the device: the same damage sent again is the same damage."""
    position: DamagePositionInput
    """Where on the vehicle."""
    kind: DamageKind
    """What kind of damage."""
    size_mm: int | None = None
    """Its longest side in millimetres."""
    description: str | None = None
    """Anything else, for people."""
    photos: list[str] = strawberry.field(default_factory=list)
    """Hashes (sha256) of uploaded pictures."""

    def report(self) -> DamageReport:
        """As the services take it."""
        return DamageReport(
            id=self.id,
            view=self.position.view,
            x=self.position.x,
            y=self.position.y,
            kind=self.kind,
            size_mm=self.size_mm,
            description=self.description,
            photos=tuple(self.photos),
        )
