"""When a hand-over may have happened: a tablet may have been without network for days, but not for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import Dealership

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    """In a week: there is time between the booking and the hand-over."""
    return soon(dealership.server) + 7 * DAY


def out_since(dealership: Dealership, contract: dict[str, Any]) -> str:
    legs = dealership.clerk("query($id:ID){contract(id:$id){legs{from}}}", id=contract["id"])["legs"]
    (leg,) = legs
    since: str = leg["from"]
    return since


@pytest.mark.parametrize("waited", [timedelta(hours=10), 7 * DAY - timedelta(hours=1)])
def test_a_hand_over_of_a_tablet_without_network_counts_when_it_arrives(
    dealership: Dealership, start: datetime, waited: timedelta
) -> None:
    booked = dealership.booked(start, start + 14 * DAY)
    dealership.server.move_to(start + waited)

    result = dealership.check_out(booked, start)

    assert result["__typename"] == "Protocol", result
    assert datetime.fromisoformat(result["occurredAt"]) == start
    assert datetime.fromisoformat(out_since(dealership, booked)) == start


def refused(dealership: Dealership, contract: dict[str, Any], at: datetime) -> str:
    """The message of a hand-over whose time is refused, and which changes nothing."""
    before = dealership.contract(contract["id"])
    result = dealership.check_out(contract, at)
    assert (result["__typename"], result["problemCode"]) == ("Rejection", "INVALID_INPUT")
    assert result["field"] == ["input", "occurredAt"]
    after = dealership.contract(contract["id"])
    for part in ("state", "version", "protocols", "drivers", "vehicle", "deposit"):
        assert after[part] == before[part]
    message: str = result["message"]
    return message


def test_more_than_seven_days_ago_is_refused(dealership: Dealership, start: datetime) -> None:
    booked = dealership.booked(start, start + 14 * DAY)
    dealership.server.move_to(start + 7 * DAY + MINUTE)

    assert refused(dealership, booked, start) == "This is more than 7 days ago. Is the tablet's clock right?"


def test_before_the_contract_was_made_is_refused(dealership: Dealership) -> None:
    begin = soon(dealership.server)
    dealership.server.move_to(begin - timedelta(hours=1))
    made = dealership.server.now()
    booked = dealership.booked(begin, begin + DAY)

    message = refused(dealership, booked, made - 16 * MINUTE)

    assert message == "The contract had not been made yet at this time. Is the tablet's clock right?"
    # A clock that is some minutes behind does not keep a customer at the counter waiting.
    assert dealership.check_out(booked, made - 14 * MINUTE)["__typename"] == "Protocol"


def test_what_is_only_kept_and_flagged_may_be_older(dealership: Dealership, start: datetime) -> None:
    # Physical facts are never lost (domain 4.6): this tablet was in a drawer while the other one handed the car over.
    booked = dealership.booked(start, start + 30 * DAY)
    dealership.server.move_to(start + DAY)
    dealership.check_out(booked, start + DAY)
    dealership.server.move_to(start + 9 * DAY)

    late = dealership.check_out(booked, start)

    assert late["__typename"] == "Protocol", late
    contract = dealership.contract(booked["id"])
    assert "PROTOCOL_CONFLICT" in contract["flags"]
    assert datetime.fromisoformat(out_since(dealership, booked)) == start + DAY


def test_a_time_that_is_still_to_come_is_now(dealership: Dealership, start: datetime) -> None:
    booked = dealership.booked(start, start + DAY)
    dealership.server.move_to(start)

    result = dealership.check_out(booked, start + 3 * DAY)

    assert start <= datetime.fromisoformat(result["occurredAt"]) < start + MINUTE
