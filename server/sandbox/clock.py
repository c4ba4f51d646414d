"""A clock that can be moved forwards. It survives a kill: the offset is on disk before anybody sees the new time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SandboxClock:
    """The machine's clock plus an offset that only grows."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "clock"
        directory.mkdir(parents=True, exist_ok=True)
        stored = self._file.read_text(encoding="ascii") if self._file.exists() else "0"
        self._offset = timedelta(microseconds=int(stored))

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def move_to(self, target: datetime) -> None:
        """Moves forwards; an earlier time changes nothing."""
        ahead = target - self.now()
        if ahead <= timedelta(0):
            return
        offset = self._offset + ahead
        draft = self._file.with_suffix(".new")
        with draft.open("w", encoding="ascii") as file:
            file.write(str(offset // timedelta(microseconds=1)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)
        self._offset = offset
