"""The photo that another app is taking for us: where it will lie, and for which place in which form.

Android may kill the app while the camera is open. What is written here lets the next start find the photo.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from mobile_kivy.forms.photo_place import PhotoPlace

FOLDER = "shots"
"""In the app's cache; `apk/res/xml/file_paths.xml` lends this folder and no other."""
_log = logging.getLogger(__name__)


class PendingPhoto:
    """One photo at a time. It lies here in plain, so it is removed as soon as it was read."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / FOLDER
        self.file = self._folder / "shot.jpg"
        self._about = self._folder / "pending.json"

    def expect(self, place: PhotoPlace) -> None:
        """Nothing lies here, and it is known what the next photo is for. OSError if that cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.forget()
        self._about.write_text(json.dumps(asdict(place)), encoding="utf-8")

    def take(self) -> bytes:
        """The photo, which is removed; empty if nothing was written or it cannot be read."""
        try:
            return self.file.read_bytes()
        except OSError:
            return b""
        finally:
            self.forget()

    def left_behind(self) -> tuple[PhotoPlace, bytes] | None:
        """A photo whose app was killed while the camera was open, and its place. Offered once, then it is gone."""
        try:
            place = PhotoPlace(**json.loads(self._about.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self.forget()
            return None
        content = self.take()
        return (place, content) if content else None

    def forget(self) -> None:
        """Leaves nothing behind, whatever the camera app has written here."""
        try:
            for path in list(self._folder.glob("*")):
                path.unlink(missing_ok=True)
        except OSError:
            _log.warning("a photo could not be removed from the cache", exc_info=True)
