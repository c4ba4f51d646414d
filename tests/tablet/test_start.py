"""Starting the app where it cannot start, and from the folder that Android makes of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mobile_kivy.start import NO_WINDOW
from tests.driving import ROOT
from tests.tablet.window import clean_environment

DEV = [sys.executable, str(ROOT / "dev.py"), "tablet"]
MODULE = [sys.executable, "-m", "mobile_kivy"]
FIRST_FRAME = """
import runpy, sys
sys.path.append(sys.argv.pop(1))
from kivy.base import EventLoop
from kivy.clock import Clock
def end(_dt):
    from kivy.app import App
    print(App.get_running_app().root.current, sys.modules["mobile_kivy.app"].__file__)
    App.get_running_app().stop()
EventLoop.bind(on_start=lambda *_: Clock.schedule_once(end, 0))
runpy.run_path("main.py", run_name="__main__")
"""
"""Runs main.py, as Android does, and ends the app when its first frame is drawn."""


def run(command: list[str], folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.parametrize("command", [DEV, MODULE], ids=["dev.py tablet", "python -m mobile_kivy"])
def test_without_a_display_it_says_what_to_install(command: list[str], tmp_path: Path) -> None:
    ended = run([*command, "--data", str(tmp_path / "data")], KIVY_HOME=str(tmp_path / "kivy"))
    assert ended.returncode != 0
    assert ended.stderr.strip().endswith(NO_WINDOW)
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_display_that_cannot_be_reached_is_the_same(tmp_path: Path) -> None:
    command = [*MODULE, "--data", str(tmp_path / "data")]
    ended = run(command, KIVY_HOME=str(tmp_path / "kivy"), DISPLAY=":65000")
    assert ended.returncode != 0
    assert NO_WINDOW in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_folder_without_a_name_that_android_runs(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    shutil.copytree(ROOT / "mobile_kivy", folder, ignore=shutil.ignore_patterns("__pycache__"))
    packages = find_spec("kivy")
    assert packages is not None
    assert packages.origin is not None
    # Packages as a plain folder (-S): without their `.pth` files, one of which names this checkout.
    ended = run(
        [sys.executable, "-S", "-c", FIRST_FRAME, str(Path(packages.origin).parent.parent), "--data", "../data"],
        folder,
        SDL_VIDEODRIVER="offscreen",
        SDL_AUDIODRIVER="dummy",
        KIVY_HOME=str(tmp_path / "kivy"),
        KIVY_NO_ARGS="1",
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stdout.split() == ["sign_in", str(folder / "app.py")]
    assert (tmp_path / "data" / "tablet.db").exists()


WITHOUT_ROOM = """
import resource, signal
from mobile_kivy import start
start.prepare_kivy()
from kivy.base import EventLoop
from kivy.clock import Clock
def end(_dt):
    from kivy.app import App
    from kivy.uix.label import Label
    app = App.get_running_app()
    print(type(app).__name__, *(one.text for one in app.root.walk() if isinstance(one, Label)), sep=chr(10))
    app.stop()
EventLoop.bind(on_start=lambda *_: Clock.schedule_once(end, 0))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
start.main()
"""
"""Starts the app where not a byte can be written, and ends it when its first frame is drawn."""


def test_the_very_first_start_on_a_full_disk_says_so(tmp_path: Path) -> None:
    ended = run(
        [sys.executable, "-c", WITHOUT_ROOM, "--data", str(tmp_path / "data")],
        SDL_VIDEODRIVER="offscreen",
        SDL_AUDIODRIVER="dummy",
        KIVY_HOME=str(tmp_path / "kivy"),
        KIVY_NO_ARGS="1",
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "NoRoomApp" in ended.stdout
    assert "Bitte Speicherplatz freigeben, dann die App neu öffnen." in ended.stdout
    assert "Please free some space, then open the app again." in ended.stdout
