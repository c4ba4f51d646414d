"""The app without a display: real drawing through EGL, no window system. Kivy reads all this at its first import."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KIVY_HOME", tempfile.mkdtemp(prefix="kivy-"))
os.environ["SDL_VIDEODRIVER"] = "offscreen"
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["KIVY_NO_CONSOLELOG"] = "1"
os.environ["KIVY_UNITTEST"] = "1"
if "ERSATZWAGEN_SCREENSHOTS" not in os.environ:
    # Layout, type and touches are real, only the pixels are not drawn: half the time. test_real_window draws them.
    os.environ["KIVY_GL_BACKEND"] = "mock"

from mobile_kivy.start import prepare_kivy

prepare_kivy("1280x1280")

from kivy.config import Config

Config.set("graphics", "maxfps", "0")
Config.set("graphics", "vsync", "0")
for name, _value in Config.items("input"):
    Config.remove_option("input", name)

import pytest
from kivy.animation import Animation
from kivy.app import App
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window

from mobile_kivy.app import YardApp
from mobile_kivy.store import Store
from mobile_kivy.widgets import tappable
from tests.calendar import BEGINS, running_from
from tests.driving import SandboxServer
from tests.tablet.faulty_network import FaultyNetwork
from tests.tablet.ui.driving import Finger
from tests.tablet.ui.yard_day import YardDay, open_yard_day

WIDE, TALL = (1280, 800), (800, 1280)


@pytest.fixture
def yard_day(server: SandboxServer) -> YardDay:
    return open_yard_day(server)


@pytest.fixture
def network(server: SandboxServer) -> Iterator[FaultyNetwork]:
    """A cable between tablet and server that can be pulled."""
    cable = FaultyNetwork(server.port, one_in=0)
    cable.start()
    yield cable
    cable.stop()


@pytest.fixture
def device(tmp_path: Path, yard_day: YardDay) -> Path:
    """The device's folder: the yard's user has signed in this morning, and the day is on it."""
    folder = tmp_path / "device"
    store = Store(folder, yard_day.clock)
    yard_day.enter(store)
    store.close()
    return folder


@pytest.fixture(autouse=True)
def _no_faults(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The app goes on after a fault of its own; a test does not."""
    yield
    faults = [record.getMessage() for record in caplog.get_records("call") if record.name.startswith("mobile_kivy")]
    assert [fault for fault in faults if "unexpected" in fault or "failed" in fault] == []


def end_animations() -> None:
    """Without a clock they would never end, and Kivy keeps what moves: with it a whole app, for each test."""
    for animation in list(Animation._instances):
        for moved in list(animation._widgets.values()):
            animation.cancel(moved["widget"])


@pytest.fixture
def open_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Finger]]:
    """Starts the app; called again, it is a restart on the same data."""
    opened: list[YardApp] = []
    before = {id(event) for event in Clock.get_events()}

    def close() -> None:
        app = opened.pop()
        # Not `stop`: the window lives on. This also frees the rules' cached `app`.
        app.dispatch("on_stop")
        for child in Window.children[:]:
            Window.remove_widget(child)
        App._running_app = None
        EventLoop.idle()
        end_animations()
        for event in Clock.get_events():
            if id(event) not in before:
                Clock.unschedule(event)

    def start(server: str = "http://127.0.0.1:9", size: tuple[int, int] = WIDE, **options: Any) -> Finger:
        if opened:
            close()
        if tuple(Window.size) != size:
            Window.size = size
        EventLoop.start()
        options.setdefault("now", running_from(BEGINS))
        app = YardApp(tmp_path / "device", server, options.pop("camera", "sample"), base_delay=0.05, **options)
        opened.append(app)
        app._run_prepare()
        finger = Finger(app)
        monkeypatch.setattr(tappable, "now", lambda: finger.moment)
        finger.frames(3)
        return finger

    start.close = close  # type: ignore[attr-defined]  # for the tests that pull the plug
    yield start
    while opened:
        close()
