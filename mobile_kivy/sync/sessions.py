"""Calls in somebody's name: with the session of the person who did the work, whoever holds the tablet now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from mobile_kivy.api import Client, DeviceRevoked, Refusal, Session, SignInNeeded
from mobile_kivy.store import Store

_Answer = TypeVar("_Answer")


class Sessions:
    """Keeps sessions going. Any thread may call."""

    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client
        # A refresh token is good once, and for a minute more for the same answer: one refresh at a time all the same,
        # so that the quicker thread's fresh token is never renewed again for nothing.
        self._refreshing = threading.Lock()

    def call(self, user_id: str, action: Callable[[str], _Answer]) -> _Answer:
        """Calls with the person's access token; when the server does not take it, once more with a fresh one.

        `SignInNeeded` when the server does not take that either; the person is marked in the store then. When the
        server says that it has shut this device out, the store is wiped before that is passed on.
        """
        session = self._store.people.session(user_id)
        if session is None:
            raise SignInNeeded()
        try:
            return action(session.access_token)
        except DeviceRevoked:
            self._store.shut_out.begin(session)
            raise
        except SignInNeeded:
            fresh = self._refreshed(user_id, session)
        try:
            return action(fresh.access_token)
        except DeviceRevoked:
            self._store.shut_out.begin(fresh)
            raise
        except SignInNeeded:
            self._store.people.mark_sign_in_needed(user_id, fresh)
            raise

    def _refreshed(self, user_id: str, used: Session) -> Session:
        with self._refreshing:
            stored = self._store.people.session(user_id)
            if stored is None:
                raise SignInNeeded()
            if stored.access_token != used.access_token:
                return stored  # somebody was quicker
            try:
                # When the answer is lost, the next turn asks with the same token, and within a minute hears the same.
                fresh = self._client.refresh(stored.refresh_token, self._store.settings.this_device.id)
            except DeviceRevoked:
                self._store.shut_out.begin(stored)
                raise
            except (Refusal, SignInNeeded):
                self._store.people.mark_sign_in_needed(user_id, stored)
                raise SignInNeeded() from None
            # Stored before it is used: killed in between, the old one helps for a minute only.
            if self._store.people.renew(user_id, fresh, instead_of=stored):
                return fresh
            newer = self._store.people.session(user_id)
            if newer is None:
                raise SignInNeeded()
            return newer
