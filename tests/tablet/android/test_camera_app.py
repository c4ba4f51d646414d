"""The camera app of a tablet, asked through the real bridge: one answer for each question, and nothing left behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tablet.android.conftest import Scenario


def test_a_photo_comes_back_once_and_no_file_stays(scenario: Scenario) -> None:
    found = scenario("camera", "answered")
    assert found["action"] == "android.media.action.IMAGE_CAPTURE"
    assert found["overload"] == "Parcelable"
    assert found["uri"] == "content://org.ersatzwagen.yard.files/shots/shot.jpg"
    assert found["flags"] == 3
    assert found["expected"] == ["pending.json"]
    assert found["before"] == 0
    assert found["seen"] == [["photo", found["size"]]]
    assert found["left"] == []


@pytest.mark.parametrize(
    ("how", "key"), [("cancelled", ""), ("nothing written", "camera_broken"), ("cannot be read", "camera_broken")]
)
def test_no_photo_is_an_answer_too(scenario: Scenario, how: str, key: str) -> None:
    found = scenario("camera", "answered", how=how)
    assert found["seen"] == [["nothing", key]]
    assert found["left"] == []


@pytest.mark.parametrize(
    ("how", "key"), [("no app", "camera_missing"), ("not allowed", "camera_denied"), ("no folder", "camera_broken")]
)
def test_a_camera_that_does_not_open_can_be_tried_again(scenario: Scenario, how: str, key: str) -> None:
    found = scenario("camera", "refused", how=how)
    assert found["seen"] == [["nothing", key], ["photo", found["size"]]]
    assert found["left"] == []


def test_a_question_that_was_never_answered_does_not_block_the_next(scenario: Scenario) -> None:
    found = scenario("camera", "never_answered")
    assert found["seen"] == [["nothing", ""], ["photo", found["size"]]]


@pytest.mark.parametrize(
    ("written", "place"), [(True, ["protocol-1", "DAMAGE", "damage-1"]), (False, None)], ids=["written", "not written"]
)
def test_a_photo_outlives_the_app_and_is_offered_once(scenario: Scenario, written: bool, place: Any) -> None:
    found = scenario("camera", "killed", written=written)
    assert found["seen"] == []
    assert found["place"] == place
    assert found["size"] == (found["photo"] if written else 0)
    assert found["second"] is None
    assert found["left"] == []


def test_however_the_device_was_held_the_photo_is_upright(scenario: Scenario) -> None:
    assert scenario("camera", "held_upright")["sizes"] == [[64, 32], [64, 32], [32, 64], [32, 64]]
