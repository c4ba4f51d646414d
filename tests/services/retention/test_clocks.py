"""When what is erased: the clocks of domain 3.19, each on its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from server.services.retention.clocks import Part, Standing, due
from tests.services.samples import BERLIN, at

BOOKED, BACK, SETTLED = at("2026-09-01 10:00"), at("2026-09-09 09:00"), at("2026-09-10 12:00")
NEXT_DAY = at("2026-09-11 12:00")
NEW_YEAR_2033, NEW_YEAR_2035 = at("2033-01-01 00:00"), at("2035-01-01 00:00")


def standing(**more: Any) -> Standing:
    """A rental without a claim, settled the day after its return."""
    values: dict[str, Any] = {
        "zone": BERLIN,
        "created_at": BOOKED,
        "came_about": True,
        "has_vouchers": True,
        "is_restricted": False,
        "has_work": False,
        "letters_erased_at": None,
        "closed_at": SETTLED,
        "returned_at": BACK,
        "has_claim": False,
        "claim_closed_at": None,
    }
    return Standing(**(values | more))


def test_a_settled_rental_without_a_damage() -> None:
    assert due(standing()) == {
        Part.PHOTOS: at("2027-03-09 09:00"),
        Part.CARD: at("2027-03-10 12:00"),
        Part.LICENCES: at("2027-03-10 12:00"),
        Part.PERSON: NEW_YEAR_2033,
        Part.LETTERS: NEW_YEAR_2033,
        Part.VOUCHERS: NEW_YEAR_2035,
    }


def test_as_long_as_something_is_open_only_pictures_without_a_damage_go() -> None:
    assert due(standing(closed_at=None)) == {Part.PHOTOS: at("2027-03-09 09:00")}


def test_as_long_as_a_claim_is_open_its_pictures_stay() -> None:
    assert due(standing(closed_at=None, has_claim=True)) == {}


def test_three_years_after_a_claim_is_closed_its_pictures_go() -> None:
    closed = at("2027-02-01 08:00")
    found = due(standing(closed_at=closed, has_claim=True, claim_closed_at=closed))
    assert (found[Part.PHOTOS], found[Part.LETTERS]) == (at("2030-02-01 08:00"), at("2034-01-01 00:00"))


def test_a_car_that_is_still_out_has_no_clock() -> None:
    assert due(standing(closed_at=None, returned_at=None)) == {}


def test_who_asks_to_be_erased_waits_for_nothing_but_letters_and_vouchers() -> None:
    assert due(standing(is_restricted=True)) == {
        Part.PHOTOS: at("2027-03-09 09:00"),
        Part.CARD: SETTLED,
        Part.LICENCES: SETTLED,
        Part.PERSON: SETTLED,
        Part.LETTERS: NEW_YEAR_2033,
        Part.VOUCHERS: NEW_YEAR_2035,
    }


def test_papers_and_mails_that_are_still_to_be_made_need_the_name_for_a_day() -> None:
    found = due(standing(is_restricted=True, has_work=True))
    assert [found[part] for part in (Part.CARD, Part.LICENCES, Part.PERSON)] == [NEXT_DAY] * 3


def test_a_booking_that_never_came_about_is_gone_after_thirty_days() -> None:
    never = standing(came_about=False, has_vouchers=False, returned_at=None, closed_at=at("2026-09-01 10:15"))
    after, at_once = at("2026-10-01 10:00"), at("2026-09-02 10:15")
    assert due(never) == dict.fromkeys((Part.CARD, Part.LICENCES, Part.PERSON, Part.WHOLE), after)
    # Who has asked: a payment page that was given up may still be paid
    asked = due(replace(never, is_restricted=True))
    assert asked == {Part.CARD: at_once, Part.LICENCES: at_once, Part.PERSON: at_once, Part.WHOLE: after}


def test_money_that_came_and_went_for_nothing_is_accounted_for_eight_years() -> None:
    found = due(standing(came_about=False, returned_at=None, closed_at=at("2026-09-01 10:15")))
    after = at("2026-10-01 10:00")
    gone = dict.fromkeys((Part.CARD, Part.LICENCES, Part.PERSON, Part.LETTERS), after)
    assert found == gone | {Part.VOUCHERS: NEW_YEAR_2035}


@pytest.mark.parametrize(
    ("settled", "card", "letters"),
    [
        # The month has no such day: its last one. By the station's clock, in summer as in winter.
        ("2026-08-31 12:00", "2027-02-28 12:00", "2033-01-01 00:00"),
        ("2027-08-31 12:00", "2028-02-29 12:00", "2034-01-01 00:00"),
        ("2026-12-31 23:59", "2027-06-30 23:59", "2033-01-01 00:00"),
        ("2027-01-01 00:00", "2027-07-01 00:00", "2034-01-01 00:00"),
    ],
)
def test_days_and_years_are_those_of_the_station(settled: str, card: str, letters: str) -> None:
    found = due(standing(closed_at=at(settled)))
    assert (found[Part.CARD], found[Part.LETTERS]) == (at(card), at(letters))


def test_nothing_goes_before_what_it_rests_on() -> None:
    # given claims that were closed at any time in the years after the return
    for month in range(1, 37):
        closed: datetime = at(f"{2027 + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-15 12:00")
        found = due(standing(closed_at=closed, has_claim=True, claim_closed_at=closed))
        assert found[Part.PHOTOS] <= found[Part.LETTERS] < found[Part.VOUCHERS]
        assert found[Part.CARD] <= found[Part.LETTERS]
        assert found[Part.PERSON] == found[Part.LETTERS]
