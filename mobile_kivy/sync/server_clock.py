"""The server's clock, by which days begin and hand-overs are billed; the device's may be wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from mobile_kivy.store import Store

_JITTER = timedelta(seconds=2)
"""What a call over a slow network makes of two equal clocks; not worth writing down."""


class ServerClock:
    """How far the device is ahead of the server, told by every answer and remembered without a network."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """`now` is the device's clock."""
        self._store = store
        self._now = now
        self._known = store.settings.clock_ahead_seconds

    @property
    def ahead(self) -> timedelta:
        """The device's clock minus the server's, when the server last answered; zero before."""
        return timedelta(seconds=self._known or 0)

    def heard(self, of_server: datetime) -> None:
        """The server has just told its time."""
        ahead = self._now() - of_server
        if self._known is None or abs(ahead - self.ahead) >= _JITTER:
            seconds = round(ahead.total_seconds())
            self._store.settings.keep_clock_ahead(seconds)
            self._known = seconds

    def now(self) -> datetime:
        """The instant by the server's clock, as far as it is known."""
        return self._now() - self.ahead
