"""Who may drive: added by the office until the car is back, fit for the group, and never none at a hand-over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.calendar import BEGINS, soon
from tests.dealership import Dealership, add_car, add_tariff, add_user, open_dealership
from tests.driving import Api, SandboxServer, new_id

DAY = timedelta(days=1)
ADD = """mutation($id:ID!,$v:Int!,$d:DriverInput!){addDriver(contractId:$id,version:$v,driver:$d){__typename
  ...on Contract{id state version price{total{amount} lines{kind total{amount}}} paid{amount} due{amount}
    vehicle{id odometerKm} drivers{id firstName role checkedAt}}
  ...on Problem{problemCode message field} ...on VersionConflict{currentVersion} ...on InvalidTransition{state}}}"""
COMPANY = {
    "kind": "COMPANY",
    "company": "Malerei Haberland GmbH",
    "email": "buero@malerei.example",
    "address": {"street": "Feldweg 3", "postcode": "14467", "city": "Potsdam"},
}
WIFE = {"firstName": "Eva", "lastName": "Beispiel", "birthDate": "1985-04-01", "licenceIssued": "2004-05-06"}


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server)


def add(
    dealership: Dealership, contract: dict[str, Any], driver: dict[str, Any] = WIFE, *, caller: Api | None = None
) -> dict[str, Any]:
    """Adds a driver with the version that the contract was read with; the whole result."""
    result: dict[str, Any] = (caller or dealership.clerk)(ADD, id=contract["id"], v=contract["version"], d=driver)
    return result


def names(contract: dict[str, Any]) -> list[str]:
    return [driver["firstName"] for driver in contract["drivers"]]


def facts(contract: dict[str, Any]) -> dict[str, Any]:
    """All that can be seen of a contract but links, which are new with every look."""
    return {name: value for name, value in contract.items() if name != "documents"}


def history(dealership: Dealership, contract: dict[str, Any]) -> list[dict[str, Any]]:
    query = "query($id:ID){contract(id:$id){history{action actor before after}}}"
    found: list[dict[str, Any]] = dealership.clerk(query, id=contract["id"])["history"]
    return found


def test_a_driver_is_added_priced_and_written_down(dealership: Dealership, start: datetime) -> None:
    before = dealership.booked(start, start + DAY)
    assert before["price"]["total"]["amount"] == "59.00"

    after = add(dealership, before)

    assert after["__typename"] == "Contract"
    assert [(one["firstName"], one["role"], one["checkedAt"]) for one in after["drivers"]] == [
        ("Anna", "RENTER", None),
        ("Eva", "DRIVER", None),
    ]
    assert after["version"] == before["version"] + 1
    assert after["price"]["total"]["amount"] == "64.00"
    assert [(line["kind"], line["total"]["amount"]) for line in after["price"]["lines"]] == [
        ("RENTAL", "59.00"),
        ("EXTRA", "5.00"),
    ]
    # What was taken in advance stays; the rest is due with the final invoice.
    assert (after["paid"]["amount"], after["due"]["amount"]) == ("59.00", "5.00")
    last = history(dealership, before)[-1]
    assert (last["action"], last["after"]) == ("DRIVER_ADDED", "Eva Beispiel")
    assert last["actor"].startswith("Clerk ")


def test_the_added_drivers_licence_must_be_seen_and_the_final_invoice_has_the_driver(
    dealership: Dealership, start: datetime
) -> None:
    booked = dealership.booked(start, start + DAY)
    contract = add(dealership, booked)
    renter = next(driver["id"] for driver in contract["drivers"] if driver["role"] == "RENTER")
    dealership.server.move_to(start)

    refused = dealership.check_out(contract, start, licences=[renter])

    assert (refused["problemCode"], refused["field"]) == ("LICENCE_NOT_CHECKED", ["input", "licenceCheckedDriverIds"])
    assert refused["message"] == "The licence of Eva Beispiel has not been checked."
    assert dealership.contract(booked["id"])["state"] == "RESERVED"

    assert dealership.check_out(contract, start)["__typename"] == "Protocol"
    dealership.server.move_to(start + DAY)
    dealership.check_in(contract, start + DAY, km=10_100)
    dealership.server.settle()
    final = dealership.contract(booked["id"])["documents"][-1]
    assert (final["type"], final["total"]["amount"], final["payable"]["amount"]) == ("FINAL_INVOICE", "64.00", "5.00")


@pytest.mark.parametrize(
    ("driver", "code", "field"),
    [
        ({**WIFE, "birthDate": f"{BEGINS.year - 11}-01-01"}, "DRIVER_NOT_ELIGIBLE", ["driver"]),
        ({**WIFE, "licenceValidUntil": f"{BEGINS.year - 1}-01-01"}, "DRIVER_NOT_ELIGIBLE", ["driver"]),
        ({**WIFE, "role": "RENTER"}, "INVALID_INPUT", ["driver", "role"]),
        ({**WIFE, "birthDate": "1830-01-01"}, "INVALID_INPUT", ["driver", "birthDate"]),
        ({**WIFE, "lastName": " "}, "INVALID_INPUT", ["driver", "lastName"]),
        ({**WIFE, "licenceNumber": "x" * 41}, "INVALID_INPUT", ["driver", "licenceNumber"]),
    ],
)
def test_who_does_not_fit_is_refused_and_nothing_changes(
    dealership: Dealership, start: datetime, driver: dict[str, Any], code: str, field: list[str]
) -> None:
    booked = dealership.booked(start, start + DAY)

    refused = add(dealership, booked, driver)

    assert (refused["__typename"], refused["problemCode"], refused["field"]) == ("Rejection", code, field)
    assert facts(dealership.contract(booked["id"])) == facts(booked)
    assert "DRIVER_ADDED" not in [entry["action"] for entry in history(dealership, booked)]


def test_too_short_a_time_with_a_licence_is_refused_by_the_groups_rule(server: SandboxServer) -> None:
    dealership = open_dealership(server, cars=0)
    dealership.group = dealership.admin(
        "mutation($i:VehicleGroupInput!){createVehicleGroup(input:$i){...on VehicleGroup{id code}}}",
        i={
            "code": f"L{dealership.group['code']}",
            "name": "Kombi",
            "deposit": "300.00",
            "deductible": "1000.00",
            "minimumAge": 21,
            "minimumLicenceMonths": 24,
        },
    )
    add_tariff(dealership.admin, dealership.group["id"], f"L{dealership.tariff}")
    add_car(dealership)
    begin = soon(server)
    anna = {"firstName": "Anna", "lastName": "Beispiel", "email": f"{new_id()}@example.com", "birthDate": "1985-04-12"}
    booked = dealership.booked(begin, begin + DAY, customer=anna)
    beginner = {**WIFE, "licenceIssued": (begin - timedelta(days=700)).date().isoformat()}

    refused = add(dealership, booked, beginner)

    assert refused["problemCode"] == "DRIVER_NOT_ELIGIBLE"
    assert refused["message"] == "Eva Beispiel has held the licence for less than 24 months."
    assert facts(dealership.contract(booked["id"])) == facts(booked)


def test_of_two_who_add_a_driver_at_once_one_has_to_read_again(dealership: Dealership, start: datetime) -> None:
    booked = dealership.booked(start, start + DAY)

    def send(name: str) -> dict[str, Any]:
        with dealership.server.fresh_client() as http:
            caller = dealership.server.api_over(http, dealership.clerk.token)
            return add(dealership, booked, {**WIFE, "firstName": name}, caller=caller)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, ["Eva", "Ina"]))

    assert sorted(answer["__typename"] for answer in answers) == ["Contract", "VersionConflict"]
    (conflict,) = [answer for answer in answers if answer["__typename"] == "VersionConflict"]
    after = dealership.contract(booked["id"])
    assert conflict["currentVersion"] == after["version"] == booked["version"] + 1
    assert len(after["drivers"]) == 2


def test_a_driver_joins_while_the_car_is_out_but_not_after_it_is_back(dealership: Dealership, start: datetime) -> None:
    booked = dealership.checked_out(start, start + DAY)
    out = add(dealership, dealership.contract(booked["id"]))
    assert (out["__typename"], out["state"], names(out)) == ("Contract", "CHECKED_OUT", ["Anna", "Eva"])
    dealership.server.move_to(start + DAY)
    dealership.check_in(booked, start + DAY, km=10_100)
    dealership.server.settle()
    back = dealership.contract(booked["id"])

    refused = add(dealership, back, {**WIFE, "firstName": "Ina"})

    assert (refused["__typename"], refused["state"]) == ("InvalidTransition", "BILLED")
    assert names(dealership.contract(booked["id"])) == ["Anna", "Eva"]


def test_a_booking_that_is_not_paid_yet_has_to_be_confirmed_first(dealership: Dealership, start: datetime) -> None:
    page = {"method": "HOSTED_PAGE", "successUrl": "https://shop.example/ok", "failureUrl": "https://shop.example/no"}
    held = dealership.booked(start, start + DAY, payment=page)
    assert held["state"] == "HELD"

    refused = add(dealership, held)

    assert (refused["problemCode"], refused["state"]) == ("INVALID_TRANSITION", "HELD")
    assert facts(dealership.contract(held["id"])) == facts(held)


def test_another_stations_contract_is_not_there_until_its_car_is_on_the_way(
    dealership: Dealership, start: datetime
) -> None:
    there = open_dealership(dealership.server, cars=0, admin=dealership.admin)
    email = f"both-{there.station['code']}@example.com".lower()
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"], there.station["id"]])
    manager = dealership.server.sign_in(email)
    one_way = {"returnStationId": there.station["id"], "caller": manager}
    booked = dealership.booked(start, start + DAY, **one_way)

    refused = add(dealership, booked, caller=there.clerk)

    assert (refused["problemCode"], refused["field"]) == ("NOT_FOUND", ["contractId"])
    assert names(dealership.contract(booked["id"])) == ["Anna"]

    dealership.server.move_to(start)
    dealership.check_out(booked, start)
    out = dealership.contract(booked["id"])
    added = add(dealership, out, caller=there.clerk)
    assert (added["__typename"], names(added)) == ("Contract", ["Anna", "Eva"])
    # 59.00, one way 49.00, the driver 5.00
    assert added["price"]["total"]["amount"] == "113.00"


@pytest.mark.parametrize("role", ["yard", "website"])
def test_neither_yard_nor_website_adds_drivers(dealership: Dealership, start: datetime, role: str) -> None:
    booked = dealership.booked(start, start + DAY)
    caller: Api = getattr(dealership, role)

    assert caller.error_code(ADD, id=booked["id"], v=booked["version"], d=WIFE) == "FORBIDDEN"

    assert facts(dealership.contract(booked["id"])) == facts(booked)


def test_a_company_without_a_driver_gets_no_car_until_one_is_named(dealership: Dealership, start: datetime) -> None:
    # § 21 Abs. 1 Nr. 2 StVG: whoever hands a car to somebody without a licence is punishable.
    booked = dealership.booked(start, start + DAY, customer=COMPANY)
    assert booked["drivers"] == []
    dealership.server.move_to(start)

    refused = dealership.check_out(booked, start)

    assert (refused["__typename"], refused["problemCode"]) == ("Rejection", "LICENCE_NOT_CHECKED")
    assert refused["field"] == ["input", "licenceCheckedDriverIds"]
    assert refused["message"] == "Nobody is named as driver: add a driver first, then check the licence."
    assert facts(dealership.contract(booked["id"])) == facts(booked)

    named = add(dealership, booked, {**WIFE, "role": "RENTER"})
    # The only driver costs nothing extra.
    assert (names(named), named["price"]["total"]["amount"]) == (["Eva"], "59.00")
    assert dealership.check_out(booked, start)["__typename"] == "Protocol"
    (driver,) = dealership.contract(booked["id"])["drivers"]
    assert driver["checkedBy"].startswith("Yard ")
