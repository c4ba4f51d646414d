"""Contracts with everything that belongs to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import strawberry

from server import batches
from server.models import Contract as ContractRow
from server.models import Customer as CustomerRow
from server.models import Station as StationRow
from server.models.contract import (
    BillingBlock,
    ContractFlag,
    ContractKind,
    ContractSource,
    ContractState,
    SettlementState,
)
from server.models.customer import Language
from server.models.price import PriceBreakdown as PriceFound
from server.schema.building import Info, api_enum, api_input, row_type, shown_as
from server.schema.contract_parts import (
    ContractExtra,
    Driver,
    HistoryEntry,
    Note,
    TariffSnapshot,
    VehicleLeg,
    WorkshopReference,
)
from server.schema.customer import Customer
from server.schema.damage import Damage
from server.schema.document import Document, Payer, payer_of
from server.schema.email import Email
from server.schema.fleet import Vehicle, VehicleGroup
from server.schema.instants import local
from server.schema.paging import connection_type
from server.schema.payment import Deposit, Payment
from server.schema.price import PriceBreakdown
from server.schema.related import later_list, related
from server.schema.shared import Money, Period, PeriodInput, money, period, row_of
from server.schema.station import Station, StationLabel
from server.schema.tariff import extra_of
from server.security import Principal
from server.services.contract import blocks
from server.services.lists import attention, search
from server.services.lists.listing import Listing
from server.services.lists.search import only
from server.services.people.customers import BookedCustomer

for _kind in (BillingBlock, ContractFlag, ContractSource, ContractState, SettlementState):
    api_enum(_kind)


def _station(row: ContractRow, found: StationRow | None) -> StationRow | StationLabel:
    return found or StationLabel(row.station_id, row.station_code, row.station_name)


def _return_station(row: ContractRow, found: StationRow | None) -> StationRow | StationLabel:
    return found or StationLabel(row.return_station_id, row.return_station_code, row.return_station_name)


def _stored_customer(root: ContractRow, info: Info) -> UUID | None:
    return None if info.context.is_website else root.customer_id


def _customer(row: ContractRow, stored: CustomerRow | None) -> CustomerRow | BookedCustomer:
    return stored or BookedCustomer.of(row)


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
    created_at: datetime
    """When it was made."""
    source: ContractSource
    """Who made it."""

    @strawberry.field
    def billing_block(self, info: Info) -> str | None:
        """Why billing is waiting for a person, in your language (`Accept-Language`); null when it is not."""
        return blocks.text(row_of(self), info.context.language)

    @strawberry.field
    def billing_block_reason(self) -> BillingBlock | None:
        """The same as an enum, for programs. `settleContract` clears it; another reason is shown after it."""
        row: ContractRow = row_of(self)
        return row.billing_block

    station = related(Station, batches.station, by="station_id", shown=_station)
    """Where the car is picked up. Of a station that is not yours you see id, code and name only."""

    return_station = related(Station, batches.station, by="return_station_id", shown=_return_station)
    """Where it comes back. Of a station that is not yours you see id, code and name only."""

    group = related(VehicleGroup, batches.group, by="group_id")
    """The vehicle group."""

    vehicle = related(Vehicle | None, batches.vehicle, by="vehicle_id")
    """The car; before the hand-over, the one that is planned."""

    legs = related(list[VehicleLeg], batches.legs_of_contract)
    """The cars that were driven, in order."""

    @strawberry.field
    async def period(self, info: Info) -> Period:
        """The agreed period."""
        return await period(row_of(self).starts_at, row_of(self).ends_at, self, info)

    customer = related(Customer, batches.customer, by=_stored_customer, shown=_customer)
    """The customer. A website sees what it sent with this booking, not what is stored."""

    @strawberry.field
    def payer(self) -> Payer | None:
        """Who pays, if that is somebody else."""
        return payer_of(row_of(self).payer) if row_of(self).payer else None

    drivers = related(list[Driver], batches.drivers_of_contract)
    """Everybody who may drive."""

    @strawberry.field
    def extras(self) -> list[ContractExtra]:
        """What was added, with the frozen prices."""
        row: ContractRow = row_of(self)
        known = {extra.code: extra for extra in row.terms.extras}
        return [ContractExtra(extra=extra_of(known[e.code]), quantity=e.quantity) for e in row.extras]

    @strawberry.field
    async def workshop(self, info: Info) -> WorkshopReference | None:
        """The repair that it belongs to."""
        row = row_of(self)
        at = row.workshop_appointment_at
        if not any((row.workshop_order_number, at, row.workshop_plate, row.workshop_vin)):
            return None
        return WorkshopReference(
            order_number=row.workshop_order_number,
            appointment_at=at and await local(row, at, info.context),
            customer_plate=row.workshop_plate,
            customer_vin=row.workshop_vin,
        )

    @shown_as(TariffSnapshot)
    def tariff(self) -> ContractRow:
        """The tariff as frozen at booking, edits included."""
        row: ContractRow = row_of(self)
        return row

    @shown_as(PriceBreakdown)
    def price(self) -> PriceFound:
        """What was agreed; after billing, the final price."""
        row: ContractRow = row_of(self)
        return row.price

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

    deposit = related(Deposit | None, batches.deposit_of_contract)
    """The deposit."""

    payments = related(list[Payment], batches.payments_of_contract)
    """All movements of money, the oldest first."""

    documents = related(list[Document], batches.documents_of_contract)
    """Issued documents, the oldest first."""

    protocols = related(later_list("protocol.Protocol"), batches.protocols_of_contract)
    """Hand-over and return protocols, the oldest first."""

    damages = related(list[Damage], batches.damages_of_contract)
    """Damages that this contract is suspected to have caused."""

    emails = related(list[Email], batches.emails_of_contract)
    """Mails to the customer, the oldest first. Not shown to websites."""

    notes = related(list[Note], batches.notes_of_contract)
    """Remarks of staff, the oldest first. Not shown to websites."""

    @strawberry.field
    async def flags(self, info: Info) -> list[ContractFlag]:
        """What a clerk should look at."""
        row, context = row_of(self), info.context
        deposit = await context.load(batches.deposit_of_contract, row.id)
        at_risk = await context.load(batches.at_risk, (row.id, context.now))
        return attention.flags(row, deposit, at_risk=at_risk, now=context.now)

    history = related(list[HistoryEntry], batches.history_of_contract)
    """Who did what, the oldest first. Not shown to websites."""


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

    def listing(self, order: ContractOrder, principal: Principal, now: datetime) -> Listing[ContractRow]:
        """The list that it asks for, as far as it is the caller's."""
        wanted = search.ContractFilter(
            station_id=only(self.station_id),
            states=self.states,
            settlement=self.settlement,
            flags=self.flags,
            customer_id=only(self.customer_id),
            vehicle_id=only(self.vehicle_id),
            start=self.period.start if self.period else None,
            end=self.period.end if self.period else None,
            search=self.search,
        )
        return search.contracts(wanted, order.value, principal, now)


@api_enum
class ContractOrder(StrEnum):
    """The order of a list of contracts."""

    START_ASC = "START_ASC"
    """By start, the earliest first."""
    START_DESC = "START_DESC"
    """By start, the latest first."""
    CREATED_DESC = "CREATED_DESC"
    """By when they were made, the newest first."""
