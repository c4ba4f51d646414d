"""Signing in and the day that is on the device. No window here: the app says how an answer reaches its thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from mobile_kivy import i18n
from mobile_kivy.api import ApiError, Client, DeviceRevoked, Offline, Refusal
from mobile_kivy.forms.day import Day, with_next_morning
from mobile_kivy.store import CannotWrite, Person, Store

log = logging.getLogger(__name__)
REFUSALS = {"NOT_ALLOWED": "sign_in_wrong", "TOO_MANY_ATTEMPTS": "sign_in_locked"}
"""Problem codes of a sign-in that the app says in its own words."""
Later = Callable[[Callable[[], None]], None]
"""Runs something in the main thread."""


class Shift:
    """Who may work here, with which day."""

    def __init__(self, store: Store, client: Client, later: Later) -> None:
        self._store, self._client, self._later = store, client, later
        self.language = "de"

    def speak(self, language: str) -> None:
        """The staff reads `de` or `en`, also what the server says."""
        self.language = language
        self._client.speak(language)

    def sign_in(
        self, email: str, password: str, done: Callable[[Person], None], refused: Callable[[str], None]
    ) -> None:
        """Asks the server in the background; one of the two is called afterwards, in the main thread."""

        def work() -> None:
            try:
                session = self._client.sign_in(email, password, self._store.settings.this_device)
                self._store.people.remember(session, None)
                person = next(p for p in self._store.people.all() if p.user_id == session.user_id)
            except Offline:
                self._later(lambda: refused(i18n.text(self.language, "sign_in_offline")))
            except DeviceRevoked:
                # Nobody was signed in here when it was shut out; the next try is another device's.
                self._store.shut_out.begin()
                self._later(lambda: refused(i18n.text(self.language, "device_revoked")))
            except Refusal as refusal:
                key = REFUSALS.get(refusal.problem_code)
                words = i18n.text(self.language, key) if key else refusal.message
                self._later(lambda: refused(words))
            except ApiError:
                self._later(lambda: refused(i18n.text(self.language, "sign_in_wrong")))
            except CannotWrite:
                self._later(lambda: refused(i18n.text(self.language, "trouble_DISK")))
            except Exception:
                log.exception("signing in has failed")
                self._later(lambda: refused(i18n.text(self.language, "unexpected")))
            else:
                self._later(lambda: done(person))

        threading.Thread(target=work, name="sign-in", daemon=True).start()

    def forget(self, person: Person) -> None:
        """Removes somebody from the device and tells the server, if it is there. StillWaiting if not all is sent."""
        session = self._store.people.session(person.user_id)
        self._store.people.forget(person.user_id)
        if session is None:
            return

        def work() -> None:
            try:
                self._client.sign_out(session.access_token)
            except ApiError:
                log.info("the server was not told that somebody was forgotten; the session ends by itself")

        threading.Thread(target=work, name="sign-out", daemon=True).start()

    def day(self, station_id: str, server_now: datetime) -> Day | None:
        """Today, by the server's clock, with the next morning as the device knows it; None before it was fetched once.

        A device that was off for a night shows the last day that it has rather than nothing: cars are still out there.
        """
        dates = self._store.days.dates(station_id)
        newest = self._first_readable(station_id, reversed(dates))
        if newest is None:
            return None
        # The answers carry the station's offset; Android has no table of time zones that Python could read.
        today = server_now.astimezone(newest[1].generated_at.tzinfo).date()
        known = [date for date in dates if date <= today]
        date, base = self._first_readable(station_id, [*reversed(known), *dates]) or newest
        following = self._store.days.get(station_id, date + timedelta(days=1))
        return with_next_morning(base, following[0] if following else None)

    def _first_readable(self, station_id: str, dates: Iterable[date]) -> tuple[date, Day] | None:
        for each in dates:
            found = self._store.days.get(station_id, each)
            if found is not None:
                return each, found[0]
        return None
