"""Small photos of known damages, from the server: a cache, so that they can be looked at without a network."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from mobile_kivy.forms.contract import PHOTO_ID
from mobile_kivy.store.files import UNFINISHED
from mobile_kivy.store.sealed_files import SealedFiles
from mobile_kivy.store.sealing import Seal, SealBroken


class KnownPhotos:
    """Sealed files named by the photo's id."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self._files = SealedFiles(folder, seal, "known photo")

    def put(self, photo_id: str, content: bytes) -> None:
        """Keeps a photo."""
        self._files.put(_name(photo_id), content)

    def read(self, photo_id: str) -> bytes | None:
        """The photo; None if it has not been fetched. One that is damaged is fetched again."""
        try:
            return self._files.read(_name(photo_id))
        except SealBroken:
            self._files.path(_name(photo_id)).unlink(missing_ok=True)
            return None

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those that have not been fetched, once each, in order."""
        return [photo_id for photo_id in dict.fromkeys(ids) if not self._files.path(_name(photo_id)).exists()]

    def purge(self, keep: Collection[str]) -> int:
        """Removes all others, and what was left half written; returns how many."""
        gone = [path for photo_id, path in self._files.all() if photo_id not in keep or path.suffix == UNFINISHED]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)


def _name(photo_id: str) -> str:
    if not PHOTO_ID.fullmatch(photo_id):
        raise ValueError("this is no photo id")
    return f"{photo_id}.jpg"
