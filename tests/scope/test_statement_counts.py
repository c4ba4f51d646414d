"""A list costs the same number of statements with one row and with fifty: nothing is read row by row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
import pytest_asyncio

import mobile_kivy.api as tablet
from server.app import create_app
from server.config import Settings
from server.database import Database
from server.database.embedded import Cluster
from server.runtime import create_runtime
from tests.calendar import AROUND_LITERAL, day_of, local, weekday_after
from tests.dealership import Dealership, open_dealership
from tests.driving import SandboxServer
from tests.edge.world import until
from tests.traffic import Traffic, watched

CONTRACT = """id number updatedAt flags freeVehicles{plate} vehicle{plate station{code} group{code} damages{id photos{id}} blocks{id}} tariff{code tariff{code group{code}}}
  customer{email versions{at}} station{code} returnStation{code} group{code} legs{vehicle{plate} checkOut{id} checkIn{id}} drivers{id}
  deposit{state} payments{id} documents{number openItem{dueOn} advances{document{number}} refersTo{number}}
  protocols{id photos{id} damages{id} emails{id} vehicle{plate} station{code}} damages{id} emails{id} notes{text} history{at}"""
VEHICLE = f"""plate group{{code}} station{{code}} damages{{id photos{{id}} contract{{number}}}} blocks{{id vehicle{{plate}}}}
  occupancy(period:{AROUND_LITERAL}){{kind period{{end}} contract{{number}} block{{id}} vehicle{{plate}}}}"""
DAY = "availability(stationId:$s,period:$p){station{code} groups{freeCount nextFree group{code} price{total{amount}}}}"
TABLET = (Path(tablet.__file__).parent / "documents" / "handover_day.graphql").read_text("utf-8")
QUERIES = {
    "contracts": "{contracts(first:50){totalCount nodes{" + CONTRACT + "}}}",
    "changed contracts": "{contracts(first:50,orderBy:UPDATED_ASC){totalCount nodes{" + CONTRACT + "}}}",
    "contracts as text": "{contracts(first:50){totalCount nodes{number updatedAt vehicle{plate} customer{email} documents{number}}"
    " pageInfo{endCursor}}}",
    "the same customer's contracts": "{contracts(first:50){totalCount nodes{customer{email contracts(first:2){nodes{number}}}}}}",
    "vehicles": "{vehicles(first:50){totalCount nodes{" + VEHICLE + "}}}",
    "customers": "{customers(first:50){totalCount nodes{email versions{at} contracts(first:2)"
    "{totalCount nodes{number vehicle{plate} documents{number}}}}}}",
    "documents": "{documents(first:50){totalCount nodes{number contract{number customer{email}} openItem{dueOn document{number}}"
    " advances{document{number}} refersTo{number}}}}",
    "openItems": "{openItems(first:50){totalCount nodes{document{number contract{number}}}}}",
    "emails": "{emails(first:50){totalCount nodes{subject}}}",
    "damages": "{damages(first:50){totalCount nodes{vehicle{plate station{code}} contract{number} photos{id}}}}",
    "handoverDay": "query($s:ID!,$d:Date!){handoverDay(stationId:$s,date:$d){checkOuts{" + CONTRACT + "}"
    " spareVehicles{" + VEHICLE + "}}}",
    "the tablet's day": TABLET.replace("$stationId", "$s").replace("$date", "$d"),
    "planningBoard": "query($s:ID!,$p:PeriodInput!){planningBoard(stationId:$s,period:$p){lanes{vehicle{plate damages{id}}"
    " occupancy{period{end} vehicle{plate} contract{number vehicle{plate} customer{email} documents{number}}}}"
    " unassigned{number customer{email}}}}",
    "planningBoard as text": "query($s:ID!,$p:PeriodInput!){planningBoard(stationId:$s,period:$p){lanes{vehicle{plate}"
    " occupancy{kind period{start end} contract{number customer{lastName}}}}}}",
    "availability": "query($s:ID!,$p:PeriodInput!){" + DAY + "}",
}
TABLETS_DAY = Path("mobile_kivy/api/documents/handover_day.graphql")
COPIES = 49
_COPY = """insert into {table} select (jsonb_populate_record(t, {changes})).*
  from {table} t, generate_series(1, {copies}) n where {rule}"""


def _id(kind: str) -> str:
    return f"md5(%(salt)s || '{kind}' || n)::uuid"


def _statements() -> list[tuple[str, str, str]]:
    """Table, changed columns, and which row is copied: a contract with all its parts, fifty times."""
    contract, customer, vehicle = _id("contract"), _id("customer"), _id("vehicle")
    of_contract = "t.contract_id = %(contract)s"
    own = f"'id', gen_random_uuid(), 'contract_id', {contract}"
    return [
        ("vehicle", f"'id', {vehicle}, 'plate', 'B-CP ' || n, 'plate_key', 'BCP' || n", "t.id = %(vehicle)s"),
        ("customer", f"'id', {customer}, 'email_key', %(salt)s || n || '@example.com'", "t.id = %(customer)s"),
        ("customer_station", f"'customer_id', {customer}", "t.customer_id = %(customer)s"),
        (
            "contract",
            f"'id', {contract}, 'number', %(salt)s || n, 'vehicle_id', {vehicle}, 'customer_id', {customer}",
            "t.id = %(contract)s",
        ),
        ("occupancy", f"'id', gen_random_uuid(), 'contract_id', {contract}, 'vehicle_id', {vehicle}", of_contract),
        ("driver", own, of_contract),
        ("note", own, of_contract),
        ("history_entry", own, of_contract),
        ("deposit", f"'contract_id', {contract}, 'hold_id', null", of_contract),
        (
            "document",
            f"'id', {_id('document')}, 'contract_id', {contract}, 'number', %(salt)s || 'D' || n,"
            " 'running_number', 1000 + n",
            of_contract,
        ),
        (
            "payment",
            f"{own}, 'order_reference', %(salt)s || 'P' || n || t.id,"
            " 'attempt_reference', md5(%(salt)s || n || t.id), 'document_id', null, 'refers_to_id', null",
            of_contract,
        ),
        ("email", f"{own}, 'cause_id', gen_random_uuid()", of_contract),
    ]


@dataclass
class Copied:
    side: Dealership
    http: httpx2.AsyncClient
    database: Database
    traffic: Traffic
    variables: dict[str, Any]

    async def cost(self, name: str) -> tuple[int, int]:
        """How many statements a query takes, and how many rows it finds."""
        query = QUERIES[name]
        value = await self.asked(query, {key: value for key, value in self.variables.items() if f"${key}:" in query})
        return len(self.traffic.statements), _rows(value)

    async def asked(self, query: str, given: dict[str, Any]) -> Any:
        """What the only root field gives; its traffic is there afterwards."""
        headers = {"authorization": f"Bearer {self.side.clerk.token}"}
        self.traffic.clear()
        response = await self.http.post("/graphql", json={"query": query, "variables": given}, headers=headers)
        answer = response.json()
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value


def _rows(value: Any) -> int:
    if isinstance(value, list):
        return len(value)
    for key in ("nodes", "checkOuts", "lanes"):
        if key in value:
            return len(value[key])
    return int(sum(group["freeCount"] for group in value["groups"]))


@pytest_asyncio.fixture(scope="module")
async def copied(server: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Copied]:
    """A dealership with one contract, and an application in this process on the same database."""
    side = open_dealership(server, cars=1)
    cluster = Cluster(Path(server.data_dir))
    settings = Settings(data_dir=tmp_path_factory.mktemp("counts"), sandbox=True, sandbox_begins=server.now())
    runtime = create_runtime(settings, cluster.url())
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app)
    # The clock stays: what the folder's world has planned is still to come.
    day = weekday_after(day_of(server.now()) + timedelta(weeks=9), 2)
    period = {"start": local(day, 10).isoformat(), "end": (local(day, 10) + timedelta(days=1)).isoformat()}
    async with httpx2.AsyncClient(transport=transport, base_url="http://counts") as http:
        with watched() as traffic:
            yield Copied(
                side,
                http,
                runtime.outside.database,
                traffic,
                {"s": side.station["id"], "p": period, "d": day.isoformat()},
            )
    await runtime.outside.database.close()


async def test_fifty_rows_take_as_many_statements_as_one(copied: Copied, owner: str) -> None:
    # Given one contract with a document, a payment, mails, a driver and a note
    side, period = copied.side, copied.variables["p"]
    start, end = (datetime.fromisoformat(period[edge]) for edge in ("start", "end"))
    contract = side.booked(start, end, note="a remark")
    side.server.settle()
    copied.variables["p"] = {
        "start": (end + timedelta(hours=6)).isoformat(),
        "end": (end + timedelta(hours=8)).isoformat(),
    }
    await copied.cost("contracts")  # once, so that connections are open and time zones learnt
    before = {name: await copied.cost(name) for name in QUERIES}

    # When there are fifty of it all
    _copy(owner, contract)
    after = {name: await copied.cost(name) for name in QUERIES}

    # Then every list is longer, and costs what it did
    assert {name: cost[0] for name, cost in after.items()} == {name: cost[0] for name, cost in before.items()}
    for name in (
        "contracts", "vehicles", "customers", "documents", "handoverDay", "availability", "planningBoard",
        "planningBoard as text", "contracts as text",
    ):  # fmt: skip
        assert (before[name][1], after[name][1]) == (1, 1 + COPIES), name
    assert all(cost[0] <= 45 for cost in after.values()), after
    assert after["the tablet's day"][0] - after["emails"][0] <= 11, after


SHOWN = """id number state period{start end} vehicle{plate make model} customer{lastName email} tariff{code tariff{name}}
  station{code name} documents{number type total{amount}}"""
STANDS = "pageInfo{endCursor hasNextPage}"
HOT = {
    "availability": ("query($s:ID!,$p:PeriodInput!){" + DAY + "}", 3, 6),
    "a page of contracts": ("{contracts(orderBy:START_DESC,first:50){nodes{" + SHOWN + "} " + STANDS + "}}", 1, 4),
    "a page of contracts, not as text": (
        "{contracts(orderBy:START_DESC,first:50){nodes{addressMissing " + SHOWN + "} " + STANDS + "}}",
        4,
        7,
    ),
    "handoverDay": (TABLETS_DAY.read_text("utf-8"), 12, 15),
}
"""What is asked for all day long: with how many statements at most, and how many round trips to the database in all."""


@pytest.mark.parametrize("name", HOT)
async def test_what_is_asked_all_day_long_takes_few_round_trips(copied: Copied, name: str) -> None:
    # Given: asked before, so that what hardly changes is remembered
    query, most_statements, most_round_trips = HOT[name]
    station, day = copied.side.station["id"], copied.variables["d"]
    known = {"s": station, "p": copied.variables["p"], "stationId": station, "date": day}
    given = {key: value for key, value in known.items() if f"${key}:" in query}
    database = copied.database
    listening = asyncio.create_task(database.hearing())
    try:
        assert await asyncio.to_thread(until, lambda: database.memory.is_on, 30)
        await copied.asked(query, given)
        await copied.asked(query, given)
    finally:
        listening.cancel()
        await asyncio.wait([listening])
    # Then
    its = [one for one in copied.traffic.statements if not one.startswith("begin") and "from session s" not in one]
    assert len(its) <= most_statements, its
    assert copied.traffic.round_trips <= most_round_trips


def _copy(owner: str, contract: dict[str, Any]) -> None:
    values = {
        "salt": contract["number"],
        "contract": contract["id"],
        "vehicle": contract["vehicle"]["id"],
        "customer": contract["customer"]["id"],
    }
    with psycopg.connect(owner) as connection:
        for table, changes, rule in _statements():
            statement = _COPY.format(table=table, changes=f"jsonb_build_object({changes})", copies=COPIES, rule=rule)
            connection.execute(statement.encode(), values)
