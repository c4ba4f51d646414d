"""Everything that the tablet keeps, so that it works, and loses nothing, without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mobile_kivy.elapsed import elapsed as seconds_elapsed
from mobile_kivy.store.database import Database, NewerStore
from mobile_kivy.store.days import Days
from mobile_kivy.store.drafts import DraftRow, Drafts
from mobile_kivy.store.files import CannotWrite
from mobile_kivy.store.known_photos import KnownPhotos
from mobile_kivy.store.outbox import Outbox
from mobile_kivy.store.outbox_rows import OWN_CODES, Finished, OutboxItem, Parcel, State, Waiting
from mobile_kivy.store.people import People, Person, PinLocked, StillWaiting
from mobile_kivy.store.photos import FileDamaged, FileMissing, PhotoFile, Photos
from mobile_kivy.store.sealing import KeyFileSeal, KeyLost, Seal, SealBroken
from mobile_kivy.store.settings import Settings
from mobile_kivy.store.shut_out import ShutOut

__all__ = [
    "OWN_CODES",
    "CannotWrite",
    "DraftRow",
    "FileDamaged",
    "FileMissing",
    "Finished",
    "KeyLost",
    "NewerStore",
    "OutboxItem",
    "Parcel",
    "Person",
    "PhotoFile",
    "PinLocked",
    "Seal",
    "SealBroken",
    "State",
    "StillWaiting",
    "Store",
    "Waiting",
]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """One folder on the device; any thread may call.

    `tablet.db` holds rows, `photos/` what was photographed and signed here, `thumbnails/` small versions of that,
    `known_photos/` a cache of known damages' photos. What is personal in it is sealed with the device's key.
    """

    def __init__(
        self,
        folder: Path,
        now: Callable[[], datetime] = _utc_now,
        *,
        seal: Seal | None = None,
        elapsed: Callable[[], float] = seconds_elapsed,
    ) -> None:
        """Opens or makes the store. `now` gives aware instants, `elapsed` seconds that nobody can set; without a `seal`
        a key file in the folder stands in. `NewerStore` if a newer app has written it, `KeyLost` if its key is gone.
        """
        # Only the app's own user may look in (Android sees to that itself).
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        seal = seal or KeyFileSeal(folder)
        self._database = Database(folder, now(), seal)
        self.people = People(self._database, now, elapsed)
        self.days = Days(self._database, now)
        self.drafts = Drafts(self._database, now)
        self.photos = Photos(self._database, folder, seal, now)
        self.known_photos = KnownPhotos(_known_photos_folder(folder), seal)
        self.settings = Settings(self._database)
        self.outbox = Outbox(self._database, now)
        self.shut_out = ShutOut(self._database, self.people, self.settings, self.photos, self.known_photos)

    def set_aside(self) -> list[Path]:
        """Databases that were found corrupt when the app started, and kept: somebody has to look at them.

        As long as there is one, no photo is swept away.
        """
        return self._database.set_aside()

    def read_set_aside(self, path: Path) -> bytes:
        """The content of such a database: it lies there sealed."""
        return self._database.read_set_aside(path)

    def integrity(self) -> str:
        """What SQLite's full check of the file says; "ok" if all is well."""
        row = self._database.row("PRAGMA integrity_check")
        return row[0] if row else "no answer"

    def close(self) -> None:
        """Closes the store; nothing can be asked after that."""
        self._database.close()


def _known_photos_folder(folder: Path) -> Path:
    """Earlier apps gave the cache's folder another name; left behind, nobody would ever empty it."""
    current, former = folder / "known_photos", folder / "pictures"
    if former.exists() and not current.exists():
        former.rename(current)
    return current
