"""Quotes: what a rental would cost, without reserving anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.database import Session
from server.errors import DomainError
from server.models import VehicleGroup
from server.models.contract import ChosenExtra, ContractKind
from server.models.price import PriceBreakdown
from server.security import Principal, Sealer
from server.services import validation
from server.services.booking import bookable, free_cars, promises, website
from server.services.booking.agreed_price import agreed_price
from server.services.booking.slot import Slot
from server.services.fleet import groups, stations
from server.services.pricing import tariffs
from server.services.pricing.price import advance_cents

PERIOD = ("input", "period")


@dataclass(frozen=True, kw_only=True)
class QuoteRequest:
    """What a price is asked for. Instants are UTC; without a return station the car comes back where it began."""

    station_id: UUID | None
    return_station_id: UUID | None = None
    group_id: UUID | None
    start: datetime
    end: datetime
    kind: ContractKind
    tariff_code: str | None
    extras: tuple[ChosenExtra, ...]


@dataclass(frozen=True)
class Quote:
    """A price and what goes with it; whoever books with its id gets it. `valid_until` is in the station's time zone;
    `problem` says why it cannot be booked as asked right now.
    """

    id: str
    price: PriceBreakdown
    due_now_cents: int
    deposit_cents: int
    deductible_cents: int
    grace_minutes: int
    problem: DomainError | None
    valid_until: datetime


async def quote(
    session: Session, principal: Principal, request: QuoteRequest, seal: Sealer, *, language: str, now: datetime
) -> Quote:
    """The price of a period, as a booking made now would get it. InvalidInput for what cannot be booked at all."""
    station = await stations.get(session, request.station_id, field=["input", "station_id"])
    back = request.return_station_id or station.id
    return_station = await stations.get(session, back, field=["input", "return_station_id"])
    group = await groups.get(session, request.group_id, field=["input", "group_id"])
    bookable.check_period(request.start, request.end, now, PERIOD)
    slot = Slot(station, request.start, request.end, return_station)
    tariff = await tariffs.applicable(session, group.id, request.tariff_code, station.day_of(now), field=("input",))
    terms = tariff.terms
    extras = validation.extras(request.extras, ("input", "extras"))
    price = agreed_price(terms, slot, request.kind, language, extras=extras)
    policy = await website.policy_of(session, principal)
    promise = promises.promised(tariff, slot, group.id, request.kind, now)
    return Quote(
        id=promises.sealed(promise, seal),
        price=price,
        due_now_cents=advance_cents(terms, request.kind, price.total_cents),
        deposit_cents=group.deposit_cents,
        deductible_cents=group.deductible_cents,
        grace_minutes=terms.grace_minutes,
        problem=website.refusal_of_kind(policy, request.kind) or await _problem(session, slot, group, now),
        valid_until=promise.valid_until.astimezone(station.zone),
    )


async def _problem(session: Session, slot: Slot, group: VehicleGroup, now: datetime) -> DomainError | None:
    if refusal := bookable.closed(slot, PERIOD):
        return refusal
    counts, _ahead = await free_cars.bookable_counts(session, slot, now, [group.id])
    return bookable.taken(slot, group, counts.get(group.id, 0))
