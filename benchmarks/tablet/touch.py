"""From the finger to the photo, on every screen. Run by `python -m benchmarks.tablet`.

Two times for each tap: until the touched thing looks touched, and until what it leads to is drawn. Each by the wall
clock, and as CPU time of the main thread, which does not know what else the machine is doing. A loop at 60 frames a
second adds up to 17 ms to each, a display its own; what a list waits until a touch is no scroll is in the wall time.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sized
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.tablet import window  # before anything of Kivy

from kivy.tests.common import UnitTestTouch  # isort: skip

from mobile_kivy.forms.day import CHECK_OUT
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import PIN

ROUNDS = 5
Times = dict[str, list[tuple[float, float]]]


class Stopwatch:
    """Taps and keeps the times, wall and CPU, in milliseconds."""

    def __init__(self, finger: Finger) -> None:
        self.finger = finger
        self.down: Times = defaultdict(list)
        self.done: Times = defaultdict(list)

    def tap(
        self, name: str, widget: Any, then: Callable[[], object] = lambda: True, at: tuple[float, float] | None = None
    ) -> None:
        """One tap; `then` says when the app has got where the tap leads."""
        finger = self.finger
        finger.reach(widget)
        finger.frames(4)
        finger.moment += 1
        touch = UnitTestTouch(*(at or widget.to_window(*widget.center)))
        pressable = hasattr(widget, "pressed")
        begun = _clocks()
        touch.touch_down()
        while pressable and not widget.pressed:
            window.frame()
        window.frame()
        self.down[name].append(_since(begun))
        begun = _clocks()
        touch.touch_up()
        while not then():
            window.frame()
        window.frame()
        self.done[name].append(_since(begun))
        finger.frames(4)

    def deed(self, name: str, deed: Callable[[], object]) -> None:
        """Something that no finger does."""
        self.finger.frames(4)
        begun = _clocks()
        deed()
        # What is handed to the main thread is done in the next turn of the loop.
        window.frame()
        window.frame()
        self.done[name].append(_since(begun))
        self.finger.frames(4)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.thread_time()


def _since(begun: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = _clocks()
    return (wall - begun[0]) * 1000, (cpu - begun[1]) * 1000


def shift(watch: Stopwatch, number: int) -> None:
    """A hand-over from the names to the last signature and back, and what else there is to tap."""
    finger = watch.finger
    app = finger.app
    watch.tap("a name", finger.find("PersonTile"), lambda: finger.screen.face == "pin")
    finger.type_digits(PIN[:3])
    watch.tap("the PIN's last digit", finger.find("PadKey", key=PIN[3]), lambda: app.root.current == "today")
    finger.frames(4)
    look_around(watch)
    jobs = app.day.jobs if app.day else ()
    job = next(job for job in jobs if job.kind == CHECK_OUT and not app.work.job_states().get(job.key))
    finger.screen.search = job.contract.number
    finger.frames(4)
    row = work.row_of(finger, {"id": job.contract.id, "number": job.contract.number}, CHECK_OUT)
    watch.tap("a row: its form", row, lambda: app.root.current == "handover")
    fill_in(watch, str(job.contract.vehicle.odometer_km + number if job.contract.vehicle else number))
    finger.screen.search = ""
    finger.frames(4)
    watch.tap("change of person", finger.find("Btn", icon="account-switch"), lambda: app.root.current == "sign_in")


def look_around(watch: Stopwatch) -> None:
    """The list's own work."""
    finger, app = watch.finger, watch.finger.app
    ids = finger.screen.ids
    watch.tap("tile: late ones only", ids.tile_late, lambda: finger.screen.shown == "OVERDUE")
    watch.tap("tile: all again", ids.tile_late, lambda: finger.screen.shown == "ALL")
    watch.deed("a letter of the search", lambda: setattr(ids.search, "text", "B-EW 01"))
    watch.deed("no search", lambda: setattr(ids.search, "text", ""))
    watch.deed("scrolling by a screen", lambda: setattr(ids.outs, "scroll_y", 0.5))
    ids.outs.scroll_y = 1.0
    state = app.sync.state
    watch.deed("the sync reports", lambda: app._sync_changed(state))
    watch.tap("language", finger.find("Btn", label="EN"), lambda: app.lang == "en")
    watch.tap("language", finger.find("Btn", label="DE"), lambda: app.lang == "de")
    watch.tap("outbox", finger.find("SyncPill"), lambda: app.root.current == "outbox")
    watch.tap("back from the outbox", finger.find("Btn", icon="arrow-left"), lambda: app.root.current == "today")


def fill_in(watch: Stopwatch, odometer: str) -> None:
    """The form's steps."""
    finger, app = watch.finger, watch.finger.app
    step = finger.screen.step
    watch.tap("other car", step.ids.other_car, lambda: finger.top() is not app.root)
    watch.tap("cancel", finger.button(work.word(finger, "cancel")), lambda: finger.top() is app.root)
    for count, digit in enumerate(odometer, start=1):
        watch.tap("a digit", finger.find("PadKey", key=digit), partial(_has, lambda: step.ids.odometer.text, count))
    gauge = step.ids.gauge
    x, y = gauge.to_window(*gauge.pos)
    watch.tap("fuel", gauge, at=(x + gauge.width * 0.4, y + 20))
    _next(watch, "care")
    _next(watch, "damages")
    drawing, form = finger.screen.step.ids.drawing, finger.screen.visit.form
    watch.tap("a damage", drawing, lambda: form.damages, at=drawing.to_window(*drawing.place("LEFT", 0.3, 0.4)))
    take = finger.button(work.word(finger, "take_photo"))
    watch.tap("its photo (in the background)", take, lambda: form.damages[0].photos)
    _next(watch, "photos")
    watch.tap("a side of the car", finger.button(work.word(finger, "slot_FRONT")), lambda: finger.top() is not app.root)
    aim = finger.top()
    for count in range(1, 9):
        watch.tap("take (in the background)", aim.ids.take, partial(_has, lambda: form.photos, count))
    _next(watch, "licences")
    work.see_licences(finger)
    _next(watch, "sign")
    work.sign(finger)
    watch.tap("finish (in the background)", finger.screen.ids.next, lambda: app.root.current == "today")


def _has(things: Callable[[], Sized], count: int) -> bool:
    return len(things()) == count


def _next(watch: Stopwatch, name: str) -> None:
    screen = watch.finger.screen
    watch.tap(f"next: {name}", screen.ids.next, lambda: screen.visit.form.step == name)


def main() -> None:
    folder, moment = sys.argv[1:]
    finger = window.open_app(Path(folder), datetime.fromisoformat(moment))
    watch = Stopwatch(finger)
    for number in range(1, ROUNDS + 1):
        shift(watch, number)
        window.rest(finger)
    print(json.dumps({"down": watch.down, "done": watch.done}))


if __name__ == "__main__":
    main()
