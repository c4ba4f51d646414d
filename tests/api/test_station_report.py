"""The report of a station: use of its cars, who gave what away, how hand-overs were done, what is owed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import local, next_weekday
from tests.dealership import Dealership, open_dealership
from tests.driving import Api

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
REPORT = """query($s:ID!,$p:PeriodInput!){stationReport(stationId:$s,period:$p){
  cars{vehicle{id} groupName rentedMinutes blockedMinutes idleDays utilisation revenueNet{amount}}
  reductions{contract{number} actor reason before after}
  handovers{staff protocols withoutPhotos unsigned overridden}
  openItems{fromDays toDays items open{amount}} inspectionsDue{id inspectionDue}}}"""
BLOCK = """mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP){__typename ...on VehicleBlock{id} ...on Problem{message}}}"""
UNBLOCK = "mutation($id:ID!){unblockVehicle(blockId:$id){__typename ...on Problem{message}}}"
EDIT = """mutation($id:ID!,$v:Int!,$i:TariffEditInput!){editTariff(contractId:$id,version:$v,input:$i){
  __typename ...on Problem{message}}}"""


@pytest.fixture
def monday(dealership: Dealership) -> datetime:
    """Nine o'clock on a Monday that begins a quiet week."""
    return local(next_weekday(dealership.server, 0), 9)


def period(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def report(dealership: Dealership, start: datetime, end: datetime, caller: Api | None = None) -> Any:
    asked = {"start": start.isoformat(), "end": end.isoformat()}
    return (caller or dealership.admin)(REPORT, s=dealership.station["id"], p=asked)


def test_the_use_of_cars_is_counted_by_minutes_and_days(dealership: Dealership, monday: datetime) -> None:
    # given two days with a customer on one car, and half a day in the workshop of the other
    contract = dealership.booked(monday, monday + 2 * DAY)
    other = next(one["id"] for one in dealership.vehicles if one["id"] != contract["vehicle"]["id"])
    blocked = {"start": (monday + DAY).isoformat(), "end": (monday + DAY + 12 * HOUR).isoformat()}
    assert dealership.clerk(BLOCK, v=other, p=blocked)["__typename"] == "VehicleBlock"
    dealership.server.move_to(monday)
    dealership.check_out(contract, monday)
    dealership.server.move_to(monday + 2 * DAY)
    dealership.check_in(contract, monday + 2 * DAY, km=contract["vehicle"]["odometerKm"] + 100)
    dealership.server.settle()
    midnight = monday - 9 * HOUR

    # when the report of that Monday to Thursday is read after it
    dealership.server.move_to(monday + 4 * DAY)
    cars = {one["vehicle"]["id"]: one for one in report(dealership, midnight, midnight + 4 * DAY)["cars"]}

    # then minutes, idle days, and net revenue are exact
    rented, workshop = cars[contract["vehicle"]["id"]], cars[other]
    assert (rented["rentedMinutes"], rented["blockedMinutes"], rented["idleDays"]) == (2880, 0, 1)
    assert rented["utilisation"] == 0.5
    assert rented["revenueNet"]["amount"] == "99.16", "118.00 with 19 % VAT in it"
    assert (workshop["rentedMinutes"], workshop["blockedMinutes"], workshop["idleDays"]) == (0, 720, 3)
    assert workshop["utilisation"] == 0
    # and what lies ahead counts for nothing
    ahead = report(dealership, midnight + 10 * DAY, midnight + 20 * DAY)["cars"]
    assert {(one["rentedMinutes"], one["idleDays"], one["utilisation"]) for one in ahead} == {(0, 0, 0)}


def test_a_block_that_never_began_or_is_over_early_counts_as_long_as_it_was(
    dealership: Dealership, monday: datetime
) -> None:
    # given a block that was lifted before it began, and one that was lifted after an hour
    (car,) = [one["id"] for one in dealership.vehicles][:1]
    dealership.server.move_to(monday)
    never = dealership.clerk(BLOCK, v=car, p=period(monday + 2 * DAY, monday + 3 * DAY))
    assert dealership.clerk(UNBLOCK, id=never["id"])["__typename"] == "Vehicle"
    early = dealership.clerk(BLOCK, v=car, p=period(monday, monday + DAY))
    dealership.server.move_to(monday + HOUR)
    assert dealership.clerk(UNBLOCK, id=early["id"])["__typename"] == "Vehicle"

    dealership.server.move_to(monday + 5 * DAY)
    cars = {one["vehicle"]["id"]: one for one in report(dealership, monday, monday + 4 * DAY)["cars"]}

    assert cars[car]["blockedMinutes"] == 60


def test_what_has_not_begun_has_no_minutes(dealership: Dealership, monday: datetime) -> None:
    # given a car that is blocked now and for a month
    car = dealership.vehicles[0]["id"]
    dealership.server.move_to(monday)
    blocked = period(monday - HOUR, monday + 30 * DAY)
    assert dealership.clerk(BLOCK, v=car, p=blocked)["__typename"] == "VehicleBlock"

    ahead = report(dealership, monday + 10 * DAY, monday + 20 * DAY)["cars"]

    assert {(one["blockedMinutes"], one["utilisation"]) for one in ahead} == {(0, 0)}


def test_a_minute_counts_once(dealership: Dealership, monday: datetime) -> None:
    """A car that is late comes back into its block: until then it is with the customer, and not in the workshop."""
    contract = dealership.checked_out(monday, monday + DAY)
    car = contract["vehicle"]["id"]
    blocked = period(monday + 2 * DAY, monday + 4 * DAY)
    assert dealership.clerk(BLOCK, v=car, p=blocked)["__typename"] == "VehicleBlock"
    dealership.server.move_to(monday + 3 * DAY)
    dealership.check_in(contract, monday + 3 * DAY, km=contract["vehicle"]["odometerKm"] + 100)

    dealership.server.move_to(monday + 5 * DAY)
    cars = {one["vehicle"]["id"]: one for one in report(dealership, monday, monday + 4 * DAY)["cars"]}

    assert (cars[car]["rentedMinutes"], cars[car]["blockedMinutes"]) == (3 * 1440, 1440)
    assert cars[car]["utilisation"] == 1


def test_who_changed_a_price_is_named_with_the_reason(dealership: Dealership, monday: datetime) -> None:
    contract = dealership.booked(monday, monday + DAY)
    change = {"reason": "Stammkunde", "dayPrice": "49.00"}
    assert dealership.clerk(EDIT, id=contract["id"], v=contract["version"], i=change)["__typename"] == "Contract"
    now = dealership.server.now()

    (found,) = report(dealership, now - HOUR, now + HOUR)["reductions"]

    assert found["contract"]["number"] == contract["number"]
    assert (found["reason"], found["actor"].split()[0]) == ("Stammkunde", "Clerk")
    assert "59" in found["before"]
    assert "49" in found["after"]


def test_hand_overs_are_counted_by_person(dealership: Dealership, monday: datetime) -> None:
    contract = dealership.checked_out(monday, monday + DAY)
    (found,) = report(dealership, monday - HOUR, monday + HOUR)["handovers"]
    assert contract["number"]
    assert found["staff"].startswith("Yard")
    counts = {name: value for name, value in found.items() if name != "staff"}
    assert counts == {"protocols": 1, "withoutPhotos": 1, "unsigned": 1, "overridden": 0}


def test_every_age_of_open_items_is_there(dealership: Dealership, monday: datetime) -> None:
    ages = report(dealership, monday - DAY, monday)["openItems"]
    assert [(one["fromDays"], one["toDays"]) for one in ages] == [(None, 0), (1, 30), (31, 60), (61, 90), (91, None)]
    assert {(one["items"], one["open"]["amount"]) for one in ages} == {(0, "0.00")}


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_report_covers_a_year_at_most(dealership: Dealership, monday: datetime, days: int) -> None:
    asked = {"start": monday.isoformat(), "end": (monday + days * DAY).isoformat()}
    (error,) = dealership.admin.post(REPORT, {"s": dealership.station["id"], "p": asked})["errors"]
    assert error["extensions"]["field"] == ["period"]


def test_a_manager_reads_the_own_station_only(dealership: Dealership, monday: datetime) -> None:
    foreign = open_dealership(dealership.server).station["id"]
    asked = {"start": monday.isoformat(), "end": (monday + DAY).isoformat()}
    assert dealership.clerk.error_code(REPORT, s=foreign, p=asked) == "FORBIDDEN"
    (error,) = dealership.admin.post(REPORT, {"s": foreign[:-1] + "0", "p": asked}).get("errors", [{}])
    assert error["extensions"]["problemCode"] == "NOT_FOUND"
