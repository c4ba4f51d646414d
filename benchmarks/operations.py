"""What is measured: the questions that are asked most, as who asks them, in the days after the data's present."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

AVAILABILITY = """query($s:ID!,$p:PeriodInput!){availability(stationId:$s,period:$p){
  groups{group{code name} freeCount nextFree deposit{amount} dueNow{amount} price{total{amount} lines{text explanation}}}}}"""
PAGE = """query($f:ContractFilter,$a:String){contracts(filter:$f,orderBy:START_DESC,first:50,after:$a){nodes{
  id number state period{start end} vehicle{plate make model} customer{lastName email} tariff{code tariff{name}}
  station{code name} documents{number type total{amount}}} pageInfo{endCursor hasNextPage}}}"""
ROW_BY_ROW = PAGE.replace("id number", "id payer{name} number")
"""The same with something that is null here, and that PostgreSQL does not write: so it goes the general way."""
CHANGES = """query($f:ContractFilter){contracts(filter:$f,first:50){nodes{id number state updatedAt period{start end}
  vehicle{plate} documents{number type}} pageInfo{endCursor hasNextPage}}}"""
VEHICLES = """query($f:VehicleFilter,$p:PeriodInput!,$a:String){vehicles(filter:$f,first:100,after:$a){nodes{
  id plate make model group{code} occupancy(period:$p){kind period{start end} contract{id number state}}}
  pageInfo{endCursor hasNextPage}}}"""
BOARD = """query($s:ID!,$p:PeriodInput!){planningBoard(stationId:$s,period:$p){station{code name}
  lanes{vehicle{id plate make model group{code}} occupancy{kind period{start end} contract{id number state}}}
  unassigned{id number}}}"""
DAY = Path(__file__).parent.parent / "mobile_kivy" / "api" / "documents" / "handover_day.graphql"
ORDINARY, FIXED, LARGE = "B7", "B8", "B1"
"""Codes of a station with about 115 vehicles, of one where no booking may be moved to another car, and of that with 500
vehicles.
"""


LONG = timedelta(days=4, hours=8)
"""So long that nearly no car is free as things stand: the pauses between two generated rentals are 11 to 106 hours."""


@dataclass(frozen=True)
class Operation:
    """One question, asked by a clerk of its station. `field` is what the schema must have for it."""

    name: str
    title: str
    query: str
    variables: dict[str, Any]
    field: str
    station: str = ORDINARY

    @property
    def body(self) -> bytes:
        """The request as it is sent."""
        return orjson.dumps({"query": self.query, "variables": self.variables})


def station_id(code: str) -> UUID:
    """The id that a generated station has."""
    return UUID(bytes=md5(f"s{code[1:]}".encode(), usedforsecurity=False).digest())


def operations(anchor: datetime) -> dict[str, Operation]:
    """All of them, by the short names of docs/performance.md; `anchor` is the present of the data."""
    here, fixed, large = (str(station_id(code)) for code in (ORDINARY, FIXED, LARGE))
    morning = anchor.replace(hour=8, minute=0, second=0, microsecond=0)
    month = period(morning.replace(hour=0), timedelta(days=30))
    soon = morning + timedelta(days=10)
    tomorrow = (morning + timedelta(days=1)).date().isoformat()
    since = (anchor - timedelta(hours=4)).isoformat()
    found = [
        Operation("a1", "availability, cars free", AVAILABILITY, {"s": here, "p": period(soon, timedelta(hours=8))}, "availability"),
        Operation("a", "availability, nothing free", AVAILABILITY, {"s": fixed, "p": period(soon, LONG)}, "availability", FIXED),
        Operation("moves", "availability, free if bookings move", AVAILABILITY, {"s": here, "p": period(soon, LONG)}, "availability"),
        Operation("b", "page of 50 contracts", PAGE, {"f": {"stationId": here}}, "contracts"),
        Operation("b by rows", "the same page the general way", ROW_BY_ROW, {"f": {"stationId": here}}, "contracts"),
        Operation("e", "planning board, 500 vehicles", BOARD, {"s": large, "p": month}, "planningBoard", LARGE),
        Operation("vehicles", "vehicles with occupancy, a hundred", VEHICLES, {"f": {"stationId": large}, "p": month}, "vehicles", LARGE),
        Operation("f", "handoverDay", day_query(), {"stationId": here, "date": tomorrow}, "handoverDay"),
        Operation("changes", "page of 50 changes", CHANGES, {"f": {"changedSince": since}}, "contracts"),
    ]  # fmt: skip
    return {one.name: one for one in found}


def period(start: datetime, length: timedelta) -> dict[str, str]:
    """A period as an input of the API."""
    return {"start": start.isoformat(), "end": (start + length).isoformat()}


@cache
def day_query() -> str:
    """What the tablet asks in the morning."""
    return DAY.read_text("utf-8")


def pages(operation: Operation, answer: Callable[[bytes], bytes]) -> list[bytes]:
    """The requests that read a whole list, page after page: each needs the end of the one before it."""
    found, after = [], None
    while True:
        body = orjson.dumps({"query": operation.query, "variables": {**operation.variables, "a": after}})
        found.append(body)
        info = orjson.loads(answer(body))["data"][operation.field]["pageInfo"]
        if not info["hasNextPage"]:
            return found
        after = info["endCursor"]
