"""A station's days as the server last told them: what the tablet works from without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from mobile_kivy.store.database import Database, Row, instant_of, stamp
from mobile_kivy.store.sealing import about

_LISTS = ("checkOuts", "checkIns", "overdue")


class Days:
    """Stored answers of `handoverDay`, by station and date."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def put(self, station_id: str, day: date, payload: dict[str, Any]) -> None:
        """Keeps a day in place of what was known of it before."""
        sealed = self._database.texts.seal(about("day", station_id, day.isoformat()), json.dumps(payload))
        self._database.execute(
            "INSERT INTO day (station_id, date, payload, fetched_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET payload = excluded.payload, fetched_at = excluded.fetched_at",
            (station_id, day.isoformat(), sealed, stamp(self._now())),
        )

    def get(self, station_id: str, day: date) -> tuple[dict[str, Any], datetime] | None:
        """The day and when it was fetched; None if it never was."""
        row = self._database.row("SELECT * FROM day WHERE station_id = ? AND date = ?", (station_id, day.isoformat()))
        return (self._payload_of(row), instant_of(row["fetched_at"])) if row else None

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
            gone = [row for row in old if needed.isdisjoint(_contract_ids(self._payload_of(row)))]
            connection.executemany(
                "DELETE FROM day WHERE station_id = ? AND date = ?",
                [(row["station_id"], row["date"]) for row in gone],
            )
            return len(gone)

    def damage_photo_ids(self) -> set[str]:
        """The photos of known damages on any stored day: those that are worth keeping."""
        rows = self._database.rows("SELECT * FROM day")
        return {photo["id"] for row in rows for photo in damage_photos(self._payload_of(row))}

    def _payload_of(self, row: Row) -> dict[str, Any]:
        place = about("day", row["station_id"], row["date"])
        payload: dict[str, Any] = json.loads(self._database.texts.said(place, row["payload"]))
        return payload


def _contract_ids(payload: dict[str, Any]) -> Iterator[str]:
    for name in _LISTS:
        for contract in payload.get(name) or ():
            yield contract["id"]


def damage_photos(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The photos (id, thumbnailUrl) of all known damages on a day, in the order in which cars are needed."""
    vehicles = [contract.get("vehicle") for name in _LISTS for contract in payload.get(name) or ()]
    for vehicle in [*vehicles, *(payload.get("spareVehicles") or ())]:
        for damage in (vehicle or {}).get("damages") or ():
            yield from damage.get("photos") or ()
