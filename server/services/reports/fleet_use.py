"""How a station's cars were used: minutes with customers, idle days, revenue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from server.database import Session
from server.errors import InvalidInput, Sentence
from server.models import Station
from server.services.fleet import stations

MOST_DAYS = 366
_TOO_LONG = Sentence(
    "A report covers 366 days at most, and begins before it ends.",
    "Ein Bericht umfasst höchstens 366 Tage und beginnt, bevor er endet.",
)
# What lies ahead is nobody's use yet, and a block that was lifted counts as long as it was. A minute counts once: a car
# that comes back late into its block was with the customer until then. A document counts in the period of its issue;
# what takes it back, against it.
_USES = """
with span as (
  select cast(:start as timestamptz) as s, least(cast(:end as timestamptz), cast(:now as timestamptz)) as e
),
uses as (
  select l.vehicle_id, true as rented, greatest(l.from_at, s) as f, least(coalesce(l.to_at, e), e) as t
  from vehicle_leg l, span where l.from_at < e and coalesce(l.to_at, e) > s
  union all
  select b.vehicle_id, false, greatest(b.starts_at, s), least(b.ends_at, coalesce(b.removed_at, b.ends_at), e)
  from vehicle_block b, span where b.starts_at < e and b.ends_at > s
),
busy as (
  select vehicle_id, coalesce(range_agg(tstzrange(f, t)) filter (where rented), '{}') as out,
    coalesce(range_agg(tstzrange(f, t)) filter (where not rented), '{}') as blocked
  from uses where f < t group by vehicle_id
),
earned as (
  select c.vehicle_id, sum(d.net_cents) as net
  from document d join contract c on c.id = d.contract_id left join document r on r.id = d.refers_to_id
  where d.station_id = :station and d.issued_at >= :start and d.issued_at < :end
    and (d.type in ('FINAL_INVOICE', 'CORRECTION_INVOICE')
      or (d.type = 'CANCELLATION_INVOICE' and r.type in ('FINAL_INVOICE', 'CORRECTION_INVOICE')))
  group by c.vehicle_id
)
select v.id as vehicle_id, v.plate, g.id as group_id, g.name as group_name,
  (select cast(coalesce(sum(extract(epoch from upper(one) - lower(one))), 0) / 60 as int)
    from unnest(b.out) one) as rented,
  (select cast(coalesce(sum(extract(epoch from upper(one) - lower(one))), 0) / 60 as int)
    from unnest(b.blocked - b.out) one) as blocked,
  (select count(*) from generate_series(
      date_trunc('day', s at time zone :zone),
      date_trunc('day', (e - interval '1 microsecond') at time zone :zone), interval '1 day'
    ) d where not coalesce(b.out + b.blocked && tstzrange(
      d at time zone :zone, (d + interval '1 day') at time zone :zone), false)) as idle,
  coalesce(m.net, 0) as net
from vehicle v join vehicle_group g on g.id = v.group_id cross join span
left join busy b on b.vehicle_id = v.id left join earned m on m.vehicle_id = v.id
where v.station_id = :station and (v.status <> 'RETIRED' or b.vehicle_id is not null or m.vehicle_id is not null)
order by g.name, v.plate
"""


@dataclass(frozen=True)
class Span:
    """A station and the period that a report is about (UTC). `now`: what lies after it is not looked at."""

    station: Station
    start: datetime
    end: datetime
    now: datetime

    @property
    def minutes(self) -> int:
        """Minutes of the period that are over."""
        return max(0, int((min(self.end, self.now) - self.start).total_seconds() // 60))

    @property
    def named(self) -> dict[str, object]:
        """What statements call it."""
        zone = self.station.time_zone
        return {"station": self.station.id, "start": self.start, "end": self.end, "now": self.now, "zone": zone}


@dataclass(frozen=True)
class CarUse:
    """One car in a period. Times are minutes, `net_cents` without VAT, deposits and claims."""

    vehicle_id: UUID
    group_id: UUID
    group_name: str
    rented_minutes: int
    blocked_minutes: int
    idle_days: int
    net_cents: int
    fleet_minutes: int

    @property
    def utilisation(self) -> float:
        """Minutes with customers by the minutes in which it could have been rented: 0 to 1, 0 if it never could."""
        possible = self.fleet_minutes - self.blocked_minutes
        return min(1.0, self.rented_minutes / possible) if possible > 0 else 0.0


async def span_of(session: Session, station_id: UUID | None, start: datetime, end: datetime, now: datetime) -> Span:
    """The span of a report; NotFound, InvalidInput for a period that is none or too long."""
    if not timedelta() < end - start <= timedelta(days=MOST_DAYS):
        raise InvalidInput(_TOO_LONG, field=["period"])
    return Span(await stations.get(session, station_id, field=["station_id"]), start, end, now)


async def of_cars(session: Session, span: Span) -> list[CarUse]:
    """Every car that stands at the station now, by group and plate."""
    rows = await session.rows(_USES, span.named)
    return [
        CarUse(
            row.vehicle_id, row.group_id, row.group_name, row.rented, row.blocked, row.idle, int(row.net), span.minutes
        )
        for row in rows
    ]
