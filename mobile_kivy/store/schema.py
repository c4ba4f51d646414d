"""The tables of the tablet's store. A version that has left the house is never edited: changes are a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

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

_SECOND = (
    # The form that a protocol was made from: a refused one is corrected with all of it, not with what was sent.
    "ALTER TABLE protocol ADD COLUMN form TEXT",
    # A draft that this app cannot read: out of the way, not thrown away.
    "ALTER TABLE draft ADD COLUMN set_aside_at TEXT",
)

VERSIONS: Final[Sequence[Sequence[str]]] = (_FIRST, _SECOND)
"""The statements that lead from each version to the next one; the file's `user_version` counts them."""
