"""Walks through every screen, so that each can be looked at in every language, size and scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mobile_kivy.i18n import WORDS
from mobile_kivy.screens.no_screen_lock import NoScreenLock
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import PIN, YardDay


def every_screen(finger: Finger, yard_day: YardDay) -> Iterator[str]:
    """Names each screen when it is there. Works without a network: the day is on the device."""
    yield "people"
    finger.tap(finger.screen.ids.other)
    yield "password"
    finger.screen.back()
    finger.tap(finger.find("PersonTile"))
    finger.type_digits("00")
    yield "pin"
    finger.type_digits("0")
    finger.type_digits("0")
    yield "pin_wrong"
    finger.screen.face, finger.screen.error = "new_pin", ""
    finger.frames(3)
    yield "new_pin"
    finger.screen._offer_stations(list(finger.screen.person.stations))
    finger.frames(3)
    yield "station"
    finger.screen.choose(finger.screen.person)
    finger.type_digits(PIN)
    finger.wait(lambda: finger.app.root.current == "today", "the day")
    finger.frames(5)
    yield "today"
    yield from _check_out(finger, yard_day)
    yield from _check_in(finger, yard_day)
    finger.tap(finger.find("SyncPill"))
    yield "outbox"
    finger.app.leave_outbox()
    finger.app.work.open_job(yard_day.out["id"], "CHECK_OUT")
    finger.frames(3)
    yield "told"
    finger.tap(work.word(finger, "ok"))
    finger.app.change_person()
    work.open_device(finger)
    yield "device"
    notice = NoScreenLock(lang=finger.app.lang)
    notice.open(animation=False)
    yield "no_screen_lock"
    notice.dismiss(animation=False)


def _check_out(finger: Finger, yard_day: YardDay) -> Iterator[str]:
    work.open_job(finger, yard_day.out, "CHECK_OUT")
    yield "condition"
    finger.type_digits("12")
    finger.tap(finger.screen.ids.next)
    finger.type_digits("00")
    yield "condition_doubtful"
    finger.tap(finger.screen.step.ids.other_car)
    yield "other_car"
    finger.tap(work.word(finger, "cancel"))
    finger.screen.step.ids.odometer.text = ""
    finger.type_digits("10012")
    work.go_on(finger, "care")
    yield "care"
    work.go_on(finger, "damages")
    yield "damages"
    drawing = finger.screen.step.ids.drawing
    finger.tap(drawing, at=drawing.to_window(*drawing.place("RIGHT", 0.4, 0.5)))
    yield "damage_known"
    work.mark(finger, "LEFT", 0.3, 0.4)
    yield "damage_new"
    work.go_on(finger, "photos")
    yield "photos"
    finger.tap(finger.button(work.word(finger, "slot_FRONT")))
    yield "aim"
    finger.tap(finger.top().ids.skip)
    yield "aim_skip"
    finger.tap(work.word(finger, "close"))
    finger.tap(finger.screen.ids.next)
    yield "photos_missing"
    work.take_around(finger)
    yield "photos_done"
    work.go_on(finger, "licences")
    yield from _asked_for_the_address(finger)
    yield "licences"
    work.see_licences(finger)
    work.go_on(finger, "sign")
    yield "sign"
    finger.tap(finger.screen.ids.next)
    yield "sign_missing"
    work.sign(finger)
    yield "signed"
    finger.tap(finger.screen.ids.discard)
    yield "discard_form"
    finger.tap(work.word(finger, "keep_form"))
    work.finish(finger)
    yield "saved"


def _asked_for_the_address(finger: Finger) -> Iterator[str]:
    """The step that is there for few contracts, and then not again."""
    visit, job = finger.screen.visit, finger.screen.visit.job
    visit.job = replace(job, contract=replace(job.contract, address_missing=True))
    finger.screen.relabel()
    finger.screen.show(visit.steps.index("customer"))
    yield "customer"
    finger.tap(finger.screen.ids.next)
    yield "customer_missing"
    visit.job = job
    finger.screen.relabel()
    finger.screen.show(visit.steps.index("licences"))
    finger.frames(3)


def _check_in(finger: Finger, yard_day: YardDay) -> Iterator[str]:
    work.open_job(finger, yard_day.late, "CHECK_IN")
    finger.tap(work.word(finger, "key_drop"))
    yield "key_drop"
    finger.screen.leave()
    finger.frames(3)


def words_of(language: str) -> set[str]:
    """The wordings that only this language has."""
    other = {value for name, words in WORDS.items() if name != language for value in words.values()}
    return {value for value in WORDS[language].values() if value not in other and "{" not in value and len(value) > 3}
