"""In front, in the background, back again: the lock, the screen lock, the back gesture, sending with the app away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kivy.core.window import Window

from mobile_kivy.presence import LOCK_AFTER
from mobile_kivy.screens.no_screen_lock import NoScreenLock
from mobile_kivy.screens.steps.photos import Aim
from tests.tablet.faulty_network import FaultyNetwork
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.tablet import Tablet, key_file
from tests.tablet.ui.yard_day import YardDay
from tests.tablet.yard import draft_of

Start = Callable[..., Finger]
NOWHERE = "http://127.0.0.1:9"
BACK = 27


def _back(finger: Finger) -> bool:
    """The gesture, as Android's window tells it; whether the app has taken it."""
    taken = bool(Window.dispatch("on_keyboard", BACK, 0, "", []))
    finger.frames(3)
    return taken


@pytest.mark.parametrize(("away", "screen"), [(LOCK_AFTER - 5, "handover"), (LOCK_AFTER + 5, "sign_in")])
def test_back_from_the_background_it_locks_after_the_same_time(
    open_app: Start, device: Path, yard_day: YardDay, away: float, screen: str
) -> None:
    tablet = Tablet()
    finger = open_app(NOWHERE, now=yard_day.clock, system=tablet)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10007")
    finger.app.on_pause()
    tablet.seconds += away
    finger.app.on_resume()
    finger.frames(3)
    assert finger.app.root.current == screen
    saved = draft_of(finger.app.store, yard_day.out["id"], "CHECK_OUT")
    assert saved is not None
    assert saved["odometer"] == "10007"


def test_a_device_without_a_screen_lock_is_not_worked_with_until_it_has_one(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    tablet = Tablet(locked=False)
    finger = open_app(NOWHERE, now=yard_day.clock, system=tablet)
    assert isinstance(finger.top(), NoScreenLock)
    assert work.word(finger, "no_screen_lock") in finger.texts()
    assert _back(finger)
    assert isinstance(finger.top(), NoScreenLock)
    assert (finger.top().width, finger.top().height) == tuple(Window.size)

    finger.app.on_pause()
    tablet.locked = True
    finger.app.on_resume()
    finger.frames(3)
    assert finger.top() is finger.app.root
    work.enter(finger)


def test_a_screen_lock_that_was_taken_away_meanwhile_locks_the_app_and_keeps_the_form(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    tablet = Tablet()
    finger = open_app(NOWHERE, now=yard_day.clock, system=tablet)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10007")
    finger.app.on_pause()
    tablet.locked = False
    finger.app.on_resume()
    finger.app.on_resume()
    finger.frames(3)
    assert isinstance(finger.top(), NoScreenLock)
    assert len([window for window in Window.children if isinstance(window, NoScreenLock)]) == 1
    assert finger.app.person is None
    saved = draft_of(finger.app.store, yard_day.out["id"], "CHECK_OUT")
    assert saved is not None
    assert saved["odometer"] == "10007"


def test_the_back_gesture_goes_one_step_back_and_never_out(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10007")
    for step in ("care", "damages", "photos"):
        work.go_on(finger, step)
    finger.tap(finger.button(work.word(finger, "slot_FRONT")))
    assert isinstance(finger.top(), Aim)

    assert _back(finger)
    assert finger.top() is finger.app.root
    for step in ("damages", "care", "condition"):
        assert _back(finger)
        assert finger.screen.visit.form.step == step
    assert _back(finger)
    assert finger.app.root.current == "today"
    saved = draft_of(finger.app.store, yard_day.out["id"], "CHECK_OUT")
    assert saved is not None
    assert saved["odometer"] == "10007"
    assert _back(finger)
    assert finger.app.root.current == "today"

    finger.app.show_outbox()
    finger.frames(3)
    assert _back(finger)
    assert finger.app.root.current == "today"
    finger.app.change_person()
    finger.tap(finger.find("PersonTile"))
    assert finger.screen.face == "pin"
    assert _back(finger)
    assert finger.screen.face == "people"
    assert _back(finger)
    assert finger.app.root.current == "sign_in"


def test_the_gesture_closes_a_question_without_an_answer(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.screen.ask_to_discard()
    finger.frames(3)
    assert _back(finger)
    finger.wait(lambda: finger.top() is finger.app.root, "the question fades")
    assert len(finger.app.store.drafts.all()) == 1


def test_what_waits_is_sent_from_the_background_and_then_the_service_ends(
    open_app: Start, device: Path, yard_day: YardDay, network: FaultyNetwork
) -> None:
    tablet = Tablet()
    finger = open_app(network.url, now=yard_day.clock, system=tablet)
    work.enter(finger)
    finger.app.on_pause()
    assert tablet.notice == ""
    finger.app.on_resume()

    network.up = False
    work.check_out_quickly(finger, yard_day.out)
    work.finish(finger)
    finger.app.on_pause()
    assert tablet.notice == f"{work.word(finger, 'sending_title')}: {work.word(finger, 'sending_words_one')}"

    network.up = True
    tablet.network_is_back()
    finger.wait(lambda: finger.app.store.outbox.waiting().count == 0, "all sent")
    finger.wait(lambda: tablet.notice == "", "the end of the service")


def test_the_window_is_protected_from_the_start_and_fitted_when_it_changes(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    tablet = Tablet()
    finger = open_app(NOWHERE, now=yard_day.clock, system=tablet)
    assert tablet.asked == ["protect", "fit"]
    work.enter(finger)
    assert tablet.asked == ["protect", "fit", "notifications"]
    finger.app.on_resume()
    assert tablet.asked == ["protect", "fit", "notifications", "fit"]
    finger.app._presence._resized(Window, Window.size)
    assert tablet.asked == ["protect", "fit", "notifications", "fit", "fit"]


def test_a_lost_key_is_said_and_work_begins_anew(open_app: Start, device: Path, yard_day: YardDay) -> None:
    key_file(device).write_bytes(b"\x01" * 32)
    finger = open_app(NOWHERE, now=yard_day.clock)
    assert work.word(finger, "key_lost") in finger.texts()
    finger.tap(work.word(finger, "ok"))
    assert finger.app.store.people.all() == []
    assert finger.screen.face == "password"
