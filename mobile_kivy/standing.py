"""How things stand between tablet, server and disk, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mobile_kivy import sync_words
from mobile_kivy.api import Trouble
from mobile_kivy.sync import SyncState


class Standing:
    """Knows the sync's last report and whether the device can write; speaks the staff's language."""

    def __init__(self, language: Callable[[], str], local: sync_words.Local) -> None:
        self._language = language
        self._local = local
        self._reported = SyncState()
        self.writable = True
        """Whether the last form could be written to the disk."""

    def heard(self, reported: SyncState) -> None:
        """The sync has reported."""
        self._reported = reported

    @property
    def state(self) -> SyncState:
        """The report; a disk that is full comes before whatever the network does."""
        return self._reported if self.writable else replace(self._reported, online=False, trouble=Trouble.DISK)

    def pill(self) -> tuple[str, str, str]:
        """Tone, pictogram and words of the field at the top right."""
        return sync_words.pill(self._language(), self.state, self._local)

    def long(self) -> str:
        """The same words, and when the server was last heard."""
        return sync_words.with_contact(self._language(), self.pill()[2], self.state, self._local)

    def sentences(self) -> str:
        """Why nothing moves and what to do about it; empty while all is well."""
        return sync_words.standing_still(self._language(), self.state) or ""

    @property
    def sign_in_anew(self) -> bool:
        """Whether somebody has to sign in again before all can be sent."""
        return bool(self.state.sign_in_needed)
