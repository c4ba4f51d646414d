"""The people who share this tablet: their sessions, which outlive a day without a network, and their PINs."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from mobile_kivy.api.session import Session, StationRef
from mobile_kivy.store.database import Database, Row, instant_of, stamp
from mobile_kivy.store.files import CannotWrite
from mobile_kivy.store.sealing import SealedTexts, about
from mobile_kivy.store.settings import DEVICE_REVOKED

DROP_TOKENS = "UPDATE person SET access_token = NULL, refresh_token = NULL, expires_at = NULL"
"""Ends everybody's session on this device; people and PINs stay."""
_ROUNDS = 100_000
"""Of PBKDF2: a third of a second on a slow tablet. A PIN keeps colleagues out, not somebody with the file."""
_FREE_TRIES = 5
_MANAGERS = frozenset({"MANAGER", "ADMIN"})
_TOKENS_OF = "tokens_of"
"""A setting: the server from which the tokens came."""
_FIRST_WAIT, _LONGEST_WAIT = 30, 3600
"""Seconds."""


class PinLocked(Exception):
    """Too many wrong PINs: no PIN is looked at before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"locked until {until.isoformat()}")
        self.until = until


class StillWaiting(Exception):
    """Protocols of this person have not arrived yet, so the session that sends them is still needed."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} protocols are still waiting")
        self.count = count


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in on this tablet."""

    user_id: str
    name: str
    email: str
    role: str
    stations: tuple[StationRef, ...]
    has_pin: bool

    @property
    def is_manager(self) -> bool:
        """Whether this person may approve, and set the device up."""
        return self.role in _MANAGERS


class People:
    """Everybody who has signed in here and was not forgotten."""

    def __init__(self, database: Database, now: Callable[[], datetime], elapsed: Callable[[], float]) -> None:
        """`elapsed` counts the seconds of a wait, which a clock that is set must neither end nor prolong."""
        self._database = database
        self._now, self._elapsed = now, elapsed
        self._waits_end: dict[str, float] = {}

    def remember(self, session: Session, pin: str | None) -> None:
        """Keeps who has just signed in. With None the person keeps the PIN from before, if there was one."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO person (user_id, name, email, role, stations, access_token, refresh_token, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET name = excluded.name,"
                " email = excluded.email, role = excluded.role, stations = excluded.stations,"
                " access_token = excluded.access_token, refresh_token = excluded.refresh_token,"
                " expires_at = excluded.expires_at, pin_failures = 0, pin_wait_seconds = 0",
                _values(session, self._database.texts),
            )
            self._waits_end.pop(session.user_id, None)
            connection.execute("DELETE FROM setting WHERE key = ?", (DEVICE_REVOKED,))
            if pin is not None:
                salt = secrets.token_bytes(16)
                connection.execute(
                    "UPDATE person SET pin_salt = ?, pin_hash = ? WHERE user_id = ?",
                    (salt, _pin_hash(pin, salt), session.user_id),
                )

    def all(self) -> list[Person]:
        """Everybody, by name."""
        people = [
            Person(
                row["user_id"],
                self._said(row, "name"),
                self._said(row, "email"),
                row["role"],
                _stations(row),
                row["pin_hash"] is not None,
            )
            for row in self._database.rows("SELECT * FROM person")
        ]
        return sorted(people, key=lambda person: (person.name.casefold(), person.user_id))

    def approvers(self) -> list[Person]:
        """Those who may approve here and now: managers with a PIN, whose session the server has not ended."""
        return [
            person
            for person in self.all()
            if person.is_manager and person.has_pin and not self.needs_sign_in(person.user_id)
        ]

    def _said(self, row: Row, column: str) -> str:
        return self._database.texts.said(about("person", row["user_id"], column), row[column])

    def check_pin(self, user_id: str, pin: str) -> bool:
        """Whether the PIN is right. False if there is none. `PinLocked` after five wrong ones, each time for longer."""
        row = self._database.row("SELECT * FROM person WHERE user_id = ?", (user_id,))
        if row is None or row["pin_hash"] is None:
            return False
        self._refuse_while_waiting(row)
        # Outside the transaction: hashing is slow on purpose, and the sync must not wait for it.
        right = hmac.compare_digest(_pin_hash(pin, row["pin_salt"]), row["pin_hash"])
        failures = 0 if right else row["pin_failures"] + 1
        wait = _wait_after(failures) if failures >= _FREE_TRIES else 0
        self._waits_end[user_id] = self._elapsed() + wait
        if (failures, wait) != (row["pin_failures"], row["pin_wait_seconds"]):
            self._count(user_id, failures, wait)
        return right

    def _count(self, user_id: str, failures: int, wait: float) -> None:
        """`PinLocked` if it cannot be written: on a full disk nobody shall try as often as he likes."""
        sql = "UPDATE person SET pin_failures = ?, pin_wait_seconds = ? WHERE user_id = ?"
        try:
            self._database.execute(sql, (failures, wait, user_id))
        except CannotWrite:
            if failures:
                self._waits_end[user_id] = self._elapsed() + _FIRST_WAIT
                raise PinLocked(self._now() + timedelta(seconds=_FIRST_WAIT)) from None

    def _refuse_while_waiting(self, row: Row) -> None:
        """What is kept is how long there is still to wait: after a restart that begins anew, because nobody can say how
        long the device was off without asking its clock.
        """
        user_id, kept = row["user_id"], row["pin_wait_seconds"]
        rest = self._waits_end.setdefault(user_id, self._elapsed() + kept) - self._elapsed()
        if rest <= 0:
            return
        with suppress(CannotWrite):
            self._database.execute("UPDATE person SET pin_wait_seconds = ? WHERE user_id = ?", (rest, user_id))
        raise PinLocked(self._now() + timedelta(seconds=rest))

    def session(self, user_id: str) -> Session | None:
        """The person's session, however old: only the server can say that it is over. None once it has said so."""
        row = self._database.row("SELECT * FROM person WHERE user_id = ?", (user_id,))
        if row is None or row["access_token"] is None:
            return None
        return Session(
            access_token=self._said(row, "access_token"),
            refresh_token=self._said(row, "refresh_token"),
            expires_at=instant_of(row["expires_at"]),
            user_id=row["user_id"],
            name=self._said(row, "name"),
            email=self._said(row, "email"),
            role=row["role"],
            stations=_stations(row),
        )

    def renew(self, user_id: str, session: Session, *, instead_of: Session | None = None) -> bool:
        """Keeps a refreshed session. False, and nothing is kept, if the person is forgotten.

        With `instead_of` it is kept only if that is still the stored one: somebody who signed in meanwhile has a newer
        session than the one that was just refreshed.
        """
        sql = (
            "UPDATE person SET name = ?2, email = ?3, role = ?4, stations = ?5, access_token = ?6,"
            " refresh_token = ?7, expires_at = ?8 WHERE user_id = ?1"
        )
        with self._database.write() as connection:
            if not self._is_stored(user_id, instead_of):
                return False
            values = (user_id, *_values(session, self._database.texts)[1:])
            return connection.execute(sql, values).rowcount > 0

    def _is_stored(self, user_id: str, session: Session | None) -> bool:
        """Whether this session is the one that is kept; any, with None. Sealed twice, a token is never the same, so
        nobody but we can compare them.
        """
        row = self._database.row("SELECT user_id, refresh_token FROM person WHERE user_id = ?", (user_id,))
        return row is not None and (session is None or self._said(row, "refresh_token") == session.refresh_token)

    def belong_to(self, server: str) -> None:
        """From now on this server is worked with. Tokens that came from another one are dropped, not shown to it."""
        with self._database.write() as connection:
            row = connection.execute("SELECT value FROM setting WHERE key = ?", (_TOKENS_OF,)).fetchone()
            if row is not None and row["value"] == server:
                return
            if row is not None:
                connection.execute(DROP_TOKENS)
            connection.execute(
                "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (_TOKENS_OF, server),
            )

    def needs_sign_in(self, user_id: str) -> bool:
        """Whether the server has ended this person's session, or the tablet does not know the person."""
        found = self._database.row("SELECT 1 FROM person WHERE user_id = ? AND access_token IS NOT NULL", (user_id,))
        return found is None

    def mark_sign_in_needed(self, user_id: str, session: Session | None = None) -> None:
        """Drops the tokens, which are good for nothing now; person and PIN stay.

        With `session`, only if that is still the stored one: see `renew`.
        """
        with self._database.write() as connection:
            if self._is_stored(user_id, session):
                connection.execute(f"{DROP_TOKENS} WHERE user_id = ?", (user_id,))

    def forget(self, user_id: str) -> None:
        """Removes the person with tokens and PIN, not what the person has recorded.

        `StillWaiting` while protocols of this person have not arrived or were refused.
        """
        with self._database.write() as connection:
            count = connection.execute(
                "SELECT count(*) FROM protocol WHERE user_id = ? AND state IN ('WAITING', 'REFUSED')", (user_id,)
            ).fetchone()[0]
            if count:
                raise StillWaiting(count)
            connection.execute("DELETE FROM person WHERE user_id = ?", (user_id,))
            self._waits_end.pop(user_id, None)


def _values(session: Session, texts: SealedTexts) -> tuple[bytes | str | None, ...]:
    stations = json.dumps([[station.id, station.code, station.name] for station in session.stations])

    def sealed(column: str, text: str) -> bytes | str | None:
        return texts.seal(about("person", session.user_id, column), text)

    return (
        session.user_id,
        sealed("name", session.name),
        sealed("email", session.email),
        session.role,
        stations,
        sealed("access_token", session.access_token),
        sealed("refresh_token", session.refresh_token),
        stamp(session.expires_at),
    )


def _stations(row: Row) -> tuple[StationRef, ...]:
    return tuple(StationRef(*parts) for parts in json.loads(row["stations"]))


def _pin_hash(pin: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, _ROUNDS)


def _wait_after(failures: int) -> int:
    """30 s after the fifth wrong PIN, twice as long after each further one, an hour at most."""
    doublings = min(failures - _FREE_TRIES, 10)
    return min(_LONGEST_WAIT, _FIRST_WAIT << doublings)
