"""What has changed since a moment, through the API: in order, in pages, and only what is one's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.calendar import soon
from tests.dealership import Dealership, open_dealership
from tests.driving import Api

CHANGES = """query($since:DateTime,$after:String,$first:Int!){contracts(filter:{changedSince:$since},orderBy:UPDATED_ASC,
  first:$first,after:$after){totalCount nodes{id updatedAt} edges{cursor node{id}} pageInfo{hasNextPage endCursor}}}"""
NOTE = 'mutation($id:ID!){addNote(contractId:$id,text:"Ruft an"){__typename ...on Problem{message}}}'
LATEST = "query($id:ID!){contract(id:$id){updatedAt}}"


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def hours(start: datetime, after: int) -> tuple[datetime, datetime]:
    """Two hours of the day."""
    return start + timedelta(hours=after), start + timedelta(hours=after + 2)


def changes(caller: Api, since: str | None = None, first: int = 100, **more: Any) -> dict[str, Any]:
    page: dict[str, Any] = caller(CHANGES, since=since, first=first, **more)
    return page


def ids(page: dict[str, Any]) -> list[str]:
    return [node["id"] for node in page["nodes"]]


def updated_at(caller: Api, contract: dict[str, Any]) -> str:
    found: dict[str, str] = caller(LATEST, id=contract["id"])
    return found["updatedAt"]


def test_a_page_after_the_other_the_oldest_change_first(dealership: Dealership, start: datetime) -> None:
    # Given three contracts, of which the first was changed last
    one, two, three = (dealership.booked(*hours(start, number)) for number in (0, 3, 6))
    dealership.server.settle()
    since = min(updated_at(dealership.website, contract) for contract in (one, two, three))
    assert dealership.clerk(NOTE, id=one["id"])["__typename"] == "Contract"
    # When
    everything = changes(dealership.website)
    first = changes(dealership.website, first=2)
    second = changes(dealership.website, first=2, after=first["pageInfo"]["endCursor"])
    # Then by cursor and by time
    assert (ids(everything)[-1], everything["totalCount"], set(ids(everything))) == (
        one["id"],
        3,
        {one["id"], two["id"], three["id"]},
    )
    assert (ids(first), first["pageInfo"]["hasNextPage"]) == (ids(everything)[:2], True)
    assert (ids(second), second["pageInfo"]["hasNextPage"]) == (ids(everything)[2:], False)
    assert [edge["node"]["id"] for edge in first["edges"]] == ids(first)
    assert ids(changes(dealership.website, first["nodes"][-1]["updatedAt"])) == ids(second)
    assert changes(dealership.website, everything["nodes"][-1]["updatedAt"])["nodes"] == []
    assert ids(changes(dealership.website, since))[-1] == one["id"]


def test_the_time_is_the_servers_in_the_stations_zone(dealership: Dealership, start: datetime) -> None:
    before = dealership.server.now()
    contract = dealership.booked(*hours(start, 0))

    said = datetime.fromisoformat(updated_at(dealership.website, contract))

    assert before <= said <= dealership.server.now()
    assert said.utcoffset() == said.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()


def test_nobody_hears_of_what_is_not_theirs(dealership: Dealership, start: datetime) -> None:
    # Given
    mine = dealership.booked(*hours(start, 0))
    of_clerk = dealership.booked(*hours(start, 3), caller=dealership.clerk)
    elsewhere = open_dealership(dealership.server)
    theirs = elsewhere.booked(*hours(start, 0))
    # When
    website, clerk, others = (changes(who) for who in (dealership.website, dealership.clerk, elsewhere.clerk))
    # Then
    assert (ids(website), website["totalCount"]) == ([mine["id"]], 1)
    assert set(ids(clerk)) == {mine["id"], of_clerk["id"]}
    assert (ids(others), others["totalCount"]) == ([theirs["id"]], 1)
    everybody = ids(changes(dealership.admin, updated_at(dealership.clerk, mine)))
    assert {of_clerk["id"], theirs["id"]} <= set(everybody)


@pytest.mark.parametrize("order", ["START_DESC", "CREATED_DESC"])
def test_another_order_is_refused(dealership: Dealership, order: str) -> None:
    query = f'{{contracts(filter:{{changedSince:"2026-01-01T00:00:00Z"}},orderBy:{order}){{nodes{{id}}}}}}'

    (error,) = dealership.clerk.post(query)["errors"]

    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", ["orderBy"])


def test_without_an_order_it_is_that_of_the_changes(dealership: Dealership, start: datetime) -> None:
    later, sooner = (dealership.booked(*hours(start, number)) for number in (6, 0))
    dealership.server.settle()
    since = (dealership.server.now() - timedelta(days=900)).isoformat()
    dealership.clerk(NOTE, id=sooner["id"])

    query = "query($s:DateTime){contracts(filter:{changedSince:$s}){nodes{id}}}"

    assert ids(dealership.clerk(query, s=since)) == [later["id"], sooner["id"]]
