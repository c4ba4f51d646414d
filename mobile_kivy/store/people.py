"""The people who share this tablet: their sessions, which outlive a day without a network, and their PINs."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from mobile_kivy.api.session import Session, StationRef
from mobile_kivy.store.database import Database, Row, instant_of, stamp

_ROUNDS = 100_000
"""Of PBKDF2: a third of a second on a slow tablet. A PIN keeps colleagues out, not somebody with the file."""
_FREE_TRIES = 5
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)


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


class People:
    """Everybody who has signed in here and was not forgotten."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def remember(self, session: Session, pin: str | None) -> None:
        """Keeps who has just signed in. With None the person keeps the PIN from before, if there was one."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO person (user_id, name, email, role, stations, access_token, refresh_token, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET name = excluded.name,"
                " email = excluded.email, role = excluded.role, stations = excluded.stations,"
                " access_token = excluded.access_token, refresh_token = excluded.refresh_token,"
                " expires_at = excluded.expires_at, pin_failures = 0, pin_locked_until = NULL",
                _values(session),
            )
            if pin is not None:
                salt = secrets.token_bytes(16)
                connection.execute(
                    "UPDATE person SET pin_salt = ?, pin_hash = ? WHERE user_id = ?",
                    (salt, _pin_hash(pin, salt), session.user_id),
                )

    def all(self) -> list[Person]:
        """Everybody, by name."""
        return [
            Person(row["user_id"], row["name"], row["email"], row["role"], _stations(row), row["pin_hash"] is not None)
            for row in self._database.rows("SELECT * FROM person ORDER BY name COLLATE NOCASE, user_id")
        ]

    def check_pin(self, user_id: str, pin: str) -> bool:
        """Whether the PIN is right. False if there is none. `PinLocked` after five wrong ones, each time for longer."""
        row = self._database.row("SELECT * FROM person WHERE user_id = ?", (user_id,))
        if row is None or row["pin_hash"] is None:
            return False
        now = self._now()
        if row["pin_locked_until"] and (until := instant_of(row["pin_locked_until"])) > now:
            # A clock that was set back must not lock anybody out for days.
            raise PinLocked(min(until, now + _LONGEST_WAIT))
        # Outside the transaction: hashing is slow on purpose, and the sync must not wait for it.
        right = hmac.compare_digest(_pin_hash(pin, row["pin_salt"]), row["pin_hash"])
        failures = 0 if right else row["pin_failures"] + 1
        locked = stamp(now + _wait_after(failures)) if failures >= _FREE_TRIES else None
        self._database.execute(
            "UPDATE person SET pin_failures = ?, pin_locked_until = ? WHERE user_id = ?", (failures, locked, user_id)
        )
        return right

    def session(self, user_id: str) -> Session | None:
        """The person's session, however old: only the server can say that it is over. None once it has said so."""
        row = self._database.row("SELECT * FROM person WHERE user_id = ?", (user_id,))
        if row is None or row["access_token"] is None:
            return None
        return Session(
            access_token=row["access_token"],
            refresh_token=row["refresh_token"],
            expires_at=instant_of(row["expires_at"]),
            user_id=row["user_id"],
            name=row["name"],
            email=row["email"],
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
            " refresh_token = ?7, expires_at = ?8 WHERE user_id = ?1 AND (?9 IS NULL OR refresh_token = ?9)"
        )
        values = (user_id, *_values(session)[1:], instead_of and instead_of.refresh_token)
        return self._database.execute(sql, values) > 0

    def needs_sign_in(self, user_id: str) -> bool:
        """Whether the server has ended this person's session, or the tablet does not know the person."""
        found = self._database.row("SELECT 1 FROM person WHERE user_id = ? AND access_token IS NOT NULL", (user_id,))
        return found is None

    def mark_sign_in_needed(self, user_id: str, session: Session | None = None) -> None:
        """Drops the tokens, which are good for nothing now; person and PIN stay.

        With `session`, only if that is still the stored one: see `renew`.
        """
        token = session and session.refresh_token
        self._database.execute(
            "UPDATE person SET access_token = NULL, refresh_token = NULL, expires_at = NULL"
            " WHERE user_id = ?1 AND (?2 IS NULL OR refresh_token = ?2)",
            (user_id, token),
        )

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


def _values(session: Session) -> tuple[str, ...]:
    stations = json.dumps([[station.id, station.code, station.name] for station in session.stations])
    return (
        session.user_id,
        session.name,
        session.email,
        session.role,
        stations,
        session.access_token,
        session.refresh_token,
        stamp(session.expires_at),
    )


def _stations(row: Row) -> tuple[StationRef, ...]:
    return tuple(StationRef(*parts) for parts in json.loads(row["stations"]))


def _pin_hash(pin: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, _ROUNDS)


def _wait_after(failures: int) -> timedelta:
    """30 s after the fifth wrong PIN, twice as long after each further one, an hour at most."""
    doublings = min(failures - _FREE_TRIES, 10)
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << doublings))
