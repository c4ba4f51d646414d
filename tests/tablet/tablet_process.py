"""A tablet without a screen, to be killed: sends what its store holds, and ends when nothing is waiting.

Run as `python -m tests.tablet.tablet_process FOLDER URL`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mobile_kivy.api import Client
from mobile_kivy.store import Store
from mobile_kivy.sync import Sync

if __name__ == "__main__":
    store = Store(Path(sys.argv[1]))
    sync = Sync(store, Client(sys.argv[2], timeout=(4, 60)), base_delay=0.01, most_delay=0.2)
    # The first turn also tidies up after the life before, even if nothing is waiting any more.
    pause = sync.turn()
    while store.outbox.waiting().count:
        time.sleep(pause)
        pause = sync.turn()
