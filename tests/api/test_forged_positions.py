"""Cursors and addresses that nobody was given: refused as such, and never a fault."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from tests.dealership import Dealership

LISTS = {
    "contracts": "contracts(first:1,after:$a){nodes{id}}",
    "changed contracts": "contracts(first:1,orderBy:UPDATED_ASC,after:$a){nodes{id}}",
    "newest contracts": "contracts(first:1,orderBy:CREATED_DESC,after:$a){nodes{id}}",
    "vehicles": "vehicles(first:1,after:$a){nodes{id}}",
    "customers": "customers(first:1,after:$a){nodes{id}}",
    "documents": "documents(first:1,after:$a){nodes{id}}",
    "emails": "emails(first:1,after:$a){nodes{id}}",
    "damages": "damages(first:1,after:$a){nodes{id}}",
}
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
POSITIONS: list[Any] = [
    ["2026-11-23T08:00:00+00:00", "\0"],
    ["2026-11-23T08:00:00", ID],
    ["2026-W48-1T08:00:00+00:00", ID],
    ["0001-01-01T00:00:00+14:00", ID],
    ["9" * 5000, ID],
    ["\0", ID],
    ["B-EW 1\0", ID],
    ["2026-11-23T08:00:00+00:00", f"urn:uuid:{ID}"],
    [None, ID],
    [["a"], {"b": 1}],
    [1, 2],
    [True, ID],
    "no list",
    {},
    [ID],
    ["a", "b", "c"],
]


def forged(position: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


@pytest.mark.parametrize("name", LISTS)
def test_a_forged_cursor_is_none_of_the_list(dealership: Dealership, name: str) -> None:
    found = {}
    for cursor in [*map(forged, POSITIONS), "", "a", "ä", "=" * 9, "x" * 100_000]:
        answer = dealership.clerk.post(f"query($a:String){{{LISTS[name]}}}", {"a": cursor})
        found[cursor[:60]] = answer["errors"][0]["extensions"]["code"] if "errors" in answer else "a page"
    assert set(found.values()) <= {"BAD_USER_INPUT", "a page"}, found


@pytest.mark.parametrize(
    "path", ["photos/{}", "photos/{}/small", "documents/{}", "protocols/{}", "protocols/{}/photos"]
)
@pytest.mark.parametrize("wanted", ["%00", "a%00b", "٣", "9" * 5000, "%F0%9F", ID, "..%2f..%2fetc"])
def test_an_address_that_leads_nowhere(dealership: Dealership, path: str, wanted: str) -> None:
    headers = {"authorization": f"Bearer {dealership.clerk.token}"}
    answer = dealership.server.http.get(f"/media/{path.format(wanted)}", headers=headers)
    assert answer.status_code in {404, 400}
    assert answer.headers["x-content-type-options"] == "nosniff"
