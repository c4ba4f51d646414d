"""A station's day: what goes out and comes back, what is not ready, what waits, and the count in the title."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.calendar import soon
from tests.dealership import Dealership
from tests.office.browser import Clerk

DAY = timedelta(days=1)
UPDATE = "mutation($id:ID!,$v:Int!,$i:VehicleUpdate!){updateVehicle(id:$id,version:$v,input:$i){__typename}}"
VERSION = "query($id:ID!){vehicle(id:$id){version}}"


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def test_the_day_lists_what_goes_out_and_comes_back(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/?day={start.date()}")
    assert contract["number"] in clerk.text("//section[@id='out']")
    assert "No car comes back." in clerk.text("//section[@id='in']")
    clerk.open(f"/office/?day={(start + DAY).date()}")
    assert "No car goes out." not in clerk.text("//section[@id='in']")


def test_a_car_that_may_not_go_out_is_said_to_be_not_ready(
    dealership: Dealership, clerk: Clerk, start: datetime
) -> None:
    contract = dealership.booked(start, start + DAY)
    clerk.open(f"/office/?day={start.date()}")
    assert "not ready" not in clerk.text()
    car = contract["vehicle"]["id"]
    version = dealership.admin(VERSION, id=car)["version"]
    blocked = dealership.admin(UPDATE, id=car, v=version, i={"status": "BLOCKED"})
    assert blocked["__typename"] == "Vehicle"
    clerk.open(f"/office/?day={start.date()}")
    assert "1 cars not ready" in clerk.text("//ul[@class='tiles']")
    assert "not ready: blocked" in clerk.text("//section[@id='out']")


def test_the_title_counts_what_is_overdue(dealership: Dealership, clerk: Clerk, start: datetime) -> None:
    # given a car that should have been back yesterday
    contract = dealership.checked_out(start, start + DAY)
    clerk.open("/office/")
    assert clerk.page.xpath("//title")[0].text.startswith("Today")
    dealership.server.move_to(start + 2 * DAY)

    clerk.open("/office/")

    assert clerk.page.xpath("//title")[0].text.startswith("(")
    assert contract["number"] in clerk.text("//section[@id='overdue']")
