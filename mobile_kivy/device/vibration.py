"""A short tick under the finger, where the device can."""

from __future__ import annotations

from collections.abc import Callable

from kivy.utils import platform

from mobile_kivy.device.android_vibration import android_tick


def tick() -> Callable[[], None]:
    """What to call at every touch; nothing happens on a desktop."""
    return android_tick() if platform == "android" else lambda: None
