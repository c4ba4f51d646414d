"""What was photographed or signed here: a file each, until the server has confirmed it and its protocol."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mobile_kivy.store.database import Database, instant_of
from mobile_kivy.store.files import write_durably

_HASH = re.compile(r"[0-9a-f]{64}")
_ENDINGS = (".jpg", ".png")
_GRACE = timedelta(hours=1)
"""How long a file that nothing names yet is left alone: its form may be just about to name it."""


class FileMissing(LookupError):
    """A photo that a protocol names is not on the device."""


class FileDamaged(ValueError):
    """A photo's file is not any more what was stored."""


@dataclass(frozen=True)
class PhotoFile:
    """A stored photo: its hash, which is its name everywhere, its file and its size in bytes."""

    sha256: str
    path: Path
    size: int


class Photos:
    """Files named by their SHA-256, with small versions beside them in a folder of their own."""

    def __init__(self, database: Database, folder: Path, thumbnails: Path, now: Callable[[], datetime]) -> None:
        self._database = database
        self._folder = folder
        self._thumbnails = thumbnails
        self._now = now
        for each in (folder, thumbnails):
            each.mkdir(parents=True, exist_ok=True)

    def put(self, content: bytes, suffix: str = ".jpg") -> PhotoFile:
        """Stores a photo durably before it is named anywhere. The same photo again is the same file."""
        if suffix not in _ENDINGS:
            raise ValueError(f"{suffix} is none of {_ENDINGS}")
        sha256 = hashlib.sha256(content).hexdigest()
        # With `release` kept out: it must not remove the file between our look at it and our return.
        with self._database.undisturbed():
            path = self.path(sha256) or self._folder / f"{sha256}{suffix}"
            write_durably(path, content)
            moment = self._now().timestamp()
            os.utime(path, (moment, moment))
        return PhotoFile(sha256, path, len(content))

    def put_thumbnail(self, sha256: str, content: bytes) -> Path:
        """Keeps a small version to show in lists. It can be made again, so it is not kept at all costs."""
        path = self._thumbnails / f"{_checked(sha256)}.jpg"
        path.write_bytes(content)
        return path

    def path(self, sha256: str) -> Path | None:
        """The photo's file; None if it is not on the device (any more)."""
        return next((p for ending in _ENDINGS if (p := self._folder / f"{_checked(sha256)}{ending}").exists()), None)

    def thumbnail(self, sha256: str) -> Path | None:
        """The small version's file, or None."""
        path = self._thumbnails / f"{_checked(sha256)}.jpg"
        return path if path.exists() else None

    def read(self, sha256: str) -> bytes:
        """The photo's bytes. `FileMissing`, or `FileDamaged` if they do not fit the hash."""
        path = self.path(sha256)
        try:
            content = path.read_bytes() if path else None
        except FileNotFoundError:
            content = None
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

    def sweep(self) -> int:
        """Removes files that neither a draft nor an unconfirmed protocol names and that are old; returns how many.

        Nothing while a corrupt database lies aside: it may be the only one that names them.
        """
        with self._database.undisturbed():
            if self._database.set_aside():
                return 0
            needed, limit = self._needed(), (self._now() - _GRACE).timestamp()
            found = [*self._folder.iterdir(), *self._thumbnails.iterdir()]
            old = [path for path in found if path.name[:64] not in needed and path.stat().st_mtime < limit]
            for path in old:
                path.unlink(missing_ok=True)
        return len(old)

    def _needed(self) -> set[str]:
        rows = self._database.rows(
            "SELECT f.sha256 FROM protocol_photo f JOIN protocol p USING (protocol_id)"
            " WHERE p.state NOT IN ('SENT', 'CONFLICT')"
        )
        drafts = self._database.rows("SELECT data FROM draft")
        return {row["sha256"] for row in rows}.union(*(_HASH.findall(row["data"]) for row in drafts))

    def _is_needed(self, sha256: str, queued_at: datetime) -> bool:
        """Whether somebody else needs the file: another protocol, a draft, or a form that has just stored it again."""
        path = self.path(sha256)
        if path is not None and path.stat().st_mtime > queued_at.timestamp():
            return True
        found = self._database.row(
            "SELECT 1 FROM protocol_photo f JOIN protocol p USING (protocol_id) WHERE f.sha256 = ?1"
            " AND f.released = 0 AND p.state NOT IN ('SENT', 'CONFLICT')"
            " UNION ALL SELECT 1 FROM draft WHERE instr(data, ?1) LIMIT 1",
            (sha256,),
        )
        return found is not None

    def _remove(self, sha256: str) -> int:
        path, thumbnail = self.path(sha256), self.thumbnail(sha256)
        if thumbnail is not None:
            thumbnail.unlink(missing_ok=True)
        if path is None:
            return 0
        path.unlink(missing_ok=True)
        return 1


def _checked(sha256: str) -> str:
    if not _HASH.fullmatch(sha256):
        raise ValueError("a SHA-256 has 64 lower-case hexadecimal digits")
    return sha256
