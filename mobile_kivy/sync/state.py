"""What the sync reports to the screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mobile_kivy.api import Trouble


@dataclass(frozen=True)
class SyncState:
    """How things stand between tablet and server.

    `online` is None before the first attempt. `waiting` counts protocols that have not left, `oldest` is since when the
    first of them waits; `sign_in_needed` are the users without whom something cannot go on. `day_version` grows with
    every day that was fetched: read the store again then. `last_contact` is when the server last answered.
    `trouble` is why nothing moves, while `online` is False.
    `shut_out`: the server has revoked this device, and nobody has signed in since.
    `clock_ahead` is the device's clock minus the server's, as the server last told it; zero before.
    """

    online: bool | None = None
    waiting: int = 0
    oldest: datetime | None = None
    refused: int = 0
    conflicts: int = 0
    sign_in_needed: tuple[str, ...] = ()
    syncing: bool = False
    last_contact: datetime | None = None
    day_version: int = 0
    clock_ahead: timedelta = timedelta()
    trouble: Trouble | None = None
    shut_out: bool = False
