"""What belongs to a contract: drivers, the cars that were driven, extras, the repair, notes, history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from server import batches
from server.models import Contract as ContractRow
from server.models import Driver as DriverRow
from server.models import HistoryEntry as HistoryRow
from server.models import Note as NoteRow
from server.models import Vehicle as VehicleRow
from server.models import VehicleLeg as LegRow
from server.models.contract import (
    DriverRole,
)
from server.schema.building import Info, api_enum, api_input, api_type, row_type
from server.schema.fleet import Vehicle
from server.schema.instants import instant_of
from server.schema.paging import check_first
from server.schema.related import later, related
from server.schema.tariff import Extra
from server.services.booking.plan import WorkshopReference as WorkshopRequest
from server.services.people.drivers import DriverDetails

api_enum(DriverRole)


@row_type(DriverRow)
class Driver:
    """Somebody who may drive the car of a contract."""

    id: strawberry.ID
    """The driver's id, for `licenceCheckedDriverIds` of a check-out."""
    role: DriverRole
    """Whether this is the renter, a co-renter or only a driver."""
    first_name: str
    """First name of the driver; empty if the booking named none."""
    last_name: str
    """Last name of the driver."""
    birth_date: date | None
    """Date of birth; null if not given, then the group's minimum age cannot be checked."""
    licence_number: str | None
    """Number of the driving licence; null if not given."""
    licence_class: str | None
    """Class of the driving licence, for example B; null if not given."""
    licence_issued: date | None
    """Day on which the licence was issued; null if not given."""
    licence_valid_until: date | None
    """Last day on which the licence is valid; null if not given."""
    checked_at: datetime | None
    """When staff last saw the original licence; null until then. Without it the car is not handed over."""
    checked_by: str | None
    """Name of the member of staff who saw the licence; null until then."""


@api_input
class DriverInput:
    """Somebody who may drive the car of a contract."""

    role: DriverRole = DriverRole.DRIVER
    """What the person is to the contract, which has one RENTER at most."""
    first_name: str
    """First name, 1 to 100 characters."""
    last_name: str
    """Last name, 1 to 100 characters."""
    birth_date: date | None = None
    """Date of birth; if given, the group's minimum age must be reached on the first day of the rental."""
    licence_number: str | None = None
    """Number of the driving licence, up to 40 characters."""
    licence_class: str | None = None
    """Class of the driving licence, for example B, up to 20 characters; not compared with the car."""
    licence_issued: date | None = None
    """Day of issue; if given, the licence must be as old on the first day as the group asks for."""
    licence_valid_until: date | None = None
    """Last day on which the licence is valid; if given, not before the day of the planned return."""

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
    """The car of this part of the rental."""

    from_ = strawberry.field(resolver=instant_of("from_at"), graphql_type=datetime, name="from")
    """When the car was handed over, by its protocol."""

    to = strawberry.field(resolver=instant_of("to_at"), graphql_type=datetime | None)
    """When the car came back, or its key was dropped; null while it is out."""

    check_out = related(later("protocol.Protocol") | None, batches.protocol, by="check_out_id")
    """The check-out protocol of this car."""

    check_in = related(later("protocol.Protocol") | None, batches.protocol, by="check_in_id")
    """The check-in protocol of this car; null while it is out."""


@row_type(LegRow)
class VehicleUse:
    """Who had a car at a moment: what an authority asks for."""

    vehicle = related(Vehicle, batches.vehicle, by="vehicle_id")
    """The car that was asked for."""

    contract = related(later("contract.Contract"), batches.contract, by="contract_id")
    """The contract with which the car was out."""

    driver = related(Driver, batches.main_driver_of_contract, by="contract_id")
    """Who is named as driver: the renter, if there are several; `contract` names the others."""

    from_ = strawberry.field(resolver=instant_of("from_at"), graphql_type=datetime, name="from")
    """When the car was handed over to the customer."""

    to = strawberry.field(resolver=instant_of("to_at"), graphql_type=datetime | None)
    """When it came back, or its key was dropped; null while it is out."""


@api_type
class ContractExtra:
    """An extra that was asked for."""

    extra: Extra
    """The extra, with its frozen price."""
    quantity: int
    """How many pieces were booked, 1 to 99."""


@api_type
class WorkshopReference:
    """The repair that a replacement car belongs to."""

    order_number: str | None
    """Number of the workshop order; null if not given."""
    appointment_at: datetime | None
    """When the customer's own car is due at the workshop; null if not given."""
    customer_plate: str | None
    """Number plate of the customer's own car: in its usual form, or as it was typed; null if not given."""
    customer_vin: str | None
    """VIN of the customer's own car, or what was typed instead; null if not given."""


@api_input
class WorkshopReferenceInput:
    """The repair that a replacement car belongs to."""

    order_number: str | None = None
    """Number of the workshop order, up to 60 characters; contracts can be searched by it."""
    appointment_at: datetime | None = None
    """When the customer's own car is due at the workshop; not compared with the rental's period."""
    customer_plate: str | None = None
    """Number plate of the customer's own car, up to 40 characters. A remark: what is no plate is kept as typed."""
    customer_vin: str | None = None
    """VIN of the customer's own car, up to 40 characters. A remark, whatever its length: old cars have shorter ones."""

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
    """A remark of staff on a contract."""

    id: strawberry.ID
    """Id of the note, which is never changed."""
    text: str
    """What the note says, line breaks included."""
    author: str
    """Name of the user or website that wrote it."""
    created_at: datetime
    """When the note was written."""


@row_type(HistoryRow)
class HistoryEntry:
    """Who did what to a contract, when and why. Never changed."""

    at: datetime
    """When it was done, by the server's clock."""
    actor: str
    """Name of the user or website that did it; "System" for what happens by itself."""
    approved_by: str | None
    """Name of the manager who approved it because the actor may not decide it alone; null if nobody had to."""
    action: str
    """What was done, as a code such as BOOKED, STATE_RESERVED or DRIVER_ADDED."""
    reason: str | None
    """Why it was done, as a person or the system put it; null if nothing was said."""
    before: str | None
    """What was there before, for example the earlier state; null if there was nothing to name."""
    after: str | None
    """What is there since, for example the new state or the driver's name; null if there is nothing to name."""


def cars_asked_for(
    root: ContractRow,
    info: Info,
    first: Annotated[int, strawberry.argument(description="How many at most, 1 to 100.")] = 5,
) -> tuple[UUID, int, datetime] | None:
    """A contract and how many cars for it are asked for; None for websites."""
    most = check_first(first)
    return None if info.context.is_website else (root.id, most, info.context.now)


def each_or_none(_row: ContractRow, found: list[VehicleRow] | None) -> list[VehicleRow]:
    """What was found, if anything was looked for."""
    return found or []
