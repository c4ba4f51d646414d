"""Small photos of known damages, from the server: a cache, so that they can be looked at without a network."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from mobile_kivy.forms.contract import PHOTO_ID
from mobile_kivy.store.files import UNFINISHED, write_durably


class KnownPhotos:
    """Files named by the photo's id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, photo_id: str, content: bytes) -> Path:
        """Keeps a photo."""
        path = self._file(photo_id)
        write_durably(path, content)
        return path

    def path(self, photo_id: str) -> Path | None:
        """The photo's file; None if it has not been fetched."""
        path = self._file(photo_id)
        return path if path.exists() else None

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Those that have not been fetched, once each, in order."""
        return [photo_id for photo_id in dict.fromkeys(ids) if self.path(photo_id) is None]

    def purge(self, keep: Collection[str]) -> int:
        """Removes all others, and what was left half written; returns how many."""
        gone = [path for path in self._folder.iterdir() if path.stem not in keep or path.suffix == UNFINISHED]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _file(self, photo_id: str) -> Path:
        if not PHOTO_ID.fullmatch(photo_id):
            raise ValueError("this is no photo id")
        return self._folder / f"{photo_id}.jpg"
