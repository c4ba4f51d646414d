"""A display of its own, the app's process in its window, and a hand with a mouse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab, features

from tests.driving import ROOT

Look = dict[str, Any]
HELD = 0.12
"""Seconds between press and release: a list waits for a moment whether a touch becomes a scroll."""
UNHURRIED = 0.45
"""Seconds between two taps on the same thing: the app takes a second one within 0.35 for a slip of the finger."""


def lacking() -> str:
    """What this machine lacks for a real window; empty if nothing."""
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if not features.check("xcb"):
        missing.append("a Pillow with XCB")
    return f"a real window needs {' and '.join(missing)}" if missing else ""


@contextmanager
def display() -> Iterator[str]:
    """Xvfb takes a free number and says which, when it is ready."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as xvfb:
        os.close(writing)
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        assert number, "Xvfb has not started"
        try:
            yield f":{number}"
        finally:
            xvfb.terminate()


def clean_environment(**more: str) -> dict[str, str]:
    """As in a person's terminal: other tests in this process may have set Kivy and SDL up for themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KIVY_", "SDL_"))}
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        kept.pop(name, None)
    return {**kept, **more}


class Tablet:
    """The app in a window; where to click is what it says itself, no pixel stands in a test."""

    def __init__(self, shown_on: str, folder: Path, server: str, ahead: timedelta) -> None:
        self._file, self._log = folder / "look.json", folder / "app.log"
        self._environment = clean_environment(DISPLAY=shown_on, KIVY_HOME=str(folder / "kivy"))
        options = ["--server", server, "--data", str(folder / "device"), "--camera", "sample"]
        watched = ["tests.tablet.watched_app", str(self._file), str(ahead.total_seconds())]
        self._command = [sys.executable, "-m", *watched, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._shown_on = shown_on
        self._tapped: dict[str, float] = {}

    def start(self) -> None:
        self._file.unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.until(lambda look: look["screen"] == "sign_in", "the names", patience=60)

    def kill(self) -> None:
        """As if the battery was pulled."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def until(self, condition: Callable[[Look], object], what: str, patience: float = 30) -> Look:
        """Looks until it is so."""
        end, look = time.monotonic() + patience, {}
        while time.monotonic() < end:
            assert self._process is not None
            assert self._process.poll() is None, f"the app has ended: {self._log.read_text()[-2000:]}"
            with suppress(FileNotFoundError):
                look = json.loads(self._file.read_text(encoding="utf-8"))
                if condition(look):
                    return look
            time.sleep(0.03)
        raise AssertionError(f"waited for: {what}; saw {look}\n{self._log.read_text()[-2000:]}")

    def tap(self, name: str, at: tuple[float, float] = (0.5, 0.5)) -> None:
        """Clicks on what has this name, `at` fractions of it from its left and top; no faster than a person."""
        left, top, width, height = self.place(name)
        time.sleep(max(0.0, self._tapped.get(name, 0.0) + UNHURRIED - time.monotonic()))
        self._mouse("mousemove", left + width * at[0], top + height * at[1], "mousedown", 1)
        time.sleep(HELD)
        self._mouse("mouseup", 1)
        self._tapped[name] = time.monotonic()

    def place(self, name: str) -> Sequence[float]:
        """Where it is, once it stands still."""
        seen: dict[int, Any] = {}

        def stands_still(look: Look) -> bool:
            seen[look["number"]] = box = look["places"].get(name)
            return box is not None and seen.get(look["number"] - 1, seen.get(look["number"] - 2)) == box

        found: Sequence[float] = self.until(stands_still, name)["places"][name]
        return found

    def draw(self, name: str, points: Sequence[tuple[float, float]]) -> None:
        """One stroke over something, through fractions of it."""
        left, top, width, height = self.place(name)
        pixels = [(left + width * x, top + height * y) for x, y in points]
        self._mouse("mousemove", *pixels[0], "mousedown", 1)
        for pixel in pixels[1:]:
            self._mouse("mousemove", *pixel, "sleep", 0.02)
        self._mouse("mouseup", 1)

    def _mouse(self, *what: object) -> None:
        words = [str(round(part) if isinstance(part, float) and part > 1 else part) for part in what]
        subprocess.run(["xdotool", *words], env=self._environment, check=True, timeout=30)

    def photograph(self) -> Image.Image:
        """What a person sees now."""
        return ImageGrab.grab(xdisplay=self._shown_on).convert("RGB")
