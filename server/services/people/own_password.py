"""Somebody changes the own password: who knows the old one may, as often as one may try to sign in."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from server import security
from server.database import SYSTEM
from server.errors import InvalidInput, ProblemCode, Refused, Sentence
from server.models import User
from server.security import Principal
from server.security_events import SecurityEvent, note
from server.services.outside import Outside
from server.services.people import sign_in_limits, staff
from server.services.people.sessions import TOO_MANY_FAILURES
from server.services.people.sign_in_limits import Attempt

_WRONG = Sentence("The current password is wrong.", "Das bisherige Passwort ist falsch.")
_THE_SAME = Sentence("The new password is the current one.", "Das neue Passwort ist das bisherige.")


async def change(
    outside: Outside, principal: Principal, current: str, new: str, *, address: str, now: datetime
) -> None:
    """Sets the new password and ends every other session of the user; the one that asks goes on.

    Wrong passwords count like failed sign-ins of the user at `address`, so a session that was left open is no way to
    guess. InvalidInput names the field, Refused says that the current password is wrong or was tried too often.
    """
    staff.require_fit_password(new, ("new",))
    async with outside.database.transaction(SYSTEM) as session:
        (user,) = await session.all(select(User).where(col(User.id) == principal.id))
        tried = sign_in_limits.keys_of(outside.sealer, user.email_key, address)
        attempt = await sign_in_limits.count(session, tried, is_known=True, now=now)
    await _check(user, current, attempt)
    if security.prepared(new) == security.prepared(current):
        raise InvalidInput(_THE_SAME, field=["new"])
    hashed = await security.hash_password(new)
    async with outside.database.transaction(SYSTEM) as session:
        await sign_in_limits.forgive(session, attempt)
        # Two at once: the second one's current password is none any more.
        changed = await session.write(
            "update app_user set password_hash = :hashed where id = :id and password_hash = :before",
            {"hashed": hashed, "id": user.id, "before": user.password_hash},
        )
        if not changed:
            raise Refused(ProblemCode.NOT_ALLOWED, _WRONG, field=["current"])
        await session.write(
            "update session set revoked_at = :now where user_id = :id and revoked_at is null and family_id"
            " is distinct from (select family_id from session where id = :own)",
            {"now": now, "id": user.id, "own": principal.session_id},
        )
        session.once_committed(lambda: note(SecurityEvent.PASSWORD_CHANGED, user_id=user.id, by=user.id))


async def _check(user: User, password: str, attempt: Attempt) -> None:
    if attempt.refused_by is not None:
        note(SecurityEvent.SIGN_IN_LOCKED_OUT, bound=attempt.refused_by, user_id=user.id)
        raise Refused(ProblemCode.TOO_MANY_ATTEMPTS, TOO_MANY_FAILURES)
    if not await security.verify_password(password, user.password_hash):
        note(SecurityEvent.SIGN_IN_FAILED, user_id=user.id)
        raise Refused(ProblemCode.NOT_ALLOWED, _WRONG, field=["current"])
