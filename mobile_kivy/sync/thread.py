"""One background thread between store and server. It never touches a widget: it reports, and the app listens."""

from __future__ import annotations

import logging
import random as chance
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mobile_kivy.api import ApiError, Client, Offline, ServerFault, SignInNeeded, Trouble
from mobile_kivy.store import CannotWrite, State, Store
from mobile_kivy.sync.days import DayFetcher
from mobile_kivy.sync.sender import Sender
from mobile_kivy.sync.server_clock import ServerClock
from mobile_kivy.sync.sessions import Sessions
from mobile_kivy.sync.state import SyncState

DAY_EVERY = 60.0
"""Seconds between two looks at the station's day, and at most between two looks at the outbox."""
_TIDY_EVERY = timedelta(hours=6)
_log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sync:
    """Sends protocols in the order in which they were finished, and keeps the watched station's days fresh.

    Nothing of its progress is only in memory: it may be killed anywhere, and goes on where the store says.
    """

    def __init__(
        self,
        store: Store,
        client: Client,
        on_change: Callable[[SyncState], None] = lambda _: None,
        *,
        now: Callable[[], datetime] = _utc_now,
        base_delay: float = 1.0,
        most_delay: float = 60.0,
        random: Callable[[], float] = chance.random,
    ) -> None:
        """`on_change` is called in the sync's thread. Delays in seconds: after the first failure, and the longest."""
        self._store = store
        self._on_change = on_change
        self._now = now
        self._delays = (base_delay, most_delay)
        self._random = random
        self._sessions = Sessions(store, client)
        self._sender = Sender(store, client, self._sessions, self._contact)
        self._clock = ServerClock(store, now)
        client.on_server_time = self._clock.heard
        self._days = DayFetcher(store, client, self._sessions, self._clock)
        self._watched: tuple[str, str] | None = None
        self._day_due: datetime | None = None
        self._tidy_due: datetime | None = None
        self._failures = 0
        self._turning, self._reporting = threading.Lock(), threading.Lock()
        # Counted before the first turn: right after the start nobody may read "all sent" while something waits.
        self._state = SyncState(**self._counts())
        self._wake, self._ended = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> SyncState:
        """What was reported last."""
        return self._state

    def server_now(self) -> datetime:
        """The instant by the server's clock, as far as it is known."""
        return self._clock.now()

    # What the app calls, from any thread.

    def start(self) -> None:
        """Begins in the background. Once started, it does not matter whether there is a network."""
        if self._thread is not None and self._thread.is_alive() and not self._ended.is_set():
            return
        # An event of its own for each thread: one that was told to stop, and hangs in a call, must still end.
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._ended,), name="sync", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> bool:
        """Ends after the call that is under way, for which it waits so many seconds; returns whether it has ended."""
        self._ended.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    def poke(self) -> None:
        """Something is new (finished, signed in, network back, a tap): no more waiting, and the day is fetched, too."""
        self._failures = 0
        self._day_due = None
        self._wake.set()

    def watch(self, user_id: str | None, station_id: str | None = None) -> None:
        """Keeps the days of a station fresh in somebody's name, from now on; with None nobody's."""
        self._watched = (user_id, station_id) if user_id and station_id else None
        self.poke()

    def refresh_day(self, user_id: str, station_id: str, today: date) -> None:
        """Fetches today and the next day now, in the caller's thread. `Offline`, `SignInNeeded`, `Refusal`."""
        self._days.fetch(user_id, station_id, today)
        self._contact(day_version=self._state.day_version + 1)

    # What the thread does.

    def _run(self, ended: threading.Event) -> None:
        while not ended.is_set():
            self._wake.clear()
            try:
                pause = self.turn()
            except Exception:
                # Whatever it is, what was recorded has to leave some day: nothing else starts this thread again.
                _log.exception("a turn of the sync has failed")
                pause = self._back_off()
            if not ended.is_set():
                self._wake.wait(pause)

    def turn(self) -> float:
        """Does everything that can be done now; returns how many seconds to wait before the next turn."""
        with self._turning:
            return self._turn()

    def _turn(self) -> float:
        self._report(syncing=True)
        try:
            self._store.shut_out.go_on()
            self._tidy()
            well = self.drain()
            self._fetch_day()
        except Offline as offline:
            pause = self._back_off()
            _log.info("no contact (%s), next try in %.1f s", offline.reason, pause)
            return self._stand_still(offline.trouble, pause)
        except CannotWrite as error:
            _log.warning("the device cannot write: %s", error)
            return self._stand_still(Trouble.DISK, self._back_off())
        except Exception:
            # A fault of ours must not end the thread: what is recorded has to leave some day.
            _log.exception("the sync has failed")
            return self._stand_still(Trouble.APP, self._back_off())
        self._report(syncing=False)
        if not well:
            return self._back_off()
        self._failures = 0
        return DAY_EVERY

    def _stand_still(self, trouble: Trouble, pause: float) -> float:
        self._report(online=False, trouble=trouble, syncing=False)
        return pause

    def drain(self) -> bool:
        """Sends until nothing more can leave; `Offline` when the connection is to blame.

        False if the server stumbles over a protocol, which then has to be tried again later.
        """
        held: set[str] = set()
        well = True
        while not self._ended.is_set():
            parcel = self._store.outbox.next_parcel(held)
            if parcel is None:
                break
            try:
                self._sender.send(parcel)
            except SignInNeeded:
                # Its person is marked as signed out, and so passed over. Were the mark missing, we would ask for ever.
                held.add(parcel.contract_id)
                self._contact()
            except ServerFault:
                # One protocol that the server stumbles over must not stop all others. Two mean that it is not well.
                if not well:
                    raise
                well = False
                held.add(parcel.contract_id)
        return well

    def _fetch_day(self) -> None:
        watched, now = self._watched, self._now()
        if watched is None or (self._day_due is not None and now < self._day_due):
            return
        self._day_due = now + timedelta(seconds=DAY_EVERY)
        user_id, station_id = watched
        try:
            self.refresh_day(user_id, station_id, self._days.today(station_id))
        except Offline:
            self._day_due = None
            raise
        except ApiError as error:
            # Signed out or not allowed (any more): shown to the person, asked again in a minute.
            _log.info("the day was not fetched: %s", type(error).__name__)
            self._contact()

    def _tidy(self) -> None:
        now = self._now()
        if self._tidy_due is not None and now < self._tidy_due:
            return
        self._store.outbox.forget_old()
        self._store.drafts.forget_old()
        self._store.photos.release()
        self._store.photos.sweep()
        self._tidy_due = now + _TIDY_EVERY

    def _back_off(self) -> float:
        base, most = self._delays
        self._failures += 1
        # With jitter, so that not all tablets of a yard come back in the same moment.
        return min(most, base * 2.0 ** min(self._failures - 1, 16)) * (0.5 + self._random() / 2)

    # What it reports.

    def _contact(self, **changes: object) -> None:
        """The server has answered, whatever it said."""
        self._failures = 0
        self._report(online=True, trouble=None, last_contact=self._now().replace(microsecond=0), **changes)

    def _report(self, **changes: object) -> None:
        counts = self._counts()
        with self._reporting:
            state = replace(self._state, **{**counts, **changes})
            if state == self._state:
                return
            self._state = state
        try:
            self._on_change(state)
        except Exception:
            _log.exception("a listener of the sync has failed")

    def _counts(self) -> dict[str, Any]:
        """What the store says of the outbox and of those who have to sign in, and the server of the time."""
        outbox = self._store.outbox
        waiting = outbox.waiting()
        absent = list(outbox.users_to_sign_in())
        watched = self._watched
        if watched and watched[0] not in absent and self._store.people.needs_sign_in(watched[0]):
            absent.append(watched[0])
        return {
            "waiting": waiting.count,
            "oldest": waiting.oldest,
            "refused": outbox.count(State.REFUSED),
            "conflicts": outbox.count(State.CONFLICT),
            "sign_in_needed": tuple(absent),
            "shut_out": self._store.settings.is_revoked,
            "clock_ahead": self._clock.ahead,
        }
