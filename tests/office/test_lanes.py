"""The plan's lanes: where bars stand, on days on which clocks change, too, and what they say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.office.lanes import Days, lane

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 3, 20, 10, tzinfo=UTC)
CAR = {"id": "1", "plate": "B-EW 1"}


def days(first: date, count: int = 7) -> Days:
    return Days(first, count, BERLIN, "de")


def use(start: str, end: str, **more: Any) -> dict[str, Any]:
    contract = {
        "number": "BER-1",
        "state": "RESERVED",
        "version": 3,
        "customer": {"firstName": "Anna", "lastName": "B"},
    }
    usual = {"kind": "RESERVED", "heldUntil": None, "contract": contract, "block": None}
    return usual | {"period": {"start": start, "end": end}} | more


def bar(shown: dict[str, Any], first: date = date(2027, 3, 22), flags: tuple[str, ...] = ()) -> Any:
    (found,) = lane({"vehicle": CAR, "occupancy": [shown]}, days(first), {"BER-1": flags}, NOW).bars
    return found


def test_a_bar_stands_at_the_stations_wall_clock() -> None:
    found = bar(use("2027-03-23T09:00:00+01:00", "2027-03-24T18:30:00+01:00"))
    assert (found.start, found.end) == (1440 + 540, 2 * 1440 + 18 * 60 + 30)
    assert found.said == "reserviert, Anna B, Di 23.3. 09:00 – Mi 24.3. 18:30"
    assert (found.number, found.version, found.movable) == ("BER-1", 3, "all")


def test_noon_is_noon_on_the_day_that_clocks_change() -> None:
    # given the 28th of March 2027, which has 23 hours in Berlin
    found = bar(use("2027-03-28T12:00:00+02:00", "2027-03-29T12:00:00+02:00"), first=date(2027, 3, 28))
    assert (found.start, found.end) == (720, 1440 + 720)
    # and the 31st of October, which has 25
    found = bar(use("2027-10-31T12:00:00+01:00", "2027-11-01T12:00:00+01:00"), first=date(2027, 10, 31))
    assert (found.start, found.end) == (720, 1440 + 720)


def test_the_plan_begins_and_ends_at_midnights_of_the_station() -> None:
    assert days(date(2027, 3, 27), 2).period() == {
        "start": "2027-03-27T00:00:00+01:00",
        "end": "2027-03-29T00:00:00+02:00",
    }


def test_what_reaches_beyond_the_plan_keeps_its_true_times() -> None:
    found = bar(use("2027-03-20T09:00:00+01:00", "2027-04-20T09:00:00+02:00"))
    assert found.start == -2 * 1440 + 540
    assert found.end == 29 * 1440 + 540


@pytest.mark.parametrize(("state", "movable", "css"), [("CHECKED_OUT", "end", "s-out"), ("BILLED", "", "s-done")])
def test_what_can_be_moved_follows_the_contracts_state(state: str, movable: str, css: str) -> None:
    contract = {"number": "BER-1", "state": state, "version": 1, "customer": {"company": "Malerei GmbH"}}
    found = bar(use("2027-03-23T09:00:00+01:00", "2027-03-24T09:00:00+01:00", contract=contract))
    assert found.movable == movable
    assert css in found.css.split()
    assert found.text == "Malerei GmbH"


def test_late_and_at_risk_are_seen_and_said() -> None:
    found = bar(use("2027-03-23T09:00:00+01:00", "2027-03-24T09:00:00+01:00"), flags=("AT_RISK",))
    assert "f-AT_RISK" in found.css.split()
    assert found.said.endswith("gefährdet")


def test_a_held_car_says_its_remaining_minutes() -> None:
    found = bar(use("2027-03-23T09:00:00+01:00", "2027-03-24T09:00:00+01:00", heldUntil="2027-03-20T10:12:30+00:00"))
    assert found.text == "Anna B (12 min)"


def test_a_block_says_why() -> None:
    block = {"id": "b", "reason": "WORKSHOP", "note": "Bremsen"}
    found = bar(use("2027-03-23T09:00:00+01:00", "2027-03-24T09:00:00+01:00", kind="BLOCK", contract=None, block=block))
    assert (found.text, found.number, found.movable) == ("Werkstatt: Bremsen", "", "")


def test_bars_are_read_in_the_order_of_time() -> None:
    later, sooner = (
        use("2027-03-25T09:00:00Z", "2027-03-26T09:00:00Z"),
        use("2027-03-23T09:00:00Z", "2027-03-24T09:00:00Z"),
    )
    found = lane({"vehicle": CAR, "occupancy": [later, sooner]}, days(date(2027, 3, 22)), {}, NOW)
    assert [one.start for one in found.bars] == sorted(one.start for one in found.bars)
