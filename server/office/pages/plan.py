"""The plan of a station: its cars as lanes, their uses as bars."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from server.office.desk import Desk
from server.office.door import NotFound
from server.office.lanes import Days, Lane, lane
from server.office.operations import Answer
from server.office.typed import day_in

SPANS = (1, 7, 14, 30, 60, 90)
"""Days that can be shown; the API shows 92 at most."""
_USUAL = 14


async def show(desk: Desk) -> Response:
    """The plan from a day on; from two days before today if none is named."""
    station = desk.station
    if station is None:
        return desk.show("today/no_station.html")
    asked, days = desk.request.query_params, _days(desk, station)
    found = await desk.ask(
        "PlanningBoard", stationId=station["id"], period=days.period(), groupId=asked.get("group") or None
    )
    marked = {row["number"]: row["flags"] for row in found["marked"]["nodes"]}
    lanes = [lane(row, days, marked, desk.now) for row in found["planningBoard"]["lanes"]]
    return desk.show(
        "plan/plan.html",
        station=station,
        days=days,
        groups=_by_group(lanes),
        now=days.minute(desk.now),
        unassigned=found["planningBoard"]["unassigned"],
        all_groups=found["vehicleGroups"],
        chosen=asked.get("group", ""),
        spans=SPANS,
        earlier=days.first - timedelta(days=days.count),
        later=days.first + timedelta(days=days.count),
        address=_address(desk, station, days),
    )


async def show_lane(desk: Desk) -> Response:
    """One car's lane, to be put in the place of what is shown of it."""
    station = desk.station
    if station is None:
        raise NotFound
    days = _days(desk, station)
    row = (await desk.ask("Lane", id=desk.request.path_params["key"], period=days.period()))["vehicle"]
    if row is None:
        raise NotFound
    contracts = [use["contract"] for use in row["occupancy"] if use["contract"]]
    marked = {one["number"]: [flag for flag in one["flags"] if flag in {"OVERDUE", "AT_RISK"}] for one in contracts}
    one = lane({"vehicle": row, "occupancy": row["occupancy"]}, days, marked, desk.now)
    return desk.show("plan/lane.html", lane=one)


def _days(desk: Desk, station: Answer) -> Days:
    asked, zone = desk.request.query_params, ZoneInfo(station["timeZone"])
    today = desk.now.astimezone(zone).date()
    first = day_in(asked.get("from", "")) or today - timedelta(days=2)
    span = asked.get("days", "")
    count = int(span) if span.isdecimal() and int(span) in SPANS else _USUAL
    return Days(first, count, zone, desk.language)


def _by_group(lanes: list[Lane]) -> list[tuple[str, list[Lane]]]:
    def name(one: Lane) -> str:
        return str(one.vehicle["group"]["name"])

    return [(group, list(some)) for group, some in groupby(sorted(lanes, key=name), key=name)]


def _address(desk: Desk, station: Answer, days: Days) -> dict[str, Any]:
    """What the plan's address says, for its links."""
    group = desk.request.query_params.get("group", "")
    return {"station": station["code"], "from": days.first.isoformat(), "days": days.count, "group": group}
