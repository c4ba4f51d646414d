"""What somebody has signed is never refused once it is over: it is kept, the contract is flagged, billing waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from mobile_kivy.forms.signature import MOST_SAMPLES, Signature
from tests.calendar import soon
from tests.dealership import Dealership
from tests.driving import new_id

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def start(dealership: Dealership) -> datetime:
    return soon(dealership.server) + 7 * DAY


def seen(dealership: Dealership, contract: dict[str, Any]) -> tuple[str, bool, str | None, int]:
    """State, flag, what is said about billing, and how many protocols there are."""
    found = dealership.contract(contract["id"])
    flagged = "PROTOCOL_CONFLICT" in found["flags"]
    return found["state"], flagged, found["billingBlock"], len(found["protocols"])


def standing(dealership: Dealership, contract: dict[str, Any]) -> dict[str, Any]:
    found = dealership.contract(contract["id"])
    return {
        name: found[name] for name in ("state", "version", "billingBlock", "flags", "drivers", "deposit", "damages")
    } | {"protocols": len(found["protocols"])}


def late(code: str) -> str:
    return f"A protocol arrived late, and on time it would have been refused ({code}): look at why."


class TestCheckOut:
    def test_an_unseen_licence_is_refused_while_the_customer_is_there(
        self, dealership: Dealership, start: datetime
    ) -> None:
        # given a driver whose licence nobody has looked at
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start)
        before = standing(dealership, booked)

        # when the car is to go out now
        result = dealership.check_out(booked, start, licences=[], signature=dealership.sign())

        # then it does not, and nothing has changed
        assert result["problemCode"] == "LICENCE_NOT_CHECKED"
        assert standing(dealership, booked) == before

    def test_of_an_hour_ago_it_is_kept_and_somebody_looks(self, dealership: Dealership, start: datetime) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start + HOUR)

        result = dealership.check_out(booked, start, licences=[], signature=dealership.sign())

        assert result["__typename"] == "Protocol", result
        assert seen(dealership, booked) == ("CHECKED_OUT", True, late("LICENCE_NOT_CHECKED"), 1)

    def test_an_odd_odometer_of_an_hour_ago_needs_no_reason(self, dealership: Dealership, start: datetime) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        last = booked["vehicle"]["odometerKm"]
        dealership.server.move_to(start + HOUR)

        result = dealership.check_out(booked, start, km=last + 5000, signature=dealership.sign())

        assert result["__typename"] == "Protocol", result
        block = f"The odometer is not plausible: {last} km → {last + 5000} km (–)"
        assert seen(dealership, booked) == ("CHECKED_OUT", False, block, 1)

    def test_a_device_that_was_empty_and_begins_in_the_past_counts_no_day_before_the_contract(
        self, dealership: Dealership, start: datetime
    ) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start)
        long_ago = start - 4000 * DAY

        result = dealership.check_out(booked, long_ago, signature=dealership.sign())

        assert datetime.fromisoformat(result["occurredAt"]) == long_ago
        state, flagged, block, _ = seen(dealership, booked)
        assert (state, flagged) == ("CHECKED_OUT", True)
        assert block is not None
        legs = dealership.clerk("query($id:ID){contract(id:$id){createdAt legs{from}}}", id=booked["id"])
        assert [leg["from"] for leg in legs["legs"]] == [legs["createdAt"]]

    def test_a_car_that_another_contract_still_has_can_go_out_before_its_return_arrives(
        self, dealership: Dealership, start: datetime
    ) -> None:
        # given a car that came back and went out again, on two tablets without a network
        first = dealership.booked(start, start + DAY)
        car = first["vehicle"]["id"]
        second = dealership.booked(start + 2 * DAY, start + 3 * DAY, vehicleId=car)
        dealership.server.move_to(start)
        assert dealership.check_out(first, start)["__typename"] == "Protocol"
        dealership.server.move_to(start + 2 * DAY + HOUR)

        # when the second tablet is the first to arrive
        full = {"fuelEighths": 8, "cleanlinessInside": "CLEAN", "cleanlinessOutside": "CLEAN"}
        dirty = {"fuelEighths": 5, "cleanlinessInside": "HEAVY"}
        out = dealership.check_out(second, start + 2 * DAY, signature=dealership.sign(), condition=full)
        km = first["vehicle"]["odometerKm"] + 10
        back = dealership.check_in(first, start + DAY, km=km, signature=dealership.sign(), condition=dirty)

        # then both are kept, and the car is where it is, as it went out last
        assert (out["__typename"], back["__typename"]) == ("Protocol", "Protocol"), (out, back)
        query = "query($id:ID!){vehicle(id:$id){odometerKm fuelEighths cleanliness}}"
        found = dealership.clerk(query, id=car)
        assert found == {"odometerKm": km, "fuelEighths": 8, "cleanliness": "CLEAN"}
        assert seen(dealership, second)[:3] == ("CHECKED_OUT", True, late("VEHICLE_NOT_READY"))
        assert dealership.contract(first["id"])["state"] in {"RETURNED", "BILLED", "SETTLED"}
        dealership.server.move_to(start + 3 * DAY)
        again = dealership.check_in(second, start + 3 * DAY, km=first["vehicle"]["odometerKm"] + 20)
        assert again["__typename"] == "Protocol", again
        assert dealership.contract(second["id"])["state"] == "RETURNED"


class TestOtherState:
    def test_signed_by_two_devices_both_are_kept(self, dealership: Dealership, start: datetime) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start)
        assert dealership.check_out(booked, start)["__typename"] == "Protocol"
        dealership.server.move_to(start + timedelta(minutes=5))

        result = dealership.check_out(booked, start + timedelta(minutes=5), signature=dealership.sign())

        assert result["__typename"] == "Protocol", result
        state, flagged, block, count = seen(dealership, booked)
        assert (state, flagged, count) == ("CHECKED_OUT", True, 2)
        assert block == "A protocol does not fit the contract (its state on arrival: car handed over)."

    def test_nobody_has_signed_it_is_refused_and_nothing_changes(self, dealership: Dealership, start: datetime) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start)
        assert dealership.check_out(booked, start)["__typename"] == "Protocol"
        dealership.server.move_to(start + timedelta(minutes=5))
        before = standing(dealership, booked)

        result = dealership.check_out(booked, start + timedelta(minutes=5))

        assert result["problemCode"] == "INVALID_TRANSITION"
        assert standing(dealership, booked) == before


class TestCheckIn:
    def test_what_comes_back_is_the_car_that_went_out_also_where_it_did_not_fit(
        self, dealership: Dealership, start: datetime
    ) -> None:
        # given a late hand-over of another car, which is somebody else's by then
        first, second = dealership.booked(start, start + DAY), dealership.booked(start, start + DAY)
        other = second["vehicle"]["id"]
        dealership.server.move_to(start + HOUR)
        out = dealership.check_out(first, start, vehicleId=other, signature=dealership.sign())
        assert (out["__typename"], seen(dealership, first)[:2]) == ("Protocol", ("RESERVED", True)), out

        # when that car comes back
        dealership.server.move_to(start + 3 * HOUR)
        back = dealership.check_in(first, start + 2 * HOUR, km=10_010, signature=dealership.sign())

        # then the protocol is about that car
        query = "query($id:ID){contract(id:$id){protocols{id type vehicle{id}}}}"
        protocols = dealership.clerk(query, id=first["id"])["protocols"]
        assert {each["id"]: each["vehicle"]["id"] for each in protocols} == {out["id"]: other, back["id"]: other}

    def test_a_return_before_the_hand_over_ends_when_it_began(self, dealership: Dealership, start: datetime) -> None:
        out = dealership.checked_out(start, start + DAY)
        dealership.server.move_to(start + 2 * HOUR)

        result = dealership.check_in(
            out, start - HOUR, km=out["vehicle"]["odometerKm"] + 10, signature=dealership.sign()
        )

        assert result["__typename"] == "Protocol", result
        assert seen(dealership, out)[:3] == ("RETURNED", True, late("INVALID_INPUT"))


class TestEvidence:
    def test_how_it_was_signed_is_kept(self, dealership: Dealership, start: datetime) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start)
        # given as much as two hands may write, each in one stroke
        samples = tuple((place % 900, place % 300, place * 9) for place in range(MOST_SAMPLES))
        hand = Signature(900, 300, start.isoformat(), (samples,)).to_json()
        strokes = {"customer": hand, "staff": hand}
        more: dict[str, Any] = {"contentSha256": "AB" * 32, "shownLanguage": "DE", "strokes": strokes}

        result = dealership.check_out(booked, start, signature=dealership.sign(), **more)

        query = "query($id:ID){contract(id:$id){protocols{contentSha256}}}"
        assert result["__typename"] == "Protocol", result
        assert dealership.clerk(query, id=booked["id"])["protocols"] == [{"contentSha256": "ab" * 32}]

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"contentSha256": "short"}, "contentSha256"),
            ({"shownLanguage": "Deutsch"}, "shownLanguage"),
            ({"strokes": ["x"]}, "strokes"),
            ({"strokes": {"customer": "x" * 150_001}}, "strokes"),
        ],
    )
    def test_what_cannot_be_evidence_is_refused_by_its_name(
        self, dealership: Dealership, start: datetime, more: Any, field: str
    ) -> None:
        booked = dealership.booked(start, start + 14 * DAY)
        dealership.server.move_to(start)
        before = standing(dealership, booked)

        result = dealership.check_out(booked, start, id=new_id(), **more)

        assert (result["problemCode"], result["field"]) == ("INVALID_INPUT", ["input", field])
        assert standing(dealership, booked) == before
