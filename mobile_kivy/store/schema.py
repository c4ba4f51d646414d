"""The tables of the tablet's store. A version that has left the house is never edited: changes are a new one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from sqlite3 import Connection
from typing import Final

from mobile_kivy.store.sealing import SealedTexts, about

HASH = re.compile(r"[0-9a-f]{64}")
"""A SHA-256 as it is written everywhere: the name of a photo."""
PLAIN_TEXT_LEFT = "plain_text_left"
"""A setting that the step to version 2 makes, there while old plain text may still lie in the file's free pages."""

_FIRST = (
    """CREATE TABLE person (
        user_id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, role TEXT NOT NULL, stations TEXT NOT NULL,
        access_token TEXT, refresh_token TEXT, expires_at TEXT,
        pin_salt BLOB, pin_hash BLOB, pin_failures INTEGER NOT NULL DEFAULT 0, pin_locked_until TEXT)""",
    """CREATE TABLE day (
        station_id TEXT NOT NULL, date TEXT NOT NULL, payload TEXT NOT NULL, fetched_at TEXT NOT NULL,
        PRIMARY KEY (station_id, date))""",
    """CREATE TABLE draft (
        protocol_id TEXT PRIMARY KEY, contract_id TEXT NOT NULL, kind TEXT NOT NULL, user_id TEXT NOT NULL,
        data TEXT NOT NULL, saved_at TEXT NOT NULL)""",
    # `position` is the place in the queue; a correction takes the place of what it corrects.
    """CREATE TABLE protocol (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, protocol_id TEXT NOT NULL UNIQUE, position INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('CHECK_OUT', 'CHECK_IN')), contract_id TEXT NOT NULL,
        user_id TEXT NOT NULL, title TEXT NOT NULL, payload TEXT,
        state TEXT NOT NULL DEFAULT 'WAITING'
            CHECK (state IN ('WAITING', 'SENT', 'CONFLICT', 'REFUSED', 'DISCARDED')),
        queued_at TEXT NOT NULL, ended_at TEXT, problem_code TEXT, message TEXT, field TEXT NOT NULL DEFAULT '[]',
        reason TEXT, tries INTEGER NOT NULL DEFAULT 0, photo_rounds INTEGER NOT NULL DEFAULT 0, last_error TEXT)""",
    "CREATE INDEX protocol_queue ON protocol (state, position)",
    "CREATE INDEX protocol_contract ON protocol (contract_id, position)",
    # `sent`: the server has confirmed the hash. `released`: the file is not needed any more and was removed.
    """CREATE TABLE protocol_photo (
        protocol_id TEXT NOT NULL REFERENCES protocol (protocol_id), sha256 TEXT NOT NULL, place INTEGER NOT NULL,
        sent INTEGER NOT NULL DEFAULT 0, released INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (protocol_id, sha256))""",
    "CREATE INDEX protocol_photo_kept ON protocol_photo (released, sha256)",
    "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


def _name_photos_of_drafts(connection: Connection, _texts: SealedTexts) -> None:
    named = [
        (row["protocol_id"], sha256)
        for row in connection.execute("SELECT protocol_id, data FROM draft").fetchall()
        for sha256 in set(HASH.findall(row["data"]))
    ]
    connection.executemany("INSERT INTO draft_photo (protocol_id, sha256) VALUES (?, ?)", named)


def _seal_rows(connection: Connection, texts: SealedTexts) -> None:
    """All that is personal and was plain until now."""
    for row in connection.execute("SELECT rowid, * FROM person").fetchall():
        sealed = [
            texts.seal(about("person", row["user_id"], column), row[column])
            for column in ("name", "email", "access_token", "refresh_token")
        ]
        sql = "UPDATE person SET name = ?, email = ?, access_token = ?, refresh_token = ? WHERE rowid = ?"
        connection.execute(sql, (*sealed, row["rowid"]))
    for row in connection.execute("SELECT rowid, * FROM day").fetchall():
        payload = texts.seal(about("day", row["station_id"], row["date"]), row["payload"])
        connection.execute("UPDATE day SET payload = ? WHERE rowid = ?", (payload, row["rowid"]))
    for row in connection.execute("SELECT rowid, * FROM draft").fetchall():
        data = texts.seal(about("draft", row["protocol_id"]), row["data"])
        connection.execute("UPDATE draft SET data = ? WHERE rowid = ?", (data, row["rowid"]))
    for row in connection.execute("SELECT * FROM protocol").fetchall():
        sealed = [
            texts.seal(about("protocol", row["protocol_id"], column), row[column])
            for column in ("title", "payload", "message")
        ]
        sql = "UPDATE protocol SET title = ?, payload = ?, message = ? WHERE seq = ?"
        connection.execute(sql, (*sealed, row["seq"]))


_SEALED = (
    # Drafts are sealed, so nobody can search them for the photos that they name.
    """CREATE TABLE draft_photo (
        protocol_id TEXT NOT NULL REFERENCES draft (protocol_id) ON DELETE CASCADE, sha256 TEXT NOT NULL,
        PRIMARY KEY (protocol_id, sha256))""",
    "CREATE INDEX draft_photo_kept ON draft_photo (sha256)",
    _name_photos_of_drafts,
    _seal_rows,
    # How long somebody has still to wait, not until when: a clock can be set.
    "ALTER TABLE person ADD COLUMN pin_wait_seconds REAL NOT NULL DEFAULT 0",
    "UPDATE person SET pin_wait_seconds = min(3600, 30 << min(pin_failures - 5, 10)) WHERE pin_failures >= 5",
    "ALTER TABLE person DROP COLUMN pin_locked_until",
    "INSERT INTO setting (key, value) VALUES ('plain_text_left', 'yes')",
)

_FORMS = (
    # The form that a protocol was made from: a refused one is corrected with all of it, not with what was sent.
    "ALTER TABLE protocol ADD COLUMN form TEXT",
    # A draft that this app cannot read: out of the way, not thrown away.
    "ALTER TABLE draft ADD COLUMN set_aside_at TEXT",
)

_APPROVALS = (
    # The user id of the manager who approved a refused protocol. The token is asked for when it is sent.
    "ALTER TABLE protocol ADD COLUMN approved_by TEXT",
)

Step = str | Callable[[Connection, SealedTexts], None]
VERSIONS: Final[Sequence[Sequence[Step]]] = (_FIRST, _SEALED, _FORMS, _APPROVALS)
"""The steps that lead from each version to the next one, in SQL or Python; the file's `user_version` counts them."""
SEALED_SINCE = 2
"""The first version whose rows are sealed."""
