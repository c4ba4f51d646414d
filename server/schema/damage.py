"""Damages of vehicles and the pictures of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from server.models import Damage as DamageRow
from server.models import Photo as PhotoRow
from server.models.damage import DamageKind, DamageLiability, RepairState, VehicleView
from server.models.protocol import PhotoSlot
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.fleet import Vehicle
from server.schema.paging import connection_type
from server.schema.problems import PaymentDeclined, Rejection, VersionConflict
from server.schema.shared import Money, optional_money, row_of
from server.services.handover.damages import DamageReport

if TYPE_CHECKING:
    from server.schema.contract import Contract
    from server.schema.document import Document

for _kind in (DamageKind, DamageLiability, RepairState, VehicleView, PhotoSlot):
    api_enum(_kind)


class PlacedPhoto:
    """A picture in its place: which slot, taken when."""

    def __init__(self, photo: PhotoRow, slot: PhotoSlot, taken_at: datetime | None) -> None:
        self.photo, self.slot, self.taken_at = photo, slot, taken_at
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

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle:
        """The vehicle."""
        return await (await info.context.loaders()).vehicle.load(row_of(self).vehicle_id)  # type: ignore[return-value]

    @strawberry.field
    async def contract(self, info: Info) -> Annotated[Contract, strawberry.lazy("server.schema.contract")] | None:
        """The contract that is suspected to have caused it; null where there is none or you may not see it."""
        contract_id = row_of(self).contract_id
        if contract_id is None:
            return None
        return await (await info.context.loaders()).contract.load(contract_id)  # type: ignore[return-value]

    @strawberry.field
    def position(self) -> DamagePosition:
        """Where on the vehicle."""
        row = row_of(self)
        return DamagePosition(view=row.view, x=row.x, y=row.y)

    @strawberry.field
    async def photos(self, info: Info) -> list[Photo]:
        """Pictures of it."""
        found = await (await info.context.loaders()).damage_photos.load(row_of(self).id)
        return [PlacedPhoto(photo, PhotoSlot.DAMAGE, None) for photo in found]  # type: ignore[misc]

    @strawberry.field
    def estimate_net(self) -> Money | None:
        """Estimated repair cost, net."""
        return optional_money(row_of(self).estimate_net_cents)

    @strawberry.field
    def final_net(self) -> Money | None:
        """Final repair cost, net."""
        return optional_money(row_of(self).final_net_cents)

    @strawberry.field
    def claim(self) -> Annotated[Document, strawberry.lazy("server.schema.document")] | None:
        """The claim, once there is one."""
        return None


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


DamageResult = Annotated[
    Damage | VersionConflict | PaymentDeclined | Rejection,
    strawberry.union("DamageResult", description="The damage, or why not."),
]
