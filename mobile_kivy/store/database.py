"""The tablet's database file: one connection that any thread may use, a schema with a version, no silent loss."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mobile_kivy.store.files import CannotWrite, sync_folder
from mobile_kivy.store.schema import PLAIN_TEXT_LEFT, SEALED_SINCE, VERSIONS
from mobile_kivy.store.sealed_files import SEALED, read_whole, seal_whole
from mobile_kivy.store.sealing import KeyLost, Seal, SealBroken, SealedTexts, about

NAME = "tablet.db"
_log = logging.getLogger(__name__)
_CORRUPT, _NOT_A_DATABASE = 11, 26  # SQLite's primary result codes
_UNWRITABLE = frozenset({8, 10, 13, 14})
"""Read-only, input and output, full, cannot open: the storage, not the file's content."""
_BUSY_SECONDS = 10
_KEY_CHECK = "key_check"
"""A setting that only the store's own key can unseal."""

Row = sqlite3.Row


class NewerStore(RuntimeError):
    """The file was written by a newer version of the app; this one must not touch it."""


class Database:
    """SQLite in WAL mode, every commit synced to the disk. `texts` seals and unseals what is personal in its rows."""

    def __init__(self, folder: Path, now: datetime, seal: Seal) -> None:
        """Opens or makes the file. A corrupt one is moved aside, never deleted: see `set_aside`.

        `KeyLost` if it was sealed with another key.
        """
        self._path = folder / NAME
        self._lock = threading.RLock()
        self._seal, self.texts = seal, SealedTexts(seal)
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError as error:
            if not _is_corrupt(error):
                raise
            self._move_aside(now)
            self._connection = self._open()
        try:
            self._upgrade()
            self._wash()
        except BaseException:
            self._connection.close()
            raise
        for path in self._path.parent.glob(f"{NAME}.corrupt-*"):
            # What nobody can read row by row is sealed as a whole: an earlier app may have written it in plain.
            if path.suffix != SEALED:
                seal_whole(path, seal)

    def set_aside(self) -> list[Path]:
        """Database files that were found corrupt and put aside, sealed, the oldest first."""
        return sorted(self._path.parent.glob(f"{NAME}.corrupt-*[0-9]{SEALED}"))

    def read_set_aside(self, path: Path) -> bytes:
        """The content of such a file, as SQLite left it."""
        return read_whole(path, self._seal)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
            connection.execute("PRAGMA journal_mode=WAL")
            # A battery can be pulled: with NORMAL, the last commits before that could be lost.
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            # What is deleted or overwritten is not left lying in free pages.
            connection.execute("PRAGMA secure_delete=ON")
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise _corrupt(found)
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self, now: datetime) -> None:
        mark = f"corrupt-{now:%Y%m%d%H%M%S%f}"
        # The write-ahead log may hold the last protocols: it goes with its file.
        for ending in ("", "-wal", "-shm"):
            part = self._path.with_name(NAME + ending)
            if part.exists():
                part.rename(part.with_name(f"{NAME}.{mark}{ending}"))
        sync_folder(self._path.parent)

    def _upgrade(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(VERSIONS):
            raise NewerStore(f"the store has version {version}, this app knows {len(VERSIONS)}")
        if version >= SEALED_SINCE:  # before anything is sealed with a key that may be another one
            self._check_key()
        for number, steps in enumerate(VERSIONS[version:], start=version + 1):
            with self.write() as connection:
                for step in steps:
                    if isinstance(step, str):
                        connection.execute(step)
                    else:
                        step(connection, self.texts)
                # Inside the transaction: version and tables change together or not at all.
                connection.execute(f"PRAGMA user_version={number}")
        if version < SEALED_SINCE:
            self._check_key()

    def _check_key(self) -> None:
        """Says at once that the key is another one, instead of at every row."""
        row, place = self.row("SELECT value FROM setting WHERE key = ?", (_KEY_CHECK,)), about("setting", _KEY_CHECK)
        if row is None:
            value = self.texts.seal(place, "sealed with this key")
            self.execute("INSERT INTO setting (key, value) VALUES (?, ?)", (_KEY_CHECK, value))
            return
        try:
            self.texts.unseal(place, row["value"])
        except SealBroken as error:
            raise KeyLost("the store was sealed with another key") from error

    def _wash(self) -> None:
        """Writes the file anew once its rows were sealed: the old plain text would stay in free pages and in the log.

        Killed before the end, it begins again at the next start.
        """
        if self.row("SELECT 1 FROM setting WHERE key = ?", (PLAIN_TEXT_LEFT,)) is None:
            return
        try:
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.execute("DELETE FROM setting WHERE key = ?", (PLAIN_TEXT_LEFT,))
        except (sqlite3.OperationalError, CannotWrite):
            # No room to write it anew: people can work, and the next start tries again.
            _log.warning("the plain text of an earlier app could not be washed out yet", exc_info=True)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: everything inside is kept, or nothing. Inside another one it is a part of that.

        `CannotWrite` when the storage is full or read-only.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                self._roll_back()
                if isinstance(error, sqlite3.Error) and _code_of(error) in _UNWRITABLE:
                    raise CannotWrite(error.sqlite_errorname) from error
                raise

    def _roll_back(self) -> None:
        # Some errors (a full disk) have ended the transaction already.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Keeps other threads of this app away, for steps on files and rows together."""
        with self._lock:
            yield

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """One statement as a transaction of its own; the number of rows that it changed."""
        with self.write() as connection:
            return connection.execute(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, parameters).fetchone()
            return found

    def close(self) -> None:
        """Closes the file; nothing can be asked after that."""
        with self._lock:
            self._connection.close()


def _corrupt(found: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorcode = _CORRUPT
    return error


def _is_corrupt(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is broken. A lock, a full disk or a missing permission passes: such a file must stay."""
    return _code_of(error) in {_CORRUPT, _NOT_A_DATABASE}


def _code_of(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def stamp(instant: datetime) -> str:
    """An instant as it is stored: UTC, of fixed width, so that text sorts like time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def instant_of(stamped: str) -> datetime:
    """The aware instant of a stored text."""
    return datetime.fromisoformat(stamped)
