"""f: a station's work of one day, as the tablet asks for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.floor import day_values
from benchmarks.floor.availability import FREE, free_parameters
from benchmarks.floor.connections import Connections, Reading

_STATION = b"""select id, code, name, phone, email, time_zone, after_hours_return, street, postcode, city, country,
  turnaround_minutes from station where id = %s"""
_CONTRACT = """select id, number, kind, state, version, language, billing_block, customer_review, protocol_conflict,
  payment_overdue, effects_failed, starts_at, ends_at, station_id, return_station_id, group_id, customer_id, vehicle_id,
  extras, total_cents, payer, customer_copy ->> 'street' as street, workshop_order_number, workshop_appointment_at,
  workshop_plate, workshop_vin, (tariff_snapshot ->> 'grace_minutes')::int as grace_minutes from contract"""
_NEAREST = "order by starts_at desc, id desc limit 500"
_OUTS = f"{_CONTRACT} where station_id = %s and state = 'RESERVED' and starts_at < %s {_NEAREST}".encode()
_BACK = f"""{_CONTRACT} c where c.return_station_id = %s and c.ends_at < %s
  and (c.state = 'CHECKED_OUT' or exists (select 1 from vehicle v where v.out_contract_id = c.id)) {_NEAREST}""".encode()
_CAR = """select id, plate, vin, make, model, colour, odometer_km, fuel_eighths, state_of_charge_percent, cleanliness,
  inspection_due, status, version, group_id, accessories from vehicle v"""
_SPARE = f"{_CAR} where {FREE} and out_contract_id is null order by plate".encode()
_CARS = f"{_CAR} where id = any(%s)".encode()
_DEPOSITS = b"select contract_id, state, amount_cents, expires_at from deposit where contract_id = any(%s)"
_STATIONS = b"select id, code, name from station where id = any(%s)"
_GROUPS = b"select id, code, name, energy, minimum_age, acriss from vehicle_group"
_CUSTOMERS = b"""select id, kind, salutation, first_name, last_name, company, email, phone, language, status
from customer where id = any(%s)"""
_DRIVERS = b"""select id, contract_id, role, first_name, last_name, birth_date, licence_number, licence_class,
  licence_issued, licence_valid_until, checked_at, checked_by from driver where contract_id = any(%s) order by id"""
_PROTOCOLS = b"""select id, contract_id, type, voided, occurred_at, staff, remarks, signature_sha256, odometer_km,
  fuel_eighths, state_of_charge_percent, cleanliness_inside, cleanliness_outside, accessories
from protocol where contract_id = any(%s) order by occurred_at, id"""
_NOTES = b"select contract_id, text, author, created_at from note where contract_id = any(%s) order by created_at, id"
_DAMAGES = b"""select id, vehicle_id, kind, size_mm, description, seen_at, liability, view, x, y
from damage where vehicle_id = any(%s) and repair <> 'REPAIRED' order by seen_at, id"""
_AT_RISK = b"""select c.id from vehicle v join contract c on c.vehicle_id = v.id join station s on s.id = c.station_id
  left join contract o on o.id = v.out_contract_id
where c.id = any(%(ids)s) and v.out_until <= %(now)s and c.id <> v.out_contract_id and c.state = 'RESERVED'
  and c.ends_at > %(now)s and (c.starts_at < %(now)s + make_interval(mins => s.turnaround_minutes)
    or coalesce(o.ends_at + make_interval(mins => (o.tariff_snapshot ->> 'grace_minutes')::int), v.out_until) <= %(now)s)
union all select id from contract where id = any(%(ids)s) and state = 'RESERVED' and vehicle_id is null and ends_at > %(now)s"""


async def answer(connections: Connections, variables: dict[str, Any]) -> dict[str, Any]:
    """Who goes out, who comes back, who is late, and what is free."""
    at, day, now = variables["stationId"], date.fromisoformat(variables["date"]), datetime.now(UTC)
    async with connections.reading(at) as reading:
        station = (await reading.rows(_STATION, (at,)))[0]
        zone = ZoneInfo(station.time_zone)
        begins = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        ends = (datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)).astimezone(UTC)
        going = (await reading.rows(_OUTS, (at, ends)))[::-1]
        coming = (await reading.rows(_BACK, (at, ends)))[::-1]
        free = free_parameters(station, zone, max(now, begins), ends, now)
        spare = await reading.rows(_SPARE, free)
        known = await _known(reading, [*going, *coming], spare, now, zone)
    late = [row for row in coming if _is_late(row, min(now, ends))]
    due = [row for row in coming if row not in late and (begins <= now or row.ends_at >= begins)]
    # The day's own pick-ups first.
    going = [*(row for row in going if row.starts_at >= begins), *(row for row in going if row.starts_at < begins)]
    return {
        "handoverDay": {
            "date": day.isoformat(),
            "generatedAt": now.astimezone(zone).isoformat("T", "milliseconds"),
            "station": day_values.station(station),
            "checkOuts": [known.contract(row) for row in going],
            "checkIns": [known.contract(row) for row in due],
            "overdue": [known.contract(row) for row in late],
            "spareVehicles": [known.vehicle(row) for row in spare],
        }
    }


def _is_late(row: Any, at: datetime) -> bool:
    return bool(row.ends_at + timedelta(minutes=row.grace_minutes) <= at)


async def _known(
    reading: Reading, contracts: list[Any], spare: list[Any], now: datetime, zone: ZoneInfo
) -> day_values.Known:
    ids = [row.id for row in contracts]
    stations = list({row.station_id for row in contracts} | {row.return_station_id for row in contracts})
    cars = await reading.by("id", _CARS, (list({row.vehicle_id for row in contracts}),))
    return day_values.Known(
        now=now,
        zone=zone,
        stations=await reading.by("id", _STATIONS, (stations,)),
        groups=await reading.by("id", _GROUPS),
        cars=cars,
        deposits=await reading.by("contract_id", _DEPOSITS, (ids,)),
        customers=await reading.by("id", _CUSTOMERS, (list({row.customer_id for row in contracts}),)),
        drivers=await reading.each("contract_id", _DRIVERS, (ids,)),
        protocols=await reading.each("contract_id", _PROTOCOLS, (ids,)),
        notes=await reading.each("contract_id", _NOTES, (ids,)),
        damages=await reading.each("vehicle_id", _DAMAGES, ([*cars, *(row.id for row in spare)],)),
        at_risk={row.id for row in await reading.rows(_AT_RISK, {"ids": ids, "now": now})},
    )
