"""Contracts with everything that belongs to them."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from uuid import UUID

import strawberry

from server import batches
from server.context import Context
from server.models import Contract as ContractRow
from server.models import Customer as CustomerRow
from server.models import LastChange
from server.models import Station as StationRow
from server.models.contract import ContractKind, ContractSource, ContractState, SettlementState
from server.models.contract_attention import BillingBlock, ContractFlag
from server.models.customer import Language
from server.models.price import PriceBreakdown as PriceFound
from server.schema.building import Info, api_enum, row_type, shown_as
from server.schema.contract_parts import (
    ContractExtra,
    Driver,
    HistoryEntry,
    Note,
    VehicleLeg,
    WorkshopReference,
    cars_asked_for,
    each_or_none,
)
from server.schema.contract_tariff import TariffSnapshot
from server.schema.customer import Customer
from server.schema.damage import Damage
from server.schema.document import Document
from server.schema.email import Email
from server.schema.fleet import Vehicle, VehicleGroup
from server.schema.instants import local, shown
from server.schema.late_page import ready
from server.schema.paging import connection_type
from server.schema.payer import Payer, payer_of
from server.schema.payment import Deposit, Payment
from server.schema.price import PriceBreakdown
from server.schema.related import later_list, related, related_here
from server.schema.shared import Money, Period, money, period, row_of
from server.schema.station import Station, StationLabel
from server.schema.tariff import extra_of
from server.services.billing import addressee
from server.services.contract import blocks
from server.services.lists import attention
from server.services.lists.contract_text import CONTRACTS
from server.services.people.customers import BookedCustomer

for _kind in (BillingBlock, ContractFlag, ContractSource, ContractState, SettlementState):
    api_enum(_kind)


_TO_BE_BILLED = frozenset(
    {ContractState.HELD, ContractState.RESERVED, ContractState.CHECKED_OUT, ContractState.RETURNED}
)


def _station(row: ContractRow, found: StationRow | None) -> StationRow | StationLabel:
    return found or StationLabel(row.station_id, row.station_code, row.station_name)


def _return_station(row: ContractRow, found: StationRow | None) -> StationRow | StationLabel:
    return found or StationLabel(row.return_station_id, row.return_station_code, row.return_station_name)


def _stored_customer(root: ContractRow, info: Info) -> UUID | None:
    return None if info.context.is_website or root.customer_review else root.customer_id


def _customer(row: ContractRow, stored: CustomerRow | None) -> CustomerRow | BookedCustomer:
    # A record that was emptied on request says nothing to a contract that still needs its own copy.
    return stored if stored is not None and stored.restricted_at is None else BookedCustomer.of(row)


def _last_changed(row: ContractRow, change: LastChange | None, context: Context) -> datetime | Awaitable[datetime]:
    if change is None:
        raise LookupError(f"nothing says when contract {row.number} was changed")
    return shown(row, change.updated_at, context)


@row_type(ContractRow)
class Contract:
    """One rental, from the car hold to the final invoice."""

    id: strawberry.ID
    """The contract's id, which other operations take; people use `number`."""
    number: str
    """What people call it: the station's code and six random characters, for example BER-7K2M9Q."""
    kind: ContractKind
    """What the car is rented for; it decides whether the rental itself is charged."""
    state: ContractState
    """Where the contract stands, from HELD to BILLED; `settlementState` says whether it is paid."""
    settlement_state: SettlementState
    """Whether the final invoice is paid; NONE before it, REFUND_PENDING if an advance could not go back."""
    version: int
    """Send it with a change as `version`: it grows with each change, and an old one is refused."""
    language: Language
    """Language of the mails and documents of this contract."""
    created_at: datetime
    """When the booking was made."""

    updated_at = related_here(datetime, batches.last_change_of_contract, _last_changed)
    """When the contract or anything that belongs to it was last changed, to the millisecond; no two contracts have
    the same. What time alone changes, such as the flag OVERDUE, does not count, nor what it points at, such as the
    car or the stored customer. Give it as `changedSince` exactly as it came.
    """

    source: ContractSource
    """Whether a website, staff or the tablet made the booking."""
    person_erased_at: datetime | None
    """Since when the customer's data are erased from the contract, because the customer has asked for it or no law
    keeps them any more; its mail address is empty then, and nothing of it can be changed or sent. Null before.
    """

    @strawberry.field
    def billing_block(self, info: Info) -> str | None:
        """Why billing is waiting for a person, in your language (`Accept-Language`); null when it is not."""
        return blocks.text(row_of(self), info.context.language)

    @strawberry.field
    def billing_block_reason(self) -> BillingBlock | None:
        """The reason in `billingBlock` as an enum, for programs. After `settleContract` the next one shows, if any."""
        row: ContractRow = row_of(self)
        return row.billing_block

    @strawberry.field
    def address_missing(self) -> bool:
        """Whether the customer's postal address has to be asked for before the car goes out: an invoice above 250 EUR
        needs it (§ 14 Abs. 4 Nr. 1 UStG, § 33 UStDV).
        """
        row: ContractRow = row_of(self)
        return row.state in _TO_BE_BILLED and addressee.lacks_address(row)

    station = related(Station, batches.station, by="station_id", shown=_station)
    """Where the car is picked up. Of a station that is not yours you see id, code and name only."""

    return_station = related(Station, batches.station, by="return_station_id", shown=_return_station)
    """Where it comes back. Of a station that is not yours you see id, code and name only."""

    group = related(VehicleGroup, batches.group, by="group_id")
    """The vehicle group that was booked; the car that was handed over may be of another."""

    vehicle = related(Vehicle | None, batches.vehicle, by="vehicle_id")
    """The car: the planned one until check-out, then the one that was handed over. Null if you may not see it."""

    free_vehicles = related(list[Vehicle], batches.free_vehicles, by=cars_asked_for, shown=each_or_none)
    """Which cars of its group could serve it instead as things stand, the best fit first: for one that is AT_RISK.
    Empty unless it is RESERVED and its period is not over; not shown to websites. `reassignVehicles` takes one.
    """

    legs = related(list[VehicleLeg], batches.legs_of_contract)
    """The cars that were really driven, in order; empty before check-out."""

    @shown_as(Period)
    def period(self, info: Info) -> Period | Awaitable[Period]:
        """The agreed period, from the planned check-out to the planned check-in."""
        return period(row_of(self).starts_at, row_of(self).ends_at, self, info)

    customer = related(Customer, batches.customer, by=_stored_customer, shown=_customer)
    """The customer. What this booking named, not what is stored, is shown to a website, to a station that has not
    handed the person a car yet, and as long as a clerk has to look whether it is the same person.
    """

    @strawberry.field
    def payer(self) -> Payer | None:
        """Who pays instead of the customer, such as an insurer; null if the customer pays."""
        return payer_of(row_of(self).payer) if row_of(self).payer else None

    drivers = related(list[Driver], batches.drivers_of_contract)
    """Everybody who may drive; the customer is the renter if the booking named no other."""

    @strawberry.field
    def extras(self) -> list[ContractExtra]:
        """The extras that were asked for, at the prices of the booking; those added by themselves are in `price`."""
        row: ContractRow = row_of(self)
        known = {extra.code: extra for extra in row.terms.extras}
        return [ContractExtra(extra=extra_of(known[e.code]), quantity=e.quantity) for e in row.extras]

    @strawberry.field
    async def workshop(self, info: Info) -> WorkshopReference | None:
        """The repair during which this car replaces the customer's own; null if none was named."""
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
        """What was agreed, line by line; after billing, the final price."""
        row: ContractRow = row_of(self)
        return row.price

    @strawberry.field
    def paid(self) -> Money:
        """What was taken so far for the rental, refunds deducted; the deposit does not count."""
        return money(row_of(self).paid_cents)

    @strawberry.field
    def due(self) -> Money:
        """What is still to be paid of the price; negative if money goes back, zero once cancelled or a no-show."""
        row = row_of(self)
        nothing = row.state in {ContractState.CANCELLED, ContractState.NO_SHOW}
        return money(0 if nothing else row.total_cents - row.paid_cents)

    deposit = related(Deposit | None, batches.deposit_of_contract)
    """The deposit and what has become of it; its state is WAIVED where none is asked for."""

    payments = related(list[Payment], batches.payments_of_contract)
    """All movements of money and attempts at it, the oldest first: advance, deposit, charge, refund."""

    documents = related(list[Document], batches.documents_of_contract)
    """Issued documents such as advance and final invoice, the oldest first."""

    protocols = related(later_list("protocol.Protocol"), batches.protocols_of_contract)
    """Check-out and check-in protocols, the oldest first."""

    damages = related(list[Damage], batches.damages_of_contract)
    """Damages that this contract is suspected to have caused."""

    emails = related(list[Email], batches.emails_of_contract)
    """Mails to the customer, and notices to the station, the oldest first. Not shown to websites."""

    notes = related(list[Note], batches.notes_of_contract)
    """Remarks of staff, the oldest first. Not shown to websites."""

    @strawberry.field
    async def flags(self, info: Info) -> list[ContractFlag]:
        """What a clerk should look at, as things stand at this moment; empty if there is nothing."""
        row, context = row_of(self), info.context
        deposit = await context.load(batches.deposit_of_contract, row.id)
        at_risk = await context.load(batches.at_risk, (row.id, context.now))
        return attention.flags(row, deposit, at_risk=at_risk, now=context.now)

    history = related(list[HistoryEntry], batches.history_of_contract)
    """Who did what to the contract, the oldest first. Not shown to websites."""


ContractConnection = connection_type(Contract, ready=ready(CONTRACTS, below="Query.contracts"))
