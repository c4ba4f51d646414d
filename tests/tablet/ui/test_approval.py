"""The deposit is missing, and a manager who is about approves on the yard's tablet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from mobile_kivy.api import Client
from tests.calendar import running_from
from tests.dealership import add_user
from tests.driving import PASSWORD, new_id
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay

Start = Callable[..., Finger]
TOLD = "query($id:ID){contract(id:$id){protocols{staff approvedBy}}}"


def test_a_manager_approves_in_the_outbox(open_app: Start, device: Path, yard_day: YardDay) -> None:
    # given a card that does not give the deposit, and a manager who has signed in on the tablet
    dealership, server = yard_day.dealership, yard_day.server
    start = yard_day.now + timedelta(days=14)
    booked = dealership.booked(start, start + timedelta(hours=8))
    server.script("preAuth", "decline:51", f"{booked['number']}-H1")
    server.move_to(start)
    email = f"chefin-{new_id()}@example.com"
    add_user(dealership.admin, email, "MANAGER", [dealership.station["id"]])
    finger = open_app(server.base, now=running_from(start))
    store = finger.app.store
    manager = Client(server.base).sign_in(email, PASSWORD, store.settings.this_device)
    finger.tap(finger.find("PersonTile"))
    finger.type_digits("4711")
    finger.wait(lambda: finger.app.day and finger.app.day.job(booked["id"], "CHECK_OUT"), "the new day")

    # when the yard hands the car over, and the server wants the deposit
    finger.frames(5)
    work.check_out_quickly(finger, booked)
    work.finish(finger)
    finger.wait(lambda: finger.app.sync.state.refused == 1, "the refusal", 40)
    finger.tap(finger.find("SyncPill"))
    # then without a manager on the device nobody can approve
    finger.tap(work.word(finger, "approve"))
    assert work.word(finger, "approval_nobody") in finger.texts()
    finger.tap(work.word(finger, "cancel"))

    # when one is there, and forgets the reason, then errs in the PIN
    store.people.remember(manager, "2580")
    finger.tap(work.word(finger, "approve"))
    finger.type_digits("2581")
    finger.tap(work.word(finger, "approve_and_send"))
    assert finger.find("Approval").error == work.word(finger, "approval_reason_missing")
    finger.find("Approval").ids.reason.text = "Stammkunde"
    finger.tap(work.word(finger, "approve_and_send"))
    assert finger.find("Approval").error == work.word(finger, "pin_wrong")
    assert store.outbox.items()[0].state == "REFUSED"
    # and then does it right
    finger.type_digits("2580")
    finger.tap(work.word(finger, "approve_and_send"))
    assert not finger.has("Approval")
    work.all_sent(finger)

    # then the protocol names both
    (protocol,) = dealership.clerk(TOLD, id=booked["id"])["protocols"]
    assert protocol["approvedBy"] == manager.name
    assert protocol["staff"] != manager.name
