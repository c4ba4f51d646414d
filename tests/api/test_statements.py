"""A page costs the same statements, however many rows are on it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks import measure
from benchmarks.run import AVAILABILITY, PAGE
from server.app import create_app
from server.config import Settings
from server.database_embedded import Cluster
from server.runtime import create_runtime
from tests.dealership import Dealership, add_car, open_dealership
from tests.driving import SandboxServer, soon

DAY = timedelta(days=1)
DEEP = """query($f:ContractFilter){contracts(filter:$f,first:50){nodes{number customer{email contracts(first:2){nodes{number}}}
  vehicle{plate group{code} damages{kind}} drivers{lastName} returnStation{name} payments{amount{amount}}
  emails{subject} protocols{type vehicle{plate}} history{action}} totalCount}}"""


def statements(server: SandboxServer, caller: str, query: str, variables: dict[str, Any]) -> tuple[list[str], Any]:
    """What one warm request sends to the database, and its answer."""

    async def run() -> tuple[list[str], Any]:
        url = Cluster(Path(server.data_dir)).url()
        runtime = create_runtime(Settings(data_dir=Path(server.data_dir), database_url=url, sandbox=False), url)
        recorder = measure.Recorder(runtime.outside.database)
        body = orjson.dumps({"query": query, "variables": variables})
        try:
            app = create_app(runtime)
            await measure.ask(app, "/graphql", body, caller)
            recorder.listening = True
            answer = orjson.loads(await measure.ask(app, "/graphql", body, caller))
        finally:
            await runtime.outside.database.close()
        return [statement for statement, _ in recorder.sent], answer

    return asyncio.run(run())


@pytest.fixture(scope="module")
def one_row(server: SandboxServer) -> Dealership:
    """A station with one car and one contract."""
    opened = open_dealership(server, cars=1)
    start = soon(server.now())
    opened.booked(start, start + DAY / 4)
    return opened


@pytest.fixture(scope="module")
def fifty_rows(server: SandboxServer) -> Dealership:
    """A station with ten cars and fifty contracts."""
    opened = open_dealership(server, cars=1)
    for _ in range(9):
        add_car(opened)
    start = soon(server.now())
    for number in range(50):
        begun = start + number // 10 * DAY
        customer = {"firstName": "A", "lastName": f"B{number}", "email": f"rows{number}@example.com"}
        opened.booked(begun, begun + DAY / 4, customer=customer)
    return opened


@pytest.mark.parametrize("query", [PAGE, DEEP], ids=["page", "deep"])
def test_a_page_of_fifty_costs_the_statements_of_a_page_of_one(
    server: SandboxServer, one_row: Dealership, fifty_rows: Dealership, query: str
) -> None:
    sent = {}
    for rows, side in ((1, one_row), (50, fifty_rows)):
        variables = {"f": {"stationId": side.station["id"]}}
        found, answer = statements(server, side.clerk.token or "", query, variables)
        assert "errors" not in answer, answer
        assert len(answer["data"]["contracts"]["nodes"]) == rows
        sent[rows] = found
    assert sent[1]
    assert len(sent[50]) == len(sent[1]), (sent[1], sent[50])


def test_availability_of_ten_cars_costs_the_statements_of_one(
    server: SandboxServer, one_row: Dealership, fifty_rows: Dealership
) -> None:
    counts = []
    for side in (one_row, fifty_rows):
        found, answer = statements(server, side.clerk.token or "", AVAILABILITY, {"s": side.station["id"]})
        assert "errors" not in answer, answer
        counts.append(len(found))
    assert counts[0] == counts[1] > 0
