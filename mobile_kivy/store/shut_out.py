"""What becomes of a device that the server has shut out: what it holds of others goes, what was signed stays sealed."""

from __future__ import annotations

from datetime import timedelta

from mobile_kivy.api.session import Session
from mobile_kivy.store.database import Database
from mobile_kivy.store.known_photos import KnownPhotos
from mobile_kivy.store.people import DROP_TOKENS, People
from mobile_kivy.store.photos import Photos
from mobile_kivy.store.settings import Settings

_NOT_UNSENT = "state NOT IN ('WAITING', 'REFUSED')"
_WIPE = (
    "DELETE FROM day",
    "DELETE FROM draft",
    f"DELETE FROM protocol_photo WHERE protocol_id IN (SELECT protocol_id FROM protocol WHERE {_NOT_UNSENT})",  # noqa: S608
    f"UPDATE protocol SET payload = NULL, form = NULL, title = '', message = NULL WHERE {_NOT_UNSENT}",  # noqa: S608
    DROP_TOKENS,
)


class ShutOut:
    """Goes through with it, however often the app is killed on the way. Any thread may call."""

    def __init__(
        self, database: Database, people: People, settings: Settings, photos: Photos, known_photos: KnownPhotos
    ) -> None:
        self._database, self._people, self._settings = database, people, settings
        self._photos, self._known_photos = photos, known_photos

    def begin(self, told: Session | None = None) -> None:
        """The server has said so. `told` is the session that it said it to: if somebody has signed in anew meanwhile,
        it was about the device that this one was before, and nothing is done.
        """
        with self._database.write():
            if told is not None and self._people.session(told.user_id) != told:
                return
            self._settings.note_revoked()
        self.go_on()

    def go_on(self) -> None:
        """Wipes what is to go, as long as the device is shut out: something may have been written by a form that was
        open, or by a call that was under way.

        Protocols that were not sent yet stay, refused ones too, with their photos: they are sent when their person has
        signed in again.
        """
        with self._database.write() as connection:
            if not self._settings.is_revoked:
                return
            for statement in _WIPE:
                connection.execute(statement)
        self._known_photos.purge(())
        self._photos.sweep(timedelta())
