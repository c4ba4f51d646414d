"""What belongs to a contract: drivers, the cars that were driven, extras, the repair, notes, history, tariff."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from server import batches
from server.models import Contract as ContractRow
from server.models import Driver as DriverRow
from server.models import HistoryEntry as HistoryRow
from server.models import Note as NoteRow
from server.models import VehicleLeg as LegRow
from server.models.contract import (
    DriverRole,
)
from server.schema.building import api_enum, api_input, api_type, row_type
from server.schema.fleet import Vehicle
from server.schema.instants import instant_of
from server.schema.related import later, related
from server.schema.shared import row_of
from server.schema.tariff import Extra, Tariff
from server.services.booking.plan import WorkshopReference as WorkshopRequest
from server.services.people.drivers import DriverDetails

api_enum(DriverRole)


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

    def given(self) -> DriverDetails:
        """As the services take it."""
        return DriverDetails(
            role=self.role,
            first_name=self.first_name,
            last_name=self.last_name,
            birth_date=self.birth_date,
            licence_number=self.licence_number,
            licence_class=self.licence_class,
            licence_issued=self.licence_issued,
            licence_valid_until=self.licence_valid_until,
        )


@row_type(LegRow)
class VehicleLeg:
    """One vehicle's part of a contract."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The vehicle."""

    from_ = strawberry.field(resolver=instant_of("from_at"), graphql_type=datetime, name="from")
    """When it was handed over."""

    to = strawberry.field(resolver=instant_of("to_at"), graphql_type=datetime | None)
    """When it came back."""

    check_out = related(later("protocol.Protocol") | None, batches.protocol, by="check_out_id")
    """The protocol of the hand-over."""

    check_in = related(later("protocol.Protocol") | None, batches.protocol, by="check_in_id")
    """The protocol of the return."""


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

    def given(self) -> WorkshopRequest:
        """As the services take it."""
        return WorkshopRequest(
            order_number=self.order_number,
            appointment_at=self.appointment_at,
            customer_plate=self.customer_plate,
            customer_vin=self.customer_vin,
        )


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


@row_type(ContractRow)
class TariffSnapshot:
    """The tariff as frozen at booking, edits included."""

    @strawberry.field
    def code(self) -> str:
        """Its code."""
        row: ContractRow = row_of(self)
        return row.terms.code

    tariff = related(Tariff, batches.tariff, by="tariff_id")
    """The price list that it was taken from; that may have changed since."""

    @strawberry.field
    def edits(self) -> list[TariffEdit]:
        """What was changed on this contract."""
        return []
