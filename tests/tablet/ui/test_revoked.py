"""A tablet that is shut out while somebody works with it: locked, emptied, and it says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.driving import PASSWORD
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay

Start = Callable[..., Finger]
REVOKE = "mutation($id:ID!){revokeDevice(id:$id){__typename}}"


def test_it_locks_says_why_and_works_again_after_a_sign_in(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given somebody in the middle of a form
    finger = open_app(yard_day.server.base, now=yard_day.clock)
    work.enter(finger)
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    finger.type_digits("10003")
    store = finger.app.store
    before = store.settings.this_device.id

    # when the office shuts the device out, and it next calls
    yard_day.dealership.admin(REVOKE, id=before)
    finger.app.send_now()
    finger.wait(lambda: finger.app.root.current == "sign_in", "the lock")
    finger.frames(60)

    # then it says why, before and after a name is chosen, and the form is gone
    why = work.word(finger, "device_revoked")
    assert why in finger.texts()
    assert (store.drafts.all(), finger.app.person) == ([], None)
    finger.tap(finger.find("PersonTile"))
    assert finger.screen.face == "password", "no PIN opens it"
    assert why in finger.texts()
    # and with the password it is another device, whose PIN is still the old one
    finger.screen.ids.password.text = PASSWORD
    finger.tap(finger.screen.ids.go)
    finger.wait(lambda: finger.app.root.current == "today", "the day")
    assert store.settings.this_device.id != before
    finger.wait(lambda: finger.app.day is not None, "the day's list")
    finger.app.change_person()
    finger.frames(3)
    assert why not in finger.texts()
