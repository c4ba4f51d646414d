"""The app in this process, without a display. Import this before anything of Kivy: it reads all this only once."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path

os.environ["KIVY_HOME"] = tempfile.mkdtemp(prefix="kivy-")
os.environ["KIVY_NO_CONSOLELOG"] = "1"
os.environ["SDL_VIDEODRIVER"] = "offscreen"
os.environ["SDL_AUDIODRIVER"] = "dummy"

from mobile_kivy.start import prepare_kivy

prepare_kivy()
logging.disable(logging.WARNING)

from kivy.config import Config

Config.set("graphics", "maxfps", "0")
Config.set("graphics", "vsync", "0")

from kivy.base import EventLoop
from kivy.graphics.opengl import glFinish

from benchmarks.tablet.device import NOWHERE
from mobile_kivy.app import YardApp
from mobile_kivy.device.camera import PhotoSource
from mobile_kivy.start import tend_garbage
from mobile_kivy.widgets import tappable
from tests.tablet.ui.driving import Finger


def open_app(folder: Path, now: datetime, camera: str | PhotoSource = "sample") -> Finger:
    """The app on this device, at the names."""
    EventLoop.start()
    app = YardApp(folder, NOWHERE, camera, now=lambda: now)
    tend_garbage(app)
    app._run_prepare()
    finger = Finger(app)
    tappable.now = lambda: finger.moment
    finger.frames(3)
    return finger


def frame() -> None:
    """One turn of the loop, with the picture on the screen when it returns."""
    EventLoop.idle()
    # Drawing is asynchronous: without this, the next measurement would pay for it.
    glFinish()


def rest(finger: Finger, seconds: float = 4.5) -> None:
    """A touch, and then the time in which somebody walks to the next car."""
    finger.app._presence._touched()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        frame()
        time.sleep(0.01)
