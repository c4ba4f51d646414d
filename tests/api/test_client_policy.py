"""An API client is made with a policy, which it and its administrators read, and which its bookings meet."""

from __future__ import annotations

from typing import Any

from tests.calendar import soon
from tests.dealership import Dealership, days, open_dealership
from tests.driving import new_id

POLICY = "policy { kinds mayNamePayer mayChangePeriod openHolds openHoldsPerCustomer drivers }"
CREATE = f"""mutation($s:[ID!]!,$p:ClientPolicyInput){{createApiClient(name:"Shop",stationIds:$s,policy:$p){{__typename
  ...on CreatedApiClient{{key client{{id {POLICY}}}}} ...on Problem{{problemCode field message}}}}}}"""
UPDATE = f"""mutation($id:ID!,$n:String,$s:[ID!],$p:ClientPolicyInput){{updateApiClient(id:$id,name:$n,stationIds:$s,
  policy:$p){{__typename ...on ApiClient{{id name stations{{id}} {POLICY}}} ...on Problem{{problemCode field message}}}}}}"""
DEFAULTS: dict[str, Any] = {
    "kinds": ["RENTAL"],
    "mayNamePayer": False,
    "mayChangePeriod": False,
    "openHolds": 20,
    "openHoldsPerCustomer": 5,
    "drivers": 10,
}


def test_a_client_without_a_policy_has_the_defaults(dealership: Dealership) -> None:
    stations = [dealership.station["id"]]
    for policy in (None, {}, dict.fromkeys(DEFAULTS)):
        made = dealership.admin(CREATE, s=stations, p=policy)
        assert made["client"]["policy"] == DEFAULTS


def test_a_policy_is_read_as_it_was_given(dealership: Dealership) -> None:
    # Given
    policy: dict[str, Any] = {
        "kinds": ["COURTESY", "RENTAL"],
        "mayNamePayer": True,
        "mayChangePeriod": True,
        "openHolds": 1000,
        "openHoldsPerCustomer": 1,
        "drivers": 2,
    }

    # When
    made = dealership.admin(CREATE, s=[dealership.station["id"]], p={**policy, "kinds": [*policy["kinds"], "RENTAL"]})

    # Then: the client reads it, and so does who may list the clients
    assert made["client"]["policy"] == policy
    website = dealership.server.api(made["key"])
    assert website(f"{{viewer{{client{{{POLICY}}}}}}}") == {"client": {"policy": policy}}
    listed = dealership.admin(f"{{apiClients{{id {POLICY}}}}}")
    assert {"id": made["client"]["id"], "policy": policy} in listed


def test_a_policy_out_of_bounds_names_its_field(dealership: Dealership) -> None:
    before = len(dealership.admin("{apiClients{id}}"))

    answer = dealership.admin(CREATE, s=[dealership.station["id"]], p={"openHoldsPerCustomer": 0})

    assert (answer["problemCode"], answer["field"]) == ("INVALID_INPUT", ["policy", "openHoldsPerCustomer"])
    assert len(dealership.admin("{apiClients{id}}")) == before


def test_a_booking_beyond_it_is_refused_by_path(dealership: Dealership) -> None:
    # Given: the defaults
    start = soon(dealership.server)
    made = dealership.admin(CREATE, s=[dealership.station["id"]])
    website = dealership.server.api(made["key"])

    # When
    courtesy = dealership.book(start, start + days(1), caller=website, kind="COURTESY", workshop={"orderNumber": "W-1"})
    no_order = dealership.book(start, start + days(1), kind="COURTESY")

    # Then
    assert (courtesy["problemCode"], courtesy["field"]) == ("NOT_ALLOWED", ["input", "kind"])
    assert (no_order["problemCode"], no_order["field"]) == ("INVALID_INPUT", ["input", "workshop", "orderNumber"])
    assert website("{contracts{nodes{id}}}") == {"nodes": []}


def test_a_client_is_changed_where_it_is_said_and_books_by_it_at_once(dealership: Dealership) -> None:
    # Given: a website whose policy knows no courtesy cars
    start = soon(dealership.server)
    made = dealership.admin(CREATE, s=[dealership.station["id"]])
    website = dealership.server.api(made["key"])
    client = made["client"]["id"]
    courtesy: dict[str, Any] = {"caller": website, "kind": "COURTESY", "workshop": {"orderNumber": "W-1"}}
    assert dealership.book(start, start + days(1), **courtesy)["problemCode"] == "NOT_ALLOWED"

    # When an administrator allows them
    changed = dealership.admin(UPDATE, id=client, p={"kinds": ["RENTAL", "COURTESY"]})

    # Then that alone is new, and the same key books
    assert changed == {
        "__typename": "ApiClient",
        "id": client,
        "name": "Shop",
        "stations": [{"id": dealership.station["id"]}],
        "policy": {**DEFAULTS, "kinds": ["RENTAL", "COURTESY"]},
    }
    assert dealership.book(start, start + days(1), **courtesy)["__typename"] == "Booking"

    # When it moves to another station under another name
    other = open_dealership(dealership.server, cars=1)
    moved = dealership.admin(UPDATE, id=client, n="Other shop", s=[other.station["id"]])

    # Then it sees that station only, and its policy is what it was
    assert (moved["name"], moved["stations"]) == ("Other shop", [{"id": other.station["id"]}])
    assert moved["policy"] == changed["policy"]
    assert website("{stations{id}}") == [{"id": other.station["id"]}]


def test_a_change_that_is_refused_changes_nothing(dealership: Dealership) -> None:
    made = dealership.admin(CREATE, s=[dealership.station["id"]])
    client = made["client"]["id"]
    before = [one for one in dealership.admin(f"{{apiClients{{id name {POLICY}}}}}") if one["id"] == client]

    for change, field in (
        ({"n": "New", "p": {"drivers": 0}}, ["policy", "drivers"]),
        ({"n": "New", "p": {"kinds": []}}, ["policy", "kinds"]),
        ({"n": "New", "s": []}, ["stationIds"]),
        ({"n": "New", "s": [new_id()]}, ["stationIds"]),
        ({"n": " "}, ["name"]),
    ):
        refused = dealership.admin(UPDATE, id=client, **change)
        assert (refused["problemCode"], refused["field"]) == ("INVALID_INPUT", field)
    assert dealership.admin(UPDATE, id=new_id())["problemCode"] == "NOT_FOUND"

    assert [one for one in dealership.admin(f"{{apiClients{{id name {POLICY}}}}}") if one["id"] == client] == before
