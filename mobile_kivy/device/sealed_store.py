"""Opens the store with the device's own seal; when the key is lost, begins anew beside what nobody can read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mobile_kivy.store import KeyLost, Seal, Store
from mobile_kivy.store.files import sync_folder
from mobile_kivy.store.sealing import KEY_FILE

log = logging.getLogger(__name__)
_UNREADABLE = "unreadable-"


def open_store(
    folder: Path,
    now: Callable[[], datetime],
    elapsed: Callable[[], float],
    seal_of: Callable[[Path], Seal],
    device_name: str = "",
) -> tuple[Store, bool]:
    """The store, and whether an older one had to be put aside because its key is lost: people have to be told."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lost = False
    try:
        store = Store(folder, now, seal=seal_of(folder), elapsed=elapsed)
    except KeyLost:
        log.warning("the key of the store is lost; the store is put aside", exc_info=True)
        _put_aside(folder, now())
        store, lost = Store(folder, now, seal=seal_of(folder), elapsed=elapsed), True
    store.settings.keep_device_name(device_name)
    return store, lost


def _put_aside(folder: Path, now: datetime) -> None:
    """Everything into a folder of its own, the key file last: killed before that, it is found lost once more."""
    aside = folder / f"{_UNREADABLE}{now:%Y%m%d%H%M%S%f}"
    aside.mkdir()
    parts = [path for path in folder.iterdir() if not path.name.startswith(_UNREADABLE)]
    for path in sorted(parts, key=lambda path: path.name == KEY_FILE):
        path.rename(aside / path.name)
    sync_folder(folder)
