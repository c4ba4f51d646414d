"""How old what is owed to a station is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server.database import Session
from server.models.local_time import day_of
from server.services.reports.fleet_use import Span


class Age(NamedTuple):
    """Days after the due date: from the first to the last; None: without an end."""

    first: int | None
    last: int | None


AGES = (Age(None, 0), Age(1, 30), Age(31, 60), Age(61, 90), Age(91, None))
_OPEN = "select due_on, open_cents from open_item where station_id = :station and open_cents > 0"


@dataclass(frozen=True)
class AgedOpen:
    """What is owed of one age; debts only, no money that customers still get."""

    age: Age
    items: int
    open_cents: int


async def open_by_age(session: Session, span: Span, now: datetime) -> list[AgedOpen]:
    """What is owed to the station now, by age; every age is there."""
    today = day_of(now, span.station.zone)
    rows = [
        ((today - row.due_on).days, row.open_cents) for row in await session.rows(_OPEN, {"station": span.station.id})
    ]
    found = []
    for age in AGES:
        sums = [cents for days, cents in rows if _is_in(days, age)]
        found.append(AgedOpen(age, len(sums), sum(sums)))
    return found


def _is_in(days: int, age: Age) -> bool:
    return (age.first is None or days >= age.first) and (age.last is None or days <= age.last)
