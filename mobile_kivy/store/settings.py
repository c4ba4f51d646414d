"""What this tablet remembers of how it is used: server, station, language."""

from __future__ import annotations

from mobile_kivy.i18n import LANGUAGES
from mobile_kivy.store.database import Database
from mobile_kivy.store.files import CannotWrite

_CLOCK_AHEAD = "clock_ahead_seconds"


class Settings:
    """Texts by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: str | None = None) -> str | None:
        """The value, or the default."""
        row = self._database.row("SELECT value FROM setting WHERE key = ?", (key,))
        return row["value"] if row else default

    @property
    def language(self) -> str:
        """The staff's language: one that the app speaks."""
        found = self.get("language")
        return found if found in LANGUAGES else LANGUAGES[0]

    @property
    def clock_ahead_seconds(self) -> int | None:
        """The device's clock minus the server's, when the server last told its own; None before."""
        seconds = self.get(_CLOCK_AHEAD)
        return int(seconds) if seconds is not None and seconds.lstrip("-").isdecimal() else None

    def keep_clock_ahead(self, seconds: int) -> None:
        """Keeps it; nothing is written while it stays the same."""
        if self.clock_ahead_seconds != seconds:
            self.set(_CLOCK_AHEAD, str(seconds))

    def remember(self, key: str, value: str) -> bool:
        """Keeps a value that can be chosen again. False if the device cannot write."""
        try:
            self.set(key, value)
        except CannotWrite:
            return False
        return True

    def set(self, key: str, value: str) -> None:
        """Keeps a value."""
        self._database.execute(
            "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
