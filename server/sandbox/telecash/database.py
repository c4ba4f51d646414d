"""The simulator's memory: one SQLite file, so that the truth about the money survives a kill."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS transactions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    ipg_id TEXT NOT NULL UNIQUE,
    order_id TEXT NOT NULL,
    type TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL,
    result TEXT NOT NULL,
    state TEXT NOT NULL,
    approval TEXT NOT NULL,
    error TEXT NOT NULL DEFAULT '',
    attempt TEXT,
    tdate TEXT NOT NULL,
    scheme_id TEXT,
    masked TEXT NOT NULL DEFAULT '',
    brand TEXT NOT NULL DEFAULT '',
    month INTEGER NOT NULL DEFAULT 0,
    year INTEGER NOT NULL DEFAULT 0,
    behaviour TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '',
    at REAL NOT NULL,
    expires_at REAL,
    waiting_until REAL,
    source TEXT NOT NULL,
    refers_to TEXT,
    split_count INTEGER,
    final INTEGER NOT NULL DEFAULT 1,
    listed INTEGER NOT NULL DEFAULT 1,
    token TEXT,
    three_d_secure TEXT
);
CREATE INDEX IF NOT EXISTS transactions_by_order ON transactions (order_id);
CREATE INDEX IF NOT EXISTS transactions_by_attempt ON transactions (attempt);
CREATE TABLE IF NOT EXISTS vault (
    store_id TEXT NOT NULL,
    token TEXT NOT NULL,
    masked TEXT NOT NULL,
    brand TEXT NOT NULL,
    month INTEGER NOT NULL,
    year INTEGER NOT NULL,
    behaviour TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    first_scheme_id TEXT,
    PRIMARY KEY (store_id, token)
);
CREATE TABLE IF NOT EXISTS scripts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT,
    order_id TEXT,
    outcome TEXT NOT NULL,
    remaining INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    operation TEXT,
    order_id TEXT,
    attempt TEXT,
    body TEXT NOT NULL,
    answer TEXT
);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    order_id TEXT NOT NULL,
    fields TEXT NOT NULL,
    state TEXT NOT NULL,
    card TEXT,
    answer TEXT,
    created REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS notifications (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    order_id TEXT NOT NULL,
    url TEXT NOT NULL,
    status TEXT NOT NULL
);
"""


class Database:
    """One connection behind a lock; every change is committed before anybody is answered."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            directory / "telecash.sqlite3", check_same_thread=False, isolation_level=None, timeout=10
        )
        self._connection.row_factory = sqlite3.Row
        # NORMAL loses nothing when the process is killed; only a power cut could take the last commits.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens or nothing; one at a time, across threads and processes."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()
