"""What is asked of a shop: bookings, hand-overs and returns, with plain values where a test names none."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from datetime import datetime, time
from typing import Any
from uuid import uuid4

from server.models import Contract, Driver
from server.models.contract import ContractKind
from server.models.customer import CustomerDetails
from server.models.fleet import Cleanliness
from server.models.opening_times import Weekday
from server.models.payment import PaymentMethod
from server.models.recipient import PostalAddress
from server.models.staff import Role
from server.models.tariff import Bundle, BundleUnit, WeekMoment
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.booking import saga
from server.services.booking.plan import BookingRequest, PaymentChoice
from server.services.handover import exchange
from server.services.handover.report import ConditionReport, HandoverReport
from server.services.payments import deposits
from tests.builders.rows import Shop
from tests.services.samples import DAY as A_DAY
from tests.services.samples import KOMPAKT, at

_numbers = itertools.count(1)
FRIDAY, MONDAY = WeekMoment(Weekday.FRIDAY, time(16)), WeekMoment(Weekday.MONDAY, time(9))
CHEAP_WEEKEND = replace(
    KOMPAKT,
    bundles=(replace(A_DAY, price_cents=8_000), Bundle(BundleUnit.WEEKEND, 3, 5_000, 500, FRIDAY, MONDAY)),
)
"""A weekend costs less than the day that is paid in advance."""


def customer(**more: Any) -> CustomerDetails:
    values: dict[str, Any] = {
        "first_name": "Anna",
        "last_name": "Beispiel",
        "email": f"kunde{next(_numbers)}@example.com",
        "address": PostalAddress(street="Hauptstr. 1", postcode="10115", city="Berlin"),
    }
    return CustomerDetails(**(values | more))


def request(shop: Shop, start: datetime, end: datetime, **more: Any) -> BookingRequest:
    """A rental paid with a stored card that always works. What belongs to the payment is given by its own name."""
    payment: dict[str, Any] = {"method": PaymentMethod.STORED_CARD, "card_token": "tok-approved"}
    payment |= {field.name: more.pop(field.name) for field in fields(PaymentChoice) if field.name in more}
    values: dict[str, Any] = {
        "key": uuid4(),
        "station_id": shop.station.id,
        "return_station_id": None,
        "group_id": shop.group.id,
        "vehicle_id": None,
        "fixed_vehicle": False,
        "start": start,
        "end": end,
        "quote_id": None,
        "tariff_code": None,
        "kind": ContractKind.RENTAL,
        "customer": customer(),
        "drivers": (),
        "extras": (),
        "workshop": None,
        "payer": None,
        "payment": PaymentChoice(**payment),
        "note": None,
    }
    return BookingRequest(**(values | more))


async def book(shop: Shop, start: datetime, end: datetime, *, role: Role = Role.CLERK, **more: Any) -> Contract:
    """The contract of a booking that must succeed."""
    contract_id = await saga.book(shop.bench.outside, shop.somebody(role), request(shop, start, end, **more))
    return await shop.bench.contract(contract_id)


def report(contract: Contract, at: datetime, km: int, more: dict[str, Any]) -> HandoverReport:
    """A protocol with a full tank and a reason instead of a signature, unless told otherwise."""
    condition: dict[str, Any] = {
        "odometer_km": km,
        "fuel_eighths": more.pop("fuel", 8),
        "state_of_charge_percent": more.pop("charge", None),
        "cleanliness_inside": Cleanliness.CLEAN,
        "cleanliness_outside": Cleanliness.CLEAN,
    }
    values: dict[str, Any] = {
        "protocol_id": uuid4(),
        "contract_id": contract.id,
        "occurred_at": at,
        "condition": ConditionReport(**condition),
        "accessories": (),
        "damages": (),
        "photos": (),
        "signature_sha256": None,
        "signature_missing_reason": "test",
        "remarks": None,
        "override_reason": None,
    }
    return HandoverReport(**(values | more))


async def check_out(shop: Shop, contract: Contract, *, km: int = 10_000, **more: Any) -> None:
    """The car goes out now."""
    bench, yard = shop.bench, shop.somebody(Role.YARD)
    drivers = tuple(str(driver.id) for driver in await bench.all(Driver, contract_id=contract.id))
    said = report(contract, bench.now, km, {"licence_checked_driver_ids": drivers, **more})
    async with bench.outside.database.transaction(yard.scope) as session:
        await exchange.check_out(session, said, Acting(bench.now, yard))


async def check_in(shop: Shop, contract: Contract, *, km: int = 10_100, **more: Any) -> None:
    """The car comes back now."""
    bench, yard = shop.bench, shop.somebody(Role.YARD)
    async with bench.outside.database.transaction(yard.scope) as session:
        await exchange.check_in(session, report(contract, bench.now, km, more), Acting(bench.now, yard))


async def rented(shop: Shop, start: datetime, end: datetime, *, km: int = 100, **more: Any) -> Contract:
    """Booked, out at the start, back at the end or at `back`; not billed yet."""
    back, bench = more.pop("back", end), shop.bench
    going, coming = more.pop("out", {}), more.pop("back_with", {})
    contract = await book(shop, start, end, **more)
    bench.clock.move_to(start)
    await check_out(shop, contract, **going)
    bench.clock.move_to(back)
    await check_in(shop, contract, km=10_000 + km, **coming)
    return await bench.contract(contract.id)


async def weekend_after_all(shop: Shop) -> Contract:
    """Booked until Monday noon with 80.00 in advance; back before nine it was a weekend for 50.00."""
    bench, friday = shop.bench, at("2026-09-11 17:00")
    contract = await book(shop, friday, at("2026-09-14 12:00"))
    bench.clock.move_to(friday)
    await deposits.place(bench.outside, contract.id)
    await check_out(shop, contract)
    bench.clock.move_to(at("2026-09-14 08:30"))
    await check_in(shop, contract)
    await invoice.bill(bench.outside, contract.id)
    return contract
