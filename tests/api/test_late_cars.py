"""A car that is not back, through the API: mails, flags, free cars for who waits; and who had a car at a moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.calendar import soon
from tests.dealership import Dealership, add_car, open_dealership
from tests.driving import SandboxServer

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AT_RISK = "{contracts(filter:{flags:[AT_RISK]}){nodes{id vehicle{plate} freeVehicles(first:2){plate}}}}"
REASSIGN = """mutation($s:ID!,$c:[ID!]){reassignVehicles(stationId:$s,contractIds:$c){__typename
  ...on Reassignment{moved{id vehicle{plate} history{action before after reason}} unserved{id}}
  ...on Problem{problemCode field}}}"""
BOARD = "query($id:ID,$p:PeriodInput!){vehicle(id:$id){occupancy(period:$p){kind period{end} heldUntil contract{id}}}}"
USE = """query($p:String!,$at:DateTime!){vehicleUse(plate:$p,at:$at){vehicle{plate} contract{id}
  driver{role lastName} from to}}"""


def with_a_late_car(server: SandboxServer, **more: Any) -> tuple[Dealership, dict[str, Any], datetime]:
    """Its only car is out; the planned end is the instant."""
    dealership = open_dealership(server, cars=1, **more)
    start = soon(server)
    return dealership, dealership.booked(start, start + DAY), start + DAY


def free(dealership: Dealership, start: datetime) -> int:
    query = "query($s:ID!,$p:PeriodInput!){availability(stationId:$s,period:$p){groups{group{id} freeCount}}}"
    asked = {"s": dealership.station["id"], "p": {"start": start.isoformat(), "end": (start + DAY).isoformat()}}
    groups = dealership.website(query, **asked)["groups"]
    return next(one["freeCount"] for one in groups if one["group"]["id"] == dealership.group["id"])


def test_the_clock_reminds_the_customer_tells_the_station_and_the_clerk_serves_who_waits(server: SandboxServer) -> None:
    # Given a car that is out, a next contract behind it, and a second car that comes later
    dealership, late, end = with_a_late_car(server, email="late-cars@example.com")
    waiting = dealership.booked(end + 2 * HOUR, end + DAY)
    spare = add_car(dealership)
    server.move_to(end - DAY)
    dealership.check_out(late, end - DAY)

    # When its grace is over
    server.move_to(end + HOUR + timedelta(minutes=1))
    server.settle()

    # Then
    assert [mail["template"] for mail in server.mails(late["customer"]["email"])].count("OVERDUE") == 1
    assert [mail["template"] for mail in server.mails("late-cars@example.com")] == ["STATION_NOTICE"]
    assert dealership.contract(late["id"])["flags"] == ["OVERDUE"]
    plate = late["vehicle"]["plate"]
    assert dealership.clerk(AT_RISK)["nodes"] == [
        {"id": waiting["id"], "vehicle": {"plate": plate}, "freeVehicles": [{"plate": spare["plate"]}]}
    ]
    of_website = dealership.website("query($id:ID){contract(id:$id){freeVehicles{plate}}}", id=waiting["id"])
    assert of_website == {"freeVehicles": []}
    served = dealership.clerk(REASSIGN, s=dealership.station["id"])
    (moved,) = served["moved"]
    assert (moved["id"], moved["vehicle"], served["unserved"]) == (waiting["id"], {"plate": spare["plate"]}, [])
    assert moved["history"][-1] == {
        "action": "VEHICLE_REASSIGNED",
        "before": plate,
        "after": spare["plate"],
        "reason": "the planned car is not there",
    }
    assert dealership.clerk(AT_RISK)["nodes"] == []
    # And again, or for a contract of nobody: nothing, or a refusal that names the field
    again = dealership.clerk(REASSIGN, s=dealership.station["id"], c=[waiting["id"]])
    assert (again["moved"], again["unserved"]) == ([], [])
    refused = dealership.clerk(REASSIGN, s=dealership.station["id"], c=["nobody's"])
    assert (refused["problemCode"], refused["field"]) == ("NOT_FOUND", ["contractIds"])


def test_a_late_car_is_busy_for_whoever_asks_and_on_the_board(server: SandboxServer) -> None:
    # Given
    dealership, late, end = with_a_late_car(server)
    server.move_to(end - DAY)
    dealership.check_out(late, end - DAY)
    assert free(dealership, end + 5 * DAY) == 1

    # When it is late by a minute: not even its turnaround would be over
    server.move_to(end + timedelta(minutes=1))

    # Then
    assert free(dealership, end + 5 * DAY) == 0
    assert dealership.book(end + 5 * DAY, end + 6 * DAY)["__typename"] == "NoVehicleAvailable"
    period = {"start": (end + 5 * DAY).isoformat(), "end": (end + 6 * DAY).isoformat()}
    block = """mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP){__typename
      ...on PeriodConflict{conflicts{contract{id} period{end}}}}}"""
    refused = dealership.clerk(block, v=late["vehicle"]["id"], p=period)
    (named,) = refused["conflicts"]
    assert (refused["__typename"], named["contract"]) == ("PeriodConflict", {"id": late["id"]})
    (use,) = dealership.clerk(BOARD, id=late["vehicle"]["id"], p=period)["occupancy"]
    assert (use["kind"], use["contract"], use["heldUntil"]) == ("CHECKED_OUT", {"id": late["id"]}, None)
    for shown in (use["period"]["end"], named["period"]["end"]):
        assert datetime.fromisoformat(shown) >= end + timedelta(minutes=1)
    dealership.check_in(late, server.now(), km=late["vehicle"]["odometerKm"] + 10)
    assert free(dealership, end + 5 * DAY) == 1
    assert dealership.clerk(BOARD, id=late["vehicle"]["id"], p=period)["occupancy"] == []


def test_who_had_the_car(server: SandboxServer) -> None:
    # Given a rental with two drivers, back after a day
    dealership = open_dealership(server, cars=1)
    start = soon(server)
    drivers = [
        {"role": "DRIVER", "firstName": "Max", "lastName": "Fahrer"},
        {"role": "RENTER", "firstName": "Eva", "lastName": "Mieterin"},
    ]
    contract = dealership.checked_out(start, start + DAY, drivers=drivers)
    plate = contract["vehicle"]["plate"]

    def use(at: datetime, spelt: str = plate, caller: Any = None) -> Any:
        return (caller or dealership.clerk)(USE, p=spelt, at=at.isoformat())

    out = use(start + HOUR)
    assert (out["to"], datetime.fromisoformat(out["from"])) == (None, start)
    server.move_to(start + DAY)
    dealership.check_in(contract, start + DAY, km=contract["vehicle"]["odometerKm"] + 50)

    # Then: from the hand-over up to the return, in any spelling
    for spelt in (plate, plate.lower(), plate.replace("-", "").replace(" ", ""), plate.replace("-", " . ")):
        found = use(start, spelt)
        assert found["vehicle"] == {"plate": plate}
        assert found["contract"] == {"id": contract["id"]}
        assert found["driver"] == {"role": "RENTER", "lastName": "Mieterin"}
        assert datetime.fromisoformat(found["to"]) == start + DAY
    assert use(start + DAY - timedelta(seconds=1)) is not None
    assert [use(at) for at in (start - timedelta(seconds=1), start + DAY, start + 9 * DAY)] == [None] * 3
    assert use(start, "X-XX 1") is None
    # And another station hears nothing
    other = open_dealership(server, cars=1)
    assert use(start, caller=other.clerk) is None
    assert use(start, caller=dealership.admin)["contract"] == {"id": contract["id"]}
