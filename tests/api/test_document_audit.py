"""The audit of documents through the API: for who leads the station, and nobody else."""

from __future__ import annotations

from datetime import timedelta

from tests.calendar import local, next_weekday
from tests.dealership import Dealership, add_user, open_dealership
from tests.driving import Api, new_id

AUDIT = (
    "query($s:ID!,$y:Int!){documentAudit(stationId:$s,year:$y){station{code} year issued lastNumber missing brokenAt}}"
)


def manager_of(dealership: Dealership) -> Api:
    email = f"{new_id()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    return dealership.server.sign_in(email)


def test_a_manager_hears_that_nothing_is_missing(dealership: Dealership) -> None:
    start = local(next_weekday(dealership.server, 0), 8)
    contract = dealership.rent(start, start + timedelta(days=1), km=210)
    last = contract["documents"][-1]["number"]

    found = manager_of(dealership)(AUDIT, s=dealership.station["id"], y=int(last.rsplit("-", 2)[1]))

    assert found == {
        "station": {"code": dealership.station["code"]},
        "year": int(last.rsplit("-", 2)[1]),
        "issued": 2,
        "lastNumber": last,
        "missing": [],
        "brokenAt": None,
    }


def test_a_foreign_station_is_answered_like_none(dealership: Dealership) -> None:
    elsewhere = open_dealership(dealership.server, cars=0)
    manager = manager_of(dealership)

    refused = [
        manager.post(AUDIT, {"s": station, "y": 2026})["errors"][0] for station in (elsewhere.station["id"], new_id())
    ]

    assert refused[0] == refused[1]
    assert refused[0]["extensions"]["problemCode"] == "NOT_FOUND"
