"""A tablet in the app's hands: it notes what it is asked for, and has what it is told to have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mobile_kivy.device.system import Desktop, System


class Tablet(Desktop):
    """Its own seconds pass when they are told to."""

    def __init__(self, *, locked: bool = True) -> None:
        self.seconds, self.locked = 1000.0, locked
        self.asked: list[str] = []
        self.network_is_back: Callable[[], None] = lambda: None
        self.notice = ""

    def elapsed(self) -> float:
        return self.seconds

    def protect_window(self) -> None:
        self.asked.append("protect")

    def fit_window(self) -> None:
        self.asked.append("fit")

    def has_screen_lock(self) -> bool:
        return self.locked

    def watch_network(self, back: Callable[[], None]) -> None:
        self.network_is_back = back

    def ask_for_notifications(self) -> None:
        self.asked.append("notifications")

    def keep_sending(self, title: str, words: str) -> None:
        self.notice = f"{title}: {words}"

    def stop_sending(self) -> None:
        self.notice = ""


def is_a_system(tablet: Tablet) -> System:
    """Checked by mypy: a tablet that lacks something does not pass."""
    return tablet


def key_file(folder: Path) -> Path:
    """Where a tablet of the tests keeps its key."""
    return folder / "store.key"
