"""One sandbox server and one world of two dealerships for the folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.calendar import local
from tests.dealership import KOMPAKT
from tests.driving import SandboxServer, running

from .database import Hidden, hidden_from_alpha, owner_url, rows, versions
from .inputs import Values
from .world import World, build


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with running(tmp_path_factory.mktemp("scope") / "data") as started:
        yield started


@pytest.fixture(scope="session")
def world(server: SandboxServer) -> World:
    return build(server)


@pytest.fixture(scope="session")
def owner(server: SandboxServer) -> str:
    return owner_url(server)


@pytest.fixture(scope="session")
def hidden(world: World, owner: str) -> Hidden:
    return hidden_from_alpha(world, owner)


@pytest.fixture(scope="session")
def values(world: World, owner: str) -> Values:
    """Valid arguments of Alpha's, and what finds something of it."""
    start = local(world.monday, 11) + timedelta(days=14)
    a = world.a.station["id"]
    ids = {
        "stationId": a,
        "returnStationId": a,
        "groupId": world.a.group["id"],
        "vehicleId": world.a.vehicles[1]["id"],
        "contractId": world.contracts["alpha-out"]["id"],
    }
    names = ("alpha-out", "alpha-paid", "alpha-oneway")
    documents = rows(owner, "select id::text from document where station_id = %(a)s limit 3", a=a)
    customers = rows(owner, "select customer_id::text as id from customer_station where station_id = %(a)s", a=a)
    (tariff,) = rows(owner, "select id::text from tariff where code = %(code)s", code=world.a.tariff)
    entered = {"code": world.a.tariff, "name": "alpha", "groupId": world.a.group["id"], **KOMPAKT, "extraKm": "0.30"}
    numbers = rows(owner, "select number from contract where number like 'ZZ%%' limit 2")
    numbers += rows(owner, "select number from document where number like 'ZZ%%' limit 2")
    around = (local(world.monday, 0) + timedelta(days=days) for days in (-20, 40))
    board = dict(zip(("start", "end"), (edge.isoformat() for edge in around), strict=True))
    return Values(
        ids,
        start.isoformat(),
        (start + timedelta(days=1)).isoformat(),
        versions=versions(owner),
        own={
            "station": [{"id": a}],
            "contract": [{"id": world.contracts[name]["id"]} for name in names],
            "vehicle": [{"id": vehicle["id"]} for vehicle in world.a.vehicles] + [{"id": world.moved}],
            "vehicleUse": [
                {"plate": world.contracts["alpha-out"]["vehicle"]["plate"], "at": local(world.monday, 9).isoformat()}
            ],
            "document": documents,
            "customer": customers[:3],
            "customerExport": customers[:2],
            "tariffPreview": [{"id": tariff["id"], "input": entered}],
            "planningBoard": [{"stationId": a, "period": board}],
            "stationReport": [{"stationId": a, "period": board}],
            "handoverDay": [
                {"stationId": a, "date": (world.monday + timedelta(days=after)).isoformat()} for after in (7, 4)
            ],
        },
        foreign_texts=["zzcanary", "ZZCANARY 1", "ZZCANARYB", *(row["number"] for row in numbers)],
    )
