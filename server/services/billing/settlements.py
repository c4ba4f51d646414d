"""What a rental comes to: facts, price, what was invoiced before, what remains, and how that will be moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import col, select

from server.database import Session
from server.errors import InvalidInput, InvalidTransition, Sentence
from server.models import Contract, Driver, Protocol, Station, Vehicle, VehicleLeg
from server.models.contract import ContractState
from server.models.fleet import Cleanliness
from server.models.money import VatSplit
from server.models.price import PriceBreakdown
from server.services.billing import documents, readings
from server.services.contract import contracts
from server.services.fleet import stations
from server.services.fleet.opening import opening_rules
from server.services.pricing.price import Facts, LegUse, breakdown

LONGEST_LATE = timedelta(days=366)


class SettlementAction(StrEnum):
    """How what remains will be moved."""

    CHARGE = "CHARGE"
    """Charged to the card that is stored with the contract."""
    REFUND = "REFUND"
    """Refunded to the card that paid the advance."""
    NOTHING = "NOTHING"
    """Nothing remains to be paid or given back."""
    OPEN_ITEM = "OPEN_ITEM"
    """To be paid within fourteen days: there is no card, or somebody else pays."""


@dataclass(frozen=True)
class Settlement:
    """What billing comes to: the price from `starts_at` on, what was invoiced before, what remains (by subtraction)."""

    starts_at: datetime
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


@dataclass(frozen=True)
class PlannedReturn:
    """A return as it might be; `station_id` is None for the planned station."""

    returned_at: datetime
    station_id: UUID | None
    odometer_km: int
    fuel_eighths: int | None
    state_of_charge_percent: int | None
    cleanliness_inside: Cleanliness
    cleanliness_outside: Cleanliness

    def at(self, station: Station) -> ReturnFacts:
        """The facts of this return at a station."""
        return ReturnFacts(
            returned_at=self.returned_at,
            station=station,
            odometer_km=self.odometer_km,
            fuel_eighths=self.fuel_eighths,
            state_of_charge_percent=self.state_of_charge_percent,
            cleanliness_inside=self.cleanliness_inside,
            cleanliness_outside=self.cleanliness_outside,
        )


async def preview(session: Session, contract_id: UUID | None, planned: PlannedReturn) -> Settlement:
    """What billing would do if the car came back like this. NotFound for a contract or station that is not visible,
    InvalidTransition for a contract whose car is neither out nor back.
    """
    contract = await contracts.get(session, contract_id, field=["contract_id"])
    back_at = planned.station_id or contract.return_station_id
    back = planned.at(await stations.get(session, back_at, field=["input", "return_station_id"]))
    if contract.state not in {ContractState.CHECKED_OUT, ContractState.RETURNED}:
        message = Sentence(
            "Only a contract whose car is out, or back and not billed yet, can be settled.",
            "Eine Abrechnung gibt es nur, solange das Fahrzeug unterwegs oder zurück und noch nichts berechnet ist.",
        )
        raise InvalidTransition(message, state=contract.state, allowed=[])
    if back.returned_at > max(contract.starts_at, contract.ends_at) + LONGEST_LATE:
        raise InvalidInput(
            Sentence("This return lies too far ahead.", "Diese Rückgabe liegt zu weit in der Zukunft."),
            field=["input", "returned_at"],
        )
    return await of_contract(session, contract, back)


async def of_contract(session: Session, contract: Contract, back: ReturnFacts) -> Settlement:
    """What billing comes to if the car came back, or comes back, like this."""
    station = await stations.get(session, contract.station_id)
    facts = await _facts(session, contract, station, back)
    price = breakdown(contract.terms, facts)
    advances = await documents.advances_of(session, contract.id)
    sums = VatSplit(
        sum(advance.total_cents for advance in advances),
        sum(advance.net_cents for advance in advances),
        sum(advance.vat_cents for advance in advances),
    )
    due = price.sums.minus(sums)
    return Settlement(facts.starts_at, price, sums, due, await action_for(session, contract, due.gross))


async def action_for(session: Session, contract: Contract, due: int) -> SettlementAction:
    """Who pays is who is charged: the customer's card for the customer's debts, never for a payer's."""
    if due == 0:
        return SettlementAction.NOTHING
    if due < 0:
        return SettlementAction.REFUND
    chargeable = contract.payer is None and await has_card(session, contract)
    return SettlementAction.CHARGE if chargeable else SettlementAction.OPEN_ITEM


async def has_card(session: Session, contract: Contract) -> bool:
    """Whether the customer's card is stored."""
    card = await session.value("select 1 from stored_card where contract_id = :id", {"id": contract.id})
    return card is not None


async def _facts(session: Session, contract: Contract, station: Station, back: ReturnFacts) -> Facts:
    drivers = await session.all(select(Driver).where(col(Driver.contract_id) == contract.id))
    uses, driven, parts = [], 0, await readings.parts_of(session, contract.id)
    for part in parts:
        returned = await facts_of(session, part.back) if part.back is not None else back
        uses.append(_use(part.out, returned, part.vehicle, fuel_waived=part.leg.fuel_waived))
        driven += max(0, returned.odometer_km - part.out.odometer_km)
    return Facts(
        kind=contract.kind,
        starts_at=_starts_at(contract, [part.leg for part in parts], back),
        ends_at=back.returned_at,
        planned_end=contract.ends_at,
        zone=station.zone,
        extras=contract.extras,
        drivers=max(1, len(drivers)),
        one_way=back.station.id != contract.station_id,
        after_hours=contract.agreed_after_hours or _is_dropped_after_hours(back),
        driven_km=driven,
        legs=tuple(uses),
        language=contract.language.value.lower(),
    )


def _starts_at(contract: Contract, legs: Sequence[VehicleLeg], back: ReturnFacts) -> datetime:
    """The planned start, for to come early costs nothing; if the car was back before it, the moment it went out."""
    if back.returned_at >= contract.starts_at or not legs:
        return contract.starts_at
    return min(legs[0].from_at, back.returned_at)


def _is_dropped_after_hours(back: ReturnFacts) -> bool:
    """Whether the key was dropped when nobody was there; that staff came early or stayed late costs nothing."""
    return back.key_drop_at is not None and not opening_rules(back.station).is_open(back.key_drop_at)


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


async def facts_of(session: Session, protocol: Protocol | None) -> ReturnFacts:
    """The facts of a return protocol, whose readings are those that count. LookupError for a contract that has none."""
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
