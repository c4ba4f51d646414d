"""What the cars of some groups do from now on, in memory: for what one look at the index cannot answer.

Here a car is free by the same rule as in the search (`free_cars.py`): in service, not late, inspected, and not on the
way to another station.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from server.database import Session
from server.models import Contract, Station
from server.models.local_time import day_of
from server.services.booking.slot import Slot

FOREVER = datetime.max.replace(tzinfo=UTC)
"""Where a car's last use ends that never comes back here."""
_BEGINS = attrgetter("starts_at")
_LONG = 90 * 86_400.0
_USES = """
with taken as materialized (
  select o.vehicle_id, o.contract_id, o.starts_at, o.ends_at, o.busy_until,
    o.movable and o.kind = 'RESERVED' and o.starts_at > :now as movable
  from occupancy o
  where o.station_id = any(:stations) and o.active and o.busy_until > :since
    and (o.held_until is null or o.held_until > :now)
)
select v.id, v.station_id, v.group_id, v.inspection_due, v.out_contract_id, v.out_until,
  case when v.leaves_until <= :now then null else v.leaves_at end as leaves_at,
  o.contract_id, o.starts_at, o.ends_at, o.busy_until, o.movable
from vehicle v left join taken o on o.vehicle_id = v.id
where v.station_id = any(:stations) and v.status = 'ACTIVE' and (v.out_until is null or v.out_until > :now)
  and v.group_id = any(:groups)
order by v.id, o.starts_at
"""


@dataclass(frozen=True)
class Use:
    """A use of a car, busy until its turnaround is over. `movable`: another car of the group may take it over."""

    starts_at: datetime
    ends_at: datetime
    busy_until: datetime
    contract_id: UUID | None = None
    movable: bool = False


@dataclass
class Calendar:
    """A car in service that is not late: its uses in their order, which do not overlap, and what else it may not be
    used for.
    """

    vehicle_id: UUID
    station_id: UUID
    group_id: UUID
    inspection_due: date | None
    leaves_at: datetime | None
    uses: list[Use] = field(default_factory=list)

    def in_the_way(self, wanted: Use) -> list[Use]:
        """What the car is used for when it is wanted."""
        behind = first = bisect_left(self.uses, wanted.busy_until, key=_BEGINS)
        while first > 0 and self.uses[first - 1].busy_until > wanted.starts_at:
            first -= 1
        return self.uses[first:behind]

    def put(self, use: Use) -> None:
        """Uses the car, too; it must be free."""
        insort(self.uses, use, key=_BEGINS)

    def allows(self, wanted: Use, zone: ZoneInfo) -> bool:
        """Whether the car could be used if nobody else used it: it is inspected, and still here afterwards."""
        stays = self.leaves_at is None or self.leaves_at >= wanted.busy_until
        return stays and (self.inspection_due is None or self.inspection_due >= day_of(wanted.ends_at, zone))

    def slack(self, wanted: Use) -> tuple[float, UUID]:
        """How much time is left around a use for which the car is free, in seconds: with least of it, it fits best."""
        behind = bisect_left(self.uses, wanted.busy_until, key=_BEGINS)
        before = self.uses[behind - 1].busy_until if behind else None
        after = self.uses[behind].starts_at if behind < len(self.uses) else None
        gaps = (
            None if before is None else wanted.starts_at - before,
            None if after is None else after - wanted.busy_until,
        )
        return sum(_LONG if gap is None else min(gap.total_seconds(), _LONG) for gap in gaps), self.vehicle_id


async def of_groups(
    session: Session, stations: Sequence[UUID], groups: Sequence[UUID], now: datetime, since: datetime | None = None
) -> list[Calendar]:
    """The cars of groups at stations that are in service and not late, with what they do from `since` on, or now."""
    if not groups:
        return []
    since = min(since or now, now)
    parameters = {"stations": list(stations), "groups": list(groups), "now": now, "since": since}
    return collected(await session.rows(_USES, parameters), since)


def collected(rows: Iterable[Any], since: datetime) -> list[Calendar]:
    """The calendars that rows tell of, each a car with one of its uses in their order, or with none."""
    found: dict[UUID, Calendar] = {}
    for row in rows:
        car = found.get(row.id)
        if car is None:
            car = found[row.id] = Calendar(row.id, row.station_id, row.group_id, row.inspection_due, row.leaves_at)
            if row.out_until is not None:  # it may have gone out before its time
                car.uses.append(Use(since, row.out_until, row.out_until))
        if row.starts_at is not None:
            _add(car.uses, row)
    return list(found.values())


def _add(uses: list[Use], row: Any) -> None:
    """A row, one more stretch of a long use, or what the car that is out would be used for."""
    last = uses[-1] if uses else None
    is_more = last is not None and row.contract_id is not None and last.contract_id == row.contract_id
    if last is not None and (is_more or row.starts_at < last.busy_until):
        until = max(last.busy_until, row.busy_until)
        uses[-1] = replace(last, ends_at=max(last.ends_at, row.ends_at), busy_until=until)
    else:
        uses.append(Use(row.starts_at, row.ends_at, row.busy_until, row.contract_id, row.movable))


def of_slot(slot: Slot) -> Use:
    """The use that a booking asks for; a one-way rental does not bring the car back."""
    return Use(slot.start, slot.end, FOREVER if slot.one_way else slot.until)


def of_contract(contract: Contract, station: Station, now: datetime) -> Use:
    """The use that a reserved contract still needs: who waits for a car needs it from now on."""
    away = contract.return_station_id != contract.station_id
    until = FOREVER if away else contract.ends_at + station.turnaround
    return Use(max(contract.starts_at, now), contract.ends_at, until, contract.id)
