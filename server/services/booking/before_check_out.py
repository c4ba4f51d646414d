"""What holds for a rental before its car is picked up, as mails say it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import col, select

from server.database import Session
from server.models import Contract, Deposit, Driver, Vehicle, VehicleGroup
from server.models.payment import DepositState
from server.paper.views import DepositNote, MailView
from server.services.billing import settlements
from server.services.fleet import stations
from server.services.mail import letters, parts
from server.services.pricing import fees


@dataclass(frozen=True)
class CallingOff:
    """Until when calling a booking off is free (None: always), what it costs after that, and what it costs never to
    come; gross cents, zero for nothing.
    """

    free_until: datetime | None
    fee_cents: int
    no_show_fee_cents: int

    def is_over(self, now: datetime) -> bool:
        """Whether it is not free any more."""
        return self.free_until is not None and self.free_until <= now


async def facts(session: Session, contract: Contract, now: datetime) -> MailView:
    """A mail's view with all that somebody needs to know who has booked: where, when, which car, what it costs, what to
    bring, until when it can be called off.
    """
    station = await stations.get(session, contract.station_id)
    group, vehicle, deposit = await _booked(session, contract)
    elsewhere = contract.return_station_id != contract.station_id
    return_station = await stations.get(session, contract.return_station_id) if elsewhere else station
    off = calling_off(contract)
    return replace(
        await letters.frame(session, contract),
        group_name=group.name if group else None,
        vehicle=f"{vehicle.make} {vehicle.model}" if vehicle else None,
        or_comparable=not contract.vehicle_fixed,
        drivers=await _drivers(session, contract),
        workshop_order=contract.workshop_order_number,
        workshop_plate=contract.workshop_plate,
        lines=parts.lines_of(contract.price.lines),
        start=contract.starts_at,
        end=contract.ends_at,
        return_station=parts.place_of(return_station) if elsewhere else None,
        check_out_hours=parts.opening_windows(station, contract.starts_at),
        check_in_hours=parts.opening_windows(return_station, contract.ends_at),
        after_hours_return=return_station.after_hours_return,
        price_cents=contract.total_cents,
        booked_with_card=await settlements.has_card(session, contract),
        payer_name=parts.payer_name(contract),
        included_km=contract.price.included_km,
        extra_km_cents=contract.terms.extra_km_cents,
        deposit_cents=_shown_deposit(deposit),
        deposit_note=_deposit_note(deposit),
        deductible_cents=contract.deductible_cents,
        grace_minutes=contract.terms.grace_minutes,
        fuel_rule=parts.fuel_rule(group),
        free_cancellation_until=off.free_until,
        free_cancellation_over=off.is_over(now),
        cancellation_fee_cents=off.fee_cents or None,
        no_show_fee_cents=off.no_show_fee_cents or None,
    )


async def _drivers(session: Session, contract: Contract) -> tuple[str, ...]:
    """Everybody who may drive, the first one first."""
    statement = select(Driver).where(col(Driver.contract_id) == contract.id).order_by(col(Driver.id))
    return tuple(f"{driver.first_name} {driver.last_name}" for driver in await session.all(statement))


def calling_off(contract: Contract) -> CallingOff:
    """What holds by the contract's start, price and terms."""
    basis = fees.basis(contract.kind, contract.total_cents)
    fee = fees.late_cancellation_fee(contract.terms, basis)
    until = fees.free_until(contract.terms, contract.starts_at) if fee else None
    return CallingOff(until, fee, fees.no_show_fee(contract.terms, basis))


async def _booked(session: Session, contract: Contract) -> tuple[VehicleGroup | None, Vehicle | None, Deposit | None]:
    return (
        await session.by_id(VehicleGroup, contract.group_id),
        await session.by_id(Vehicle, contract.vehicle_id),
        await session.by_id(Deposit, contract.id),
    )


def _shown_deposit(deposit: Deposit | None) -> int | None:
    if deposit is None or deposit.state is DepositState.WAIVED:
        return None
    return deposit.amount_cents or None


def _deposit_note(deposit: Deposit | None) -> DepositNote:
    state = deposit.state if deposit is not None else DepositState.NONE
    if state in {DepositState.FAILED, DepositState.EXPIRED}:
        return DepositNote.REFUSED
    return DepositNote.BLOCKED if state is DepositState.ACTIVE else DepositNote.WILL_BE_BLOCKED
