"""What would be refused at the end is said before anybody walks to the car."""

from __future__ import annotations

from typing import Any

import pytest

from mobile_kivy.forms.day import CHECK_IN, CHECK_OUT
from mobile_kivy.forms.obstacles import FLAGS, Obstacle, obstacles
from mobile_kivy.i18n import WORDS, text
from tests.tablet.test_forms import NOON, job


def deposit(state: str, amount: str = "300.00", expires_at: str | None = None) -> dict[str, Any]:
    return {"deposit": {"state": state, "amount": {"amount": amount, "currency": "EUR"}, "expiresAt": expires_at}}


HOLDS = "2026-11-24T08:00:00Z"
"""When the planned return is."""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, []),
        (deposit("ACTIVE", expires_at=HOLDS), []),
        (deposit("ACTIVE", expires_at=NOON.isoformat()), [Obstacle("obstacle_deposit")]),
        (deposit("ACTIVE", expires_at="2026-11-24T07:59:59Z"), [Obstacle("obstacle_deposit_expires", stops=False)]),
        (deposit("WAIVED"), []),
        (deposit("FAILED"), [Obstacle("obstacle_deposit")]),
        (deposit("NONE"), [Obstacle("obstacle_deposit")]),
        (deposit("NONE", amount="0.00"), []),
        ({"vehicle": None}, [Obstacle("obstacle_no_vehicle")]),
        ({"drivers": []}, [Obstacle("no_driver")]),
        ({"addressMissing": True}, [Obstacle("obstacle_address", stops=False)]),
        ({"group": {"minimumAge": 21}}, [Obstacle("obstacle_birth_date", figures={"name": "Anna Groß"})]),
        ({"group": {"minimumAge": 0}}, []),
        ({"flags": ["AT_RISK", "OVERDUE"]}, [Obstacle("obstacle_flag_AT_RISK", stops=False)]),
    ],
)
def test_what_stands_against_a_check_out(more: dict[str, Any], expected: list[Obstacle]) -> None:
    assert obstacles(job(CHECK_OUT, **more), (), NOON) == expected


def test_a_car_that_is_not_back_is_named() -> None:
    assert obstacles(job(), {"v1"}, NOON) == [Obstacle("obstacle_car_out", figures={"plate": "HH-ZU 101"})]
    assert obstacles(job(), {"v2"}, NOON) == []


def test_what_the_server_refuses_comes_first() -> None:
    found = obstacles(job(addressMissing=True, flags=["AT_RISK"], **deposit("FAILED")), (), NOON)
    assert [each.key for each in found] == ["obstacle_deposit", "obstacle_address", "obstacle_flag_AT_RISK"]


def test_a_return_is_stopped_by_nothing_of_this() -> None:
    assert obstacles(job(CHECK_IN, vehicle=None, drivers=[], **deposit("FAILED")), (), NOON) == []


@pytest.mark.parametrize("lang", ["de", "en"])
def test_each_says_who_can_help(lang: str) -> None:
    for key in (key for key in WORDS[lang] if key.startswith("obstacle_")):
        words = text(lang, key, name="Anna", plate="B-EW 1")
        assert len(words) > 15
        assert "{" not in words
    assert {f"obstacle_flag_{flag}" for flag in FLAGS} <= WORDS[lang].keys()
