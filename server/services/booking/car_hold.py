"""A car held for a booking: taken, with everything that belongs to it; then confirmed, or free again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from server.database import Session
from server.errors import NoVehicleAvailable
from server.jobs import enqueue
from server.models import Contract, Customer, Deposit, Note, Station, Vehicle
from server.models.columns import uuid7
from server.models.contract import ContractSource, ContractState
from server.models.contract_parts import HistoryAction
from server.models.job import JobKind, OfContract
from server.models.occupancy import OccupancyKind
from server.models.payment import DepositState, PaymentKind, PaymentMethod, Purpose
from server.models.staff import Role
from server.security import Principal, Sealer
from server.services import validation
from server.services.acting import Acting
from server.services.booking import bookable, confirmation, expiry, free_cars, idempotency, reassignment, website
from server.services.booking.alternatives import alternatives
from server.services.booking.plan import (
    BookingRequest,
    PaymentChoice,
    Plan,
    WorkshopReference,
    plan_of,
)
from server.services.contract import contracts, history, keeping, no_shows
from server.services.fleet import occupancies, vehicles
from server.services.mail import parts
from server.services.payments import attempts, deposits, hosted_page, stored_cards
from server.services.payments.attempts import Move
from server.services.payments.hosted_page import Way
from server.services.people import customers

HELD_FOR = timedelta(minutes=15)


async def hold(
    session: Session,
    seal: Sealer,
    principal: Principal,
    request: BookingRequest,
    visible: dict[UUID | None, Station],
    now: datetime,
) -> Contract:
    """Checks a request and holds a car for it, with everything that belongs to the booking. `visible` are the stations
    that the caller sees. Raises the refusals of `bookVehicle`.
    """
    policy = await website.policy_of(session, principal)
    plan = await plan_of(session, principal, policy, request, visible, seal, now)
    customer, review = await customers.match(
        session, plan.customer, station_id=plan.station.id, source=_source(principal).value, now=now
    )
    contract = _contract(principal, request, plan, customer, review, now)
    await _take_vehicle(session, contract, request, plan, visible, now)
    await website.check_holds(session, policy, contract, now)
    await _write_parts(session, contract, request, plan, Acting(now, principal))
    if not _needs_payment(contract, plan):
        await confirm(session, contract, now)
    elif request.payment.method is PaymentMethod.HOSTED_PAGE:
        await _open_page(session, contract, request, plan, now)
    await idempotency.attach(session, str(principal.id), request.key, contract.id)
    if contract.state is ContractState.RESERVED or request.payment.method is PaymentMethod.HOSTED_PAGE:
        await idempotency.finish(session, contract.id)
    return contract


def _source(principal: Principal) -> ContractSource:
    if principal.role is Role.WEB:
        return ContractSource.WEBSITE
    return ContractSource.TABLET if principal.role is Role.YARD else ContractSource.STAFF


def _contract(
    principal: Principal, request: BookingRequest, plan: Plan, customer: Customer, review: bool, now: datetime
) -> Contract:
    number = contracts.new_number(plan.station.code)
    return Contract(
        id=uuid7(),
        number=number,
        kind=request.kind,
        state=ContractState.HELD,
        language=plan.customer.language,
        group_id=plan.group.id,
        **_places(plan),
        **_agreed(plan),
        vehicle_fixed=request.fixed_vehicle,
        agreed_after_hours=bookable.is_after_hours(plan.slot),
        starts_at=request.start,
        ends_at=request.end,
        customer_id=customer.id,
        customer_json=plan.customer.as_json(),
        customer_review=review,
        payer_json=parts.checked_payer(request.payer, ("input", "payer")).as_json() if request.payer else None,
        **_workshop(request.workshop or WorkshopReference()),
        extras_json=[extra._asdict() for extra in plan.extras],
        payment_method=request.payment.method.value,
        waiver_reason=validation.optional_text(
            request.payment.waiver_reason, ("input", "payment", "waiver_reason"), longest=500
        ),
        source=_source(principal),
        client_id=principal.client_id,
        created_by=principal.name,
        created_at=now,
        state_since=now,
        held_until=now + HELD_FOR,
    )


def _places(plan: Plan) -> dict[str, Any]:
    return {
        "station_id": plan.station.id,
        "station_code": plan.station.code,
        "station_name": plan.station.name,
        "return_station_id": plan.slot.back_at.id,
        "return_station_code": plan.slot.back_at.code,
        "return_station_name": plan.slot.back_at.name,
    }


def _agreed(plan: Plan) -> dict[str, Any]:
    return {
        "tariff_id": plan.tariff.tariff_id,
        "terms_json": plan.tariff.snapshot,
        "tariff_hash": plan.tariff.sha256,
        "price_json": plan.price.as_json(),
        "total_cents": plan.price.total_cents,
        "prepay_cents": plan.prepay_cents,
        "deductible_cents": plan.group.deductible_cents,
    }


def _workshop(named: WorkshopReference) -> dict[str, Any]:
    """The repair that the booking belongs to, as columns of the contract."""
    field = ("input", "workshop")
    return {
        "workshop_order_number": validation.optional_text(named.order_number, (*field, "order_number"), longest=60),
        "workshop_appointment_at": named.appointment_at,
        "workshop_plate": validation.noted_plate(named.customer_plate, (*field, "customer_plate")),
        "workshop_vin": validation.noted_vin(named.customer_vin, (*field, "customer_vin")),
    }


async def _take_vehicle(
    session: Session,
    contract: Contract,
    request: BookingRequest,
    plan: Plan,
    visible: dict[UUID | None, Station],
    now: datetime,
) -> None:
    """Finds a free car, or makes room on one, and occupies it with the contract, which is written here;
    NoVehicleAvailable otherwise.
    """
    await expiry.expire_due(session, plan.station.id, now)
    found = await free_cars.candidates(session, plan.slot, plan.group.id, now)
    if request.vehicle_id is not None:
        found = [vehicle_id for vehicle_id in found if vehicle_id == request.vehicle_id]
    for vehicle_id in found:
        if await _try_vehicle(session, contract, vehicle_id, plan):
            return
    room = await reassignment.make_room(session, plan.slot, plan.group.id, now, only=request.vehicle_id)
    if room is not None and await _try_vehicle(session, contract, room, plan):
        return
    others = [station for station in visible.values() if station.id != plan.station.id]
    instead = await alternatives(session, plan.slot, plan.group, others, now=now, fits=plan.fits)
    message = bookable.none_free(plan.group, plan.station)
    raise NoVehicleAvailable(message, alternatives=instead, field=["input", "group_id"])


async def _try_vehicle(session: Session, contract: Contract, vehicle_id: UUID, plan: Plan) -> bool:
    """Locks a candidate and takes it if it still is free. A savepoint, so that a car not taken is not kept locked."""
    until = contract.ends_at + plan.station.turnaround
    savepoint = await session.begin_nested()
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=True)
    still_here = vehicle is not None and vehicle.station_id == plan.station.id and vehicles.is_rentable(vehicle)
    if (
        vehicle is None
        or not still_here
        or await occupancies.overlapping(session, vehicle.id, contract.starts_at, until, contract.created_at)
    ):
        await savepoint.rollback()
        return False
    contract.vehicle_id = vehicle.id
    occupancies.leave(vehicle, contract)
    contract.search_text = parts.search_text(contract, vehicle)
    await session.store(contract, vehicle)
    turnaround = plan.station.turnaround_minutes
    await occupancies.occupy_contract(session, vehicle, contract, OccupancyKind.HELD, turnaround)
    await savepoint.commit()
    return True


async def _write_parts(
    session: Session, contract: Contract, request: BookingRequest, plan: Plan, acting: Acting
) -> None:
    now, payment = acting.now, request.payment
    await session.store(*(driver.row(contract) for driver in plan.drivers), _deposit(contract, plan, payment, now))
    if payment.method is PaymentMethod.STORED_CARD:
        await stored_cards.keep(session, contract, payment.card_token, now=now)
    if request.note:
        text = validation.text(request.note, ("input", "note"), longest=4000, multiline=True)
        await session.store(
            Note(
                contract_id=contract.id,
                station_id=contract.station_id,
                text=text,
                author=acting.name,
                created_at=now,
            )
        )
    await history.record(session, contract, HistoryAction.BOOKED, acting.because(contract.waiver_reason))
    about = OfContract(contract.id)
    await enqueue(session, JobKind.EXPIRE_CAR_HOLD, about, key=f"expire:{contract.id}", now=now, due_at=now + HELD_FOR)
    await keeping.look_after(session, contract.id, now=now)
    # Comes back to the saga if this process dies after the commit.
    await enqueue(
        session, JobKind.DRIVE_BOOKING, about, key=f"drive:{contract.id}", now=now, due_at=now + attempts.RECOVER_AFTER
    )


def _deposit(contract: Contract, plan: Plan, payment: PaymentChoice, now: datetime) -> Deposit:
    waived = payment.method is PaymentMethod.WAIVED or plan.group.deposit_cents == 0
    return Deposit(
        contract_id=contract.id,
        station_id=contract.station_id,
        state=DepositState.WAIVED if waived else DepositState.NONE,
        amount_cents=plan.group.deposit_cents,
        due_at=deposits.due_at(contract.starts_at, now),
    )


def _needs_payment(contract: Contract, plan: Plan) -> bool:
    if contract.payment_method == PaymentMethod.WAIVED:
        return False
    return contract.prepay_cents > 0 or plan.group.deposit_cents > 0


async def _open_page(session: Session, contract: Contract, request: BookingRequest, plan: Plan, now: datetime) -> None:
    """The payment page takes the day's price; where nothing is due now, it places the deposit."""
    move = Move(PaymentKind.SALE, Purpose.ADVANCE, contract.prepay_cents, "D1", on_page=True)
    if contract.prepay_cents == 0:
        move = Move(PaymentKind.HOLD, Purpose.DEPOSIT, plan.group.deposit_cents, "H1", on_page=True)
    payment = await attempts.prepare(session, contract, move, now=now)
    paid = request.payment
    way = Way(paid.success_url or "", paid.failure_url or "", contract.held_until or now)
    await hosted_page.open_page(session, contract, payment, way, now=now)


async def confirm(session: Session, contract: Contract, now: datetime) -> None:
    """The booking has come about: advance invoice, mail, and the deposit in time."""
    await occupancies.set_kind(session, contract.id, OccupancyKind.RESERVED)
    contract.held_until, contract.confirmed_at = None, now
    await contracts.move(session, contract, ContractState.RESERVED, Acting(now))
    await session.refresh(contract, ["paid_cents"])
    await confirmation.confirm_booking(session, contract, now=now)
    await deposits.schedule(session, contract, now=now)
    await no_shows.plan(session, contract, now=now)
