"""Starts the app: options, the window's settings, and a clear word where there is no window to be had."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_kivy.api import DEFAULT_SERVER
from mobile_kivy.store.files import CannotWrite

if TYPE_CHECKING:
    from kivy.app import App

NO_WINDOW = """The tablet app needs a display, and there is none here.
  on a desktop:        start it from a terminal of that desktop
  over ssh:            ssh -X, or run it under Xvfb:  xvfb-run python3 dev.py tablet
  missing libraries:   sudo apt-get install libgl1 libegl1 libmtdev1 xclip
  only the tests:      python3 dev.py test tests/tablet   (they need no display)"""


NO_ROOM = (CannotWrite, OSError, sqlite3.OperationalError)
"""How a storage that is full, read-only or broken shows itself before there is a store."""


def main() -> None:
    """Reads the options and runs the app until its window is closed."""
    options = _options()
    if not (_on_android() or options.no_display_check or _has_display()):
        sys.exit(NO_WINDOW)
    prepare_kivy(options.size)
    # Kivy reads its settings at its first import, and opens the window with it.
    try:
        from kivy.core.window import Window  # noqa: PLC0415

        if Window is None:
            raise RuntimeError("the display cannot be reached")
        from mobile_kivy.app import YardApp  # noqa: PLC0415
        from mobile_kivy.no_room import NoRoomApp  # noqa: PLC0415
    except (ImportError, RuntimeError, SystemExit) as error:
        logging.getLogger(__name__).debug("no window", exc_info=True)
        sys.exit(f"{NO_WINDOW}\n({error})")
    app: YardApp | NoRoomApp
    try:
        app = YardApp(_folder(options.data), options.server, options.camera)
    except NO_ROOM:
        logging.getLogger(__name__).exception("the store cannot be opened")
        app = NoRoomApp()
    tend_garbage(app)
    app.run()


def tend_garbage(app: App) -> None:
    """Tells the collector of a process with this one app when to look, and at what."""
    # The defaults collect so often that building a screen takes three times as long.
    gc.set_threshold(50_000, 20, 100)
    app.bind(on_start=_settle)


def _settle(_app: object) -> None:
    # What is there by now stays until the process ends: looked through again and again, it would stop touches for half
    # a second.
    gc.collect()
    gc.freeze()


def prepare_kivy(size: str = "1280x800") -> None:
    """Everything that has to be set before Kivy is imported for the first time."""
    os.environ.setdefault("KIVY_NO_ARGS", "1")
    os.environ.setdefault("KIVY_NO_FILELOG", "1")
    os.environ.setdefault("KIVY_LOG_MODE", "PYTHON")
    if sys.platform == "linux" and not _on_android():
        # Else SDL, when it cannot reach the display, draws where nobody sees it; and Kivy's second window provider
        # then ends the process before we can say why.
        os.environ.setdefault("SDL_VIDEODRIVER", "x11,wayland")
        os.environ.setdefault("KIVY_WINDOW", "sdl2")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    # At a finer level these two write addresses and headers, and with them tokens.
    for name in ("urllib3", "PIL"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from kivy.config import Config  # noqa: PLC0415  # reads the environment that was just set

    width, height = size.split("x")
    settings = {"width": width, "height": height, "multisamples": "0", "maxfps": "60", "resizable": "1"}
    for name, value in settings.items():
        Config.set("graphics", name, value)
    Config.set("kivy", "exit_on_escape", "0")
    Config.set("input", "mouse", "mouse,disable_multitouch")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py tablet", description="The yard's tablet app.")
    parser.add_argument("--server", default=None, help=f"address of the server (default {DEFAULT_SERVER})")
    parser.add_argument("--data", type=Path, default=None, help="folder of the app's data (default var/tablet)")
    parser.add_argument(
        "--camera", choices=("device", "files", "sample"), default="device", help="where photos come from"
    )
    parser.add_argument("--size", default="1280x800", help="window size, for example 800x1280 for portrait")
    parser.add_argument("--no-display-check", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args([] if _on_android() else None)


def _folder(chosen: Path | None) -> Path:
    if chosen is not None:
        return chosen
    if _on_android():
        return Path(os.environ["ANDROID_PRIVATE"]) / "yard"
    return Path(__file__).resolve().parent.parent / "var" / "tablet"


def _on_android() -> bool:
    return "ANDROID_ARGUMENT" in os.environ


def _has_display() -> bool:
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("SDL_VIDEODRIVER"))
