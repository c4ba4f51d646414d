"""What a change of a tariff would mean: usual rentals at the prices of now and then, and how long quotes stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from server.database import Session
from server.models.contract import ContractKind
from server.models.local_time import day_of, wall_clock
from server.models.opening_times import Weekday
from server.models.price import PriceBreakdown
from server.models.tariff import Bundle, BundleUnit, TariffTerms, WeekMoment
from server.models.tariff_change import TariffState
from server.services.booking.promises import VALID_FOR
from server.services.fleet import stations
from server.services.pricing import tariff_changes, tariff_history
from server.services.pricing.price import Facts, breakdown
from server.services.pricing.rental_days import first_after
from server.services.pricing.tariff_entry import NewTariff
from server.services.pricing.tariff_history import TermChange

_USUAL_DAYS = (1, 3, 7, 30)
_USUAL_WEEKEND = (WeekMoment(Weekday.FRIDAY, time(16)), WeekMoment(Weekday.MONDAY, time(9)))
_BEGINS = time(9)


@dataclass(frozen=True)
class RentalPreview:
    """A rental of `starts_at` to `ends_at` (in the time zone of a station) under the terms of now and of then."""

    starts_at: datetime
    ends_at: datetime
    before: PriceBreakdown
    after: PriceBreakdown


@dataclass(frozen=True)
class TariffPreview:
    """`quotes_until`: when the last quote ends that may have promised the terms of now; None if no term changes."""

    terms: tuple[TermChange, ...]
    rentals: tuple[RentalPreview, ...]
    quotes_until: datetime | None


async def preview(
    session: Session, tariff_id: UUID | None, group_id: UUID | None, new: NewTariff, *, language: str, now: datetime
) -> TariffPreview:
    """What `tariff_changes.replace` would change. NotFound, and the InvalidInput of `tariff_changes.replacement`."""
    tariff = await tariff_changes.get(session, tariff_id)
    fresh = tariff_changes.replacement(tariff, group_id, new)
    before, after = TariffState.of(tariff), TariffState.of(fresh)
    places = await stations.visible_stations(session)
    zone = places[0].zone if places else ZoneInfo("UTC")
    rentals = tuple(
        RentalPreview(start, end, *(_price(terms, start, end, zone, language) for terms in (before.terms, after.terms)))
        for start, end in _periods((*before.terms.bundles, *after.terms.bundles), now, zone)
    )
    until = None if before.terms == after.terms else (now + VALID_FOR).astimezone(zone)
    return TariffPreview(tariff_history.differences(before, after), rentals, until)


def _price(terms: TariffTerms, start: datetime, end: datetime, zone: ZoneInfo, language: str) -> PriceBreakdown:
    return breakdown(terms, Facts(ContractKind.RENTAL, start, end, zone, language=language))


def _periods(bundles: tuple[Bundle, ...], now: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """What is usually rented, and what each package covers, the shortest first; all of it still to come."""
    monday = _next_monday(day_of(now, zone))
    begins = wall_clock(monday, _BEGINS, zone)
    covered = {bundle.days for bundle in bundles if bundle.unit is not BundleUnit.WEEKEND}
    whole_days = [
        (begins, wall_clock(monday + timedelta(days=days), _BEGINS, zone)) for days in {*_USUAL_DAYS, *covered}
    ]
    windows = {(b.window_start, b.window_end) for b in bundles if b.window_start and b.window_end} or {_USUAL_WEEKEND}
    weekends = []
    for opens, closes in windows:
        start = first_after(opens, begins, zone)
        weekends.append((start, first_after(closes, start, zone)))
    return sorted(whole_days + weekends, key=lambda period: (period[1] - period[0], period[0]))


def _next_monday(today: date) -> date:
    return today + timedelta(days=7 - today.weekday())
