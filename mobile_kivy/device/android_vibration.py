"""Android's vibrator. A tick is a comfort: whatever fails here fails quietly, and no touch notices."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mobile_kivy.device.bridge import activity, java

_MILLISECONDS = 15
_DEFAULT_STRENGTH = -1
_log = logging.getLogger(__name__)


def android_tick() -> Callable[[], None]:
    """What to call at every touch: nothing happens where there is no vibrator, or after it has failed once."""
    try:
        vibrator = activity().getSystemService(java("android.content.Context").VIBRATOR_SERVICE)
        if vibrator is None or not vibrator.hasVibrator():
            return lambda: None
        effect = java("android.os.VibrationEffect").createOneShot(_MILLISECONDS, _DEFAULT_STRENGTH)
    except Exception:
        _log.warning("this device does not vibrate", exc_info=True)
        return lambda: None
    failed = False

    def tick() -> None:
        nonlocal failed
        if failed:
            return
        try:
            vibrator.vibrate(effect)
        except Exception:
            failed = True
            _log.warning("the vibrator has failed and is left alone from now on", exc_info=True)

    return tick
