"""Window, lock, vibration, network and background of a tablet through the real bridge."""

from __future__ import annotations

from tests.tablet.android.conftest import Scenario


def test_the_window_is_protected_and_clear_of_the_bars_in_androids_own_thread(scenario: Scenario) -> None:
    found = scenario("system", "window")
    assert found["here"] is True  # the stub is as strict as Android
    assert (found["flagged"], found["flags"]) == (True, 0x2000 | 0x80)
    assert (found["before"], found["older"]) == ([0, 0, 0, 0], [0, 0, 0, 0])
    assert found["padding"] == [10, 70, 30, 40]


def test_a_device_without_a_screen_lock_is_known(scenario: Scenario) -> None:
    found = scenario("system", "screen_lock")
    assert (found["secure"], found["insecure"], found["unknown"]) == (True, False, True)


def test_the_tablet_is_called_by_manufacturer_and_model(scenario: Scenario) -> None:
    assert scenario("system", "name")["name"] == "Samsung SM-X306B"


def test_no_vibrator_ends_a_touch(scenario: Scenario) -> None:
    found = scenario("system", "vibration")
    assert (found["works"], found["throws"], found["none"]) == (3, 0, 0)
    assert found["stderr"].count("the vibrator has failed") == 1


def test_a_network_that_comes_back_is_told_every_time(scenario: Scenario) -> None:
    found = scenario("system", "network")
    assert (found["times"], found["elsewhere"]) == (2, True)


def test_the_service_says_what_it_does_and_is_stopped_from_any_thread(scenario: Scenario) -> None:
    found = scenario("system", "sending")
    assert (found["title"], found["text"]) == ("Ersatzwagen sendet", "2 Protokolle warten – bitte warten")
    assert (found["type"], found["mode"], found["channel"]) == (1, 2, ["sending", 2])
    assert (found["stopped"], found["timed out"], found["refused"]) == (True, 1, True)


def test_the_person_is_asked_for_notifications(scenario: Scenario) -> None:
    assert scenario("system", "notifications")["asked"] == [1, 1]


def test_where_nothing_works_the_app_goes_on(scenario: Scenario) -> None:
    assert scenario("system", "nothing_works")["lock"] is True
