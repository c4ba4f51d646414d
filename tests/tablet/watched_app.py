"""The app as `python -m mobile_kivy` starts it, which also writes what it shows and where: a hand from outside needs it.

Run as `python -m tests.tablet.watched_app FILE SECONDS [the app's options]`. SECONDS is how far the device's clock is
ahead. The product has no such hook: this wraps it from outside, in the moment before its first import of a window.
"""

from __future__ import annotations

import itertools
import json
import runpy
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from mobile_kivy import start

EVERY = 0.05
"""Seconds between two looks."""
Box = tuple[float, float, float, float]


def watch(file: Path, ahead: timedelta) -> None:
    """From now on the file tells what is on the screen."""
    from kivy.clock import Clock

    from mobile_kivy import app

    numbers = itertools.count()

    def write(_dt: float) -> None:
        running = app.YardApp.func.get_running_app()
        if running is None or running.root is None:
            return
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps({"number": next(numbers), **_look(running)}), encoding="utf-8")
        # Whoever reads finds the last look or this one, never half of it.
        fresh.replace(file)

    app.YardApp = partial(app.YardApp, now=lambda: datetime.now(UTC) + ahead)  # type: ignore[assignment,misc]  # called alike
    Clock.schedule_interval(write, EVERY)


def _look(app: Any) -> dict[str, Any]:
    screen = app.root.current_screen
    visit = getattr(screen, "visit", None)
    return {
        "screen": app.root.current,
        "sync": app.sync_words,
        "error": getattr(screen, "error", ""),
        "form": visit.form.to_json() if visit else None,
        "places": dict(_places(app)),
    }


def _places(app: Any) -> Iterator[tuple[str, Box]]:
    """Name and box (left, top, width, height in the window's pixels) of all that is in sight, on top."""
    from kivy.core.window import Window

    stack = [Window.children[0]]
    while stack:
        widget = stack.pop()
        if widget.opacity == 0:
            continue
        stack += [app.root.current_screen] if widget is app.root else widget.children
        yield from ((f"#{name}", _box(found.__self__)) for name, found in widget.ids.items() if found.opacity)
        for side in getattr(widget, "names", ()):
            yield f"side {side}", _box(widget, widget.box(side))
        for attribute in ("label", "caption", "key", "name", "contract_id"):
            if hasattr(widget, "on_tap") and (name := getattr(widget, attribute, "")):
                yield str(name), _box(widget)


def _box(widget: Any, inside: Box | None = None) -> Box:
    from kivy.core.window import Window

    left, bottom, width, height = inside or (*widget.pos, *widget.size)
    x, y = widget.to_window(left, bottom)
    return x, Window.height - y - height, width, height


def main() -> None:
    file, seconds, *options = sys.argv[1:]
    prepare = start.prepare_kivy

    def prepare_and_watch(size: str = "1280x800") -> None:
        prepare(size)
        watch(Path(file), timedelta(seconds=float(seconds)))

    start.prepare_kivy = prepare_and_watch
    sys.argv[1:] = options
    runpy.run_module("mobile_kivy", run_name="__main__")


if __name__ == "__main__":
    main()
