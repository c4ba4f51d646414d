"""A clock that can be moved forwards. It survives a kill: the offset is on disk before anybody sees the new time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_MICROSECOND = timedelta(microseconds=1)


class SandboxClock:
    """The machine's clock plus an offset that only grows, wherever it began."""

    def __init__(self, directory: Path, begins: datetime | None = None) -> None:
        """`begins` counts for a clock that has never run; one that has goes on from where it was."""
        self._file = directory / "clock"
        self._offset = timedelta(0)
        directory.mkdir(parents=True, exist_ok=True)
        if self._file.exists():
            self._offset = int(self._file.read_text(encoding="ascii")) * _MICROSECOND
        elif begins is not None:
            self._keep(begins - self.now())

    def now(self) -> datetime:
        """The sandbox's time, in UTC."""
        return datetime.now(UTC) + self._offset

    def move_to(self, target: datetime) -> None:
        """Moves forwards; an earlier time changes nothing."""
        ahead = target - self.now()
        if ahead > timedelta(0):
            self._keep(self._offset + ahead)

    def _keep(self, offset: timedelta) -> None:
        draft = self._file.with_suffix(".new")
        with draft.open("w", encoding="ascii") as file:
            file.write(str(offset // _MICROSECOND))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)
        self._offset = offset
