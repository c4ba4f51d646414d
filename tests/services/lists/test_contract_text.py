"""A page of contracts is the same, byte by byte, whether PostgreSQL has written it or graphql-core, whatever is selected,
whoever asks, and wherever the page stands.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from server.engine.wanted import Wanted
from server.models import Contract
from server.models.contract import ContractState
from server.models.contract_attention import ContractFlag
from server.models.staff import Role
from server.services.lists import page_text
from server.services.lists.contract_text import CONTRACTS
from server.services.lists.json_text import Shape
from tests.builders.bench import Bench
from tests.builders.rows import open_shop
from tests.services.booking.lateness import DAY, START
from tests.services.fleet.boards import both_engines
from tests.services.lists.contract_pages import STANDS, Engines, Stock, same, stocked
from tests.services.lists.selections import everything, some

ORDERS = ["START_ASC", "START_DESC", "CREATED_DESC", "UPDATED_ASC"]
SHAPE = CONTRACTS.for_staff


@pytest.fixture(scope="module")
def engines() -> Engines:
    return both_engines()


def filters(stock: Stock, contracts: list[Contract]) -> list[dict[str, Any] | None]:
    """One of each, and some together."""
    start = START.isoformat()
    return [
        None,
        {"stationId": str(stock.here.station.id)},
        {"stationId": str(stock.there.station.id)},
        {"stationId": "nobody's"},
        {"states": []},
        {"states": [ContractState.RESERVED.value, ContractState.CHECKED_OUT.value]},
        {"settlement": ["NONE", "PAID"], "states": ["BILLED"]},
        {"flags": [flag.value for flag in ContractFlag]},
        {"flags": ["AT_RISK"], "stationId": str(stock.here.station.id)},
        {"customerId": str(contracts[0].customer_id)},
        {"vehicleId": str(contracts[1].vehicle_id), "period": {"start": start, "end": (START + 9 * DAY).isoformat()}},
        {"search": "beispiel"},
        {"search": "100%_\\' :now %s"},
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "UTC", "Asia/Kathmandu"])
async def test_everything_of_everything(bench: Bench, engines: Engines, zone: str) -> None:
    stock = await stocked(bench, zone)
    nodes = f"nodes {everything(SHAPE)} edges {{ __typename cursor node {everything(SHAPE)} }} {STANDS}"
    found = {who.name: await same(bench, engines, who, nodes) for who in stock.everybody}
    assert all(said.written for said in found.values())
    assert [len(said.page["nodes"]) for said in found.values()] == [9, 9, 9, 1, 9, 1]


async def test_selections_at_random_for_everybody(bench: Bench, engines: Engines) -> None:
    stock, dice = await stocked(bench), random.Random(20261128)
    chosen = filters(stock, await bench.all(Contract))
    for _ in range(100):
        who, selected = dice.choice(stock.everybody), some(SHAPE, dice)
        more = dice.choice(
            ["", STANDS, "totalCount", f"edges {{ c: cursor node {some(SHAPE, dice)} }}", "edges{cursor}"]
        )
        asked = {"filter": dice.choice(chosen), "order": dice.choice(ORDERS), "first": dice.choice([1, 2, 3, 9, 100])}
        said = await same(
            bench, engines, who, f"{more} nodes {selected}", yes=dice.choice([True, False]), language=dice.choice(["en", "de"]), **asked
        )  # fmt: skip
        assert said.written


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("selected", ["nodes{number}", "edges{cursor node{number}}"])
async def test_page_after_page(bench: Bench, engines: Engines, order: str, selected: str) -> None:
    stock = await stocked(bench)
    who, seen, after = stock.here.somebody(), list[str](), None
    while True:
        said = await same(bench, engines, who, f"{STANDS} {selected}", order=order, first=4, after=after)
        assert said.written
        page = said.page
        seen += [one.get("number") or one["node"]["number"] for one in page.get("nodes") or page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    # Then: each once, and nothing behind the last
    assert (len(seen), len(set(seen))) == (9, 9)
    end = await same(bench, engines, who, f"{STANDS} {selected}", order=order, after=after)
    assert (end.page["pageInfo"]["endCursor"], end.page["pageInfo"]["hasPreviousPage"]) == (None, True)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"first": 0}, b"`first` must lie between 1 and 100."),
        ({"first": 101}, b"`first` must lie between 1 and 100."),
        ({"after": "WyJhIl0"}, b"`after` is not a cursor of this list."),
        ({"after": "WyIyMDI2LVcxMC0xIiwiYSJd"}, b"`after` is not a cursor of this list."),
        ({"after": "%", "first": 0}, b"`after` is not a cursor of this list."),
        ({"order": "START_DESC", "filter": {"changedSince": "2026-09-07T10:00:00Z"}}, b"leave `orderBy` out"),
    ],
)
async def test_what_is_refused_is_refused_alike(
    bench: Bench, engines: Engines, asked: dict[str, Any], says: bytes
) -> None:
    shop = await open_shop(bench)
    said = await same(bench, engines, shop.somebody(), f"nodes{{number}} {STANDS}", **asked)
    assert (says in said.text, said.written) == (True, False)
    assert said.text.startswith(b'{"data":null,"errors":[[')
    assert said.text.endswith(b',["contracts"]]]}')


async def test_an_empty_list(bench: Bench, engines: Engines) -> None:
    shop = await open_shop(bench)
    said = await same(bench, engines, shop.somebody(), f"nodes{{number}} edges{{cursor}} {STANDS}")
    assert said.written
    assert said.page == {
        "nodes": [],
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": 0,
    }


async def test_two_lists_of_one_request_and_rows_beside_text(bench: Bench, engines: Engines) -> None:
    stock = await stocked(bench)
    twice = "nodes{number}} more: contracts(first:2,orderBy:START_ASC){edges{node{id}} pageInfo{endCursor}"
    assert (await same(bench, engines, stock.here.somebody(), twice)).written
    # One that only the general way knows goes it, with what stands beside it as text
    beside = "nodes{number notes{id}} edges{cursor node{number}} pageInfo{endCursor}"
    assert (await same(bench, engines, stock.here.somebody(), beside)).written
    general = "nodes{number notes{id}} pageInfo{endCursor} totalCount"
    assert not (await same(bench, engines, stock.here.somebody(), general)).written


async def test_where_it_stands_alone(bench: Bench, engines: Engines) -> None:
    stock = await stocked(bench)
    said = await same(bench, engines, stock.here.somebody(), STANDS, first=2)
    assert (said.written, said.page["totalCount"], said.page["pageInfo"]["hasNextPage"]) == (False, 9, True)


async def test_pages_that_come_from_elsewhere_are_rows(bench: Bench, engines: Engines) -> None:
    stock = await stocked(bench)
    inner = "nodes{customer{id contracts(first:1){nodes{number} pageInfo{hasNextPage}}}}"
    assert not (await same(bench, engines, stock.here.somebody(Role.MANAGER), inner)).written


def test_what_is_not_known_is_left_to_the_general_way() -> None:
    for shape in (CONTRACTS.for_staff, CONTRACTS.for_websites):
        assert page_text.node(shape, [Wanted("f", "flags")]) is None
        assert page_text.node(shape, [Wanted("s", "station", (Wanted("p", "phone"),))]) is None
        assert page_text.edge(shape, [Wanted("n", "node", (Wanted("f", "flags"),))]) is None
        assert page_text.edge(shape, [Wanted("x", "somethingNew")]) is None


def test_both_kinds_of_callers_are_shown_the_same_fields() -> None:
    def fields(shape: Shape) -> dict[str, Any]:
        return {**dict.fromkeys(shape.fields), **{name: fields(part.shape) for name, part in shape.parts.items()}}

    assert fields(CONTRACTS.for_staff) == fields(CONTRACTS.for_websites)
