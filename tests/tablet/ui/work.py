"""Whole pieces of work by touch, from sign-in to the last signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from mobile_kivy.forms.form import GUIDED_SLOTS
from mobile_kivy.i18n import text
from tests.tablet.people import session_of
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import PIN


def word(finger: Finger, key: str, **figures: object) -> str:
    """As it stands on the screen."""
    return text(finger.app.lang, key, **figures)


def enter(finger: Finger) -> None:
    """Name and PIN."""
    finger.tap(finger.find("PersonTile"))
    finger.type_digits(PIN)
    finger.wait(lambda: finger.app.root.current == "today", "the list of the day")
    finger.frames(4)


def row_of(finger: Finger, contract: dict[str, Any], kind: str) -> Any:
    """The contract's row in its list."""
    listed = finger.screen.ids.outs if kind == "CHECK_OUT" else finger.screen.ids.ins
    finger.frames(3)
    for row in listed.children[0].children:
        if getattr(row, "contract_id", None) == contract["id"]:
            return row
    raise LookupError(contract["number"])


def open_job(finger: Finger, contract: dict[str, Any], kind: str) -> None:
    """By its row, once no new day is on its way: it would be listed between the look and the touch."""
    finger.wait(lambda: not finger.app.sync._turning.locked(), "the end of the sync's turn")
    finger.tap(row_of(finger, contract, kind))
    finger.wait(lambda: finger.app.root.current == "handover", "the form")
    assert finger.screen.visit.form.contract_id == contract["id"], "the list moved under the finger"


def go_on(finger: Finger, to: str) -> None:
    """To the next step, which is named."""
    finger.tap(finger.screen.ids.next)
    assert finger.screen.visit.form.step == to, finger.screen.error


def take_around(finger: Finger, skip: str | None = None, look: Callable[[str], None] = lambda name: None) -> None:
    """All eight photos, one of them perhaps skipped."""
    finger.tap(finger.button(word(finger, "slot_FRONT")))
    aim = finger.top()
    for _ in GUIDED_SLOTS:
        before = aim.slot
        if before == skip:
            finger.tap(aim.ids.skip)
            look("skip")
            finger.tap(word(finger, "skip_rain"))
        else:
            finger.tap(aim.ids.take)
        finger.wait(partial(_is_past, finger, aim, before), f"the photo {before}")
    assert finger.top() is not aim


def _is_past(finger: Finger, aim: Any, slot: str) -> bool:
    return finger.top() is not aim or aim.slot != slot


def mark(finger: Finger, side: str, x: float, y: float, *, photo: bool = True) -> None:
    """A new damage with its photo."""
    drawing = finger.screen.step.ids.drawing
    finger.tap(drawing, at=drawing.to_window(*drawing.place(side, x, y)))
    if photo:
        step = finger.screen.step
        finger.tap(word(finger, "take_photo"))
        finger.wait(lambda: not step.busy, "the damage's photo")


def see_licences(finger: Finger) -> None:
    for card in list(finger.screen.step.ids.drivers.children):
        finger.tap(finger.find("Choice", root=card))


def open_device(finger: Finger) -> None:
    """The device's settings, which a manager opens with a PIN."""
    finger.app.store.people.remember(replace(session_of("user-chef"), role="MANAGER"), PIN)
    finger.app.change_person()
    finger.screen.back()  # the names anew, also where they were shown already
    finger.frames(2)
    finger.tap(finger.screen.ids.device)
    finger.tap(finger.find("PersonTile", name="Chef"))
    finger.type_digits(PIN)
    assert finger.app.root.current == "device"


def sign(finger: Finger) -> None:
    for who in ("customer", "staff"):
        sign_as(finger, who)


def sign_as(finger: Finger, who: str) -> None:
    """`customer` or `staff`, on the step's pad or on the whole screen, whichever there is."""
    step = finger.screen.step
    if not step.compact:
        finger.sign(step.ids[who])
        return
    finger.tap(step.ids[f"open_{who}"])
    finger.sign(finger.top().ids.pad)
    finger.tap(finger.top().ids.done)


def finish(finger: Finger) -> None:
    finger.tap(finger.screen.ids.next)
    finger.wait(lambda: finger.app.root.current == "today", "the list again")


def check_out_quickly(finger: Finger, contract: dict[str, Any]) -> None:
    """The shortest way through: nothing special about it."""
    open_job(finger, contract, "CHECK_OUT")
    finger.type_digits(str(contract["vehicle"]["odometerKm"]))
    go_on(finger, "care")
    go_on(finger, "damages")
    go_on(finger, "photos")
    take_around(finger)
    go_on(finger, "licences")
    see_licences(finger)
    go_on(finger, "sign")
    sign(finger)


def all_sent(finger: Finger) -> None:
    state = finger.app.sync
    finger.wait(lambda: state.state.waiting == 0 and finger.app.store.outbox.waiting().count == 0, "all sent", 40)
    refused = [(item.problem_code, item.message, item.field) for item in finger.app.store.outbox.refused()]
    if refused:
        raise AssertionError(f"the server refused: {refused}")
    finger.frames(5)
