"""Fetches a station's days and the small photos of known damages, so that tomorrow can begin without a network."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

from mobile_kivy.api import Client, Offline, Refusal
from mobile_kivy.forms.day import Day
from mobile_kivy.reading import Unreadable
from mobile_kivy.store import Store
from mobile_kivy.sync.server_clock import ServerClock
from mobile_kivy.sync.sessions import Sessions

_KEPT_DAYS = 7
_DAY = timedelta(days=1)


class DayFetcher:
    """Brings days into the store."""

    def __init__(self, store: Store, client: Client, sessions: Sessions, clock: ServerClock) -> None:
        self._store = store
        self._client = client
        self._sessions = sessions
        self._clock = clock

    def fetch(self, user_id: str, station_id: str, today: date) -> None:
        """Today, the next day, and the photos of their known damages.

        Raises what calls of the API raise, and `Offline` for an answer that is no day; what had arrived by then is
        kept.
        """
        days = [self._keep(user_id, station_id, day) for day in (today, today + _DAY)]
        for day in days:
            self._fetch_photos(user_id, day)
        self._store.days.purge(today - _DAY * _KEPT_DAYS)
        self._store.known_photos.purge(self._store.days.damage_photo_ids())

    def _keep(self, user_id: str, station_id: str, date: date) -> Day:
        payload = self._sessions.call(user_id, partial(self._fetch_day, station_id, date))
        try:
            day = self._store.days.put(station_id, date, payload)
        except Unreadable as error:
            raise Offline(f"a day that cannot be read ({error.place})") from error
        # A server of an earlier version tells its clock in the day only.
        self._clock.heard(day.generated_at)
        return day

    def _fetch_photos(self, user_id: str, day: Day) -> None:
        links = day.damage_photos()
        for photo_id in self._store.known_photos.missing(links):
            try:
                content = self._sessions.call(user_id, partial(self._fetch_photo, links[photo_id]))
            except Refusal:
                continue  # a photo that is gone is no reason to go without the others
            self._store.known_photos.put(photo_id, content)

    def _fetch_day(self, station_id: str, day: date, token: str) -> dict[str, Any]:
        return self._client.handover_day(token, station_id, day)

    def _fetch_photo(self, url: str, token: str) -> bytes:
        return self._client.photo(token, url)

    def today(self, station_id: str) -> date:
        """The day at the station, by the server's clock. Before the first answer the tablet's has to do.

        Android brings no time zones that Python could read, but every answer carries the station's offset.
        """
        known = self._store.days.dates(station_id)
        found = self._store.days.get(station_id, known[-1]) if known else None
        return self._clock.now().astimezone(found[0].generated_at.tzinfo if found else None).date()
