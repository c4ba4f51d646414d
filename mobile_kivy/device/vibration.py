"""A short tick under the finger, where the device can. Not tried on a device yet: see docs/android.md."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from kivy.utils import platform

_MILLISECONDS = 15


def tick() -> Callable[[], None]:
    """What to call at every touch; nothing happens on a desktop."""
    if platform != "android":
        return lambda: None
    autoclass = import_module("jnius").autoclass
    activity = autoclass("org.kivy.android.PythonActivity").mActivity
    vibrator = activity.getSystemService(autoclass("android.content.Context").VIBRATOR_SERVICE)
    effect = autoclass("android.os.VibrationEffect").createOneShot(_MILLISECONDS, -1)
    return lambda: vibrator.vibrate(effect)
