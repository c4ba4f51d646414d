"""The seal of a device through the real bridge, with the platform's own cipher."""

from __future__ import annotations

import pytest

from tests.tablet.android.conftest import Scenario


def test_what_is_sealed_is_read_after_a_restart_and_in_its_own_place_only(scenario: Scenario) -> None:
    found = scenario("seal", "round_trip")
    assert (found["again"], found["empty"], found["large"]) == ("Müller-Šimek ₺", "", True)
    assert (found["more"], found["same"], found["plain"]) == (28, False, False)
    assert found["wrong"] == {"another place": True, "first byte": True, "last byte": True, "cut off": True}
    assert found["other key"] is True
    assert found["mode"] == 0o600


def test_the_bridge_and_the_keystore_refuse_what_they_refuse_on_a_device(scenario: Scenario) -> None:
    found = scenario("seal", "misused")
    assert found["uncast key"] == "TypeError"
    assert found["wrong purpose"] == "java.security.InvalidAlgorithmParameterException"


@pytest.mark.parametrize(
    ("how", "again"),
    [
        ("not ready", "Müller-Šimek ₺"),
        ("lost", "lost: java.security.UnrecoverableKeyException"),
        ("another key", "lost: javax.crypto.AEADBadTagException"),
    ],
)
def test_a_key_is_asked_for_twice_before_it_is_lost(scenario: Scenario, how: str, again: str) -> None:
    found = scenario("seal", "key_trouble", how=how)
    assert found["waits"] == [1.0]
    assert found["again"] == again


def test_a_store_without_its_key_is_put_aside_and_work_goes_on(scenario: Scenario) -> None:
    found = scenario("seal", "store_begins_anew")
    assert found["lost"] == [False, False, True]
    assert (found["names"], found["people"], found["token"]) == (["Anna"], 0, "access-user-anna-2")
    assert found["aside"] == ["known_photos", "photos", "store.key", "tablet.db", "thumbnails"]
