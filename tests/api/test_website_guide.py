"""What docs/website.md tells website developers: its examples run in its order, and its tables are those of the code."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from server.app import OPERATIONS_WAIT
from server.edge.bodies import MOST_JSON_BYTES, MOST_MULTIPART_BYTES, MOST_STRANGERS_BYTES, SLOWEST_UPLOAD
from server.edge.connections import Bounds
from server.edge.fairness import OF_AN_API_KEY
from server.edge.guard import Limits
from server.edge.limits import ARRIVAL_SECONDS
from server.edge.literals import LONGEST_LIST
from server.edge.running import Pace
from server.errors import CallerErrorCode, ProblemCode
from server.sandbox.telecash.cards import FIRST_TOKENS, TEST_CARDS
from tests.browser import Browser, pay
from tests.calendar import soon
from tests.dealership import Dealership
from tests.driving import new_id

GUIDE = (Path(__file__).resolve().parent.parent.parent / "docs" / "website.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def table(header: str) -> list[list[str]]:
    """The cells of the rows below a header."""
    rows = GUIDE.split(header, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def filled(block: str, **own: str) -> dict[str, Any]:
    """Variables of the guide with one's own ids and days."""
    for name, value in own.items():
        block = block.replace(f'"{name}"', f'"{value}"')
    variables: dict[str, Any] = json.loads(block)
    return variables


def test_the_first_call(dealership: Dealership) -> None:
    (command,) = [block for block in blocks("sh") if "curl" in block and "/graphql" in block]
    query = json.loads(re.search(r"-d '(.*?)'", command, re.DOTALL)[1].replace("\n", ""))["query"]  # type: ignore[index]

    answer = dealership.website.post(query)

    assert answer["data"]["viewer"] == {"role": "WEB"}
    assert dealership.group["id"] in [group["id"] for group in answer["data"]["vehicleGroups"]]


def test_from_what_is_free_to_what_was_paid(dealership: Dealership, start: datetime) -> None:
    own = {
        "STATION": dealership.station["id"],
        "GROUP": dealership.group["id"],
        "KEY": new_id(),
        "2027-03-02T09:00:00+01:00": start.isoformat(),
        "2027-03-04T09:00:00+01:00": (start + timedelta(days=2)).isoformat(),
    }
    free, price, book, state, look, cancel, changes = blocks("graphql")
    wanted, quoted, booking, number, looked_at, called_off, everything = blocks("json")

    # when a website asks what is free and what it costs
    groups = dealership.website(free, **filled(wanted, **own))["groups"]
    quote = dealership.website(price, **filled(quoted, **own))

    # then both say the same
    (group,) = [one for one in groups if one["group"]["id"] == dealership.group["id"]]
    assert (group["price"]["total"]["amount"], group["dueNow"]["amount"], group["problem"]) == (
        "118.00",
        "59.00",
        None,
    )
    assert (quote["available"], quote["price"]["total"]["amount"]) == (True, "118.00")

    # when it books with the quote, its customer's first card is declined, and it sends the same again
    request = filled(booking, **own)
    request["input"]["quoteId"] = quote["id"]
    first = dealership.website(book, **request)
    browser = Browser(dealership)
    browser.open(first["paymentForm"])
    pay(browser, "4704550000000005")
    declined = browser.until_back_at_the_shop()
    browser.open(dealership.website(book, **request)["paymentForm"])
    pay(browser)
    paid = browser.until_back_at_the_shop()

    # then the browser comes to where the guide says, and the contract is what it says
    contract = first["contract"]
    assert contract["state"] == "HELD"
    assert declined.startswith(f"https://shop.example/failed?contract={contract['number']}&reason=")
    assert "&code=" in declined
    assert paid == f"https://shop.example/booked?contract={contract['number']}"
    found = dealership.website(state, **filled(number, NUMBER=contract["number"]))
    assert (found["state"], found["paid"]["amount"]) == ("RESERVED", "59.00")

    # when it has read what has changed so far, looks at what cancelling costs, and cancels
    since = dealership.website(changes, **filled(everything))["nodes"][-1]["updatedAt"]
    known = dealership.website("query($n:String){contract(number:$n){id version}}", n=contract["number"])
    looked = dealership.website(look, **filled(looked_at, CONTRACT=known["id"]))
    done = dealership.website(cancel, **(filled(called_off, CONTRACT=known["id"]) | {"version": known["version"]}))

    # then it is as the preview said
    assert looked["problems"] == []
    assert done["state"] == "CANCELLED"
    dealership.server.settle()
    paid = dealership.website(state, **filled(number, NUMBER=contract["number"]))["paid"]["amount"]
    assert Decimal(paid) == Decimal("59.00") + Decimal(looked["moved"]["amount"])

    # and what has changed since is this contract
    page = dealership.website(changes, since=since)
    assert [(node["number"], node["state"]) for node in page["nodes"]] == [(contract["number"], "CANCELLED")]
    assert dealership.website(changes, since=page["nodes"][-1]["updatedAt"])["nodes"] == []


def test_failures_can_be_ordered_as_it_says(dealership: Dealership) -> None:
    (orders,) = [block for block in blocks("sh") if "/sandbox/" in block and "script" in block]
    before = dealership.server.now()

    for method, path, body in re.findall(r"curl -X (\w+) http://127\.0\.0\.1:8000(\S+) -d '([^']*)'", orders):
        answer = dealership.server.http.request(method, path, content=body)
        assert answer.status_code < 300, (path, answer.text)

    assert dealership.server.now() - before >= timedelta(minutes=60)
    dealership.server.http.post("/sandbox/smtp", json={"mode": "ok"})
    assert dealership.server.http.delete("/sandbox/telecash/script").status_code < 300


def test_every_code_is_explained() -> None:
    assert [row[0] for row in table("| Code | What to do |")] == list(ProblemCode)
    assert [row[0] for row in table("| Code | HTTP | What to do |")] == list(CallerErrorCode)


def test_every_card_is_listed_with_its_token() -> None:
    tokens = {number: token for token, number in FIRST_TOKENS.items()}

    rows = table("| Card | Token (`STORED_CARD`) | What it does |")

    assert rows == [[card.number, tokens.get(card.number, "–"), card.does] for card in TEST_CARDS]


def test_the_limits_are_those_of_the_code() -> None:
    said = GUIDE.split("## Limits", 1)[1].split("##", 1)[0]
    limits, pace, head = Limits(), Pace(), Bounds()

    figures = [limits.characters, limits.tokens, limits.depth, limits.fields, limits.same_branches, limits.same_leaves]
    figures += [limits.aliases, limits.cost, 1, int(pace.query_deadline), int(pace.mutation_deadline), LONGEST_LIST]
    figures += [head.head_bytes // 1024, int(head.head_seconds), MOST_JSON_BYTES // 1024]
    figures += [MOST_MULTIPART_BYTES // 1024 // 1024, MOST_STRANGERS_BYTES // 1024, int(ARRIVAL_SECONDS)]
    figures += [SLOWEST_UPLOAD // 1024, OF_AN_API_KEY["query"], OF_AN_API_KEY["mutation"], OPERATIONS_WAIT]
    figures += [head.connections_of_a_place]
    assert re.findall(r"\d[\d,]*\d|\d", said) == [f"{figure:,}" for figure in figures]
