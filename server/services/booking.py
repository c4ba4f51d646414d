"""Booking: hold a car, take the day's price and the deposit, confirm. A saga that survives being killed anywhere.

1. One transaction checks everything and holds a car for fifteen minutes.
2. `drive` makes the payments, one committed attempt at a time.
3. One transaction confirms with the advance invoice and the mail, or cancels and gives back what was taken.

`drive` looks only at what is stored, so that the request, the recovery job and the payment page can all call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from server.database import SYSTEM, Session, sql_state
from server.errors import InvalidInput, NoVehicleAvailable, PaymentDeclined, ProblemCode, Refused
from server.jobs import enqueue
from server.models import (
    Company,
    Contract,
    Customer,
    Deposit,
    Driver,
    Note,
    Payment,
    Station,
    StoredCard,
    Tariff,
    Vehicle,
    VehicleGroup,
)
from server.models.columns import Json, uuid7
from server.models.contract import ContractKind, ContractSource, ContractState, DriverRole
from server.models.occupancy import OccupancyKind
from server.models.payment import DepositState, PaymentKind, PaymentMethod, PaymentState, Purpose
from server.models.staff import Role
from server.models.tariff import TariffTerms, terms_of
from server.security import Principal
from server.services import (
    availability,
    contracts,
    customers,
    deposits,
    fleet,
    history,
    hosted_page,
    idempotency,
    occupancies,
    papers,
    paperwork,
    payments,
    pricing,
    readiness,
    stations,
    tariffs,
    validation,
)
from server.services.outside import Outside
from server.services.pricing import Facts, PriceBreakdown, UnknownExtra

HELD_FOR = timedelta(minutes=15)
PERIOD = ("input", "period")
_LOCK_TRIES = 3


@dataclass(frozen=True)
class BookingRequest:
    """What a caller asks for, with plain values. `customer`, `drivers`, `workshop`, `payer` as the API's inputs."""

    key: UUID
    station_id: UUID | None
    return_station_id: UUID | None
    group_id: UUID | None
    vehicle_id: UUID | None
    fixed_vehicle: bool
    start: datetime
    end: datetime
    tariff_code: str | None
    kind: ContractKind
    customer: dict[str, Any]
    drivers: list[dict[str, Any]]
    extras: list[tuple[str, int]]
    workshop: dict[str, Any] | None
    payer: dict[str, Any] | None
    method: PaymentMethod
    card_token: str | None
    success_url: str | None
    failure_url: str | None
    waiver_reason: str | None
    note: str | None


@dataclass(frozen=True)
class _Plan:
    """What was found and computed for a request, before anything is written."""

    station: Station
    return_station: Station
    group: VehicleGroup
    tariff: Tariff
    snapshot: Json
    terms: TariffTerms
    price: PriceBreakdown
    prepay_cents: int
    customer: dict[str, Any]
    drivers: list[dict[str, Any]]
    company: Company


async def book(outside: Outside, principal: Principal, request: BookingRequest) -> UUID:
    """Books, and returns the contract's id: RESERVED, or HELD with a payment page open. The same key again: the first
    answer. Raises the refusals of `bookVehicle`; PAYMENT_UNRESOLVED while a payment's outcome is not known.
    """
    request_hash = idempotency.hash_of(request)
    owner = str(principal.id)
    known = await idempotency.find(outside, owner, request.key, request_hash)
    if known is None:
        contract_id = await _hold_with_retries(outside, principal, request, request_hash)
        if contract_id is not None:
            await drive(outside, contract_id)
    return await idempotency.answer(outside, owner, request.key, request_hash)


async def _hold_with_retries(
    outside: Outside, principal: Principal, request: BookingRequest, request_hash: str
) -> UUID | None:
    for attempt in range(_LOCK_TRIES):
        try:
            return await _hold(outside, principal, request, request_hash)
        except DBAPIError as error:
            # Deadlock or serialisation failure: nothing was written, so it may simply be tried again.
            if sql_state(error) not in {"40P01", "40001"} or attempt == _LOCK_TRIES - 1:
                raise
    return None


async def _hold(outside: Outside, principal: Principal, request: BookingRequest, request_hash: str) -> UUID | None:
    """The first transaction. None if another request with the same key was faster: its answer counts."""
    now = outside.clock.now()
    async with outside.database.transaction(principal.scope) as session:
        # Under the caller's own scope: what it may not see does not exist for it.
        visible = await _visible_stations(session, request)
    async with outside.database.transaction(SYSTEM) as session:
        if not await idempotency.begin(session, str(principal.id), request.key, request_hash, now=now):
            return None
        plan = await _plan(session, principal, request, visible, now)
        customer, review = await customers.match(
            session, plan.customer, station_id=plan.station.id, source=_source(principal).value, now=now
        )
        contract = _contract(principal, request, plan, customer, review, now)
        await _take_vehicle(session, contract, request, plan, visible, now)
        await _write_parts(session, contract, request, plan, principal, now)
        if not _needs_payment(contract, plan):
            await _confirm(outside, session, contract, now)
        elif request.method is PaymentMethod.HOSTED_PAGE:
            await _open_page(session, contract, request, plan, now)
        await idempotency.attach(session, str(principal.id), request.key, contract.id)
        if contract.state is ContractState.RESERVED or request.method is PaymentMethod.HOSTED_PAGE:
            await idempotency.finish(session, contract.id)
        return contract.id


async def _visible_stations(session: Session, request: BookingRequest) -> dict[UUID | None, Station]:
    visible: dict[UUID | None, Station] = {station.id: station for station in await stations.visible_stations(session)}
    await stations.get(session, request.station_id, field=("input", "stationId"))
    if request.return_station_id is not None:
        await stations.get(session, request.return_station_id, field=("input", "returnStationId"))
    return visible


async def _plan(
    session: Session, principal: Principal, request: BookingRequest, visible: dict[UUID | None, Station], now: datetime
) -> _Plan:
    station = visible[request.station_id]
    return_station = visible[request.return_station_id or request.station_id]
    availability.check_period(request.start, request.end, now, PERIOD)
    _check_method(principal, request)
    group = await fleet.get_group(session, request.group_id, field=("input", "groupId"))
    today = now.astimezone(ZoneInfo(station.time_zone)).date()
    customer = customers.checked(request.customer, today=today)
    drivers = _checked_drivers(request.drivers, customer)
    _check_eligible(group, drivers, request, ZoneInfo(station.time_zone))
    availability.check_opening(station, return_station, request.start, request.end, PERIOD)
    tariff = await tariffs.applicable(session, group.id, request.tariff_code, today, field=("input",))
    snapshot, _hash = tariffs.freeze(tariff)
    terms = terms_of(snapshot)
    facts = Facts(
        request.kind,
        request.start,
        request.end,
        ZoneInfo(station.time_zone),
        extras=tuple(validation.extras(request.extras, ("input", "extras"))),
        drivers=len(drivers),
        one_way=return_station.id != station.id,
        after_hours=availability.is_after_hours(return_station, request.end),
        language=customer["language"].value.lower(),
    )
    try:
        price = pricing.price(terms, facts)
    except UnknownExtra as error:
        raise InvalidInput(str(error), field=["input", "extras"]) from error
    prepay = (
        0 if request.method is PaymentMethod.WAIVED else pricing.advance_cents(terms, request.kind, price.total_cents)
    )
    company = await stations.require_company(session)
    return _Plan(
        station, return_station, group, tariff, snapshot, terms, price, prepay, customer, drivers, company
    )  # fmt: skip


def _check_method(principal: Principal, request: BookingRequest) -> None:
    field = ["input", "payment"]
    if request.method is PaymentMethod.WAIVED:
        if principal.role is Role.WEB:
            raise Refused(ProblemCode.NOT_ALLOWED, "Only staff can waive the payment.", field=[*field, "method"])
        if not (request.waiver_reason or "").strip():
            raise InvalidInput("Say why the payment is waived.", field=[*field, "waiverReason"])
    if request.method is PaymentMethod.STORED_CARD:
        validation.token(request.card_token, [*field, "cardToken"])
    if request.method is PaymentMethod.HOSTED_PAGE:
        hosted_page.check_urls(request.success_url, request.failure_url, field)


def _checked_drivers(entries: list[dict[str, Any]], customer: dict[str, Any]) -> list[dict[str, Any]]:
    """The drivers as given; the customer as renter if no driver is the renter."""
    drivers = []
    for index, entry in enumerate(entries):
        field = ("input", "drivers", str(index))
        drivers.append(
            {
                **entry,
                "first_name": validation.text(entry["first_name"], (*field, "firstName"), longest=100),
                "last_name": validation.text(entry["last_name"], (*field, "lastName"), longest=100),
                "licence_number": validation.optional_text(
                    entry.get("licence_number"), (*field, "licenceNumber"), longest=40
                ),
                "licence_class": validation.optional_text(
                    entry.get("licence_class"), (*field, "licenceClass"), longest=20
                ),
            }
        )
    if sum(driver["role"] is DriverRole.RENTER for driver in drivers) > 1:
        raise InvalidInput("Only one driver is the renter; further ones are CO_RENTER.", field=["input", "drivers"])
    has_renter = any(driver["role"] is DriverRole.RENTER for driver in drivers)
    if not has_renter and customer["last_name"]:
        renter = {
            "role": DriverRole.RENTER,
            "first_name": customer["first_name"] or "",
            "last_name": customer["last_name"],
            "birth_date": customer["birth_date"],
        }
        drivers.insert(0, renter)
    return drivers


def _check_eligible(
    group: VehicleGroup, drivers: list[dict[str, Any]], request: BookingRequest, zone: ZoneInfo
) -> None:
    """As far as it is known at booking; the hand-over looks again."""
    for driver in drivers:
        readiness.check_eligible(
            group,
            f"{driver['first_name']} {driver['last_name']}".strip(),
            driver.get("birth_date"),
            driver.get("licence_issued"),
            driver.get("licence_valid_until"),
            request.start.astimezone(zone).date(),
            request.end.astimezone(zone).date(),
        )


def _source(principal: Principal) -> ContractSource:
    if principal.role is Role.WEB:
        return ContractSource.WEBSITE
    return ContractSource.TABLET if principal.role is Role.YARD else ContractSource.STAFF


def _contract(
    principal: Principal, request: BookingRequest, plan: _Plan, customer: Customer, review: bool, now: datetime
) -> Contract:
    _snapshot, tariff_hash = tariffs.freeze(plan.tariff)
    workshop = request.workshop or {}
    copy = customers.copy_json(plan.customer)
    number = contracts.new_number(plan.station.code)
    return Contract(
        id=uuid7(),
        number=number,
        kind=request.kind,
        state=ContractState.HELD,
        language=plan.customer["language"],
        station_id=plan.station.id,
        station_code=plan.station.code,
        station_name=plan.station.name,
        return_station_id=plan.return_station.id,
        return_station_code=plan.return_station.code,
        return_station_name=plan.return_station.name,
        group_id=plan.group.id,
        vehicle_fixed=request.fixed_vehicle,
        starts_at=request.start,
        ends_at=request.end,
        customer_id=customer.id,
        customer_copy=copy,
        customer_review=review,
        payer=papers.checked_payer(request.payer) if request.payer else None,
        workshop_order_number=validation.optional_text(
            workshop.get("order_number"), ("input", "workshop", "orderNumber"), longest=60
        ),
        workshop_appointment_at=workshop.get("appointment_at"),
        workshop_plate=validation.plate(workshop["customer_plate"], ("input", "workshop", "customerPlate"))
        if workshop.get("customer_plate")
        else None,
        workshop_vin=validation.vin(workshop.get("customer_vin"), ("input", "workshop", "customerVin")),
        extras=[{"code": code, "quantity": quantity} for code, quantity in request.extras],
        tariff_id=plan.tariff.id,
        tariff_snapshot=plan.snapshot,
        tariff_hash=tariff_hash,
        price=contracts.price_json(plan.price),
        total_cents=plan.price.total_cents,
        prepay_cents=plan.prepay_cents,
        deductible_cents=plan.group.deductible_cents,
        payment_method=request.method.value,
        waiver_reason=validation.optional_text(
            request.waiver_reason, ("input", "payment", "waiverReason"), longest=500
        ),
        source=_source(principal),
        client_id=principal.client_id,
        created_by=principal.name,
        created_at=now,
        held_until=now + HELD_FOR,
    )


async def _take_vehicle(
    session: Session,
    contract: Contract,
    request: BookingRequest,
    plan: _Plan,
    visible: dict[UUID | None, Station],
    now: datetime,
) -> None:
    """Finds a free car and occupies it with the contract, which is written here; NoVehicleAvailable otherwise."""
    await expire_holds(session, plan.station.id, now)
    one_way = contract.return_station_id != contract.station_id
    found = await availability.candidates(
        session, plan.station, plan.group.id, request.start, request.end, now, one_way=one_way
    )
    if request.vehicle_id is not None:
        found = [vehicle_id for vehicle_id in found if vehicle_id == request.vehicle_id]
    for vehicle_id in found:
        if await _try_vehicle(session, contract, vehicle_id, plan):
            return
    others = [station for station in visible.values() if station.id != plan.station.id]
    alternatives = await availability.alternatives(
        session, plan.station, plan.group, others, request.start, request.end, now=now
    )
    message = f"No vehicle of group {plan.group.name} is free at {plan.station.name} in this period."
    raise NoVehicleAvailable(message, alternatives=alternatives, field=["input", "groupId"])


async def _try_vehicle(session: Session, contract: Contract, vehicle_id: UUID, plan: _Plan) -> bool:
    """Locks a candidate and takes it if it still is free. A savepoint, so that a car not taken is not kept locked."""
    until = contract.ends_at + timedelta(minutes=plan.station.turnaround_minutes)
    savepoint = await session.begin_nested()
    vehicle = await session.by_id(Vehicle, vehicle_id, lock=True)
    still_here = vehicle is not None and vehicle.station_id == plan.station.id and fleet.is_rentable(vehicle)
    if (
        vehicle is None
        or not still_here
        or await occupancies.overlapping(session, vehicle.id, contract.starts_at, until)
    ):
        await savepoint.rollback()
        return False
    contract.vehicle_id = vehicle.id
    if contract.return_station_id != contract.station_id:
        vehicle.leaves_at = contract.starts_at
    contract.search_text = papers.search_text(contract, vehicle)
    await session.store(contract, vehicle)
    turnaround = plan.station.turnaround_minutes
    await occupancies.occupy_contract(session, vehicle, contract, OccupancyKind.HELD, turnaround)
    await savepoint.commit()
    return True


async def _write_parts(
    session: Session, contract: Contract, request: BookingRequest, plan: _Plan, principal: Principal, now: datetime
) -> None:
    common: dict[str, Any] = {"contract_id": contract.id, "station_id": contract.station_id}
    await session.store(*(Driver(**common, **driver) for driver in plan.drivers))
    waived = request.method is PaymentMethod.WAIVED
    deposit = 0 if waived else plan.group.deposit_cents
    state = DepositState.WAIVED if deposit == 0 else DepositState.NONE
    due_at = deposits.due_at(contract.starts_at, now)
    await session.store(Deposit(**common, state=state, amount_cents=plan.group.deposit_cents, due_at=due_at))
    if request.card_token and request.method is PaymentMethod.STORED_CARD:
        await session.store(StoredCard(**common, token=request.card_token.strip(), consent_at=now))
    if request.note:
        text = validation.text(request.note, ("input", "note"), longest=4000, multiline=True)
        await session.store(Note(**common, text=text, author=principal.name, created_at=now))
    await history.record(session, contract, "BOOKED", actor=principal.name, now=now, reason=contract.waiver_reason)
    await enqueue(
        session, "expire_hold", key=f"expire:{contract.id}", due_at=now + HELD_FOR, now=now, contract=str(contract.id)
    )
    # Comes back to the saga if this process dies after the commit.
    await enqueue(
        session,
        "drive_booking",
        key=f"drive:{contract.id}",
        due_at=now + payments.RECOVER_AFTER,
        now=now,
        contract=str(contract.id),
    )


def _needs_payment(contract: Contract, plan: _Plan) -> bool:
    if contract.payment_method == PaymentMethod.WAIVED:
        return False
    return contract.prepay_cents > 0 or plan.group.deposit_cents > 0


async def _open_page(session: Session, contract: Contract, request: BookingRequest, plan: _Plan, now: datetime) -> None:
    """The payment page takes the day's price; where nothing is due now, it places the deposit."""
    if contract.prepay_cents > 0:
        payment = await payments.prepare(
            session,
            contract,
            PaymentKind.SALE,
            Purpose.ADVANCE,
            contract.prepay_cents,
            now=now,
            order_suffix="D1",
            on_page=True,
        )
    else:
        payment = await payments.prepare(
            session,
            contract,
            PaymentKind.HOLD,
            Purpose.DEPOSIT,
            plan.group.deposit_cents,
            now=now,
            order_suffix="H1",
            on_page=True,
        )
    await hosted_page.open_page(
        session, contract, payment, request.success_url or "", request.failure_url or "", now=now
    )


async def drive(outside: Outside, contract_id: UUID) -> None:
    """Takes a held booking as far as it goes; for a cancelled one, gives back what was taken. Safe to repeat."""
    while (step := await _next_step(outside, contract_id)) is not None:
        state = await payments.execute(outside, step)
        if state in payments.UNRESOLVED:
            break
    await _mark_unresolved(outside, contract_id)


async def _next_step(outside: Outside, contract_id: UUID) -> UUID | None:  # noqa: PLR0911  # one decision after another
    """Decides under the contract's lock; returns an attempt to make, or None when there is nothing to do now."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        made = await payments.of_contract(session, contract_id)
        if contract.state is ContractState.CANCELLED:
            return await _give_back(session, contract, made, now)
        if contract.state is not ContractState.HELD or any(payment.state in payments.UNRESOLVED for payment in made):
            return None
        advance = _last(made, Purpose.ADVANCE)
        if contract.prepay_cents > 0 and advance is None:
            payment = await payments.prepare(
                session, contract, PaymentKind.SALE, Purpose.ADVANCE, contract.prepay_cents, now=now, order_suffix="D1"
            )
            return payment.id
        if advance is not None and advance.state is not PaymentState.SUCCEEDED:
            return await _refuse(session, contract, made, advance, now)
        hold = _last(made, Purpose.DEPOSIT)
        deposit = await session.by_id(Deposit, contract.id, lock=True)
        if deposit is not None and hold is None and deposits.is_due(deposit, now):
            return (await deposits.prepare_hold(session, contract, deposit, now=now)).id
        if hold is not None and hold.state is not PaymentState.SUCCEEDED:
            return await _refuse(session, contract, made, hold, now)
        if hold is not None and deposit is not None:
            await deposits.activate(session, contract, deposit, hold, now=now)
        await _confirm(outside, session, contract, now)
        await idempotency.finish(session, contract.id)
    return None


def _last(made: list[Payment], purpose: Purpose) -> Payment | None:
    return next((payment for payment in reversed(made) if payment.purpose is purpose), None)


async def _refuse(
    session: Session, contract: Contract, made: list[Payment], refused: Payment, now: datetime
) -> UUID | None:
    """The card was refused: the car is free again, and what was taken before goes back."""
    await cancel_hold(session, contract, now=now, reason=f"payment refused: {refused.reason or refused.state.value}")
    message = "The card was declined. Nothing is charged; please try another card."
    if refused.purpose is Purpose.DEPOSIT:
        message = "The deposit could not be placed on the card. Nothing is charged; please try another card."
    await idempotency.finish(session, contract.id, refusal=PaymentDeclined(message, reason=refused.reason))
    return await _give_back(session, contract, made, now)


async def _give_back(session: Session, contract: Contract, made: list[Payment], now: datetime) -> UUID | None:
    """The next refund or release of a booking that did not come about, or None when all is back."""
    undone = {payment.refers_to_id for payment in made if payment.kind in {PaymentKind.REFUND, PaymentKind.RELEASE}}
    for payment in made:
        if payment.state is not PaymentState.SUCCEEDED or payment.id in undone:
            continue
        kinds = {PaymentKind.SALE: PaymentKind.REFUND, PaymentKind.HOLD: PaymentKind.RELEASE}
        if kind := kinds.get(payment.kind):
            undo = await payments.prepare(
                session, contract, kind, Purpose.UNDO, payment.amount_cents, now=now, refers_to=payment
            )
            return undo.id
    # An attempt that was prepared here and never sent, because the process died, is made by its own job.
    refused = {PaymentState.DECLINED, PaymentState.FAILED}
    if any(p.kind is PaymentKind.REFUND and p.state in refused for p in made) and contract.billing_block is None:
        contract.billing_block = (
            "The advance of a booking that did not come about could not be refunded: do it by hand."
        )
        contract.version += 1
        await session.store(contract)
    return None


async def _confirm(outside: Outside, session: Session, contract: Contract, now: datetime) -> None:
    await occupancies.set_kind(session, contract.id, OccupancyKind.RESERVED)
    contract.held_until = None
    await contracts.move(session, contract, ContractState.RESERVED, actor=history.SYSTEM_ACTOR, now=now)
    await session.refresh(contract, ["paid_cents"])
    await paperwork.confirm_booking(outside, session, contract, now=now)
    await deposits.schedule(session, contract, now=now)


async def _mark_unresolved(outside: Outside, contract_id: UUID) -> None:
    async with outside.database.transaction(SYSTEM) as session:
        await idempotency.mark_unresolved(session, contract_id)


async def expire(outside: Outside, contract_id: UUID) -> None:
    """Gives the car of an unpaid booking free after fifteen minutes; what was paid after all goes back."""
    await hosted_page.look_up_before_expiry(outside, contract_id)
    await drive(outside, contract_id)
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        if contract.state is ContractState.HELD:
            await cancel_hold(session, contract, now=now, reason="not paid within fifteen minutes")
            await idempotency.finish(session, contract.id, refusal=_expired())
    await drive(outside, contract_id)


def _expired() -> PaymentDeclined:
    return PaymentDeclined("The payment was not made in time; the reservation has ended.", reason=None)


async def expire_holds(session: Session, station_id: UUID, now: datetime) -> None:
    """Frees cars whose hold has run out, for a booking that comes before the expiry job."""
    statement = select(Contract).where(
        col(Contract.station_id) == station_id,
        col(Contract.state) == ContractState.HELD,
        col(Contract.held_until) <= now,
    )
    for contract in await session.all(statement.with_for_update(skip_locked=True, key_share=True)):
        await cancel_hold(session, contract, now=now, reason="not paid within fifteen minutes")
        await idempotency.finish(session, contract.id, refusal=_expired())


async def cancel_hold(session: Session, contract: Contract, *, now: datetime, reason: str) -> None:
    """Ends a booking that did not come about; the car is free at once."""
    await occupancies.free_contract(session, contract.id)
    contract.held_until = None
    await contracts.move(session, contract, ContractState.CANCELLED, actor=history.SYSTEM_ACTOR, now=now, reason=reason)
