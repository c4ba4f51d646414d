"""Sessions: signing in, refreshing, and who is asking. They live by the machine's own clock, never by the sandbox's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from server import security
from server.database import SYSTEM, Database, Session
from server.errors import ProblemCode, Refused, Sentence
from server.models import Session as StoredSession
from server.models import Station, User, UserStation
from server.models.customer import email_key
from server.models.staff import Role
from server.security import Principal
from server.security_events import SecurityEvent, note
from server.services.outside import Outside
from server.services.people import sign_in_limits
from server.services.people.sign_in_limits import Attempt

ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=30)
SILENCE = timedelta(minutes=15)
"""A device that was not heard of for longer was offline."""
_REFUSED = Sentence("E-mail or password is wrong.", "E-Mail-Adresse oder Passwort ist falsch.")
_TOO_MANY = Sentence(
    "Too many failed sign-ins. Try again in a quarter of an hour.",
    "Zu viele Fehlversuche. Bitte in einer Viertelstunde noch einmal versuchen.",
)


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives: the tokens are shown here and stored nowhere."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    principal: Principal


class Contact(NamedTuple):
    """When a session's device was heard of last, and since when without a longer break; by the business's clock."""

    last_called_at: datetime | None = None
    since: datetime | None = None


NO_CONTACT = Contact()


async def sign_in(outside: Outside, email: str, password: str, *, address: str, now: datetime) -> Tokens:
    """Checks e-mail and password. The same answer, after the same time, for an unknown address and a wrong password.

    `address` is the caller's network address. How often may be tried: `sign_in_limits`.
    """
    account = email_key(email)
    async with outside.database.transaction(SYSTEM) as session:
        user = await session.first(select(User).where(col(User.email_key) == account))
        tried = sign_in_limits.keys_of(outside.sealer, account, address)
        attempt = await sign_in_limits.count(session, tried, is_known=user is not None, now=now)
    user = await _check(user, password, attempt)
    async with outside.database.transaction(SYSTEM) as session:
        await sign_in_limits.forgive(session, attempt)
        await session.write("update app_user set last_sign_in_at = :now where id = :id", {"now": now, "id": user.id})
        return await _new_session(session, user, uuid4(), now)


async def _check(user: User | None, password: str, attempt: Attempt) -> User:
    """The user, if the password is right and the attempt within its bounds.

    While an address is beyond its bound every failure is answered alike, refused ones too, and takes the time of a
    verification: which accounts were counted, and so which exist, must not be heard.
    """
    user_id = user.id if user else None
    if attempt.refused_by is not None:
        note(SecurityEvent.SIGN_IN_LOCKED_OUT, bound=attempt.refused_by, user_id=user_id)
        if attempt.is_beyond:
            await security.verify_password(password, None)
        raise Refused(ProblemCode.TOO_MANY_ATTEMPTS, _TOO_MANY)
    fits = await security.verify_password(password, user.password_hash if user else None)
    if user is not None and fits and user.active:
        return user
    note(SecurityEvent.SIGN_IN_FAILED, user_id=user_id)
    if attempt.is_beyond:
        raise Refused(ProblemCode.TOO_MANY_ATTEMPTS, _TOO_MANY)
    raise Refused(ProblemCode.NOT_ALLOWED, _REFUSED)


async def refresh(database: Database, refresh_token: str, *, now: datetime) -> Tokens:
    """New tokens for a refresh token, which is good once. Used a second time, it ends the whole family of sessions."""
    refusal = Refused(
        ProblemCode.NOT_ALLOWED,
        Sentence("This session has ended. Please sign in again.", "Diese Sitzung ist beendet. Bitte neu anmelden."),
    )
    if not security.has_form(refresh_token, security.REFRESH):
        raise refusal
    async with database.transaction(SYSTEM) as session:
        statement = select(StoredSession).where(col(StoredSession.refresh_hash) == security.token_hash(refresh_token))
        stored = await session.first(statement.with_for_update())
        if stored is None or stored.revoked_at or stored.refresh_expires_at <= now:
            raise refusal
        user = await session.first(select(User).where(col(User.id) == stored.user_id))
        reused = stored.rotated_at is not None
        if reused or user is None or not user.active:
            await _revoke_family(session, stored.family_id, now)
        else:
            stored.rotated_at = now
            stored.access_expires_at = now
            await session.store(stored)
            contact = Contact(stored.last_called_at, stored.in_contact_since)
            return await _new_session(session, user, stored.family_id, now, contact=contact)
    # Raised after the commit: the revocation must stand.
    if reused:
        note(SecurityEvent.REFRESH_TOKEN_REUSED, user_id=stored.user_id, family_id=stored.family_id)
    raise refusal


async def sign_out(session: Session, principal: Principal, *, now: datetime) -> None:
    """Ends the session that the caller used, with everything that was refreshed from it."""
    family = await session.value("select family_id from session where id = :id", {"id": principal.session_id})
    if family is not None:
        await _revoke_family(session, family, now)


async def authenticate(database: Database, token: str, *, now: datetime, called_at: datetime) -> Principal | None:
    """Who a bearer token belongs to, or None. Roles and stations are read anew each time: a change works at once.
    What cannot be a token of ours is not looked up: whoever sends bogus ones must not keep the database busy.

    `now` is the machine's clock, by which sessions live; `called_at` that of the business.
    """
    if security.has_form(token, security.API_KEY):
        return await _client_of(database, token, now)
    if not security.has_form(token, security.ACCESS):
        return None
    async with database.transaction(SYSTEM) as session:
        found = await session.rows(
            "select u.id, u.name, u.role, s.id as session_id, s.last_called_at, s.in_contact_since,"
            " (select coalesce(jsonb_object_agg(here.id, here.time_zone), '{}') from station here"
            " join user_station x on x.station_id = here.id where x.user_id = u.id) as stations"
            " from session s join app_user u on u.id = s.user_id"
            " where s.access_hash = :hash and s.revoked_at is null and s.access_expires_at > :now and u.active",
            {"hash": security.token_hash(token), "now": now},
        )
        if not found:
            return None
        row = found[0]
        since = await _heard(session, row, called_at)
    return replace(_principal(row, Role(row.role), row.session_id), in_contact_since=since)


async def _heard(session: Session, row: Any, called_at: datetime) -> datetime:
    """Since when the device of a session is in contact. Noted once a minute, which keeps reads from writing."""
    last: datetime | None = row.last_called_at
    silent_for = None if last is None else called_at - last
    is_new = silent_for is None or silent_for > SILENCE
    since: datetime = called_at if is_new else row.in_contact_since
    if silent_for is None or silent_for >= timedelta(minutes=1):
        await session.write(
            "update session set last_called_at = :called, in_contact_since = :since where id = :id",
            {"called": called_at, "since": since, "id": row.session_id},
        )
    return since


async def _client_of(database: Database, key: str, now: datetime) -> Principal | None:
    async with database.transaction(SYSTEM) as session:
        found = await session.rows(
            "select id, name, last_used_at,"
            " (select coalesce(jsonb_object_agg(here.id, here.time_zone), '{}') from station here"
            " join client_station x on x.station_id = here.id where x.client_id = c.id) as stations"
            " from api_client c where key_hash = :hash and active",
            {"hash": security.token_hash(key)},
        )
        if not found:
            return None
        row = found[0]
        # Once a minute is often enough to see whether a key is in use, and keeps reads from writing.
        if row.last_used_at is None or row.last_used_at < now - timedelta(minutes=1):
            await session.write("update api_client set last_used_at = :now where id = :id", {"now": now, "id": row.id})
    return _principal(row, Role.WEB)


def _principal(row: Any, role: Role, session_id: UUID | None = None) -> Principal:
    zones = {UUID(station_id): ZoneInfo(time_zone) for station_id, time_zone in row.stations.items()}
    return Principal(row.id, row.name, role, tuple(zones), session_id, zones)


async def open_session(session: Session, user: User, life: timedelta, *, now: datetime) -> Tokens:
    """A session without a sign-in, for a program that acts as this user; its access token lives as long as given."""
    return await _new_session(session, user, uuid4(), now, life=life)


async def _new_session(
    session: Session,
    user: User,
    family_id: UUID,
    now: datetime,
    *,
    life: timedelta = ACCESS_LIFE,
    contact: Contact = NO_CONTACT,
) -> Tokens:
    access, refresh_token = security.new_token(security.ACCESS), security.new_token(security.REFRESH)
    stored = StoredSession(
        family_id=family_id,
        user_id=user.id,
        access_hash=security.token_hash(access),
        refresh_hash=security.token_hash(refresh_token),
        access_expires_at=now + life,
        refresh_expires_at=now + REFRESH_LIFE,
        last_called_at=contact.last_called_at,
        in_contact_since=contact.since,
        created_at=now,
    )
    await session.store(stored)
    here = select(Station).join(UserStation, col(UserStation.station_id) == col(Station.id))
    zones = {one.id: one.zone for one in await session.all(here.where(col(UserStation.user_id) == user.id))}
    principal = Principal(user.id, user.name, user.role, tuple(zones), stored.id, zones)
    return Tokens(access, refresh_token, stored.access_expires_at, principal)


async def _revoke_family(session: Session, family_id: UUID, now: datetime) -> None:
    await session.write(
        "update session set revoked_at = :now where family_id = :family and revoked_at is null",
        {"now": now, "family": family_id},
    )
