"""The plan's contracts as booking requests."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from server.models import Station, VehicleGroup
from server.models.contract import ChosenExtra, ContractKind, DriverRole
from server.models.payment import PaymentMethod
from server.sandbox import demo_company
from server.sandbox.demo_people import CUSTOMERS
from server.sandbox.demo_plan import DemoContract
from server.services.booking.plan import BookingRequest, PaymentChoice, WorkshopReference

CARD = "tok-approved"


def request_of(
    plan: DemoContract,
    stations: dict[str, Station],
    groups: dict[str, VehicleGroup],
    start: datetime,
    end: datetime,
    now: datetime,
) -> BookingRequest:
    """What the customer or the clerk asked for."""
    today = now.astimezone(ZoneInfo(demo_company.TIME_ZONE)).date()
    customer = CUSTOMERS[plan.customer]
    drivers = [customer.driver(today, DriverRole.RENTER)]
    if plan.co_driver is not None:
        drivers.append(CUSTOMERS[plan.co_driver].driver(today, DriverRole.DRIVER))
    waived = _reason_to_waive(plan)
    return BookingRequest(
        key=uuid4(),
        station_id=stations[plan.station].id,
        return_station_id=stations[plan.return_station].id if plan.return_station else None,
        group_id=groups[plan.group].id,
        vehicle_id=None,
        fixed_vehicle=False,
        start=start,
        end=end,
        quote_id=None,
        tariff_code=None,
        kind=plan.kind,
        customer=customer.details(today),
        drivers=tuple(drivers),
        extras=tuple(ChosenExtra(code, quantity) for code, quantity in plan.extras),
        workshop=WorkshopReference(order_number=plan.workshop_order) if plan.workshop_order else None,
        payer=None,
        payment=PaymentChoice(PaymentMethod.WAIVED, waiver_reason=waived)
        if waived
        else PaymentChoice(PaymentMethod.STORED_CARD, card_token=CARD),
        note=plan.note,
    )


def _reason_to_waive(plan: DemoContract) -> str | None:
    """Why nothing is paid at booking: a regular customer of the workshop, or a test drive."""
    if plan.kind is ContractKind.COURTESY:
        return "Stammkunde der Werkstatt, keine Kaution"
    if plan.kind is ContractKind.TEST_DRIVE:
        return "Probefahrt"
    return None
