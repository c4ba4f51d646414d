"""How many days a rental has and which packages of days are cheapest for it. Pure, in station time (domain 4.7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.models.local_time import day_of, wall_clock
from server.models.tariff import Bundle, BundleUnit, TariffTerms, WeekMoment

# Stands for "unlimited" where included kilometres are compared.
_UNLIMITED_KM = 10**12


@dataclass(frozen=True, slots=True)
class BundleChoice:
    """The packages that were chosen, each with how often. `included_km` None: unlimited."""

    bundles: tuple[tuple[Bundle, int], ...]
    price_cents: int
    included_km: int | None


def count_days(start: datetime, end: datetime, zone: ZoneInfo, grace_minutes: int) -> int:
    """The smallest k >= 1 with `end` <= (same wall-clock time k calendar days later) + grace, inclusive.

    Elapsed hours are never divided by 24: a day with a clock change is one day.
    """
    local = start.astimezone(zone)
    grace = timedelta(minutes=grace_minutes)
    # One less than the calendar says can never be too many, whatever the clocks did.
    days = max(1, (day_of(end, zone) - local.date()).days - 1)
    while wall_clock(local.date() + timedelta(days=days), local.time(), zone) + grace < end:
        days += 1
    return days


def time_price(terms: TariffTerms, start: datetime, end: datetime, zone: ZoneInfo, days: int) -> BundleChoice:
    """The cheapest packages that cover at least `days`, or a weekend package if the rental lies inside its window.

    Covering more than needed is allowed, so that a longer rental never costs less than a shorter one. Equal price:
    more included kilometres, then fewer packages. A weekend package stands alone and only if it is cheaper.
    """
    weekends = [
        _choice([bundle])
        for bundle in terms.bundles
        if bundle.unit is BundleUnit.WEEKEND and _inside_window(bundle, start, end, zone, terms.grace_minutes)
    ]
    cover = _cheapest_cover([bundle for bundle in terms.bundles if bundle.unit is not BundleUnit.WEEKEND], days)
    weekend = min(weekends, key=_rank, default=cover)
    return weekend if weekend.price_cents < cover.price_cents else cover


def _cheapest_cover(bundles: list[Bundle], days: int) -> BundleChoice:
    limited = [bundle for bundle in bundles if bundle.included_km is not None]
    covers = [_cover(limited, days, km_count=True)] if limited else []
    # One package without a limit frees all kilometres: what stands beside it is chosen by price and number alone.
    covers += [
        [bundle, *_cover(bundles, days - bundle.days, km_count=False)]
        for bundle in bundles
        if bundle.included_km is None
    ]
    return min(map(_choice, covers), key=_rank)


def _rank(choice: BundleChoice) -> tuple[int, int, int]:
    """Smallest is best: the price, then more kilometres, then fewer packages."""
    km = _UNLIMITED_KM if choice.included_km is None else choice.included_km
    return choice.price_cents, -km, sum(count for _, count in choice.bundles)


def _choice(bundles: list[Bundle]) -> BundleChoice:
    """These packages, the largest first, with their price and kilometres."""
    counts = Counter(sorted(bundles, key=lambda bundle: -bundle.days))
    limits = [bundle.included_km for bundle in bundles if bundle.included_km is not None]
    included = sum(limits) if len(limits) == len(bundles) else None
    return BundleChoice(tuple(counts.items()), sum(bundle.price_cents for bundle in bundles), included)


def _cover(bundles: list[Bundle], days: int, *, km_count: bool) -> list[Bundle]:
    """The cheapest packages that cover the days, in a dynamic program over the number of days."""
    # cost[n]: the best (price, minus km, number of packages) that covers n days, and the package taken last.
    cost: list[tuple[int, int, int]] = [(0, 0, 0)]
    last: list[int] = [-1]
    for n in range(1, days + 1):
        options = []
        for index, bundle in enumerate(bundles):
            price, km, count = cost[max(0, n - bundle.days)]
            own_km = (bundle.included_km or 0) if km_count else 0
            options.append(((price + bundle.price_cents, km - own_km, count + 1), index))
        chosen, index = min(options)
        cost.append(chosen)
        last.append(index)
    taken: list[Bundle] = []
    n = days
    while n > 0:
        taken.append(bundles[last[n]])
        n -= taken[-1].days
    return taken


def _inside_window(bundle: Bundle, start: datetime, end: datetime, zone: ZoneInfo, grace_minutes: int) -> bool:
    if bundle.window_start is None or bundle.window_end is None:
        return False
    opens = _last_before(bundle.window_start, start, zone)
    closes = first_after(bundle.window_end, opens, zone)
    return start < closes and end <= closes + timedelta(minutes=grace_minutes)


def _last_before(moment: WeekMoment, instant: datetime, zone: ZoneInfo) -> datetime:
    """The last such moment at or before an instant."""
    today = day_of(instant, zone)
    days = [today - timedelta(days=back) for back in range(8)]
    candidates = (wall_clock(day, moment.time, zone) for day in days if day.weekday() == moment.weekday.number)
    return max(candidate for candidate in candidates if candidate <= instant)


def first_after(moment: WeekMoment, instant: datetime, zone: ZoneInfo) -> datetime:
    """The first such moment after an instant."""
    today = day_of(instant, zone)
    days = [today + timedelta(days=ahead) for ahead in range(9)]
    candidates = (wall_clock(day, moment.time, zone) for day in days if day.weekday() == moment.weekday.number)
    return min(candidate for candidate in candidates if candidate > instant)
