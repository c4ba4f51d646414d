"""Fetches a station's days and the small photos of known damages, so that tomorrow can begin without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from mobile_kivy.api import Client, Refusal
from mobile_kivy.store import Store
from mobile_kivy.store.days import damage_photos
from mobile_kivy.sync.sessions import Sessions

_KEPT_DAYS = 7
_DAY = timedelta(days=1)


class DayFetcher:
    """Brings days into the store."""

    def __init__(self, store: Store, client: Client, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._store = store
        self._client = client
        self._sessions = sessions
        self._now = now

    def fetch(self, user_id: str, station_id: str, today: date) -> None:
        """Today, the next day, and the photos of their known damages. Keeps how far the device's clock is off, too.

        Raises what calls of the API raise; what had arrived by then is kept.
        """
        days = []
        for day in (today, today + _DAY):
            payload = self._sessions.call(user_id, partial(self._fetch_day, station_id, day))
            self._store.days.put(station_id, day, payload)
            self._compare_clocks(datetime.fromisoformat(payload["generatedAt"]))
            days.append(payload)
        for payload in days:
            self._fetch_photos(user_id, payload)
        self._store.days.purge(today - _DAY * _KEPT_DAYS)
        self._store.known_photos.purge(self._store.days.damage_photo_ids())

    @property
    def clock_ahead(self) -> timedelta:
        """The device's clock minus the server's, when a day was last fetched; zero before."""
        return timedelta(seconds=self._store.settings.clock_ahead_seconds or 0)

    def _compare_clocks(self, of_server: datetime) -> None:
        self._store.settings.keep_clock_ahead(round((self._now() - of_server).total_seconds()))

    def _fetch_photos(self, user_id: str, payload: dict[str, Any]) -> None:
        links = {photo["id"]: photo["thumbnailUrl"] for photo in damage_photos(payload)}
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

    def today(self, station_id: str, now: datetime) -> date:
        """The day at the station. Its clock is told by the last answer; before the first one, the tablet's has to do.

        Android brings no time zones that Python could read, but every answer carries the station's offset.
        """
        known = self._store.days.dates(station_id)
        found = self._store.days.get(station_id, known[-1]) if known else None
        try:
            offset = datetime.fromisoformat(found[0]["generatedAt"]).tzinfo if found else None
        except (KeyError, ValueError):
            offset = None
        return now.astimezone(offset).date()
