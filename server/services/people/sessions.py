"""Sessions: signing in, refreshing, signing out. They live by the machine's own clock, never by the sandbox's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlmodel import col, select

from server import security
from server.database import SYSTEM, Session
from server.errors import ProblemCode, Refused, Sentence
from server.models import Session as StoredSession
from server.models import Station, User, UserStation
from server.models.customer import email_key
from server.security import Principal, Sealer
from server.security_events import SecurityEvent, note
from server.services.outside import Outside
from server.services.people import devices, sign_in_limits
from server.services.people.devices import DeviceReport
from server.services.people.sign_in_limits import Attempt

ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=30)
REPEATED_WITHIN = timedelta(seconds=60)
"""How long after its first use a refresh token is answered once more, and with the same pair: an answer may be lost."""
_REFUSED = Sentence("E-mail or password is wrong.", "E-Mail-Adresse oder Passwort ist falsch.")
TOO_MANY_FAILURES = Sentence(
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


class Line(NamedTuple):
    """What a session hands on to the one that is refreshed from it: all of a family are on one device.

    When the device was heard of last, and since when without a longer break, is told by the business's clock.
    """

    family_id: UUID
    device_id: UUID | None = None
    last_called_at: datetime | None = None
    in_contact_since: datetime | None = None


class Pair(NamedTuple):
    """An access token and the refresh token that goes with it."""

    access: str
    refresh: str


async def sign_in(
    outside: Outside, email: str, password: str, *, address: str, now: datetime, device: DeviceReport | None = None
) -> Tokens:
    """Checks e-mail and password. The same answer, after the same time, for an unknown address and a wrong password.

    `address` is the caller's network address. How often may be tried: `sign_in_limits`. DeviceRevoked, to who knows the
    password only, if the device was shut out.
    """
    account, reported = email_key(email), device.checked() if device else None
    async with outside.database.transaction(SYSTEM) as session:
        user = await session.first(select(User).where(col(User.email_key) == account))
        tried = sign_in_limits.keys_of(outside.sealer, account, address)
        attempt = await sign_in_limits.count(session, tried, is_known=user is not None, now=now)
    user = await _check(user, password, attempt)
    async with outside.database.transaction(SYSTEM) as session:
        await sign_in_limits.forgive(session, attempt)
        await session.write("update app_user set last_sign_in_at = :now where id = :id", {"now": now, "id": user.id})
        device_id = await devices.sign_in_on(session, reported, user.id, now=now) if reported else None
        return await _new_session(session, user, Line(uuid4(), device_id), _random_pair(), now)


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
        raise Refused(ProblemCode.TOO_MANY_ATTEMPTS, TOO_MANY_FAILURES)
    fits = await security.verify_password(password, user.password_hash if user else None)
    if user is not None and fits and user.active:
        return user
    note(SecurityEvent.SIGN_IN_FAILED, user_id=user_id)
    if attempt.is_beyond:
        raise Refused(ProblemCode.TOO_MANY_ATTEMPTS, TOO_MANY_FAILURES)
    raise Refused(ProblemCode.NOT_ALLOWED, _REFUSED)


async def refresh(outside: Outside, refresh_token: str, *, now: datetime, device_id: UUID | None = None) -> Tokens:
    """New tokens for a refresh token. It is good once, and for a minute more for the same answer, which may have been
    lost on its way; used after that, or after its successor was, it ends the whole family of sessions.

    With `device_id` the token has to be that device's. DeviceRevoked if it was shut out.
    """
    if not security.has_form(refresh_token, security.REFRESH):
        raise _ended()
    async with outside.database.transaction(SYSTEM) as session:
        statement = select(StoredSession).where(col(StoredSession.refresh_hash) == security.token_hash(refresh_token))
        # Locked: of two at once the second finds what the first has made of it.
        stored = await session.first(statement.with_for_update())
        if stored is None:
            raise _ended()
        await devices.require_active(session, stored.device_id)
        if stored.revoked_at or stored.refresh_expires_at <= now:
            raise _ended()
        user = await session.first(select(User).where(col(User.id) == stored.user_id))
        elsewhere = device_id is not None and stored.device_id not in {None, device_id}
        if user is not None and user.active and not elsewhere:
            tokens = await _succeed(session, user, stored, _pair_after(outside.sealer, refresh_token), now)
            if tokens is not None:
                return tokens
        await _revoke_family(session, stored.family_id, now)
    # Raised after the commit: the revocation must stand.
    if elsewhere or stored.rotated_at is not None:
        event = SecurityEvent.REFRESHED_ELSEWHERE if elsewhere else SecurityEvent.REFRESH_TOKEN_REUSED
        note(event, user_id=stored.user_id, family_id=stored.family_id)
    raise _ended()


def _ended() -> Refused:
    return Refused(
        ProblemCode.NOT_ALLOWED,
        Sentence("This session has ended. Please sign in again.", "Diese Sitzung ist beendet. Bitte neu anmelden."),
    )


async def _succeed(session: Session, user: User, stored: StoredSession, pair: Pair, now: datetime) -> Tokens | None:
    """The session after this one, made now or up to a minute ago; None if there is none that may be told (again)."""
    if stored.rotated_at is None:
        stored.rotated_at = now
        stored.access_expires_at = now
        await session.store(stored)
        await devices.seen(session, stored.device_id, now=now)
        line = Line(stored.family_id, stored.device_id, stored.last_called_at, stored.in_contact_since)
        return await _new_session(session, user, line, pair, now)
    if now > stored.rotated_at + REPEATED_WITHIN:
        return None
    # Whoever has used the next refresh token has got the answer: it is not lost, so this is somebody else.
    statement = select(StoredSession).where(
        col(StoredSession.refresh_hash) == security.token_hash(pair.refresh), col(StoredSession.rotated_at).is_(None)
    )
    following = await session.first(statement)
    return None if following is None else await _tokens(session, user, following, pair)


def _pair_after(sealer: Sealer, refresh_token: str) -> Pair:
    """The pair that follows a refresh token. It is derived, so that it can be told again and is stored nowhere."""
    return Pair(
        sealer.token(security.ACCESS, "access token after", refresh_token),
        sealer.token(security.REFRESH, "refresh token after", refresh_token),
    )


def _random_pair() -> Pair:
    return Pair(security.new_token(security.ACCESS), security.new_token(security.REFRESH))


async def sign_out(session: Session, principal: Principal, *, now: datetime) -> None:
    """Ends the session that the caller used, with everything that was refreshed from it."""
    family = await session.value("select family_id from session where id = :id", {"id": principal.session_id})
    if family is not None:
        await _revoke_family(session, family, now)


async def open_session(session: Session, user: User, life: timedelta, *, now: datetime) -> Tokens:
    """A session without a sign-in, for a program that acts as this user; its access token lives as long as given."""
    return await _new_session(session, user, Line(uuid4()), _random_pair(), now, life=life)


async def _new_session(
    session: Session, user: User, line: Line, pair: Pair, now: datetime, *, life: timedelta = ACCESS_LIFE
) -> Tokens:
    stored = StoredSession(
        user_id=user.id,
        access_hash=security.token_hash(pair.access),
        refresh_hash=security.token_hash(pair.refresh),
        access_expires_at=now + life,
        refresh_expires_at=now + REFRESH_LIFE,
        created_at=now,
        **line._asdict(),
    )
    await session.store(stored)
    return await _tokens(session, user, stored, pair)


async def _tokens(session: Session, user: User, stored: StoredSession, pair: Pair) -> Tokens:
    here = select(Station).join(UserStation, col(UserStation.station_id) == col(Station.id))
    zones = {one.id: one.zone for one in await session.all(here.where(col(UserStation.user_id) == user.id))}
    principal = Principal(user.id, user.name, user.role, tuple(zones), stored.id, zones)
    return Tokens(pair.access, pair.refresh, stored.access_expires_at, principal)


async def _revoke_family(session: Session, family_id: UUID, now: datetime) -> None:
    await session.write(
        "update session set revoked_at = :now where family_id = :family and revoked_at is null",
        {"now": now, "family": family_id},
    )


async def forget_ended(session: Session, *, now: datetime, most: int) -> int:
    """Deletes sessions that cannot be refreshed any more by the machine's clock, so many at most; returns how many."""
    return await session.write(
        "delete from session where id in (select id from session where refresh_expires_at < :now"
        " and access_expires_at < :now order by refresh_expires_at limit :most for update skip locked)",
        {"now": now, "most": most},
    )
