"""A car that somebody names for a contract (`changePeriod` with `vehicleId`), and a licence seen before the check-out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import soon
from tests.dealership import PROBLEM, Dealership, add_car, open_dealership
from tests.driving import Api, new_id

DAY = timedelta(days=1)
MOVE = (
    """mutation($id:ID!,$v:Int!,$p:PeriodInput!,$car:ID,$f:Boolean!=false,$r:String){
  changePeriod(contractId:$id,version:$v,period:$p,vehicleId:$car,force:$f,reason:$r){__typename
    ...on Contract{version vehicle{id} period{start end}} ...on PeriodConflict{conflicts{contract{number}}}"""
    + PROBLEM
    + "}}"
)
LOOK = """query($id:ID!,$p:PeriodInput!,$car:ID!){changePreview(contractId:$id,change:{move:{period:$p,vehicleId:$car}}){
  problems{problemCode field} conflicts{contract{number}} after{total{amount}}}}"""
SEE = (
    """mutation($id:ID!,$v:Int!,$d:ID!){seeLicence(contractId:$id,version:$v,driverId:$d){__typename
  ...on Contract{version drivers{id checkedAt checkedBy} history{action after}}"""
    + PROBLEM
    + "}}"
)


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def period(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def move(dealership: Dealership, contract: dict[str, Any], car: str, caller: Api | None = None, **more: Any) -> Any:
    given = {"p": contract["period"], "v": contract["version"], **more}
    return (caller or dealership.clerk)(MOVE, id=contract["id"], car=car, **given)


def other_car(dealership: Dealership, contract: dict[str, Any]) -> str:
    return next(one["id"] for one in dealership.vehicles if one["id"] != contract["vehicle"]["id"])


def test_a_contract_gets_the_car_that_is_named_and_keeps_it(dealership: Dealership, start: datetime) -> None:
    # given a booking on one of two cars
    contract = dealership.booked(start, start + DAY)
    named = other_car(dealership, contract)

    # when a clerk names another car for the same period
    result = move(dealership, contract, named)

    # then it has that car, at the same price
    assert result["__typename"] == "Contract"
    assert result["vehicle"]["id"] == named
    after = dealership.contract(contract["id"])
    assert after["price"]["total"]["amount"] == contract["price"]["total"]["amount"]
    # and nobody moves it to make room: of two bookings more the second finds no car
    dealership.booked(start, start + DAY)
    assert dealership.book(start, start + DAY)["__typename"] == "NoVehicleAvailable"
    assert dealership.contract(contract["id"])["vehicle"]["id"] == named


def test_a_named_car_that_is_taken_is_refused_with_who_has_it(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    other = dealership.booked(start, start + DAY)
    found = dealership.clerk(LOOK, id=contract["id"], p=contract["period"], car=other["vehicle"]["id"])
    assert found["problems"] == [{"problemCode": "PERIOD_CONFLICT", "field": ["vehicleId"]}]
    assert found["conflicts"] == [{"contract": {"number": other["number"]}}]

    result = move(dealership, contract, other["vehicle"]["id"])

    assert (result["__typename"], result["field"]) == ("PeriodConflict", ["vehicleId"])
    assert result["conflicts"] == [{"contract": {"number": other["number"]}}]
    assert dealership.contract(contract["id"])["vehicle"]["id"] == contract["vehicle"]["id"]


def test_a_car_of_another_group_or_station_is_none(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    elsewhere = add_car(open_dealership(dealership.server))
    for car in (elsewhere["id"], new_id()):
        result = move(dealership, contract, car)
        assert (result["problemCode"], result["field"]) == ("NOT_FOUND", ["vehicleId"])
    assert dealership.contract(contract["id"])["version"] == contract["version"]


def test_a_website_names_no_car(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    result = move(dealership, contract, other_car(dealership, contract), dealership.website)
    assert result["problemCode"] == "NOT_ALLOWED"
    assert dealership.contract(contract["id"])["vehicle"]["id"] == contract["vehicle"]["id"]


def test_a_car_that_is_out_is_changed_by_a_swap(dealership: Dealership, start: datetime) -> None:
    contract = dealership.checked_out(start, start + DAY)
    now = dealership.contract(contract["id"])
    result = move(dealership, now, other_car(dealership, now))
    assert (result["problemCode"], result["field"]) == ("INVALID_INPUT", ["vehicleId"])
    same = move(dealership, now, now["vehicle"]["id"], p=period(start, start + 2 * DAY))
    assert same["__typename"] == "Contract"


def test_a_car_is_named_or_taken_from_others_not_both(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    given = {"f": True, "r": "Unfallersatz"}
    result = move(dealership, contract, other_car(dealership, contract), dealership.admin, **given)
    assert (result["problemCode"], result["field"]) == ("INVALID_INPUT", ["vehicleId"])


def test_a_licence_is_seen_before_the_check_out(dealership: Dealership, start: datetime) -> None:
    # given a booking whose renter shows the licence the day before
    contract = dealership.booked(start, start + DAY)
    (driver,) = contract["drivers"]

    seen = dealership.yard(SEE, id=contract["id"], v=contract["version"], d=driver["id"])

    # then it is written down, once
    assert seen["drivers"][0]["checkedBy"].startswith("Yard")
    assert {"action": "LICENCE_SEEN", "after": "Anna " + contract["customer"]["lastName"]} in seen["history"]
    again = dealership.clerk(SEE, id=contract["id"], v=seen["version"], d=driver["id"])
    assert (again["version"], again["drivers"]) == (seen["version"], seen["drivers"])
    # and nobody has to show it again at the check-out
    dealership.server.move_to(start)
    assert dealership.check_out(contract, start, licences=[])["__typename"] == "Protocol"


def test_a_licence_of_nobody_is_not_seen(dealership: Dealership, start: datetime) -> None:
    contract = dealership.booked(start, start + DAY)
    for version, driver, code in (
        (contract["version"], new_id(), "NOT_FOUND"),
        (contract["version"] + 1, contract["drivers"][0]["id"], "VERSION_CONFLICT"),
    ):
        assert dealership.clerk(SEE, id=contract["id"], v=version, d=driver)["problemCode"] == code
    assert dealership.contract(contract["id"])["drivers"][0]["checkedAt"] is None
