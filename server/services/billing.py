"""Billing by itself: facts, price, final invoice, money, deposit, mail. Each step is stored before the next begins.

The final invoice is issued first, so that every charge is preceded by a document and a mail (domain 3.10). `collect`
looks only at what is stored: after a crash it goes on where it was, and finds a charge whose answer was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server.database import SYSTEM, Session
from server.errors import InvalidInput, InvalidTransition, ProblemCode, Refused
from server.jobs import enqueue
from server.models import Contract, Deposit, Document, Driver, OpenItem, Payment, Protocol, Station, Vehicle, VehicleLeg
from server.models.columns import uuid7
from server.models.contract import ContractState, SettlementState
from server.models.document import DocumentType
from server.models.fleet import Cleanliness
from server.models.money import VatSplit
from server.models.payment import DepositState, PaymentKind, PaymentState, Purpose
from server.models.tariff import terms_of
from server.models.views import DepositNote, PaymentPart, PaymentWay, VehicleUse
from server.services import (
    billing_mails,
    contracts,
    deposits,
    documents,
    history,
    payments,
    pricing,
    stations,
)
from server.services.opening import opening_rules
from server.services.outside import Outside
from server.services.pricing import Facts, LegUse, PriceBreakdown

DAYS_TO_PAY = 14
LONGEST_LATE = timedelta(days=366)


class SettlementAction(StrEnum):
    """How what remains will be moved."""

    CHARGE = "CHARGE"
    """Charged to the stored card."""
    REFUND = "REFUND"
    """Refunded to the card that paid the advance."""
    NOTHING = "NOTHING"
    """Nothing remains."""
    OPEN_ITEM = "OPEN_ITEM"
    """To be paid within fourteen days: there is no card, or somebody else pays."""


@dataclass(frozen=True)
class Settlement:
    """What billing comes to: the price, what was invoiced before, and what remains (by subtraction)."""

    price: PriceBreakdown
    advances: VatSplit
    due: VatSplit
    action: SettlementAction


@dataclass(frozen=True)
class ReturnFacts:
    """A return that has happened or is supposed to: when, where, in which state."""

    returned_at: datetime
    station: Station
    odometer_km: int
    fuel_eighths: int | None
    state_of_charge_percent: int | None
    cleanliness_inside: Cleanliness
    cleanliness_outside: Cleanliness
    key_drop_at: datetime | None = None


async def preview(session: Session, contract: Contract, back: ReturnFacts) -> Settlement:
    """What billing would do if the car came back like this. INVALID for a contract whose car is not out or back."""
    if contract.state not in {ContractState.CHECKED_OUT, ContractState.RETURNED}:
        message = "Only a contract whose car is out, or back and not billed yet, can be settled."
        raise InvalidTransition(message, state=contract.state, allowed=[])
    if back.returned_at > max(contract.starts_at, contract.ends_at) + LONGEST_LATE:
        raise InvalidInput("This return lies too far ahead.", field=["input", "returnedAt"])
    return await _settlement(session, contract, back)


async def settle(outside: Outside, contract_id: UUID) -> None:
    """Issues the final invoice of a returned contract and goes on to the money. Safe to repeat."""
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        if contract.state is ContractState.RETURNED and contract.billing_block is None:
            await _bill(outside, session, contract, now)


async def release_block(session: Session, contract: Contract, *, actor: str, now: datetime) -> None:
    """A clerk has looked: billing may go on. BILLING_BLOCKED when the contract cannot be billed at all."""
    if contract.state is not ContractState.RETURNED:
        contracts.require_state(contract, ContractState.BILLED)
    if await _unreadable(session, contract):
        message = "The tank or battery size of the vehicle is missing; enter it, then settle again."
        raise Refused(ProblemCode.BILLING_BLOCKED, message)
    before, contract.billing_block = contract.billing_block, None
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, "BILLING_RELEASED", actor=actor, now=now, before=before)
    # Under another key than the first one: that job may have found the block and be done.
    key = f"settle:{contract.id}:{contract.version}"
    await enqueue(session, "settle", key=key, due_at=now, now=now, contract=str(contract.id))


async def _bill(outside: Outside, session: Session, contract: Contract, now: datetime) -> None:
    if await _unreadable(session, contract):
        contract.billing_block = "The tank or battery size of the vehicle is missing, so what is missing has no price."
        contract.version += 1
        await session.store(contract)
        return
    last = await _last_check_in(session, contract)
    back = await _facts_of(session, last)
    settlement = await _settlement(session, contract, back)
    station = await stations.get(session, contract.station_id)
    company = await stations.require_company(session)
    advances = await documents.advances_of(session, contract.id)
    deposit = await session.by_id(Deposit, contract.id)
    kept = await deposits.is_kept_for_damage(session, contract.id)
    draft = documents.Draft(
        type=DocumentType.FINAL_INVOICE,
        service_from=contract.starts_at,
        service_until=back.returned_at,
        lines=settlement.price.lines,
        sums=VatSplit(settlement.price.total_cents, settlement.price.net_cents, settlement.price.vat_cents),
        advances=advances,
        payments=_payment_parts(settlement, station, now),
        vehicles=await _vehicle_uses(session, contract),
        deposit_cents=_held(deposit),
        deposit_note=DepositNote.KEPT if kept else DepositNote.RELEASED,
    )
    contract.price = contracts.price_json(settlement.price)
    contract.total_cents = settlement.price.total_cents
    contract.billed_at = now
    contract.settlement_state = _state_before_money(settlement)
    await contracts.move(session, contract, ContractState.BILLED, actor=history.SYSTEM_ACTOR, now=now)
    document = await documents.issue(outside, session, contract, draft, company, station, now=now)
    if settlement.action is SettlementAction.OPEN_ITEM:
        await _open_item(session, contract, document, settlement.due.gross, station, now)
    await billing_mails.final_invoice(session, contract, document, draft.payments, deposit, kept=kept, now=now)
    # The deposit is lifted only when it is certain that nothing of it is needed.
    moves_money = settlement.action in {SettlementAction.CHARGE, SettlementAction.REFUND}
    await _then(session, contract, "collect" if moves_money else "release_deposit", now)


async def _then(session: Session, contract: Contract, kind: str, now: datetime) -> None:
    await enqueue(session, kind, key=f"{kind}:{contract.id}", due_at=now, now=now, contract=str(contract.id))


def _held(deposit: Deposit | None) -> int | None:
    return deposit.amount_cents if deposit is not None and deposit.state is DepositState.ACTIVE else None


def _state_before_money(settlement: Settlement) -> SettlementState:
    if settlement.due.gross == 0:
        return SettlementState.PAID
    return SettlementState.REFUND_PENDING if settlement.due.gross < 0 else SettlementState.OPEN


def _payment_parts(settlement: Settlement, station: Station, now: datetime) -> list[PaymentPart]:
    amount = abs(settlement.due.gross)
    if settlement.action is SettlementAction.NOTHING:
        return []
    if settlement.action is SettlementAction.OPEN_ITEM:
        due_on = (now.astimezone(ZoneInfo(station.time_zone)) + timedelta(days=DAYS_TO_PAY)).date()
        return [PaymentPart(way=PaymentWay.TRANSFER, amount_cents=amount, due_on=due_on)]
    way = PaymentWay.TO_BE_CHARGED if settlement.action is SettlementAction.CHARGE else PaymentWay.TO_BE_REFUNDED
    return [PaymentPart(way=way, amount_cents=amount)]


async def _settlement(session: Session, contract: Contract, back: ReturnFacts) -> Settlement:
    station = await stations.get(session, contract.station_id)
    facts = await _facts(session, contract, station, back)
    price = pricing.price(terms_of(contract.tariff_snapshot), facts)
    advances = await documents.advances_of(session, contract.id)
    sums = VatSplit(
        sum(advance.total_cents for advance in advances),
        sum(advance.net_cents for advance in advances),
        sum(advance.vat_cents for advance in advances),
    )
    due = VatSplit(price.total_cents, price.net_cents, price.vat_cents).minus(sums)
    card = await session.value("select 1 from stored_card where contract_id = :id", {"id": contract.id})
    return Settlement(price, sums, due, _action(contract, due.gross, has_card=card is not None))


def _action(contract: Contract, due: int, *, has_card: bool) -> SettlementAction:
    if due == 0:
        return SettlementAction.NOTHING
    if due < 0:
        return SettlementAction.REFUND
    return SettlementAction.CHARGE if has_card and contract.payer is None else SettlementAction.OPEN_ITEM


async def _facts(session: Session, contract: Contract, station: Station, back: ReturnFacts) -> Facts:
    drivers = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))
    legs = await session.all(
        select(VehicleLeg).where(col(VehicleLeg.contract_id) == contract.id).order_by(col(VehicleLeg.from_at))
    )
    uses, driven, after_hours = [], 0, False
    for leg in legs:
        out = await session.by_id(Protocol, leg.check_out_id)
        returned = await _facts_of(session, await session.by_id(Protocol, leg.check_in_id)) if leg.check_in_id else back
        vehicle = await session.by_id(Vehicle, leg.vehicle_id)
        if out is None or vehicle is None:
            continue
        uses.append(_use(out, returned, vehicle, fuel_waived=leg.fuel_waived))
        driven += max(0, returned.odometer_km - out.odometer_km)
        after_hours = after_hours or not opening_rules(station).is_open(out.occurred_at)
    dropped = back.key_drop_at
    after_hours = after_hours or (dropped is not None and not opening_rules(back.station).is_open(dropped))
    return Facts(
        kind=contract.kind,
        starts_at=contract.starts_at,
        ends_at=back.returned_at,
        planned_end=contract.ends_at,
        zone=ZoneInfo(station.time_zone),
        extras=tuple((extra["code"], extra["quantity"]) for extra in contract.extras),
        drivers=max(1, len(drivers)),
        one_way=back.station.id != contract.station_id,
        after_hours=after_hours,
        driven_km=driven,
        legs=tuple(uses),
        language=contract.language.value.lower(),
    )


def _use(out: Protocol, back: ReturnFacts, vehicle: Vehicle, *, fuel_waived: bool) -> LegUse:
    return LegUse(
        fuel_out=out.fuel_eighths,
        fuel_in=back.fuel_eighths,
        tank_litres=vehicle.tank_litres,
        charge_out=out.state_of_charge_percent,
        charge_in=back.state_of_charge_percent,
        battery_wh=vehicle.battery_wh,
        inside_out=out.cleanliness_inside,
        inside_in=back.cleanliness_inside,
        outside_out=out.cleanliness_outside,
        outside_in=back.cleanliness_outside,
        fuel_waived=fuel_waived,
    )


async def _facts_of(session: Session, protocol: Protocol | None) -> ReturnFacts:
    if protocol is None:
        raise LookupError("a returned contract without its return protocol")
    station = await stations.get(session, protocol.at_station_id)
    return ReturnFacts(
        returned_at=protocol.key_drop_at or protocol.occurred_at,
        station=station,
        odometer_km=protocol.odometer_km,
        fuel_eighths=protocol.fuel_eighths,
        state_of_charge_percent=protocol.state_of_charge_percent,
        cleanliness_inside=protocol.cleanliness_inside,
        cleanliness_outside=protocol.cleanliness_outside,
        key_drop_at=protocol.key_drop_at,
    )


async def _last_check_in(session: Session, contract: Contract) -> Protocol | None:
    statement = select(VehicleLeg).where(col(VehicleLeg.contract_id) == contract.id)
    leg = await session.first(statement.order_by(col(VehicleLeg.from_at).desc()))
    return await session.by_id(Protocol, leg.check_in_id) if leg else None


async def _unreadable(session: Session, contract: Contract) -> bool:
    """Whether fuel or charge is missing and the size of tank or battery is not known."""
    missing = await session.value(
        "select 1 from vehicle_leg l join vehicle v on v.id = l.vehicle_id"
        " join protocol o on o.id = l.check_out_id join protocol i on i.id = l.check_in_id"
        " where l.contract_id = :id and not l.fuel_waived"
        " and ((i.fuel_eighths < o.fuel_eighths and v.tank_litres is null)"
        " or (i.state_of_charge_percent < o.state_of_charge_percent and v.battery_wh is null))",
        {"id": contract.id},
    )
    return missing is not None


async def _vehicle_uses(session: Session, contract: Contract) -> list[VehicleUse]:
    rows = await session.rows(
        "select v.plate, v.make || ' ' || v.model as model, o.odometer_km as km_out, i.odometer_km as km_in"
        " from vehicle_leg l join vehicle v on v.id = l.vehicle_id"
        " join protocol o on o.id = l.check_out_id left join protocol i on i.id = l.check_in_id"
        " where l.contract_id = :id order by l.from_at",
        {"id": contract.id},
    )
    return [VehicleUse(plate=row.plate, model=row.model, km_out=row.km_out, km_in=row.km_in) for row in rows]


async def collect(outside: Outside, contract_id: UUID) -> None:
    """Moves what the final invoice asks for, one committed attempt at a time. Safe to repeat."""
    while (step := await _next_step(outside, contract_id)) is not None:
        if await payments.execute(outside, step) in payments.UNRESOLVED:
            return


async def _next_step(outside: Outside, contract_id: UUID) -> UUID | None:
    now = outside.clock.now()
    async with outside.database.transaction(SYSTEM) as session:
        contract = await contracts.lock(session, contract_id)
        document = await _final_invoice(session, contract_id)
        if contract.state is not ContractState.BILLED or document is None or document.payable_cents == 0:
            return None
        made = [p for p in await payments.of_contract(session, contract_id) if p.document_id == document.id]
        if any(payment.state in payments.UNRESOLVED for payment in made):
            return None
        if document.payable_cents < 0:
            return await _refund_step(session, contract, document, made, now)
        return await _charge_step(session, contract, document, made, now)


async def _final_invoice(session: Session, contract_id: UUID) -> Document | None:
    statement = select(Document).where(
        col(Document.contract_id) == contract_id, col(Document.type) == DocumentType.FINAL_INVOICE
    )
    return await session.first(statement)


async def _charge_step(
    session: Session, contract: Contract, document: Document, made: list[Payment], now: datetime
) -> UUID | None:
    """The card first; if declined, the deposit as far as it reaches; the rest becomes an open item (4.5 rule 6)."""
    due = document.payable_cents
    if not made:
        sale = await payments.prepare(
            session, contract, PaymentKind.SALE, Purpose.FINAL, due, now=now, order_suffix="F1", document_id=document.id
        )
        return sale.id
    sale = made[0]
    if sale.state is PaymentState.SUCCEEDED:
        await _paid(session, contract, now)
        return None
    captures = [payment for payment in made if payment.kind is PaymentKind.CAPTURE]
    deposit = await session.by_id(Deposit, contract.id, lock=True)
    if not captures and deposit is not None and deposits.is_active(deposit, now):
        hold = await session.by_id(Payment, deposit.hold_id)
        if hold is not None and not await deposits.is_kept_for_damage(session, contract.id):
            amount = min(due, deposit.amount_cents)
            capture = await payments.prepare(
                session, contract, PaymentKind.CAPTURE, Purpose.FINAL, amount,
                now=now, refers_to=hold, document_id=document.id,
            )  # fmt: skip
            return capture.id
    taken = sum(payment.amount_cents for payment in captures if payment.state is PaymentState.SUCCEEDED)
    if taken and deposit is not None:
        deposit.used_cents = taken
        deposit.state = DepositState.USED if taken == deposit.amount_cents else DepositState.PARTLY_USED
        await session.store(deposit)
    await _short(session, contract, document, sale, taken, now)
    return None


async def _refund_step(
    session: Session, contract: Contract, document: Document, made: list[Payment], now: datetime
) -> UUID | None:
    """Money goes back against the sale that took it; never more than it took."""
    amount = -document.payable_cents
    if not made:
        sales = [p for p in await payments.of_contract(session, contract.id) if p.purpose is Purpose.ADVANCE]
        paid = [p for p in sales if p.kind is PaymentKind.SALE and p.state is PaymentState.SUCCEEDED]
        if not paid or paid[-1].amount_cents < amount:
            contract.billing_block = "The refund is larger than what was paid by card: pay it by hand."
            await session.store(contract)
            await _then(session, contract, "release_deposit", now)
            return None
        refund = await payments.prepare(
            session, contract, PaymentKind.REFUND, Purpose.FINAL, amount,
            now=now, refers_to=paid[-1], document_id=document.id,
        )  # fmt: skip
        return refund.id
    if made[-1].state is PaymentState.SUCCEEDED:
        if contract.settlement_state is not SettlementState.PAID:
            await billing_mails.refund(session, contract, document, amount, now=now)
        await _paid(session, contract, now)
    else:
        contract.billing_block = f"The refund was refused: {made[-1].reason or 'no reason given'}."
        await session.store(contract)
        await _then(session, contract, "release_deposit", now)
    return None


async def _paid(session: Session, contract: Contract, now: datetime) -> None:
    if contract.settlement_state is SettlementState.PAID:
        return
    contract.settlement_state = SettlementState.PAID
    contract.version += 1
    await session.store(contract)
    await history.record(session, contract, "SETTLED", actor=history.SYSTEM_ACTOR, now=now)
    await _then(session, contract, "release_deposit", now)


async def _short(
    session: Session, contract: Contract, document: Document, sale: Payment, taken: int, now: datetime
) -> None:
    """The card was declined: what the deposit did not cover stays open, and the customer hears of it."""
    known = select(OpenItem).where(col(OpenItem.document_id) == document.id)
    if contract.settlement_state is not SettlementState.OPEN or await session.first(known) is not None:
        return
    station = await stations.get(session, contract.station_id)
    missing = document.payable_cents - taken
    if missing == 0:
        await _paid(session, contract, now)
        await billing_mails.payment_failed(session, contract, document, sale, taken, None, now=now)
        return
    contract.settlement_state = SettlementState.PARTLY_PAID if taken else SettlementState.OPEN
    contract.version += 1
    await session.store(contract)
    reason = sale.reason
    await history.record(session, contract, "PAYMENT_FAILED", actor=history.SYSTEM_ACTOR, now=now, reason=reason)
    item = await _open_item(session, contract, document, missing, station, now)
    await _then(session, contract, "release_deposit", now)
    await billing_mails.payment_failed(session, contract, document, sale, taken, item, now=now)


async def _open_item(
    session: Session, contract: Contract, document: Document, cents: int, station: Station, now: datetime
) -> OpenItem:
    statement = select(OpenItem).where(col(OpenItem.document_id) == document.id)
    if (existing := await session.first(statement)) is not None:
        return existing
    due_on = (now.astimezone(ZoneInfo(station.time_zone)) + timedelta(days=DAYS_TO_PAY)).date()
    item = OpenItem(
        id=uuid7(),
        document_id=document.id,
        contract_id=contract.id,
        station_id=contract.station_id,
        due_on=due_on,
        open_cents=cents,
    )
    await session.store(item)
    return item
