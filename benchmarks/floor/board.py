"""e: the cars of a station with who has them when in a period, all at once or a hundred at a time."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from benchmarks.floor.connections import Connections, Reading
from benchmarks.floor.values import cursor, period

PAGE = 100
_STATION = b"select code, name, time_zone from station where id = %s"
_CARS = b"""select v.id, v.plate, v.make, v.model, g.code from vehicle v join vehicle_group g on g.id = v.group_id
where v.station_id = %s order by g.code, v.plate, v.id"""
_PAGE = b"""select v.id, v.plate, v.make, v.model, g.code from vehicle v join vehicle_group g on g.id = v.group_id
where v.station_id = %(station)s and (%(plate)s::text is null or (v.plate, v.id) > (%(plate)s::text, %(id)s::uuid))
order by v.plate, v.id limit 101"""
_USES = b"""
select o.vehicle_id, o.kind, o.starts_at, case when v.out_contract_id = o.contract_id and o.ends_at >= v.out_until
    then greatest(o.ends_at, %(now)s) else o.ends_at end as ends_at,
  c.id as contract_id, c.number, c.state
from occupancy o join vehicle v on v.id = o.vehicle_id left join contract c on c.id = o.contract_id
where o.vehicle_id = any(%(cars)s) and o.active and o.starts_at < %(end)s
  and (o.ends_at > %(start)s or (v.out_contract_id = o.contract_id and v.out_until <= %(now)s))
order by o.starts_at"""
_UNASSIGNED = b"""select id, number from contract where station_id = %(station)s and state = 'RESERVED'
  and vehicle_id is null and starts_at < %(end)s and ends_at > %(start)s order by starts_at, id"""


async def planning_board(connections: Connections, variables: dict[str, Any]) -> dict[str, Any]:
    """Every car of the station."""
    station, between = variables["s"], _between(variables)
    async with connections.reading(station) as reading:
        at = (await reading.rows(_STATION, (station,)))[0]
        cars = await reading.rows(_CARS, (station,))
        uses = await _uses(reading, cars, between, ZoneInfo(at.time_zone))
        unassigned = await reading.rows(_UNASSIGNED, {"station": station, **between})
    return {
        "planningBoard": {
            "station": {"code": at.code, "name": at.name},
            "lanes": [{"vehicle": _car(car), "occupancy": uses.get(car.id, [])} for car in cars],
            "unassigned": [{"id": str(one.id), "number": one.number} for one in unassigned],
        }
    }


async def vehicles(connections: Connections, variables: dict[str, Any]) -> dict[str, Any]:
    """The next hundred cars."""
    station, between, after = variables["f"]["stationId"], _between(variables), variables.get("a")
    plate, last = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))) if after else (None, None)
    async with connections.reading(station) as reading:
        at = (await reading.rows(_STATION, (station,)))[0]
        found = await reading.rows(_PAGE, {"station": station, "plate": plate, "id": last})
        cars = found[:PAGE]
        uses = await _uses(reading, cars, between, ZoneInfo(at.time_zone))
    nodes = [{**_car(car), "occupancy": uses.get(car.id, [])} for car in cars]
    info = {"endCursor": cursor(cars[-1].plate, str(cars[-1].id)), "hasNextPage": len(found) > PAGE}
    return {"vehicles": {"nodes": nodes, "pageInfo": info}}


def _between(variables: dict[str, Any]) -> dict[str, datetime]:
    start, end = (datetime.fromisoformat(variables["p"][name]) for name in ("start", "end"))
    return {"start": start, "end": end, "now": datetime.now(UTC)}


async def _uses(
    reading: Reading, cars: list[Any], between: dict[str, datetime], zone: ZoneInfo
) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in await reading.rows(_USES, {"cars": [car.id for car in cars], **between}):
        contract = None
        if row.contract_id is not None:
            contract = {"id": str(row.contract_id), "number": row.number, "state": row.state}
        use = {"kind": row.kind, "period": period(row, zone), "contract": contract}
        found.setdefault(row.vehicle_id, []).append(use)
    return found


def _car(car: Any) -> dict[str, Any]:
    return {
        "id": str(car.id),
        "plate": car.plate,
        "make": car.make,
        "model": car.model,
        "group": {"code": car.code},
    }
