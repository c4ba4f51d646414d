"""Finished protocols on their way to the server: frozen, in order, kept until they are confirmed.

There is no state for "being sent": a protocol whose answer was lost is simply sent again, and its id makes the server
keep it once. So the app may be killed at any moment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Any

from mobile_kivy.store.database import Database, Row, stamp
from mobile_kivy.store.outbox_rows import Finished, OutboxItem, Parcel, State, Waiting, item_of, state_of
from mobile_kivy.store.sealing import SealBroken, about

DAYS_WITH_CONTENT = 7
"""How long the content of a sent protocol, which is personal, stays on the device."""
DAYS_DISCARDED = 30
"""How long the content and the photos of a discarded protocol stay: somebody may have discarded the wrong one."""
_LONGEST_REASON = 500
"""Characters of a reason that the API takes."""
_KINDS = frozenset({"CHECK_OUT", "CHECK_IN"})
_SIGNED_IN = "EXISTS (SELECT 1 FROM person s WHERE s.user_id = p.user_id AND s.access_token IS NOT NULL)"
_ITEMS = f"""SELECT p.*, {_SIGNED_IN} AS signed_in,
    (SELECT count(*) FROM protocol_photo f WHERE f.protocol_id = p.protocol_id) AS photos_total,
    (SELECT count(*) FROM protocol_photo f WHERE f.protocol_id = p.protocol_id AND f.sent) AS photos_sent
    FROM protocol p"""  # noqa: S608 - no input in it


class Outbox:
    """The queue of protocols, in the order in which they were finished."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    # What the screens use.

    def enqueue(self, finished: Finished) -> bool:
        """Freezes a finished protocol and ends its draft, in one step. False if it was here already: nothing changes.

        One that corrects a refused protocol takes that one's place in the queue, which is discarded.
        """
        protocol_id, payload = finished.protocol_id, finished.payload
        if finished.kind not in _KINDS:
            raise ValueError(f"{finished.kind} is none of {sorted(_KINDS)}")
        if payload.get("protocolId") != protocol_id or payload.get("contractId") != finished.contract_id:
            raise ValueError("the payload is of another protocol")
        with self._database.write() as connection:
            connection.execute("DELETE FROM draft WHERE protocol_id = ?", (protocol_id,))
            if connection.execute("SELECT 1 FROM protocol WHERE protocol_id = ?", (protocol_id,)).fetchone():
                return False
            place = "SELECT coalesce(max(position), 0) + 1 FROM protocol"
            if finished.instead_of is not None:
                self.discard(finished.instead_of, f"CORRECTED_BY {protocol_id}")
                place = "SELECT position FROM protocol WHERE protocol_id = :old"
            position = connection.execute(place, {"old": finished.instead_of}).fetchone()[0]
            self._insert(connection, finished, position)
            return True

    def _insert(self, connection: Connection, finished: Finished, position: int) -> None:
        connection.execute(
            "INSERT INTO protocol (protocol_id, position, kind, contract_id, user_id, title, payload, form, queued_at)"
            " VALUES (:id, :position, :kind, :contract, :user, :title, :payload, :form, :now)",
            {
                "id": finished.protocol_id,
                "position": position,
                "kind": finished.kind,
                "contract": finished.contract_id,
                "user": finished.user_id,
                "title": self._seal(finished.protocol_id, "title", finished.title),
                "payload": self._seal(finished.protocol_id, "payload", json.dumps(finished.payload)),
                "form": self._seal(finished.protocol_id, "form", json.dumps(finished.form)) if finished.form else None,
                "now": stamp(self._now()),
            },
        )
        connection.executemany(
            "INSERT INTO protocol_photo (protocol_id, sha256, place) VALUES (?, ?, ?)",
            [
                (finished.protocol_id, sha256.lower(), place)
                for place, sha256 in enumerate(dict.fromkeys(finished.photos))
            ],
        )

    def items(self) -> list[OutboxItem]:
        """Everything, in the order of the queue."""
        return self._items("ORDER BY p.position, p.seq")

    def refused(self) -> list[OutboxItem]:
        """Those that a person has to decide about."""
        return self._items("WHERE p.state = 'REFUSED' ORDER BY p.position, p.seq")

    def _items(self, which: str) -> list[OutboxItem]:
        texts = self._database.texts
        return [item_of(row, texts) for row in self._database.rows(f"{_ITEMS} {which}")]

    def states(self) -> dict[tuple[str, str], State]:
        """By contract and kind, how its latest protocol stands; discarded ones do not count."""
        rows = self._database.rows(f"{_ITEMS} WHERE p.state <> 'DISCARDED' ORDER BY p.position, p.seq")
        return {(row["contract_id"], row["kind"]): state_of(row) for row in rows}

    def waiting(self) -> Waiting:
        """What has not left yet, for whatever reason but a refusal."""
        row = self._database.row("SELECT count(*) AS n, min(queued_at) AS oldest FROM protocol WHERE state = 'WAITING'")
        if row is None or not row["n"]:
            return Waiting(0, None)
        return Waiting(row["n"], datetime.fromisoformat(row["oldest"]))

    def count(self, state: State) -> int:
        """How many there are in a stored state (so not SIGN_IN)."""
        row = self._database.row("SELECT count(*) AS n FROM protocol WHERE state = ?", (state,))
        return row["n"] if row else 0

    def users_to_sign_in(self) -> tuple[str, ...]:
        """The people whose protocols wait for them to sign in again."""
        rows = self._database.rows(
            f"SELECT DISTINCT p.user_id FROM protocol p WHERE p.state = 'WAITING' AND NOT {_SIGNED_IN} ORDER BY 1"  # noqa: S608
        )
        return tuple(row["user_id"] for row in rows)

    def payload(self, protocol_id: str) -> dict[str, Any] | None:
        """What was frozen, to look at; None if it is not here or was forgotten."""
        row = self._database.row("SELECT payload FROM protocol WHERE protocol_id = ?", (protocol_id,))
        return self._unsealed(protocol_id, row["payload"]) if row and row["payload"] else None

    def _seal(self, protocol_id: str, column: str, text: str) -> bytes | str | None:
        return self._database.texts.seal(about("protocol", protocol_id, column), text)

    def _unsealed(self, protocol_id: str, sealed: bytes, column: str = "payload") -> dict[str, Any]:
        text = self._database.texts.said(about("protocol", protocol_id, column), sealed)
        found: dict[str, Any] = json.loads(text)
        return found

    def form(self, protocol_id: str) -> dict[str, Any] | None:
        """The form it was made from, to correct it; None if it is not here (any more) or of the first version."""
        row = self._database.row("SELECT form FROM protocol WHERE protocol_id = ?", (protocol_id,))
        return self._unsealed(protocol_id, row["form"], "form") if row and row["form"] else None

    def retry(self, protocol_id: str) -> bool:
        """A person wants a refused protocol sent once more, as it is. False if it was not refused."""
        sql = (
            "UPDATE protocol SET state = 'WAITING', problem_code = NULL, message = NULL, field = '[]',"
            " photo_rounds = 0 WHERE protocol_id = ? AND state = 'REFUSED'"
        )
        return self._database.execute(sql, (protocol_id,)) > 0

    def approve(self, protocol_id: str, approver_id: str, reason: str) -> bool:
        """A manager allows what was refused: it is sent once more, with the reason. False if it was not refused.

        Of who approves only the user id is kept; what the customer has signed is not touched.
        """
        with self._database.write() as connection:
            payload = self.payload(protocol_id)
            if payload is None or not self.retry(protocol_id):
                return False
            # The manager's words are whole, whatever was said before.
            said, given = f"; {reason}"[:_LONGEST_REASON], payload.get("overrideReason") or ""
            payload["overrideReason"] = f"{given[: _LONGEST_REASON - len(said)]}{said}".removeprefix("; ")
            connection.execute(
                "UPDATE protocol SET payload = ?, approved_by = ? WHERE protocol_id = ?",
                (self._seal(protocol_id, "payload", json.dumps(payload)), approver_id, protocol_id),
            )
            return True

    def discard(self, protocol_id: str, reason: str) -> None:
        """A person has decided that a refused protocol is not to be sent. It and its photos stay for a month."""
        changed = self._database.execute(
            "UPDATE protocol SET state = 'DISCARDED', reason = ?, ended_at = ?"
            " WHERE protocol_id = ? AND state = 'REFUSED'",
            (reason, stamp(self._now()), protocol_id),
        )
        if not changed:
            raise ValueError("only a refused protocol can be discarded")

    # What the sync uses.

    def next_parcel(self, held: Collection[str] = ()) -> Parcel | None:
        """The first protocol that may leave now.

        It waits for earlier protocols of its contract, refused ones included, and for its person to be signed in.
        Contracts in `held` are passed over.
        """
        rows = self._database.rows(
            f"SELECT p.* FROM protocol p WHERE p.state = 'WAITING' AND {_SIGNED_IN} AND NOT EXISTS ("  # noqa: S608
            " SELECT 1 FROM protocol e WHERE e.contract_id = p.contract_id AND e.position < p.position"
            " AND e.state IN ('WAITING', 'REFUSED')) ORDER BY p.position, p.seq"
            f" LIMIT {len(held) + 1}"
        )
        found = next((row for row in rows if row["contract_id"] not in held), None)
        if found is None:
            return None
        try:
            return self._parcel_of(found)
        except (SealBroken, ValueError):
            # It can never be sent, and must not keep what is behind it from leaving.
            self.refuse(found["protocol_id"], "FILE_DAMAGED")
            return self.next_parcel(held)

    def _parcel_of(self, row: Row) -> Parcel:
        photos = self._database.rows(
            "SELECT sha256, sent FROM protocol_photo WHERE protocol_id = ? ORDER BY place", (row["protocol_id"],)
        )
        return Parcel(
            protocol_id=row["protocol_id"],
            kind=row["kind"],
            contract_id=row["contract_id"],
            user_id=row["user_id"],
            payload=self._unsealed(row["protocol_id"], row["payload"]),
            photos=tuple((photo["sha256"], bool(photo["sent"])) for photo in photos),
            photo_rounds=row["photo_rounds"],
            approved_by=row["approved_by"],
        )

    def photo_sent(self, protocol_id: str, sha256: str) -> None:
        """The server has confirmed this photo's hash."""
        self._database.execute(
            "UPDATE protocol_photo SET sent = 1 WHERE protocol_id = ? AND sha256 = ?", (protocol_id, sha256)
        )

    def send_photos_again(self, protocol_id: str) -> None:
        """The server lacks a photo that it had confirmed: all of this protocol's are sent once more."""
        with self._database.write() as connection:
            connection.execute("UPDATE protocol_photo SET sent = 0 WHERE protocol_id = ?", (protocol_id,))
            connection.execute(
                "UPDATE protocol SET photo_rounds = photo_rounds + 1 WHERE protocol_id = ?", (protocol_id,)
            )

    def confirm(self, protocol_id: str, *, conflict: bool) -> None:
        """The server keeps the protocol with everything that belongs to it."""
        self._database.execute(
            "UPDATE protocol SET state = ?, ended_at = ?, last_error = NULL"
            " WHERE protocol_id = ? AND state = 'WAITING'",
            (State.CONFLICT if conflict else State.SENT, stamp(self._now()), protocol_id),
        )

    def refuse(self, protocol_id: str, code: str, message: str = "", field: Sequence[str] = ()) -> None:
        """The server does not take it, or it cannot be sent: a person has to look at it. `message` is the server's."""
        self._database.execute(
            "UPDATE protocol SET state = 'REFUSED', problem_code = ?, message = ?, field = ?, tries = tries + 1"
            " WHERE protocol_id = ? AND state = 'WAITING'",
            (code, self._seal(protocol_id, "message", message), json.dumps(list(field)), protocol_id),
        )

    def note_failure(self, protocol_id: str, reason: str) -> None:
        """It could not be sent this time; `reason` is a technical word for people who look for faults."""
        self._database.execute(
            "UPDATE protocol SET tries = tries + 1, last_error = ? WHERE protocol_id = ?", (reason[:200], protocol_id)
        )

    def forget_old(self) -> int:
        """Erases what is personal in protocols that were sent a week or discarded a month ago; returns how many."""
        now = self._now()
        sent, discarded = stamp(now - timedelta(days=DAYS_WITH_CONTENT)), stamp(now - timedelta(days=DAYS_DISCARDED))
        erase = "UPDATE protocol SET payload = NULL, form = NULL, title = '', message = NULL WHERE payload IS NOT NULL"
        with self._database.write() as connection:
            forgotten = connection.execute(
                f"{erase} AND state IN ('SENT', 'CONFLICT') AND ended_at < ?",
                (sent,),
            ).rowcount
            forgotten += connection.execute(f"{erase} AND state = 'DISCARDED' AND ended_at < ?", (discarded,)).rowcount
            # The photos of a discarded one are swept when nothing names them any more.
            connection.execute(
                "DELETE FROM protocol_photo WHERE protocol_id IN"
                " (SELECT protocol_id FROM protocol WHERE state = 'DISCARDED' AND payload IS NULL)"
            )
        return forgotten
