"""Somebody changes the own password: the session that asks goes on, all others end, and guessing is bounded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from server.errors import InvalidInput, Refused
from server.models import Session, User
from server.security import Principal
from server.services.people import callers, own_password, sessions
from server.services.people.sessions import Tokens
from tests.access.doors import ANNA, BEN, ELSEWHERE, HOME, NOW, OFFICE, RIGHT, WRONG, Door
from tests.builders.bench import Bench

NEW = "another-good-password"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def door(bench: Bench) -> Door:
    return Door(bench)


async def signed_in(door: Door, email: str = ANNA) -> Tokens:
    return await sessions.sign_in(door.bench.outside, email, RIGHT, address=HOME, now=NOW)


async def principal(door: Door, tokens: Tokens) -> Principal | None:
    outside = door.bench.outside
    return await callers.authenticate(outside.database, tokens.access_token, now=NOW, called_at=outside.clock.now())


async def change(door: Door, tokens: Tokens, current: str, new: str = NEW, *, address: str = HOME) -> None:
    await own_password.change(door.bench.outside, tokens.principal, current, new, address=address, now=NOW)


async def kept(door: Door) -> tuple[list[str], list[Any]]:
    """Password hashes, and which sessions have ended: what a refusal must not change."""
    users, stored = await door.bench.all(User), await door.bench.all(Session)
    return [one.password_hash for one in users], [one.revoked_at for one in stored]


async def test_the_other_sessions_end_and_this_one_goes_on(door: Door) -> None:
    # Given somebody with three sessions, and somebody else with one
    await door.staff(ANNA, BEN)
    mine, tablet, home = [await signed_in(door) for _ in range(3)]
    others = await signed_in(door, BEN)
    # When
    with capture_logs() as logged:
        await change(door, mine, RIGHT)
    # Then
    found = [await principal(door, one) is not None for one in (mine, tablet, home, others)]
    assert found == [True, False, False, True]
    assert await door.says(ANNA, RIGHT, at=ELSEWHERE) == "NOT_ALLOWED"
    assert await door.says(ANNA, NEW, at=ELSEWHERE) == "SIGNED_IN"
    assert await door.says(BEN, RIGHT, at=ELSEWHERE) == "SIGNED_IN"
    # Then it is told by ids, and this session can be refreshed
    by = str(mine.principal.id)
    events = [{"event": "security.password_changed", "user_id": by, "by": by, "log_level": "warning"}]
    assert logged == events
    await sessions.refresh(door.bench.outside, mine.refresh_token, now=NOW)
    with pytest.raises(Refused):
        await sessions.refresh(door.bench.outside, tablet.refresh_token, now=NOW)


async def test_a_wrong_current_password(door: Door) -> None:
    # Given
    (anna,) = await door.staff(ANNA)
    mine, _tablet = await signed_in(door), await signed_in(door)
    before = await kept(door)
    # When
    with capture_logs() as logged, pytest.raises(Refused) as refusal:
        await change(door, mine, WRONG)
    # Then
    assert (refusal.value.code, refusal.value.field) == ("NOT_ALLOWED", ["current"])
    assert await kept(door) == before
    assert logged == [{"event": "security.sign_in_failed", "user_id": str(anna.id), "log_level": "warning"}]


async def test_guessing_is_bounded_as_at_the_sign_in(door: Door) -> None:
    # Given ten wrong ones at one address
    await door.staff(ANNA)
    mine = await signed_in(door)
    for _ in range(10):
        with pytest.raises(Refused):
            await change(door, mine, WRONG)
    before = await kept(door)
    # When the right one comes there
    with pytest.raises(Refused) as refusal:
        await change(door, mine, RIGHT)
    # Then
    assert (refusal.value.code, refusal.value.field) == ("TOO_MANY_ATTEMPTS", None)
    assert await kept(door) == before
    # Then signing in there waits, too, and elsewhere both work
    assert await door.says(ANNA, RIGHT, at=HOME) == "TOO_MANY_ATTEMPTS"
    await change(door, mine, RIGHT, address=OFFICE)
    assert await door.says(ANNA, NEW, at=ELSEWHERE) == "SIGNED_IN"


async def test_the_right_one_takes_back_what_was_counted(door: Door) -> None:
    await door.staff(ANNA)
    mine = await signed_in(door)
    with pytest.raises(Refused):
        await change(door, mine, WRONG)
    await change(door, mine, RIGHT)
    assert [failures for _kind, failures in await door.rows() if failures] == []


@pytest.mark.parametrize(
    ("new", "words"), [("short", "10 to 128"), ("x" * 129, "10 to 128"), (RIGHT, "is the current")]
)
async def test_a_new_password_that_nobody_may_have(door: Door, new: str, words: str) -> None:
    # Given
    await door.staff(ANNA)
    mine, _tablet = await signed_in(door), await signed_in(door)
    before = await kept(door)
    # When
    with pytest.raises(InvalidInput, match=words) as refusal:
        await change(door, mine, RIGHT, new)
    # Then
    assert refusal.value.field == ["new"]
    assert await kept(door) == before
