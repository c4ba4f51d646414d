"""Starting the app where it cannot start, and from the folder that Android makes of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mobile_kivy.start import NO_WINDOW
from tests.driving import ROOT
from tests.tablet.window import clean_environment

DEV = [sys.executable, str(ROOT / "dev.py"), "tablet"]
MODULE = [sys.executable, "-m", "mobile_kivy"]
FIRST_FRAME = """
import runpy, sys
from kivy.clock import Clock
def end(_dt):
    from kivy.app import App
    print(App.get_running_app().root.current, sys.modules["mobile_kivy.app"].__file__)
    App.get_running_app().stop()
sys.argv[0] = "main.py"
from kivy.base import EventLoop
EventLoop.bind(on_start=lambda *_: Clock.schedule_once(end, 0))
runpy.run_path("main.py", run_name="__main__")
"""
"""Android runs main.py; this does, too, and ends the app when its first frame is drawn."""


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


def test_a_display_that_is_not_there_is_the_same(tmp_path: Path) -> None:
    command = [*MODULE, "--data", str(tmp_path / "data")]
    ended = run(command, KIVY_HOME=str(tmp_path / "kivy"), DISPLAY=":65000", SDL_VIDEODRIVER="x11")
    assert ended.returncode != 0
    assert NO_WINDOW in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_folder_without_a_name_that_android_runs(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    shutil.copytree(ROOT / "mobile_kivy", folder, ignore=shutil.ignore_patterns("__pycache__"))
    # Not even the checkout's path entry: nothing but this folder can bring the package.
    isolated = [sys.executable, "-S", "-c", _with_packages_only() + FIRST_FRAME]
    ended = run(
        isolated,
        folder,
        SDL_VIDEODRIVER="offscreen",
        SDL_AUDIODRIVER="dummy",
        ANDROID_ARGUMENT=str(folder),
        ANDROID_PRIVATE=str(tmp_path),
        KIVY_HOME=str(tmp_path / "kivy"),
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stdout.split() == ["sign_in", str(folder / "app.py")]
    assert (tmp_path / "yard" / "tablet.db").exists()


def _with_packages_only() -> str:
    """Site packages as a plain folder: without their `.pth` files, which name the checkout."""
    import kivy

    return f"import sys\nsys.path.append({str(Path(kivy.__file__).parent.parent)!r})\n"
