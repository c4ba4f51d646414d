"""Time that nobody can set: for waits and locks, which a changed clock must neither end nor prolong."""

from __future__ import annotations

import time


def elapsed() -> float:
    """Seconds since the device was started, asleep or awake; where the system cannot say that, only awake."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
