"""Contracts with everything that belongs to them, and the booking that makes them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from server.models import Contract as ContractRow
from server.models import Driver as DriverRow
from server.models import HistoryEntry as HistoryRow
from server.models import Note as NoteRow
from server.models import VehicleLeg as LegRow
from server.models.contract import (
    ContractFlag,
    ContractKind,
    ContractSource,
    ContractState,
    DriverRole,
    SettlementState,
)
from server.models.customer import Language
from server.models.payment import PaymentMethod
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.customer import Customer, CustomerInput
from server.schema.damage import Damage
from server.schema.document import Deposit, Document, Email, Payer, PayerInput, Payment, payer_of
from server.schema.fleet import Vehicle, VehicleGroup
from server.schema.paging import connection_type
from server.schema.problems import (
    InvalidTransition,
    NoVehicleAvailable,
    OutsideOpeningHours,
    PaymentDeclined,
    Rejection,
    VersionConflict,
)
from server.schema.shared import Money, Period, PeriodInput, money, period
from server.schema.station import Station, StationLabel
from server.schema.tariff import Extra, ExtraInput, PriceBreakdown, Tariff, extra_of
from server.services import attention
from server.services.contracts import price_of
from server.services.customers import BookedCustomer

if TYPE_CHECKING:
    from server.schema.handover import Protocol

for _kind in (ContractFlag, ContractSource, DriverRole, SettlementState):
    api_enum(_kind)


@row_type(DriverRow)
class Driver:
    """Somebody who may drive."""

    id: strawberry.ID
    """The driver's id."""
    role: DriverRole
    """What the person is to the contract."""
    first_name: str
    """First name."""
    last_name: str
    """Last name."""
    birth_date: date | None
    """Date of birth."""
    licence_number: str | None
    """Number of the driving licence."""
    licence_class: str | None
    """Class of the driving licence."""
    licence_issued: date | None
    """When the licence was issued."""
    licence_valid_until: date | None
    """Until when it is valid."""
    checked_at: datetime | None
    """When the original licence was seen."""
    checked_by: str | None
    """Who saw it."""


@row_type(LegRow)
class VehicleLeg:
    """One vehicle's part of a contract."""

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle:
        """The vehicle."""
        return await (await info.context.loaders()).vehicle.load(_any(self).vehicle_id)  # type: ignore[return-value]

    @strawberry.field(name="from")  # type: ignore[untyped-decorator]
    def from_(self) -> datetime:
        """When it was handed over."""
        return period(_any(self).from_at, _any(self).from_at, self).start

    @strawberry.field
    def to(self) -> datetime | None:
        """When it came back."""
        row = _any(self)
        return row.to_at and period(row.to_at, row.to_at, self).end

    @strawberry.field
    async def check_out(self, info: Info) -> Annotated[Protocol, strawberry.lazy("server.schema.handover")] | None:
        """The protocol of the hand-over."""
        return await (await info.context.loaders()).protocol.load(_any(self).check_out_id)  # type: ignore[return-value]

    @strawberry.field
    async def check_in(self, info: Info) -> Annotated[Protocol, strawberry.lazy("server.schema.handover")] | None:
        """The protocol of the return."""
        check_in_id = _any(self).check_in_id
        if check_in_id is None:
            return None
        return await (await info.context.loaders()).protocol.load(check_in_id)  # type: ignore[return-value]


@api_type
class ContractExtra:
    """An extra that was asked for."""

    extra: Extra
    """The extra, with its frozen price."""
    quantity: int
    """How many."""


@api_type
class WorkshopReference:
    """The repair that a replacement car belongs to."""

    order_number: str | None
    """Number of the workshop order."""
    appointment_at: datetime | None
    """When the customer's own car is due there."""
    customer_plate: str | None
    """Plate of the customer's own car."""
    customer_vin: str | None
    """VIN of the customer's own car."""


@api_input
class WorkshopReferenceInput:
    """The repair that a replacement car belongs to."""

    order_number: str | None = None
    """Number of the workshop order."""
    appointment_at: datetime | None = None
    """When the customer's own car is due there."""
    customer_plate: str | None = None
    """Plate of the customer's own car."""
    customer_vin: str | None = None
    """VIN of the customer's own car."""


@row_type(NoteRow)
class Note:
    """A remark of staff."""

    id: strawberry.ID
    """The note's id."""
    text: str
    """What it says."""
    author: str
    """Who wrote it."""
    created_at: datetime
    """When."""


@row_type(HistoryRow)
class HistoryEntry:
    """Who did what to a contract, when and why. Never changed."""

    at: datetime
    """When."""
    actor: str
    """Who."""
    action: str
    """What."""
    reason: str | None
    """Why."""
    before: str | None
    """What was before."""
    after: str | None
    """What is after."""


@api_type
class TariffEdit:
    """A change of the contract's own copy of its tariff."""

    field: str
    """What was changed."""
    before: str
    """What was before."""
    after: str
    """What is after."""
    reason: str
    """Why."""
    by: str
    """Who."""
    at: datetime
    """When."""


@api_type
class TariffSnapshot:
    """The tariff as frozen at booking, edits included."""

    code: str
    """Its code."""
    tariff: Tariff
    """The price list that it was taken from; that may have changed since."""
    edits: list[TariffEdit]
    """What was changed on this contract."""


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
        row = _any(self)
        found = await (await info.context.loaders()).station.load(row.station_id)
        return found or StationLabel(row.station_id, row.station_code, row.station_name)  # type: ignore[return-value]

    @strawberry.field
    async def return_station(self, info: Info) -> Station:
        """Where it comes back. Of a station that is not yours you see id, code and name only."""
        row = _any(self)
        found = await (await info.context.loaders()).station.load(row.return_station_id)
        return found or StationLabel(row.return_station_id, row.return_station_code, row.return_station_name)  # type: ignore[return-value]

    @strawberry.field
    async def group(self, info: Info) -> VehicleGroup:
        """The vehicle group."""
        return await (await info.context.loaders()).group.load(_any(self).group_id)  # type: ignore[return-value]

    @strawberry.field
    async def vehicle(self, info: Info) -> Vehicle | None:
        """The car; before the hand-over, the one that is planned."""
        vehicle_id = _any(self).vehicle_id
        if vehicle_id is None:
            return None
        return await (await info.context.loaders()).vehicle.load(vehicle_id)  # type: ignore[return-value]

    @strawberry.field
    async def legs(self, info: Info) -> list[VehicleLeg]:
        """The cars that were driven, in order."""
        return await (await info.context.loaders()).legs.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    def period(self) -> Period:
        """The agreed period."""
        return period(_any(self).starts_at, _any(self).ends_at, self)

    @strawberry.field
    async def customer(self, info: Info) -> Customer:
        """The customer. A website sees what it sent with this booking, not what is stored."""
        row = _any(self)
        if not info.context.is_website:
            stored = await (await info.context.loaders()).customer.load(row.customer_id)
            if stored is not None:
                return stored  # type: ignore[return-value]
        return BookedCustomer.of(row)  # type: ignore[return-value]

    @strawberry.field
    def payer(self) -> Payer | None:
        """Who pays, if that is somebody else."""
        return payer_of(_any(self).payer) if _any(self).payer else None

    @strawberry.field
    async def drivers(self, info: Info) -> list[Driver]:
        """Everybody who may drive."""
        return await (await info.context.loaders()).drivers.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    def extras(self) -> list[ContractExtra]:
        """What was added, with the frozen prices."""
        row = _any(self)
        known = {stored["code"]: stored for stored in row.tariff_snapshot["extras"]}
        return [ContractExtra(extra=extra_of(known[e["code"]]), quantity=e["quantity"]) for e in row.extras]

    @strawberry.field
    def workshop(self) -> WorkshopReference | None:
        """The repair that it belongs to."""
        row = _any(self)
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
        row = _any(self)
        tariff = await (await info.context.loaders()).tariff.load(row.tariff_id)
        return TariffSnapshot(code=row.tariff_snapshot["code"], tariff=tariff, edits=[])  # type: ignore[arg-type]

    @strawberry.field
    def price(self) -> PriceBreakdown:
        """What was agreed; after billing, the final price."""
        return price_of(_any(self).price)  # type: ignore[return-value]

    @strawberry.field
    def paid(self) -> Money:
        """What was taken so far for the rental, refunds deducted; the deposit does not count."""
        return money(_any(self).paid_cents)

    @strawberry.field
    def due(self) -> Money:
        """What is still to be paid of the price; negative if money goes back."""
        row = _any(self)
        nothing = row.state in {ContractState.CANCELLED, ContractState.NO_SHOW}
        return money(0 if nothing else row.total_cents - row.paid_cents)

    @strawberry.field
    async def deposit(self, info: Info) -> Deposit | None:
        """The deposit."""
        return await (await info.context.loaders()).deposit.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def payments(self, info: Info) -> list[Payment]:
        """All movements of money, the oldest first."""
        return await (await info.context.loaders()).payments.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def documents(self, info: Info) -> list[Document]:
        """Issued documents, the oldest first."""
        return await (await info.context.loaders()).documents.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def protocols(self, info: Info) -> list[Annotated[Protocol, strawberry.lazy("server.schema.handover")]]:
        """Hand-over and return protocols, the oldest first."""
        return await (await info.context.loaders()).protocols.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def damages(self, info: Info) -> list[Damage]:
        """Damages that this contract is suspected to have caused."""
        return await (await info.context.loaders()).contract_damages.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def emails(self, info: Info) -> list[Email]:
        """Mails to the customer, the oldest first. Not shown to websites."""
        return await (await info.context.loaders()).emails.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def notes(self, info: Info) -> list[Note]:
        """Remarks of staff, the oldest first. Not shown to websites."""
        return await (await info.context.loaders()).notes.load(_any(self).id)  # type: ignore[return-value]

    @strawberry.field
    async def flags(self, info: Info) -> list[ContractFlag]:
        """What a clerk should look at."""
        row = _any(self)
        loaders = await info.context.loaders()
        deposit = await loaders.deposit.load(row.id)
        at_risk = await loaders.at_risk.load(row.id)
        return attention.flags(row, deposit, at_risk=at_risk, now=info.context.now)

    @strawberry.field
    async def history(self, info: Info) -> list[HistoryEntry]:
        """Who did what, the oldest first. Not shown to websites."""
        return await (await info.context.loaders()).history.load(_any(self).id)  # type: ignore[return-value]


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


@api_input
class DriverInput:
    """Somebody who may drive."""

    role: DriverRole = DriverRole.DRIVER
    """What the person is to the contract."""
    first_name: str
    """First name."""
    last_name: str
    """Last name."""
    birth_date: date | None = None
    """Date of birth; checked against the group's minimum age."""
    licence_number: str | None = None
    """Number of the driving licence."""
    licence_class: str | None = None
    """Class of the driving licence."""
    licence_issued: date | None = None
    """When the licence was issued."""
    licence_valid_until: date | None = None
    """Until when it is valid."""


@api_input
class PaymentInput:
    """How the booking is paid."""

    method: PaymentMethod
    """The way."""
    card_token: str | None = None
    """For STORED_CARD: the card's token at the gateway."""
    success_url: str | None = None
    """For HOSTED_PAGE: where the browser goes after the payment."""
    failure_url: str | None = None
    """For HOSTED_PAGE: where it goes if the payment failed."""
    waiver_reason: str | None = None
    """For WAIVED: why nothing is paid."""


@api_input
class BookVehicleInput:
    """What to book."""

    idempotency_key: UUID
    """Made by you, new for every booking. The same key again returns the first answer and charges nothing."""
    station_id: strawberry.ID
    """Where the car is picked up."""
    return_station_id: strawberry.ID | None = None
    """Where it comes back, if elsewhere."""
    group_id: strawberry.ID
    """The vehicle group."""
    vehicle_id: strawberry.ID | None = None
    """A certain car of the group; any free one if not given."""
    period: PeriodInput
    """From pick-up to return."""
    tariff_code: str | None = None
    """The tariff; the group's newest valid one if not given."""
    kind: ContractKind = ContractKind.RENTAL
    """What the contract is for."""
    customer: CustomerInput
    """Who rents."""
    drivers: list[DriverInput] = strawberry.field(default_factory=list)
    """Who drives. The customer is the renter if no driver is."""
    extras: list[ExtraInput] = strawberry.field(default_factory=list)
    """What is added."""
    workshop: WorkshopReferenceInput | None = None
    """The repair that it belongs to."""
    payer: PayerInput | None = None
    """Somebody else who pays."""
    payment: PaymentInput
    """How it is paid."""
    note: str | None = None
    """A remark for staff."""


@api_type
class FormField:
    """A hidden field of a form."""

    name: str
    """Its name."""
    value: str
    """Its value."""


@api_type
class HostedPaymentForm:
    """A form that the customer's browser posts to the payment page. Card numbers never reach this server."""

    url: str
    """Where to post it."""
    fields: list[FormField]
    """What to post."""
    expires_at: datetime
    """Until when the car is held."""


@api_type
class Booking:
    """A booking: confirmed, or held until the payment page is completed."""

    contract: Contract
    """The contract."""
    payment_form: HostedPaymentForm | None
    """For HOSTED_PAGE: post this from the customer's browser."""


BookVehicleResult = Annotated[
    Booking | NoVehicleAvailable | OutsideOpeningHours | PaymentDeclined | Rejection,
    strawberry.union("BookVehicleResult", description="The booking, or why not."),
]
ContractResult = Annotated[
    Contract | InvalidTransition | VersionConflict | PaymentDeclined | Rejection,
    strawberry.union("ContractResult", description="The contract, or why not."),
]


def _any(source: Any) -> Any:
    return source
