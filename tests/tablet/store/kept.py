"""What a store keeps in its tests, and how it is opened again."""

from __future__ import annotations

from typing import Any

from mobile_kivy.store import Store
from tests.tablet.people import ANNA, contract
from tests.tablet.yard import record, small_photo

STATION = "station-1"


def queue(store: Store, number: int = 1, kind: str = "CHECK_OUT", **more: Any) -> str:
    return record(store, ANNA, contract(number), kind, [small_photo(number)], **more)


def again(store: Store) -> Store:
    """The app was killed and is started again."""
    store.close()
    return Store(store.folder, store.outbox._now)
