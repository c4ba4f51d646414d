"""a1: what a station offers in a period in which cars of every group are free."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.floor.connections import Connections
from benchmarks.floor.values import amount, instant
from server.models.contract import ContractKind
from server.models.tariff import terms_of
from server.services.pricing.price import Facts, advance_cents, breakdown

_STATION = b"""select id, time_zone, turnaround_minutes, after_hours_return, opening_hours from station where id = %s"""
_GROUPS = b"select id, code, name, deposit_cents from vehicle_group order by code"
_TARIFFS = b"""select group_id, code, vat_rate_bp, grace_minutes, extra_km_cents, fuel_per_litre_cents, fuel_service_cents,
  energy_per_kwh_cents, charging_service_cents, cleaning_heavy_cents, cleaning_special_cents, early_return, bundles,
  extras, free_cancellation_hours, cancellation_fee_cents, no_show_fee_cents
from tariff where valid_from <= %(day)s and (valid_until is null or valid_until >= %(day)s) and ended_at is null
order by valid_from, code desc"""
FREE = """v.station_id = %(station)s and v.status = 'ACTIVE'
  and (v.out_until is null or (v.out_until > %(now)s and v.out_until <= %(start)s))
  and (v.leaves_at is null or v.leaves_at >= %(until)s or v.leaves_until <= %(now)s)
  and (v.inspection_due is null or v.inspection_due >= %(last_day)s)
  and v.id not in (select o.vehicle_id from occupancy o
    where o.station_id = %(station)s and o.active and o.busy_until > %(start)s and o.busy_until < %(latest)s
      and o.starts_at < %(until)s and (o.held_until is null or o.held_until > %(now)s))"""
_COUNTS = f"select v.group_id, count(*) as free from vehicle v where {FREE} group by v.group_id".encode()
LONGEST_ROW = timedelta(days=60)


async def answer(connections: Connections, variables: dict[str, Any]) -> dict[str, Any]:
    """Counts and prices of all groups."""
    start, end = (datetime.fromisoformat(variables["p"][name]) for name in ("start", "end"))
    now = datetime.now(UTC)
    async with connections.reading(variables["s"]) as reading:
        station = (await reading.rows(_STATION, (variables["s"],)))[0]
        zone = ZoneInfo(station.time_zone)
        groups = await reading.rows(_GROUPS)
        tariffs = await reading.by("group_id", _TARIFFS, {"day": now.astimezone(zone).date()})
        free = await reading.by("group_id", _COUNTS, free_parameters(station, zone, start, end, now))
    facts = Facts(
        ContractKind.RENTAL,
        start,
        end,
        zone,
        after_hours=not (_is_open(station, start.astimezone(zone)) and _is_open(station, end.astimezone(zone))),
        language="en",
    )
    at_once = instant(start, zone)
    shown = [
        {**_shown(group, tariffs[group.id], facts), "freeCount": free[group.id].free, "nextFree": at_once}
        for group in groups
    ]
    return {"availability": {"groups": shown}}


def free_parameters(station: Any, zone: ZoneInfo, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """What the search for free cars takes."""
    until = end + timedelta(minutes=station.turnaround_minutes)
    last_day = end.astimezone(zone).date()
    latest = until + LONGEST_ROW
    named = {"start": start, "until": until, "latest": latest, "last_day": last_day, "now": now}
    return {"station": station.id, **named}


def _shown(group: Any, tariff: Any, facts: Facts) -> dict[str, Any]:
    terms = terms_of(tariff._asdict())
    price = breakdown(terms, facts)
    return {
        "group": {"code": group.code, "name": group.name},
        "deposit": amount(group.deposit_cents),
        "dueNow": amount(advance_cents(terms, ContractKind.RENTAL, price.total_cents)),
        "price": {
            "total": amount(price.total_cents),
            "lines": [{"text": line.text, "explanation": line.explanation} for line in price.lines],
        },
    }


def _is_open(station: Any, at: datetime) -> bool:
    today = at.strftime("%A").upper()
    return any(
        time.fromisoformat(one["opens"]) <= at.time() <= time.fromisoformat(one["closes"])
        for one in station.opening_hours
        if one["weekday"] == today
    )
