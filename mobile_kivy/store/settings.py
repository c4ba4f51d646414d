"""What this tablet remembers of how it is used: server, station, language."""

from __future__ import annotations

from mobile_kivy.store.database import Database


class Settings:
    """Texts by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: str | None = None) -> str | None:
        """The value, or the default."""
        row = self._database.row("SELECT value FROM setting WHERE key = ?", (key,))
        return row["value"] if row else default

    def set(self, key: str, value: str) -> None:
        """Keeps a value."""
        self._database.execute(
            "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )
