"""A station's days as the server last told them: what the tablet works from without a network."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from mobile_kivy.forms.day import Day, read_day
from mobile_kivy.reading import Unreadable, json_of
from mobile_kivy.store.database import Database, Row, instant_of, stamp
from mobile_kivy.store.sealing import SealBroken, about

_log = logging.getLogger(__name__)


class Days:
    """Stored answers of `handoverDay`, by station and date."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def put(self, station_id: str, date: date, payload: dict[str, Any]) -> Day:
        """Keeps a day in place of what was known of it before. `Unreadable`, and nothing is replaced, if it is none."""
        day = read_day(payload)
        if day.station_id != station_id:
            raise Unreadable("day.station.id", "the station that was asked for")
        sealed = self._database.texts.seal(about("day", station_id, date.isoformat()), json.dumps(payload))
        self._database.execute(
            "INSERT INTO day (station_id, date, payload, fetched_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET payload = excluded.payload, fetched_at = excluded.fetched_at",
            (station_id, date.isoformat(), sealed, stamp(self._now())),
        )
        return day

    def get(self, station_id: str, date: date) -> tuple[Day, datetime] | None:
        """The day and when it was fetched; None if it never was, or cannot be read any more."""
        row = self._database.row("SELECT * FROM day WHERE station_id = ? AND date = ?", (station_id, date.isoformat()))
        day = self._day_of(row) if row else None
        return (day, instant_of(row["fetched_at"])) if row and day else None

    def dates(self, station_id: str) -> list[date]:
        """The stored days of a station, in order."""
        rows = self._database.rows("SELECT date FROM day WHERE station_id = ? ORDER BY date", (station_id,))
        return [date.fromisoformat(row["date"]) for row in rows]

    def purge(self, before: date) -> int:
        """Deletes older days, which hold customers' names, but none that unfinished work needs; returns how many."""
        with self._database.write() as connection:
            needed = {
                row["contract_id"]
                for row in connection.execute(
                    "SELECT contract_id FROM draft UNION"
                    " SELECT contract_id FROM protocol WHERE state IN ('WAITING', 'REFUSED')"
                )
            }
            old = connection.execute(
                "SELECT station_id, date, payload FROM day WHERE date < ?", (before.isoformat(),)
            ).fetchall()
            gone = [row for row in old if needed.isdisjoint(self._contract_ids(row))]
            connection.executemany(
                "DELETE FROM day WHERE station_id = ? AND date = ?",
                [(row["station_id"], row["date"]) for row in gone],
            )
            return len(gone)

    def damage_photo_ids(self) -> set[str]:
        """The photos of known damages on any stored day: those that are worth keeping."""
        days = (self._day_of(row) for row in self._database.rows("SELECT * FROM day"))
        return {photo_id for day in days if day for photo_id in day.damage_photos()}

    def _day_of(self, row: Row) -> Day | None:
        """None for what an older app kept, or somebody else wrote, and this one cannot read: the next fetch replaces
        it.
        """
        place = about("day", row["station_id"], row["date"])
        try:
            return read_day(json_of(self._database.texts.said(place, row["payload"])))
        except (Unreadable, SealBroken) as error:
            _log.warning("a stored day cannot be read: %s", error)
            return None

    def _contract_ids(self, row: Row) -> set[str]:
        day = self._day_of(row)
        return {job.contract.id for job in day.jobs} if day else set()
