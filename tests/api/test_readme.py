"""What the README tells a new user to send works as it stands there, with the ids and days of one's own."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import Dealership

README = Path(__file__).resolve().parent.parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


@pytest.fixture
def variables(dealership: Dealership, start: datetime) -> list[dict[str, Any]]:
    """Those of the README, filled in as it says."""
    own = {"STATION": dealership.station["id"], "GROUP": dealership.group["id"]}
    days = iter(start + timedelta(days=days) for days in (0, 2) * 2)
    filled = []
    for block in blocks("json"):
        text = re.sub(r"\b(STATION|GROUP)\b", lambda word: own[word[0]], block)
        filled.append(json.loads(re.sub(r"2027-03-0\dT09:00:00\+01:00", lambda _: next(days).isoformat(), text)))
    return filled


def test_the_first_query(dealership: Dealership) -> None:
    (command,) = [block for block in blocks("sh") if "curl" in block]
    query = json.loads(re.search(r"-d '(.*?)'", command, re.DOTALL)[1].replace("\n", ""))["query"]  # type: ignore[index]

    response = dealership.server.http.post(
        "/graphql", json={"query": query}, headers={"authorization": f"Bearer {dealership.website.token}"}
    )

    assert response.json()["data"]["stations"]


def test_what_is_free_and_a_booking(dealership: Dealership, variables: list[dict[str, Any]]) -> None:
    free, book = blocks("graphql")
    wanted, booking = variables

    groups = dealership.website(free, **wanted)["groups"]
    (group,) = [one for one in groups if one["group"]["id"] == dealership.group["id"]]
    booked = dealership.website(book, **booking)

    assert (group["freeCount"] >= 1, group["price"]["total"]["amount"]) == (True, "118.00")
    assert (booked["__typename"], booked["contract"]["state"], booked["paymentForm"]) == ("Booking", "RESERVED", None)
    assert dealership.website(book, **booking) == booked
