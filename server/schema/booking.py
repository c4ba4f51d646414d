"""The booking that makes a contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import strawberry

from server.models import Contract as ContractRow
from server.models.contract import ContractKind
from server.models.payment import PaymentMethod
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.contract import Contract
from server.schema.contract_parts import DriverInput, WorkshopReferenceInput
from server.schema.customer import CustomerInput
from server.schema.document import PayerInput
from server.schema.instants import local
from server.schema.quote import ExtraInput
from server.schema.shared import PeriodInput, row_of
from server.services.booking.plan import BookingRequest, PaymentChoice
from server.services.lists.search import only
from server.services.payments import hosted_page
from server.services.validation import as_uuid

api_enum(PaymentMethod)


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

    def given(self) -> PaymentChoice:
        """As the services take it."""
        return PaymentChoice(self.method, self.card_token, self.success_url, self.failure_url, self.waiver_reason)


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

    def given(self) -> BookingRequest:
        """As the services take it."""
        return BookingRequest(
            key=self.idempotency_key,
            station_id=as_uuid(self.station_id),
            return_station_id=only(self.return_station_id),
            group_id=as_uuid(self.group_id),
            vehicle_id=only(self.vehicle_id),
            fixed_vehicle=self.vehicle_id is not None,
            start=self.period.start,
            end=self.period.end,
            tariff_code=self.tariff_code,
            kind=self.kind,
            customer=self.customer.given(),
            drivers=tuple(driver.given() for driver in self.drivers),
            extras=tuple(extra.given() for extra in self.extras),
            workshop=self.workshop.given() if self.workshop else None,
            payer=self.payer.given() if self.payer else None,
            payment=self.payment.given(),
            note=self.note,
        )


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


@dataclass(frozen=True)
class BookingMade:
    """A booked contract."""

    contract: ContractRow


@row_type(BookingMade)
class Booking:
    """A booking: confirmed, or held until the payment page is completed."""

    contract: Contract
    """The contract."""

    @strawberry.field
    async def payment_form(self, info: Info) -> HostedPaymentForm | None:
        """For HOSTED_PAGE: post this from the customer's browser."""
        row: BookingMade = row_of(self)
        opened = await hosted_page.form_of(info.context.outside, row.contract.id)
        if opened is None:
            return None
        form, expires_at = opened
        fields = [FormField(name=name, value=value) for name, value in form.fields.items()]
        until = await local(row.contract, expires_at, info.context)
        return HostedPaymentForm(url=form.url, fields=fields, expires_at=until)
