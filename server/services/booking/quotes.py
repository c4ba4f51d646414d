"""Quotes: what a rental would cost, without reserving anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.database import Session
from server.errors import DomainError, InvalidInput
from server.models import Station
from server.models.contract import ChosenExtra, ContractKind
from server.models.local_time import day_of
from server.models.price import PriceBreakdown
from server.models.tariff import TariffTerms
from server.services import validation
from server.services.booking import availability, free_cars
from server.services.booking.free_cars import Slot
from server.services.fleet import groups, stations
from server.services.pricing import tariffs
from server.services.pricing.price import Facts, UnknownExtra, advance_cents, breakdown

VALID_FOR = timedelta(hours=24)


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
    """A price and what goes with it. `valid_until` is in the station's time zone."""

    price: PriceBreakdown
    due_now_cents: int
    deposit_cents: int
    deductible_cents: int
    grace_minutes: int
    available: bool
    valid_until: datetime


async def quote(session: Session, request: QuoteRequest, *, language: str, now: datetime) -> Quote:
    """The price of a period, as a booking made now would get it. InvalidInput for what cannot be booked at all."""
    station = await stations.get(session, request.station_id, field=["input", "station_id"])
    back = request.return_station_id or station.id
    return_station = await stations.get(session, back, field=["input", "return_station_id"])
    group = await groups.get(session, request.group_id, field=["input", "group_id"])
    availability.check_period(request.start, request.end, now, ("input", "period"))
    zone = station.zone
    today = day_of(now, zone)
    tariff = await tariffs.applicable(session, group.id, request.tariff_code, today, field=("input",))
    terms = tariff.terms
    price = _price(terms, request, station, return_station, language)
    free = (await free_cars.counts(session, Slot(station, request.start, request.end), now)).get(group.id, 0)
    return Quote(
        price=price,
        due_now_cents=advance_cents(terms, request.kind, price.total_cents),
        deposit_cents=group.deposit_cents,
        deductible_cents=group.deductible_cents,
        grace_minutes=terms.grace_minutes,
        available=free > 0 and _is_open(station, return_station, request.start, request.end),
        valid_until=(now + VALID_FOR).astimezone(zone),
    )


def _price(
    terms: TariffTerms, request: QuoteRequest, station: Station, return_station: Station, language: str
) -> PriceBreakdown:
    facts = Facts(
        request.kind,
        request.start,
        request.end,
        station.zone,
        extras=validation.extras(request.extras, ("input", "extras")),
        one_way=return_station.id != station.id,
        after_hours=availability.is_after_hours(return_station, request.end),
        language=language,
    )
    try:
        return breakdown(terms, facts)
    except UnknownExtra as error:
        raise InvalidInput(error.message, field=["input", "extras"]) from error


def _is_open(station: Station, return_station: Station, start: datetime, end: datetime) -> bool:
    try:
        availability.check_opening(station, return_station, start, end, ("input", "period"))
    except DomainError:
        return False
    return True
