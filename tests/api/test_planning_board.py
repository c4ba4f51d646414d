"""The planning board through the API: lanes, who waits for a car, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.calendar import soon
from tests.dealership import Dealership, add_car, open_dealership
from tests.driving import SandboxServer, new_id

DAY = timedelta(days=1)
BOARD = """query($s:ID!,$p:PeriodInput!,$g:ID){planningBoard(stationId:$s,period:$p,groupId:$g){station{code} period{start end}
  lanes{vehicle{plate} occupancy{kind period{start} contract{number customer{lastName}} block{note}}} unassigned{number}}}"""
BLOCK = (
    """mutation($v:ID!,$p:PeriodInput!){blockVehicle(vehicleId:$v,period:$p,reason:WORKSHOP,note:"oil"){__typename}}"""
)


def period(start: datetime, end: datetime) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat()}


def refused(dealership: Dealership, **variables: Any) -> list[tuple[str, list[str] | None]]:
    """Codes and fields of what is refused."""
    given = {"s": dealership.station["id"], **variables}
    errors = dealership.clerk.post(BOARD, given)["errors"]
    return [
        (one["extensions"].get("problemCode", one["extensions"]["code"]), one["extensions"].get("field"))
        for one in errors
    ]


def test_a_board_shows_who_has_each_car_and_who_waits_for_one(server: SandboxServer) -> None:
    # Given a car that is booked and one that is blocked
    dealership = open_dealership(server, cars=1)
    start = soon(server)
    booked = dealership.booked(start, start + DAY)
    spare = add_car(dealership)
    dealership.clerk(BLOCK, v=spare["id"], p=period(start, start + DAY))

    # When
    shown = dealership.clerk(BOARD, s=dealership.station["id"], p=period(start, start + 30 * DAY))

    # Then
    assert (shown["station"], shown["unassigned"]) == ({"code": dealership.station["code"]}, [])
    assert datetime.fromisoformat(shown["period"]["end"]) == start + 30 * DAY
    lanes = {lane["vehicle"]["plate"]: lane["occupancy"] for lane in shown["lanes"]}
    (one,) = lanes[booked["vehicle"]["plate"]]
    assert datetime.fromisoformat(one.pop("period")["start"]) == start
    name = booked["customer"]["lastName"]
    assert one == {
        "kind": "RESERVED",
        "contract": {"number": booked["number"], "customer": {"lastName": name}},
        "block": None,
    }
    (other,) = lanes[spare["plate"]]
    assert (other["kind"], other["contract"], other["block"]) == ("BLOCK", None, {"note": "oil"})


def test_what_cannot_be_shown_is_refused_by_its_field(server: SandboxServer) -> None:
    dealership, start = open_dealership(server, cars=1), soon(server)
    asked = period(start, start + DAY)
    assert refused(dealership, p=period(start, start)) == [("INVALID_INPUT", ["period", "end"])]
    assert refused(dealership, p=period(start, start + 92 * DAY + DAY)) == [("INVALID_INPUT", ["period", "end"])]
    assert refused(dealership, p=asked, s=new_id()) == [("NOT_FOUND", ["stationId"])]
    assert refused(dealership, p=asked, g="nothing") == [("NOT_FOUND", ["groupId"])]
    other = open_dealership(server, cars=1)
    assert refused(dealership, p=asked, s=other.station["id"]) == [("NOT_FOUND", ["stationId"])]


def test_a_website_sees_no_board(server: SandboxServer) -> None:
    dealership, start = open_dealership(server, cars=1), soon(server)
    given = {"s": dealership.station["id"], "p": period(start, start + DAY)}
    (error,) = dealership.website.post(BOARD, given)["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
