"""What changes is told to whoever follows it, by whatever process it was changed, and to nobody else."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from server.database import SYSTEM
from tests.api.second_process import SlowNetwork, beside
from tests.calendar import soon
from tests.dealership import Dealership, open_dealership
from tests.driving import Api, SandboxServer, running
from tests.edge.test_sockets import closed, hear, say, subscribe

CONTRACT = "subscription($at: ID!) { contractChanged(stationId: $at) { id number version notes { text } } }"
VEHICLE = "subscription($at: ID!) { vehicleChanged(stationId: $at) { id plate version blocks { note } } }"


@contextmanager
def following(api: Api, **asked: str) -> Iterator[ClientConnection]:
    """A socket of somebody's that follows: its subscriptions by name, each with the station's id."""
    url = api.base.replace("http", "ws") + "/graphql"
    protocol = [Subprotocol("graphql-transport-ws")]
    with connect(url, subprotocols=protocol, compression=None, proxy=None, legacy=True) as socket:
        say(socket, {"type": "connection_init", "payload": {"Authorization": f"Bearer {api.token}"}})
        assert hear(socket) == {"type": "connection_ack"}
        for name, station in asked.items():
            query = CONTRACT if name.startswith("contract") else VEHICLE
            subscribe(socket, query, name, variables={"at": station})
        _settle(socket)
        yield socket


def _settle(socket: ClientConnection, seconds: float = 1.0) -> list[Any]:
    """Whatever comes until nothing comes for so long."""
    told = []
    while True:
        try:
            told.append(json.loads(socket.recv(timeout=seconds)))
        except TimeoutError:
            return told


def told(socket: ClientConnection, field: str) -> Any:
    message = hear(socket)
    assert message["type"] == "next", message
    return message["payload"]["data"][field]


def booked(dealership: Dealership, days: int = 0) -> dict[str, Any]:
    start = soon(dealership.server) + timedelta(days=days)
    return dealership.booked(start, start + timedelta(days=1))


def note(api: Api, contract_id: str, text: str) -> None:
    api("mutation($c: ID!, $t: String!) { addNote(contractId: $c, text: $t) { __typename } }", c=contract_id, t=text)


def test_a_contract_that_was_booked_and_changed(dealership: Dealership) -> None:
    with following(dealership.clerk, contracts=dealership.station["id"]) as socket:
        # When
        contract = booked(dealership)
        # Then it is told, as it is then, and once for what came together
        first = told(socket, "contractChanged")
        assert (first["id"], first["number"]) == (contract["id"], contract["number"])
        _settle(socket)
        note(dealership.clerk, contract["id"], "Kommt später")
        assert [one["text"] for one in told(socket, "contractChanged")["notes"]] == ["Kommt später"]
        assert _settle(socket) == []


def test_a_car_and_its_blocks(dealership: Dealership) -> None:
    car = dealership.vehicles[0]
    with following(dealership.yard, vehicles=dealership.station["id"]) as socket:
        dealership.clerk(
            'mutation($v: ID!) { blockVehicle(vehicleId: $v, reason: WORKSHOP, note: "Bremsen",'
            ' period: {start: "2040-01-02T10:00:00Z", end: "2040-01-03T10:00:00Z"}) { __typename } }',
            v=car["id"],
        )
        changed = told(socket, "vehicleChanged")
        assert (changed["id"], changed["blocks"][0]["note"]) == (car["id"], "Bremsen")


def test_a_station_never_hears_of_another(server: SandboxServer, dealership: Dealership) -> None:
    # Given
    other = open_dealership(server)
    mine, theirs = dealership.station["id"], other.station["id"]
    with following(dealership.clerk, contracts=mine, vehicles=mine) as socket:
        # When something happens elsewhere
        note(other.clerk, booked(other)["id"], "Nicht für andere")
        other.admin("mutation($v: ID!) { blockVehicle(vehicleId: $v, reason: OTHER, period:"
                    ' {start: "2040-01-02T10:00:00Z", end: "2040-01-03T10:00:00Z"}) { __typename } }', v=other.vehicles[0]["id"])  # fmt: skip
        # Then
        assert _settle(socket) == []
        # Nor is anything of it followed by who may not
        for name, query in (("a", CONTRACT), ("b", VEHICLE)):
            subscribe(socket, query, name, variables={"at": theirs})
            answer = hear(socket)
            assert (answer["type"], answer["payload"][0]["extensions"]["problemCode"]) == ("error", "NOT_FOUND")
        # An administrator follows any
    with following(dealership.admin, contracts=theirs) as socket:
        contract = booked(other, days=3)
        assert told(socket, "contractChanged")["id"] == contract["id"]


def test_who_may_not(dealership: Dealership) -> None:
    with following(dealership.website) as socket:
        subscribe(socket, CONTRACT, variables={"at": dealership.station["id"]})
        assert hear(socket)["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def _change_elsewhere(server: SandboxServer, contract_id: str, times: int) -> None:
    async with beside(server, SlowNetwork()) as outside:
        for _ in range(times):
            async with outside.database.transaction(SYSTEM) as session:
                await session.write("update contract set version = version + 1 where id = :id", {"id": contract_id})


def test_what_another_process_changes_and_what_comes_together(server: SandboxServer, dealership: Dealership) -> None:
    contract = booked(dealership)
    with following(dealership.clerk, contracts=dealership.station["id"]) as socket:
        asyncio.run(_change_elsewhere(server, contract["id"], 30))
        changes = [one["payload"]["data"]["contractChanged"] for one in _settle(socket)]
        # Thirty changes in a row are few events, and the last shows how it is
        assert 1 <= len(changes) < 30
        stored = dealership.clerk("query($c: ID!) { contract(id: $c) { version } }", c=contract["id"])
        assert changes[-1]["version"] == stored["version"]


def test_what_was_missed_is_told_after_all(server: SandboxServer, dealership: Dealership) -> None:
    contracts = [booked(dealership), booked(dealership, days=3)]
    with following(dealership.clerk, contracts=dealership.station["id"], vehicles=dealership.station["id"]) as socket:
        # Given: the listener's connection is cut, and meanwhile two contracts are changed
        with psycopg.connect(server.owner, autocommit=True) as owner:
            cut = owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%change%'"
            ).fetchall()
            assert cut
        for contract in contracts:
            note(dealership.clerk, contract["id"], "Verpasst")
        # When it listens again, after some seconds
        messages = _settle(socket, 8)
        # Then both are told of, and every car of the station once
        found = [one["payload"]["data"] for one in messages]
        assert {one["contractChanged"]["id"] for one in found if "contractChanged" in one} == {
            one["id"] for one in contracts
        }
        cars = [one["vehicleChanged"]["id"] for one in found if "vehicleChanged" in one]
        assert sorted(cars) == sorted(car["id"] for car in dealership.vehicles)
        note(dealership.clerk, contracts[0]["id"], "Und weiter")
        assert told(socket, "contractChanged")["id"] == contracts[0]["id"]


def test_figures(server: SandboxServer, dealership: Dealership) -> None:
    with following(dealership.clerk, contracts=dealership.station["id"]):
        assert 'ersatzwagen_subscriptions{operation="contractChanged",transport="socket"} 1.0' in server.figures()
        booked(dealership)
        server.figures('ersatzwagen_subscription_events_total{operation="contractChanged"}')


def test_server_sent_events(dealership: Dealership) -> None:
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {dealership.clerk.token}"}
    body = {"query": CONTRACT, "variables": {"at": dealership.station["id"]}}
    with dealership.clerk.http.stream("POST", f"{dealership.clerk.base}/graphql", json=body, headers=headers) as stream:
        contract = booked(dealership)
        data = next(line for line in stream.iter_lines() if line.startswith("data: "))
        assert json.loads(data.removeprefix("data: "))["data"]["contractChanged"]["id"] == contract["id"]


def test_the_server_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    # Given a server that goes on answering for some seconds when it is told to end
    with running(tmp_path_factory.mktemp("ends") / "data", environment={"ERSATZWAGEN_DRAIN_SECONDS": "3"}) as server:
        dealership = open_dealership(server)
        with following(dealership.clerk, contracts=dealership.station["id"]) as socket:
            # When
            server.process.send_signal(signal.SIGTERM)
            # Then who follows is told at once to come again, and finds no place here
            assert closed(socket)[0] == 1012
            with pytest.raises(InvalidStatus) as refusal, following(dealership.clerk):
                pass
            assert refusal.value.response.status_code == 503
        assert server.stop() == 0
