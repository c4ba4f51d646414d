"""b: a page of 50 contracts with vehicle, customer, tariff, station and documents."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.floor.connections import Connections
from benchmarks.floor.values import amount, cursor, period

PAGE = 50
_CONTRACTS = b"""
select c.id, c.number, c.state, c.starts_at, c.ends_at, c.station_id, c.vehicle_id, c.customer_id, c.tariff_id,
  c.tariff_snapshot ->> 'code' as tariff_code
from contract c where c.id in (
  select id from (select id from contract where exists (select 1 from station where id = %(s)s) and station_id = %(s)s
    order by starts_at desc, id desc limit 51) here
  union
  select id from (select id from contract where exists (select 1 from station where id = %(s)s)
    and return_station_id = %(s)s and checked_out_at is not null and station_id <> return_station_id
    order by starts_at desc, id desc limit 51) back)
order by starts_at desc, id desc limit 51"""
_VEHICLES = b"select id, plate, make, model from vehicle where id = any(%s)"
_CUSTOMERS = b"select id, last_name, email from customer where id = any(%s)"
_TARIFFS = b"select id, name from tariff where id = any(%s)"
_STATIONS = b"select id, code, name, time_zone from station where id = any(%s)"
_DOCUMENTS = b"""select contract_id, number, type, total_cents from document where contract_id = any(%s)
order by issued_at, id"""


async def answer(connections: Connections, variables: dict[str, Any]) -> dict[str, Any]:
    """The newest page."""
    station = variables["f"]["stationId"]
    async with connections.reading(station) as reading:
        found = await reading.rows(_CONTRACTS, {"s": station})
        rows = found[:PAGE]
        vehicles = await reading.by("id", _VEHICLES, (list({row.vehicle_id for row in rows}),))
        customers = await reading.by("id", _CUSTOMERS, (list({row.customer_id for row in rows}),))
        tariffs = await reading.by("id", _TARIFFS, (list({row.tariff_id for row in rows}),))
        stations = await reading.by("id", _STATIONS, (list({row.station_id for row in rows}),))
        documents = await reading.each("contract_id", _DOCUMENTS, ([row.id for row in rows],))
    zones = {one.id: ZoneInfo(one.time_zone) for one in stations.values()}
    nodes = []
    for row in rows:
        vehicle, customer, at = vehicles[row.vehicle_id], customers[row.customer_id], stations[row.station_id]
        nodes.append(
            {
                "id": str(row.id),
                "number": row.number,
                "state": row.state,
                "period": period(row, zones[at.id]),
                "vehicle": {"plate": vehicle.plate, "make": vehicle.make, "model": vehicle.model},
                "customer": {"lastName": customer.last_name, "email": customer.email},
                "tariff": {"code": row.tariff_code, "tariff": {"name": tariffs[row.tariff_id].name}},
                "station": {"code": at.code, "name": at.name},
                "documents": [
                    {"number": one.number, "type": one.type, "total": amount(one.total_cents)}
                    for one in documents.get(row.id, ())
                ],
            }
        )
    end = cursor(rows[-1].starts_at.isoformat(), str(rows[-1].id))
    return {"contracts": {"nodes": nodes, "pageInfo": {"endCursor": end, "hasNextPage": len(found) > PAGE}}}
