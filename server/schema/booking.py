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
from server.schema.instants import local
from server.schema.payer import PayerInput
from server.schema.quote import ExtraInput
from server.schema.shared import PeriodInput, row_of
from server.services.booking.plan import BookingRequest, PaymentChoice
from server.services.booking.reassignment import Reassignment as ReassignmentFound
from server.services.lists.search import only
from server.services.payments import hosted_page
from server.services.validation import as_uuid

api_enum(PaymentMethod)


@api_input
class PaymentInput:
    """How the booking is paid."""

    method: PaymentMethod
    """Which way it is paid: payment page, stored card, or not at all."""
    card_token: str | None = None
    """For STORED_CARD: the card's token at the gateway, up to 100 characters; not one of another customer's page."""
    success_url: str | None = None
    """For HOSTED_PAGE: web address where the browser goes after the payment."""
    failure_url: str | None = None
    """For HOSTED_PAGE: web address where the browser goes if the payment failed."""
    waiver_reason: str | None = None
    """For WAIVED: why nothing is paid, up to 500 characters; needed then."""

    def given(self) -> PaymentChoice:
        """As the services take it."""
        return PaymentChoice(self.method, self.card_token, self.success_url, self.failure_url, self.waiver_reason)


@api_input
class BookVehicleInput:
    """A booking: where, when, which group, for whom, and how it is paid."""

    idempotency_key: UUID
    """Made by you, new for every booking. The same key again returns the first answer and charges nothing."""
    station_id: strawberry.ID
    """Station where the car is picked up."""
    return_station_id: strawberry.ID | None = None
    """Station where it comes back; the one of the pick-up if not given."""
    group_id: strawberry.ID
    """Vehicle group of the car."""
    vehicle_id: strawberry.ID | None = None
    """A certain car of the group, or none is booked; any free one if not given."""
    period: PeriodInput
    """From the planned check-out to the planned check-in: starts within 365 days, lasts up to 365 days."""
    quote_id: strawberry.ID | None = None
    """The id of a quote for this station, group, period and kind: its terms count, until its `validUntil`."""
    tariff_code: str | None = None
    """The tariff; the quote's, else the group's newest valid one, if not given."""
    kind: ContractKind = ContractKind.RENTAL
    """What the car is rented for; the rental itself is free unless this is RENTAL. Websites: as their policy allows."""
    customer: CustomerInput
    """Who rents the car and gets the mails."""
    drivers: list[DriverInput] = strawberry.field(default_factory=list)
    """Who may drive, each person once. If none of them is the RENTER, the customer is: named among them, or added."""
    extras: list[ExtraInput] = strawberry.field(default_factory=list)
    """Extras that are wanted; ADDITIONAL_DRIVER, ONE_WAY and AFTER_HOURS come by themselves."""
    workshop: WorkshopReferenceInput | None = None
    """The repair during which the car replaces the customer's own; a website needs its number for a COURTESY."""
    payer: PayerInput | None = None
    """Who pays instead of the customer; gets the documents, and no advance is taken: the customer's card gives the
    deposit and no more. Websites: only if their policy allows it.
    """
    payment: PaymentInput
    """How the advance is paid and the deposit placed."""
    note: str | None = None
    """A remark for staff, up to 4000 characters; kept as the contract's first note."""

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
            quote_id=self.quote_id,
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
    """Name of the hidden field."""
    value: str
    """Value of the hidden field, to be sent as it is."""


@api_type
class HostedPaymentForm:
    """A form that the customer's browser posts to the payment page. Card numbers never reach this server."""

    url: str
    """Address of the payment page, to which the form is posted."""
    fields: list[FormField]
    """The hidden fields to post, all of them and unchanged."""
    expires_at: datetime
    """Until when the car is held for the payment: fifteen minutes from the booking."""


@dataclass(frozen=True)
class BookingMade:
    """A booked contract."""

    contract: ContractRow


@row_type(BookingMade)
class Booking:
    """A booking: confirmed, or held until the payment page is completed."""

    contract: Contract
    """The contract: RESERVED, or HELD until the payment page is completed."""

    @strawberry.field
    async def payment_form(self, info: Info) -> HostedPaymentForm | None:
        """For HOSTED_PAGE: post this from the customer's browser. Null if nothing is left to be paid there."""
        row: BookingMade = row_of(self)
        opened = await hosted_page.form_of(info.context.outside, row.contract.id)
        if opened is None:
            return None
        form, expires_at = opened
        fields = [FormField(name=name, value=value) for name, value in form.fields.items()]
        until = await local(row.contract, expires_at, info.context)
        return HostedPaymentForm(url=form.url, fields=fields, expires_at=until)


@row_type(ReassignmentFound)
class Reassignment:
    """Which contracts got another car, and which could not be served."""

    moved: list[Contract]
    """Contracts with another car than before: those at risk that are served now, and those that made room for them."""
    unserved: list[Contract]
    """Contracts at risk that stay so: no car is free for them, their car was chosen by name, or somebody else has them
    in hands right now."""
