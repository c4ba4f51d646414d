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
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.fleet import Vehicle
from server.schema.paging import connection_type
from server.schema.related import later, related
from server.schema.shared import Money, optional_money, row_of
from server.services.handover.damages import DamageReport
from server.services.lists import search
from server.services.lists.listing import Listing
from server.services.lists.search import distinct, only

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
    """A photo. Its links are signed and good for a short time only; it never is public."""

    id: strawberry.ID
    """Id of the photo at this server."""
    slot: PhotoSlot
    """What the photo shows, for example the car's front."""
    sha256: str
    """SHA-256 of the bytes that were uploaded, as 64 hexadecimal digits; what is stored was re-encoded."""
    width: int
    """Width in pixels, as stored: at most 2048."""
    height: int
    """Height in pixels, as stored: at most 2048."""
    taken_at: datetime | None
    """When it was taken, by the device; null if that did not say, and for photos of a damage."""

    @strawberry.field
    def url(self, info: Info) -> str:
        """Link to the photo, a JPEG; good for a quarter of an hour."""
        return info.context.link(f"/media/photos/{row_of(self).id}")

    @strawberry.field
    def thumbnail_url(self, info: Info) -> str:
        """Link to a small version of at most 320 pixels a side; good for a quarter of an hour."""
        return info.context.link(f"/media/photos/{row_of(self).id}/small")


@api_type
class DamagePosition:
    """`x` and `y` are fractions (0 to 1) of the drawing of that view, from its top left corner."""

    view: VehicleView
    """The side of the car on whose drawing the damage is marked."""
    x: float
    """From the drawing's left edge, 0 to 1."""
    y: float
    """From the drawing's top edge, 0 to 1."""


@api_input
class DamagePositionInput:
    """`x` and `y` are fractions (0 to 1) of the drawing of that view, from its top left corner."""

    view: VehicleView
    """The side of the car on whose drawing the damage is marked."""
    x: float
    """From the drawing's left edge, 0 to 1."""
    y: float
    """From the drawing's top edge, 0 to 1."""


def _placed(_row: DamageRow, found: list[PhotoRow] | None) -> list[PlacedPhoto]:
    return [PlacedPhoto(photo, PhotoSlot.DAMAGE) for photo in found or []]


@row_type(DamageRow)
class Damage:
    """A damage of a vehicle. It is never charged by itself: people decide (liability)."""

    id: strawberry.ID
    """The id that the reporting device made."""
    kind: DamageKind
    """What kind of damage it is."""
    size_mm: int | None
    """Its longest side in millimetres; null if it was not measured."""
    description: str | None
    """What else there is to say about it, for people; null if nothing was said."""
    seen_at: datetime
    """When it was first seen: the time of the check-out or return, else that of its report."""
    liability: DamageLiability
    """Who answers for it, as far as that is decided."""
    repair: RepairState
    """Whether it is repaired, and so no longer on the car."""
    claim_deadline: date | None
    """Last day for a claim: six months after the return (§ 548 BGB). Null if no return brought it to light."""
    version: int
    """Send it with a change as `version`: it grows with each change, and an old one is refused."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The car that is damaged."""

    contract = related(later("contract.Contract") | None, batches.contract, by="contract_id")
    """The contract that is suspected to have caused it; null where there is none or you may not see it."""

    @strawberry.field
    def position(self) -> DamagePosition:
        """Where on the car the damage is."""
        row = row_of(self)
        return DamagePosition(view=row.view, x=row.x, y=row.y)

    photos = related(list[Photo], batches.photos_of_damage, shown=_placed)
    """Photos of the damage, in the order of its report."""

    @strawberry.field
    def estimate_net(self) -> Money | None:
        """Estimated cost of the repair, net; null if not entered."""
        return optional_money(row_of(self).estimate_net_cents)

    @strawberry.field
    def final_net(self) -> Money | None:
        """Final cost of the repair, net; null if not entered."""
        return optional_money(row_of(self).final_net_cents)

    claim = related(later("document.Document") | None, batches.document, by="claim_document_id")
    """The document that claims it; null as long as there is none, and once it was taken back."""


@api_type
class StoredDocument:
    """An uploaded PDF, such as an estimate or a bill."""

    sha256: str
    """SHA-256 of the bytes that were sent: `claimDamage` names the document by it."""
    pages: int
    """How many pages it has, 1 to 50."""


DamageConnection = connection_type(Damage)


@api_input
class DamageFilter:
    """Narrows a list of damages."""

    station_id: strawberry.ID | None = None
    """Only damages of cars that stand at this station."""
    vehicle_id: strawberry.ID | None = None
    """Only damages of this car."""
    liability: list[DamageLiability] | None = None
    """Only damages whose liability is one of these."""
    repair: list[RepairState] | None = None
    """Only damages in one of these states of repair."""

    def listing(self) -> Listing[DamageRow]:
        """The list that it asks for."""
        return search.damages(
            station_id=only(self.station_id),
            vehicle_id=only(self.vehicle_id),
            liability=distinct(self.liability),
            repair=distinct(self.repair),
        )


@api_input
class DamageInput:
    """A damage that somebody saw."""

    id: UUID
    """Made by the device: the same damage sent again is the same damage."""
    position: DamagePositionInput
    """Where on the car the damage is."""
    kind: DamageKind
    """What kind of damage it is."""
    size_mm: int | None = None
    """Its longest side in millimetres, 1 to 10,000."""
    description: str | None = None
    """What else there is to say about it, for people; up to 1000 characters."""
    photos: list[str] = strawberry.field(default_factory=list)
    """Hashes (sha256) of its photos, which were sent with `uploadPhoto` before."""

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
