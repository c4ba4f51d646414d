"""What was photographed or signed here: a file each, until the server has confirmed it and its protocol."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mobile_kivy.store.database import Database, instant_of
from mobile_kivy.store.schema import HASH
from mobile_kivy.store.sealed_files import SealedFiles
from mobile_kivy.store.sealing import Seal, SealBroken

_ENDINGS = (".jpg", ".png")
_GRACE = timedelta(hours=1)
"""How long a file that nothing names yet is left alone: its form may be just about to name it."""


class FileMissing(LookupError):
    """A photo that a protocol names is not on the device."""


class FileDamaged(ValueError):
    """A photo's file is not any more what was stored."""


@dataclass(frozen=True)
class PhotoFile:
    """A stored photo: its hash, which is its name everywhere, its sealed file, and its size in bytes before that."""

    sha256: str
    path: Path
    size: int


class Photos:
    """Sealed files named by their SHA-256 in plain, with small versions beside them in a folder of their own."""

    def __init__(self, database: Database, folder: Path, seal: Seal, now: Callable[[], datetime]) -> None:
        self._database = database
        self._files = SealedFiles(folder / "photos", seal, "photo")
        self._thumbnails = SealedFiles(folder / "thumbnails", seal, "thumbnail")
        self._now = now

    def put(self, content: bytes, suffix: str = ".jpg") -> PhotoFile:
        """Stores a photo durably before it is named anywhere. The same photo again is the same file."""
        if suffix not in _ENDINGS:
            raise ValueError(f"{suffix} is none of {_ENDINGS}")
        sha256 = hashlib.sha256(content).hexdigest()
        # With `release` kept out: it must not remove the file between our look at it and our return.
        with self._database.undisturbed():
            path = self._files.put(self._name(sha256) or f"{sha256}{suffix}", content)
            moment = self._now().timestamp()
            os.utime(path, (moment, moment))
        return PhotoFile(sha256, path, len(content))

    def put_thumbnail(self, sha256: str, content: bytes) -> None:
        """Keeps a small version to show in lists. It can be made again, so it is not kept at all costs."""
        self._thumbnails.put(f"{_checked(sha256)}.jpg", content)

    def path(self, sha256: str) -> Path | None:
        """The photo's sealed file; None if it is not on the device (any more)."""
        name = self._name(sha256)
        return self._files.path(name) if name else None

    def _name(self, sha256: str) -> str | None:
        names = (f"{_checked(sha256)}{ending}" for ending in _ENDINGS)
        return next((name for name in names if self._files.path(name).exists()), None)

    def thumbnail(self, sha256: str) -> bytes | None:
        """The small version, or None."""
        try:
            return self._thumbnails.read(f"{_checked(sha256)}.jpg")
        except SealBroken:
            return None

    def read(self, sha256: str) -> bytes:
        """The photo's bytes. `FileMissing`, or `FileDamaged` if they do not fit the hash."""
        name = self._name(sha256)
        try:
            content = self._files.read(name) if name else None
        except SealBroken as error:
            raise FileDamaged(sha256) from error
        if content is None:
            raise FileMissing(sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileDamaged(sha256)
        return content

    def release(self) -> int:
        """Removes the files of protocols that the server has confirmed; returns how many. May be killed anywhere."""
        removed = 0
        with self._database.undisturbed():
            rows = self._database.rows(
                "SELECT f.protocol_id, f.sha256, p.queued_at FROM protocol_photo f JOIN protocol p USING (protocol_id)"
                " WHERE f.released = 0 AND p.state IN ('SENT', 'CONFLICT')"
            )
            for row in rows:
                if not self._is_needed(row["sha256"], instant_of(row["queued_at"])):
                    removed += self._remove(row["sha256"])
            with self._database.write() as connection:
                connection.executemany(
                    "UPDATE protocol_photo SET released = 1 WHERE protocol_id = ? AND sha256 = ?",
                    [(row["protocol_id"], row["sha256"]) for row in rows],
                )
        return removed

    def sweep(self, grace: timedelta = _GRACE) -> int:
        """Removes files that neither a draft nor an unconfirmed protocol names and that are old; returns how many.

        Nothing while a corrupt database lies aside: it may be the only one that names them.
        """
        with self._database.undisturbed():
            if self._database.set_aside():
                return 0
            needed, limit = self._needed(), (self._now() - grace).timestamp()
            found = [*self._files.all(), *self._thumbnails.all()]
            old = [path for sha256, path in found if sha256 not in needed and path.stat().st_mtime <= limit]
            for path in old:
                path.unlink(missing_ok=True)
        return len(old)

    def _needed(self) -> set[str]:
        rows = self._database.rows(
            "SELECT f.sha256 FROM protocol_photo f JOIN protocol p USING (protocol_id)"
            " WHERE p.state NOT IN ('SENT', 'CONFLICT')"
        )
        drafts = self._database.rows("SELECT sha256 FROM draft_photo")
        return {row["sha256"] for row in (*rows, *drafts)}

    def _is_needed(self, sha256: str, queued_at: datetime) -> bool:
        """Whether somebody else needs the file: another protocol, a draft, or a form that has just stored it again."""
        path = self.path(sha256)
        if path is not None and path.stat().st_mtime > queued_at.timestamp():
            return True
        found = self._database.row(
            "SELECT 1 FROM protocol_photo f JOIN protocol p USING (protocol_id) WHERE f.sha256 = ?1"
            " AND f.released = 0 AND p.state NOT IN ('SENT', 'CONFLICT')"
            " UNION ALL SELECT 1 FROM draft_photo WHERE sha256 = ?1 LIMIT 1",
            (sha256,),
        )
        return found is not None

    def _remove(self, sha256: str) -> int:
        path = self.path(sha256)
        self._thumbnails.path(f"{sha256}.jpg").unlink(missing_ok=True)
        if path is None:
            return 0
        path.unlink(missing_ok=True)
        return 1


def _checked(sha256: str) -> str:
    if not HASH.fullmatch(sha256):
        raise ValueError("a SHA-256 has 64 lower-case hexadecimal digits")
    return sha256
