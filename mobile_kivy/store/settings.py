"""What this tablet remembers of how it is used: server, station, language."""

from __future__ import annotations

from uuid import uuid4

from mobile_kivy.api.session import ThisDevice
from mobile_kivy.i18n import LANGUAGES
from mobile_kivy.store.database import Database
from mobile_kivy.store.files import CannotWrite
from mobile_kivy.version import VERSION

_CLOCK_AHEAD = "clock_ahead_seconds"
_DEVICE_ID, _DEVICE_NAME = "device_id", "device_name"
_NO_NAME = "Tablet"
DEVICE_REVOKED = "device_revoked"
"""A setting that is there from the moment when the server shuts the device out until somebody signs in again."""


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

    @property
    def this_device(self) -> ThisDevice:
        """As the server knows it. The id is made once, and another one after the device was shut out."""
        made = "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        if (device_id := self.get(_DEVICE_ID)) is None:
            self._database.execute(made, (_DEVICE_ID, str(uuid4())))
            device_id = self.get(_DEVICE_ID)
        return ThisDevice(device_id or "", self.get(_DEVICE_NAME) or _NO_NAME, VERSION)

    def keep_device_name(self, name: str) -> None:
        """What staff recognise the device by in the server's list; nothing is written while it stays the same."""
        if name and self.get(_DEVICE_NAME) != name:
            self.remember(_DEVICE_NAME, name)

    @property
    def is_revoked(self) -> bool:
        """Whether the server has shut the device out, and nobody has signed in since."""
        return self.get(DEVICE_REVOKED) is not None

    def note_revoked(self) -> None:
        """The server has shut the device out: it has no id any more."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM setting WHERE key = ?", (_DEVICE_ID,))
            self.set(DEVICE_REVOKED, "yes")

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
