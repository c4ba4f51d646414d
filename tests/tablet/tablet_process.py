"""A tablet without a screen, to be killed: sends what its store holds, and ends when nothing is waiting.

Run as `python -m tests.tablet.tablet_process FOLDER URL SECONDS`. SECONDS is how far its clock is ahead of the machine's.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mobile_kivy.api import Client, Patience
from mobile_kivy.store import Store
from mobile_kivy.sync import Sync

if __name__ == "__main__":
    ahead = timedelta(seconds=float(sys.argv[3]))

    def now() -> datetime:
        return datetime.now(UTC) + ahead

    store = Store(Path(sys.argv[1]), now)
    sync = Sync(
        store, Client(sys.argv[2], patience=Patience(silence=60, whole=120)), now=now, base_delay=0.01, most_delay=0.2
    )
    # The first turn also tidies up after the life before, even if nothing is waiting any more.
    pause = sync.turn()
    while store.outbox.waiting().count:
        time.sleep(pause)
        pause = sync.turn()
