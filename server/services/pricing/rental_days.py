"""How many days a rental has and which weekends it lies in. Pure, in station time (domain 4.7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.models.local_time import day_of, wall_clock
from server.models.tariff import Bundle, BundleUnit, TariffTerms, WeekMoment


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


def open_weekends(terms: TariffTerms, start: datetime, end: datetime, zone: ZoneInfo) -> list[Bundle]:
    """The weekend packages inside whose window the whole rental lies; the grace counts at its end only."""
    return [
        bundle
        for bundle in terms.bundles
        if bundle.unit is BundleUnit.WEEKEND and _inside_window(bundle, start, end, zone, terms.grace_minutes)
    ]


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
