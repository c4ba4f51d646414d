"""One device, many hands: who works here, and that nobody works in another's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kivy.base import ExceptionManager

from mobile_kivy.keep_going import KeepGoing
from mobile_kivy.presence import LOCK_AFTER
from tests.driving import PASSWORD
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.tablet import Tablet
from tests.tablet.ui.yard_day import PIN, YardDay
from tests.tablet.yard import draft_of

Start = Callable[..., Finger]
NOWHERE = "http://127.0.0.1:9"


def test_a_wrong_pin_opens_nothing_and_five_lock(open_app: Start, device: Path, yard_day: YardDay) -> None:
    tablet = Tablet()
    finger = open_app(NOWHERE, now=yard_day.clock, system=tablet)
    finger.tap(finger.find("PersonTile"))
    for _ in range(4):
        finger.type_digits("0000")
        assert finger.screen.error == work.word(finger, "pin_wrong")
    finger.type_digits("0000")
    finger.type_digits("4711")
    assert "Zu viele Versuche" in finger.screen.error
    assert finger.app.root.current == "sign_in"
    tablet.seconds += 120
    finger.type_digits("4711")
    assert finger.app.root.current == "today"


def test_the_first_sign_in_needs_a_network_and_says_so(open_app: Start) -> None:
    finger = open_app(NOWHERE)
    finger.screen.ids.email.text, finger.screen.ids.password.text = "yard@example.com", "secret-word-for-this"
    finger.tap(finger.screen.ids.go)
    finger.wait(lambda: not finger.screen.busy, "an answer")
    assert finger.screen.error == work.word(finger, "sign_in_offline")
    assert finger.app.store.people.all() == []


def test_a_wrong_password_is_said_by_the_server(open_app: Start, yard_day: YardDay) -> None:
    finger = open_app(yard_day.server.base)
    finger.screen.ids.email.text, finger.screen.ids.password.text = yard_day.email, "not-the-password"
    finger.tap(finger.screen.ids.go)
    finger.wait(lambda: not finger.screen.busy, "an answer")
    assert finger.screen.error == work.word(finger, "sign_in_wrong")
    assert finger.app.root.current == "sign_in"


def test_a_forgotten_pin_is_chosen_anew_with_the_password(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(yard_day.server.base, now=yard_day.clock)
    finger.tap(finger.find("PersonTile"))
    finger.tap(finger.screen.ids.forgotten)
    finger.screen.ids.password.text = PASSWORD
    finger.tap(finger.screen.ids.go)
    finger.wait(lambda: finger.screen.face == "new_pin", "the choice of a PIN")
    finger.type_digits("2580")
    finger.type_digits("2581")
    assert finger.screen.error == work.word(finger, "pin_differs")
    finger.type_digits("2580")
    finger.type_digits("2580")
    finger.wait(lambda: finger.app.root.current == "today", "the day")
    person = finger.app.person
    assert person
    assert not finger.app.store.people.check_pin(person.user_id, "4711")
    assert finger.app.store.people.check_pin(person.user_id, "2580")


def test_left_alone_the_device_locks_and_keeps_the_form(open_app: Start, device: Path, yard_day: YardDay) -> None:
    tablet = Tablet()
    finger = open_app(NOWHERE, now=yard_day.clock, system=tablet)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10007")
    tablet.seconds += LOCK_AFTER + 1
    finger.app._presence._lock_when_left(0)
    finger.frames(3)
    assert finger.app.root.current == "sign_in"
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    assert finger.screen.visit.form.odometer == "10007"


def test_nobody_is_forgotten_whose_work_is_not_sent(open_app: Start, device: Path, yard_day: YardDay) -> None:
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    work.check_out_quickly(finger, yard_day.out)
    work.finish(finger)
    work.open_device(finger)
    assert finger.screen.locked, "another server's address while something waits for this one"
    yard_user = next(row for row in finger.walk() if getattr(row, "name", "").endswith(yard_day.email))
    finger.tap(finger.find("Btn", root=yard_user, icon="delete"))
    finger.tap(work.word(finger, "forget"))
    assert finger.screen.message == "Noch ein Protokoll dieser Person ist nicht gesendet."
    assert len(finger.app.store.people.all()) == 2


def test_the_devices_settings_are_for_managers(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a device on which a member of the yard's staff is known
    finger = open_app(NOWHERE, now=yard_day.clock)
    finger.tap(finger.screen.ids.device)
    assert finger.app.root.current == "sign_in"
    assert finger.screen.error == work.word(finger, "device_locked")

    # when that person says the PIN
    finger.tap(finger.find("PersonTile"))
    finger.type_digits(PIN)

    # then no setting is shown, and no shift has begun
    assert finger.app.root.current == "sign_in"
    assert finger.screen.error == work.word(finger, "device_refused")
    assert finger.app.person is None
    # and a manager gets there, and back
    work.open_device(finger)
    finger.screen.ids.address.text = "http://rental.example"
    finger.screen.save_address()
    assert finger.screen.ids.address.error == work.word(finger, "address_needs_https")
    assert finger.app.server == NOWHERE
    finger.screen.back()
    assert finger.app.root.current == "sign_in"


def test_a_fault_of_ours_is_said_and_the_form_is_kept(
    open_app: Start, device: Path, yard_day: YardDay, caplog: pytest.LogCaptureFixture
) -> None:
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10007")
    handler = KeepGoing(finger.app.say_unexpected)
    assert handler.handle_exception(ValueError("boom")) == ExceptionManager.PASS
    finger.frames(2)
    assert work.word(finger, "unexpected_title") in finger.texts()
    # The handler itself writes nothing: the form is saved as after any change.
    finger.wait(lambda: _odometer_kept(finger, yard_day) == "10007", "the form on the disk")
    assert "boom" in caplog.text
    caplog.clear()


def _odometer_kept(finger: Finger, yard_day: YardDay) -> str:
    saved = draft_of(finger.app.store, yard_day.out["id"], "CHECK_OUT")
    return str(saved["odometer"]) if saved else ""


def test_a_form_that_is_finished_while_the_device_locks_shows_nobody_anything(
    open_app: Start, device: Path, yard_day: YardDay
) -> None:
    # given a form that is being written when the device locks
    finger = open_app(NOWHERE, now=yard_day.clock)
    work.enter(finger)
    work.check_out_quickly(finger, yard_day.out)
    protocol_id = finger.screen.visit.form.protocol_id
    finger.app.change_person()

    # when it is told that it was kept, and that another was not
    finger.app.form_is_kept(protocol_id)
    finger.app.form_is_not_kept(protocol_id, "disk_full")
    finger.frames(3)

    # then the PIN is still asked for
    assert finger.app.root.current == "sign_in"
    assert finger.top() is finger.app.root
