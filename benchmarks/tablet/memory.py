"""Memory, signatures and photos. Run by `python -m benchmarks.tablet`."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.tablet import window  # before anything of Kivy

import psutil  # isort: skip
from kivy.tests.common import UnitTestTouch  # isort: skip
from PIL import Image

from mobile_kivy.forms.day import CHECK_OUT
from mobile_kivy.forms.form import GUIDED_SLOTS
from mobile_kivy.forms.photo_place import PhotoPlace
from mobile_kivy.imaging import shrink
from tests.tablet.ui import work
from tests.tablet.ui.driving import Finger

MOVES, PHOTOS, FORMS = 300, 8, 50
Figures = dict[str, float]


def big_photo(seed: int) -> bytes:
    """12 megapixels, as a tablet's camera makes them; as hard to compress as a yard."""
    small = Image.effect_noise((1000, 750), 60 + seed)
    photo = Image.merge("RGB", (small, small.rotate(180), small)).resize((4000, 3000), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=90)
    return out.getvalue()


class BigCamera:
    """Twelve megapixels each time, made before anybody looks at the clock."""

    def __init__(self, folder: Path) -> None:
        # On the disk, as a camera's are: in memory they would be counted as the app's.
        self._files = [folder / f"big-{number}.jpg" for number in range(PHOTOS)]
        for number, file in enumerate(self._files):
            file.write_bytes(big_photo(number))
        self._next = 0

    def take(self, _place: PhotoPlace, on_photo: Callable[[bytes], None], _on_nothing: Callable[[str], None]) -> None:
        file = self._files[self._next % PHOTOS]
        self._next += 1
        on_photo(file.read_bytes())

    def left_behind(self) -> None:
        """Nobody kills this one."""


def memory() -> float:
    """Megabytes in use by this process."""
    return float(psutil.Process().memory_info().rss) / 1e6


def open_form(finger: Finger, number: int) -> Any:
    """Opens the form of one of the cars that go out."""
    jobs = [job for job in finger.app.day.jobs if job.kind == CHECK_OUT] if finger.app.day else []
    job = jobs[number % len(jobs)]
    finger.app.work.open_job(job.contract.id, job.kind)
    finger.frames(4)
    return finger.screen


def show(finger: Finger, step: str) -> Any:
    """A step of the open form, wherever it is."""
    finger.screen.show(finger.screen.visit.steps.index(step))
    finger.frames(4)
    return finger.screen.step


def eight_photos(finger: Finger) -> Figures:
    """Takes them through the app, and looks at the process's memory with every frame."""
    screen, peak = open_form(finger, 0), 0.0
    step = show(finger, "photos")
    for count, slot in enumerate(GUIDED_SLOTS, start=1):
        step.take(slot, lambda: None)
        while len(screen.visit.form.photos) < count:
            window.frame()
            peak = max(peak, memory())
    finger.frames(20)
    screen.leave()
    return {"peak": max(peak, memory()), "after": memory()}


def many_forms(finger: Finger) -> float:
    """Megabytes that opening and closing forms leaves behind, all their steps drawn."""
    before = 0.0
    for number in range(FORMS + 5):
        screen = open_form(finger, number)
        for name in screen.visit.steps:
            if name != "sign":  # its summary wants an odometer
                show(finger, name)
        screen.leave()
        finger.frames(2)
        # Five in a row without a pause is more than anybody does.
        if number % 5 == 4:
            window.rest(finger)
        if number == 4:
            before = memory()
    return memory() - before


def signature(finger: Finger) -> Figures:
    """A stroke of so many moves, a frame for each."""
    screen = open_form(finger, 1)
    screen.visit.form.odometer = "10001"
    pad = show(finger, "sign").ids.customer
    finger.frames(4)
    x, y = pad.to_window(*pad.pos)
    touch = UnitTestTouch(x + 10, y + pad.height / 2)
    touch.touch_down()
    walls, cpu = [], time.thread_time()
    for number in range(MOVES):
        begun = time.perf_counter()
        touch.touch_move(x + 10 + (pad.width - 20) * number / MOVES, y + pad.height * (0.3 + 0.4 * (number % 8) / 8))
        window.frame()
        walls.append((time.perf_counter() - begun) * 1000)
    cpu = (time.thread_time() - cpu) * 1000 / MOVES
    touch.touch_up()
    finger.frames(2)
    points = sum(len(stroke) for stroke in screen.visit.form.customer_signature.strokes)
    screen.leave()
    return {"worst": max(walls), "cpu": cpu, "points": points}


def scaling() -> Figures:
    """One photo of 12 megapixels made small."""
    taken = big_photo(99)
    begun = time.process_time()
    made = shrink(taken)
    return {"cpu": time.process_time() - begun, "bytes": len(made.content), "from": len(taken)}


def main() -> None:
    folder, moment = sys.argv[1:]
    finger = window.open_app(Path(folder), datetime.fromisoformat(moment), camera=BigCamera(Path(folder)))
    work.enter(finger)
    figures = {
        "started": memory(),
        "photos": eight_photos(finger),
        "forms": many_forms(finger),
        "signature": signature(finger),
        "scaling": scaling(),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
