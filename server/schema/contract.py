"""Contracts with everything that belongs to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry

from server.models import Contract as ContractRow
from server.models.contract import (
    ContractFlag,
    ContractKind,
    ContractSource,
    ContractState,
    SettlementState,
)
from server.models.customer import Language
from server.schema.building import Info, api_enum, api_input, row_type
from server.schema.customer import Customer
from server.schema.damage import Damage
from server.schema.document import Document, Payer, payer_of
from server.schema.email import Email
from server.schema.fleet import Vehicle, VehicleGroup
from server.schema.paging import connection_type
from server.schema.payment import Deposit, Payment
from server.schema.price import PriceBreakdown
from server.schema.problems import (
    InvalidTransition,
    PaymentDeclined,
    Rejection,
    VersionConflict,
)
from server.schema.shared import Money, Period, PeriodInput, money, period, row_of
from server.schema.station import Station, StationLabel
from server.schema.tariff import extra_of
from server.services.lists import attention
from server.services.people.customers import BookedCustomer

if TYPE_CHECKING:
    from server.schema.protocol import Protocol
from server.schema.contract_parts import (
    ContractExtra,
    Driver,
    HistoryEntry,
    Note,
    TariffSnapshot,
    VehicleLeg,
    WorkshopReference,
)

for _kind in (ContractFlag, ContractSource, SettlementState):
    api_enum(_kind)


@row_type(ContractRow)
class Contract:
    """One rental, from the first hold to the final invoice."""

    id: strawberry.ID
    """The contract's id."""
    number: str
    """Its number, for people."""
    kind: ContractKind
    """What it is for."""
    state: ContractState
    """Where it stands."""
    settlement_state: SettlementState
    """Whether the final invoice is paid."""
    version: int
    """Give it with a change; it grows with each."""
    language: Language
    """Language of its mails and documents."""
    billing_block: str | None
    """Why billing is waiting for a person; null when it is not."""
    created_at: datetime
    """When it was made."""
    source: ContractSource
    """Who made it."""

    @strawberry.field
    async def station(self, info: Info) -> Station:
        """Where the car is picked up. Of a station that is not yours you see id, code and name only."""
        row = row_of(self)
        found = await (await info.context.loaders()).station.load(row.station_id)
        return found or StationLabel(row.station_id, row.station_code, row.station_name)  # type: ignore[return-value]

    @strawberry.field
    async def return_station(self, info: Info) -> Station:
        """Where it comes back. Of a station that is not yours you see id, code and name only."""
        row = row_of(self)
        found = await (await info.context.loaders()).station.load(row.return_station_id)
        return found or StationLabel(row.return_station_id, row.return_station_code, row.return_station_name)  # type: ignore[return-value]

    @strawberry.field
    async def group(self, info: Info) -> VehicleGroup:
        """The vehicle group."""
        return await (await info.context.loaders()).group.load(row_of(self).group_id)  # type: ignore[return-value]

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle | None:
        """The car; before the hand-over, the one that is planned."""
        vehicle_id = row_of(self).vehicle_id
        if vehicle_id is None:
            return None
        return await (await info.context.loaders()).vehicle.load(vehicle_id)  # type: ignore[return-value]

    @strawberry.field
    async def legs(self, info: Info) -> list[VehicleLeg]:
        """The cars that were driven, in order."""
        return await (await info.context.loaders()).legs.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    def period(self) -> Period:
        """The agreed period."""
        return period(row_of(self).starts_at, row_of(self).ends_at, self)

    @strawberry.field
    async def customer(self, info: Info) -> Customer:
        """The customer. A website sees what it sent with this booking, not what is stored."""
        row = row_of(self)
        if not info.context.is_website:
            stored = await (await info.context.loaders()).customer.load(row.customer_id)
            if stored is not None:
                return stored  # type: ignore[return-value]
        return BookedCustomer.of(row)  # type: ignore[return-value]

    @strawberry.field
    def payer(self) -> Payer | None:
        """Who pays, if that is somebody else."""
        return payer_of(row_of(self).payer) if row_of(self).payer else None

    @strawberry.field
    async def drivers(self, info: Info) -> list[Driver]:
        """Everybody who may drive."""
        return await (await info.context.loaders()).drivers.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    def extras(self) -> list[ContractExtra]:
        """What was added, with the frozen prices."""
        row = row_of(self)
        known = {extra.code: extra for extra in row.terms.extras}
        return [ContractExtra(extra=extra_of(known[e.code]), quantity=e.quantity) for e in row.extras]

    @strawberry.field
    def workshop(self) -> WorkshopReference | None:
        """The repair that it belongs to."""
        row = row_of(self)
        at = row.workshop_appointment_at
        if not any((row.workshop_order_number, at, row.workshop_plate, row.workshop_vin)):
            return None
        return WorkshopReference(
            order_number=row.workshop_order_number,
            appointment_at=at and period(at, at, self).start,
            customer_plate=row.workshop_plate,
            customer_vin=row.workshop_vin,
        )

    @strawberry.field
    async def tariff(self, info: Info) -> TariffSnapshot:
        """The tariff as frozen at booking, edits included."""
        row = row_of(self)
        tariff = await (await info.context.loaders()).tariff.load(row.tariff_id)
        return TariffSnapshot(code=row.terms.code, tariff=tariff, edits=[])  # type: ignore[arg-type]

    @strawberry.field
    def price(self) -> PriceBreakdown:
        """What was agreed; after billing, the final price."""
        return row_of(self).price  # type: ignore[no-any-return]

    @strawberry.field
    def paid(self) -> Money:
        """What was taken so far for the rental, refunds deducted; the deposit does not count."""
        return money(row_of(self).paid_cents)

    @strawberry.field
    def due(self) -> Money:
        """What is still to be paid of the price; negative if money goes back."""
        row = row_of(self)
        nothing = row.state in {ContractState.CANCELLED, ContractState.NO_SHOW}
        return money(0 if nothing else row.total_cents - row.paid_cents)

    @strawberry.field
    async def deposit(self, info: Info) -> Deposit | None:
        """The deposit."""
        return await (await info.context.loaders()).deposit.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def payments(self, info: Info) -> list[Payment]:
        """All movements of money, the oldest first."""
        return await (await info.context.loaders()).payments.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def documents(self, info: Info) -> list[Document]:
        """Issued documents, the oldest first."""
        return await (await info.context.loaders()).documents.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def protocols(self, info: Info) -> list[Annotated[Protocol, strawberry.lazy("server.schema.protocol")]]:
        """Hand-over and return protocols, the oldest first."""
        return await (await info.context.loaders()).protocols.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def damages(self, info: Info) -> list[Damage]:
        """Damages that this contract is suspected to have caused."""
        return await (await info.context.loaders()).contract_damages.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def emails(self, info: Info) -> list[Email]:
        """Mails to the customer, the oldest first. Not shown to websites."""
        return await (await info.context.loaders()).emails.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def notes(self, info: Info) -> list[Note]:
        """Remarks of staff, the oldest first. Not shown to websites."""
        return await (await info.context.loaders()).notes.load(row_of(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def flags(self, info: Info) -> list[ContractFlag]:
        """What a clerk should look at."""
        row = row_of(self)
        loaders = await info.context.loaders()
        deposit = await loaders.deposit.load(row.id)
        at_risk = await loaders.at_risk.load(row.id)
        return attention.flags(row, deposit, at_risk=at_risk, now=info.context.now)

    @strawberry.field
    async def history(self, info: Info) -> list[HistoryEntry]:
        """Who did what, the oldest first. Not shown to websites."""
        return await (await info.context.loaders()).history.load(row_of(self).id)  # type: ignore[return-value]


ContractConnection = connection_type(Contract)


@api_input
class ContractFilter:
    """Narrows a list of contracts."""

    station_id: strawberry.ID | None = None
    """Only those picked up there, or handed out and to be returned there."""
    states: list[ContractState] | None = None
    """Only in one of these states."""
    settlement: list[SettlementState] | None = None
    """Only settled like this."""
    flags: list[ContractFlag] | None = None
    """Only with one of these flags."""
    customer_id: strawberry.ID | None = None
    """Only of this customer."""
    vehicle_id: strawberry.ID | None = None
    """Only with this vehicle."""
    period: PeriodInput | None = None
    """Only those that overlap it."""
    search: str | None = None
    """Part of number, plate, customer's name, e-mail or workshop order number."""


@api_enum
class ContractOrder(StrEnum):
    """The order of a list of contracts."""

    START_ASC = "START_ASC"
    """By start, the earliest first."""
    START_DESC = "START_DESC"
    """By start, the latest first."""
    CREATED_DESC = "CREATED_DESC"
    """By when they were made, the newest first."""


ContractResult = Annotated[
    Contract | InvalidTransition | VersionConflict | PaymentDeclined | Rejection,
    strawberry.union("ContractResult", description="The contract, or why not."),
]
