"""A device with a full day on it, made once with a sandbox server; after that there is no network."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from mobile_kivy.store import Finished, Store
from tests.tablet.conftest import PaperlessServer
from tests.tablet.full_day import full_day
from tests.tablet.ui.yard_day import open_yard_day
from tests.tablet.yard import small_photo

CONTRACTS, SENT = 200, 60
"""On the list, and protocols that have been recorded on this device today."""
NOWHERE = "http://127.0.0.1:9"


def make_device(folder: Path, contracts: int = CONTRACTS) -> datetime:
    """Writes the store; the moment that the device's clock has to show for this day."""
    server = PaperlessServer(folder / "server").start()
    try:
        yard_day = open_yard_day(server)
        store = Store(folder / "device", yard_day.clock)
        yard_day.enter(store)
    finally:
        server.stop()
    station = yard_day.dealership.station["id"]
    known = store.days.get(station, yard_day.now.date())
    if known is None:
        raise LookupError("the day is not on the device")
    late = contracts // 10
    day = full_day(dict(known[0].answer), contracts // 2, contracts // 2 - late, late, spare=contracts // 5)
    store.days.put(station, yard_day.now.date(), day)
    user_id = store.people.all()[0].user_id
    for number in range(SENT):
        photos = [store.photos.put(small_photo(number)).sha256]
        title, name = f"B-EW {number:04} · Anna Bergmann", f"sent-{number}"
        payload = {"protocolId": name, "contractId": name}
        store.outbox.enqueue(Finished(name, "CHECK_OUT", name, user_id, payload, photos, title))
        store.outbox.confirm(name, conflict=False)
    store.close()
    return yard_day.now


def fresh_copy(folder: Path, name: str) -> Path:
    """The device again as it was made."""
    return Path(shutil.copytree(folder / "device", folder / name, dirs_exist_ok=True))
