"""Quotes: what a rental would cost, without reserving anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.database import Session
from server.errors import DomainError, InvalidInput
from server.models import Station, VehicleGroup
from server.models.contract import ContractKind
from server.models.tariff import terms_of
from server.services import validation
from server.services.booking import availability
from server.services.pricing import tariffs
from server.services.pricing.price import Facts, PriceBreakdown, UnknownExtra, advance_cents, breakdown

VALID_FOR = timedelta(hours=24)


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


async def quote(
    session: Session,
    station: Station,
    return_station: Station,
    group: VehicleGroup,
    start: datetime,
    end: datetime,
    *,
    kind: ContractKind,
    tariff_code: str | None,
    extras: list[tuple[str, int]],
    language: str,
    now: datetime,
) -> Quote:
    """The price of a period, as a booking made now would get it. InvalidInput for what cannot be booked at all."""
    availability.check_period(start, end, now, ("input", "period"))
    zone = ZoneInfo(station.time_zone)
    tariff = await tariffs.applicable(session, group.id, tariff_code, now.astimezone(zone).date(), field=("input",))
    terms = terms_of(tariffs.freeze(tariff)[0])
    facts = Facts(
        kind,
        start,
        end,
        zone,
        extras=tuple(validation.extras(extras, ("input", "extras"))),
        one_way=return_station.id != station.id,
        after_hours=availability.is_after_hours(return_station, end),
        language=language,
    )
    try:
        price = breakdown(terms, facts)
    except UnknownExtra as error:
        raise InvalidInput(str(error), field=["input", "extras"]) from error
    free = await availability.free_count(session, station, group.id, start, end, now)
    return Quote(
        price=price,
        due_now_cents=advance_cents(terms, kind, price.total_cents),
        deposit_cents=group.deposit_cents,
        deductible_cents=group.deductible_cents,
        grace_minutes=terms.grace_minutes,
        available=free > 0 and _is_open(station, return_station, start, end),
        valid_until=(now + VALID_FOR).astimezone(zone),
    )


def _is_open(station: Station, return_station: Station, start: datetime, end: datetime) -> bool:
    try:
        availability.check_opening(station, return_station, start, end, ("input", "period"))
    except DomainError:
        return False
    return True
