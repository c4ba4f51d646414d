"""Protocols that somebody is still filling in: saved at every step, so that a killed app loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mobile_kivy.reading import Unreadable, json_of
from mobile_kivy.store.database import Database, Row, instant_of, stamp
from mobile_kivy.store.schema import HASH
from mobile_kivy.store.sealing import SealBroken, about

DAYS_ASIDE = 30
"""How long a draft that cannot be read stays on the device."""


@dataclass(frozen=True)
class DraftRow:
    """A draft with what it belongs to. `data` is JSON, or None where even that cannot be read."""

    protocol_id: str
    contract_id: str
    kind: str
    user_id: str
    data: Any
    saved_at: datetime


class Drafts:
    """At most one draft for each protocol id; the id is made when the form is opened."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def save(self, protocol_id: str, contract_id: str, kind: str, user_id: str, data: dict[str, Any]) -> bool:
        """Keeps the draft as it is now. False, and nothing is kept, if the protocol is in the outbox already.

        A screen saves a little later than its last change; by then the protocol may have been finished, and a draft
        that came back to life would be checked out a second time.
        """
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM protocol WHERE protocol_id = ?", (protocol_id,)).fetchone():
                return False
            text = json.dumps(data)
            connection.execute(
                "INSERT INTO draft (protocol_id, contract_id, kind, user_id, data, saved_at) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (protocol_id) DO UPDATE SET contract_id = excluded.contract_id, kind = excluded.kind,"
                " user_id = excluded.user_id, data = excluded.data, saved_at = excluded.saved_at",
                (
                    protocol_id,
                    contract_id,
                    kind,
                    user_id,
                    self._database.texts.seal(about("draft", protocol_id), text),
                    stamp(self._now()),
                ),
            )
            # Whatever looks like a photo's hash, wherever it stands: a photo too many stays, none is swept too early.
            connection.execute("DELETE FROM draft_photo WHERE protocol_id = ?", (protocol_id,))
            connection.executemany(
                "INSERT INTO draft_photo (protocol_id, sha256) VALUES (?, ?)",
                [(protocol_id, sha256) for sha256 in set(HASH.findall(text))],
            )
            return True

    def find(self, protocol_id: str) -> DraftRow | None:
        """The draft of this protocol; None if there is none (any more)."""
        row = self._database.row("SELECT * FROM draft WHERE protocol_id = ?", (protocol_id,))
        return self._draft_of(row) if row else None

    def keys(self) -> list[tuple[str, str]]:
        """Contract and kind of all drafts that can be gone on with: nothing is unsealed for it."""
        rows = self._database.rows("SELECT contract_id, kind FROM draft WHERE set_aside_at IS NULL")
        return [(row["contract_id"], row["kind"]) for row in rows]

    def all(self) -> list[DraftRow]:
        """All drafts that can be gone on with, the last one saved first."""
        return self.besides(())

    def besides(self, keys: Collection[tuple[str, str]]) -> list[DraftRow]:
        """As `all`, without those of these contracts and kinds."""
        rows = self._database.rows("SELECT * FROM draft WHERE set_aside_at IS NULL ORDER BY saved_at DESC")
        return [self._draft_of(row) for row in rows if (row["contract_id"], row["kind"]) not in keys]

    def of(self, contract_id: str, kind: str) -> list[DraftRow]:
        """As `all`, those of this contract and kind alone."""
        sql = "SELECT * FROM draft WHERE set_aside_at IS NULL AND contract_id = ? AND kind = ? ORDER BY saved_at DESC"
        return [self._draft_of(row) for row in self._database.rows(sql, (contract_id, kind))]

    def set_aside(self, protocol_id: str) -> None:
        """This app cannot read it: it is out of everybody's way, and stays for a month for somebody who can."""
        self._database.execute(
            "UPDATE draft SET set_aside_at = ? WHERE protocol_id = ?", (stamp(self._now()), protocol_id)
        )

    def count_set_aside(self) -> int:
        """How many lie aside."""
        row = self._database.row("SELECT count(*) AS n FROM draft WHERE set_aside_at IS NOT NULL")
        return row["n"] if row else 0

    def forget_old(self) -> int:
        """Deletes what has lain aside for a month; returns how many."""
        before = stamp(self._now() - timedelta(days=DAYS_ASIDE))
        return self._database.execute("DELETE FROM draft WHERE set_aside_at < ?", (before,))

    def discard(self, protocol_id: str) -> None:
        """Throws a draft away. Its photos go with the next sweep."""
        self._database.execute("DELETE FROM draft WHERE protocol_id = ?", (protocol_id,))

    def _draft_of(self, row: Row) -> DraftRow:
        return DraftRow(
            protocol_id=row["protocol_id"],
            contract_id=row["contract_id"],
            kind=row["kind"],
            user_id=row["user_id"],
            data=self._data_of(row),
            saved_at=instant_of(row["saved_at"]),
        )

    def _data_of(self, row: Row) -> Any:
        try:
            return json_of(self._database.texts.said(about("draft", row["protocol_id"]), row["data"]))
        except (Unreadable, SealBroken):
            return None
