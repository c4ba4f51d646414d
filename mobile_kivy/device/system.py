"""What the app asks of the device that it runs on, beside camera and vibration."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kivy.utils import platform

from mobile_kivy.elapsed import elapsed
from mobile_kivy.store import Seal
from mobile_kivy.store.sealing import KeyFileSeal


class System(Protocol):
    """Nothing here raises but `seal`: what fails is logged, and the app goes on without it."""

    def name(self) -> str:
        """What staff recognise this device by, up to 100 characters; empty if nobody can say it."""

    def seal(self, folder: Path) -> Seal:
        """What the store is sealed with. `KeyLost` if the folder was sealed with a key that is gone."""

    def elapsed(self) -> float:
        """Seconds that pass whatever the clock is set to, also while the device sleeps."""

    def protect_window(self) -> None:
        """No screenshots, no picture among the recent apps, and the screen stays on while the app is in front."""

    def fit_window(self) -> None:
        """Keeps the app's content clear of the system's bars and the camera's cut-out."""

    def has_screen_lock(self) -> bool:
        """Whether nobody gets at the device without a PIN, pattern, password or fingerprint."""

    def watch_network(self, back: Callable[[], None]) -> None:
        """From now on calls `back`, in any thread, whenever a network has come back."""

    def ask_for_notifications(self) -> None:
        """Asks the person once whether the app may say that it is sending in the background."""

    def keep_sending(self, title: str, words: str) -> None:
        """Lets the app work on in the background, and says so to the person."""

    def stop_sending(self) -> None:
        """The opposite; in any thread, also when there is nothing to stop."""


class Desktop:
    """A computer on which the app is tried out: it has nothing to protect, and its window fits by itself."""

    def name(self) -> str:
        """The host's."""
        return socket.gethostname()[:100]

    def seal(self, folder: Path) -> Seal:
        """A key file beside the store."""
        return KeyFileSeal(folder)

    def elapsed(self) -> float:
        """The system's own count."""
        return elapsed()

    def protect_window(self) -> None:
        """Developers take pictures of it."""

    def fit_window(self) -> None:
        """There are no bars over it."""

    def has_screen_lock(self) -> bool:
        """Not asked for."""
        return True

    def watch_network(self, back: Callable[[], None]) -> None:
        """The sync asks by itself."""

    def ask_for_notifications(self) -> None:
        """A window in the background goes on anyhow."""

    def keep_sending(self, title: str, words: str) -> None:
        """A window in the background goes on anyhow."""

    def stop_sending(self) -> None:
        """A window in the background goes on anyhow."""


def this_device() -> System:
    """The tablet, or a desktop."""
    if platform == "android":
        from mobile_kivy.device.android_system import AndroidSystem  # noqa: PLC0415  # needed there only

        return AndroidSystem()
    return Desktop()
