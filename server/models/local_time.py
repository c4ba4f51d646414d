"""Wall-clock times of a place as instants."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def wall_clock(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall-clock time; where it occurs twice or never, the later of the two readings."""
    local = datetime.combine(day, at)
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day in a zone at an instant."""
    return instant.astimezone(zone).date()
