"""When the answer to a renewal of a session is lost: asked again within a minute, it is the same one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from server.database import SYSTEM
from server.errors import Refused
from server.models import Session, User
from server.services.people import callers, sessions
from server.services.people.devices import DeviceReport
from server.services.people.sessions import Tokens
from tests.builders.bench import Bench

from .doors import ANNA, HOME, NOW, RIGHT, Door

SECOND = timedelta(seconds=1)
TABLET = UUID("33333333-3333-4333-8333-333333333333")


@pytest.fixture
def door(bench: Bench) -> Door:
    return Door(bench)


async def signed_in(door: Door, device: DeviceReport | None = None) -> tuple[User, Tokens]:
    (anna,) = await door.staff(ANNA)
    return anna, await sessions.sign_in(door.bench.outside, ANNA, RIGHT, address=HOME, now=NOW, device=device)


async def renewed(door: Door, token: str, after: timedelta, device_id: UUID | None = None) -> Tokens | str:
    """The tokens, or the code of the refusal."""
    try:
        return await sessions.refresh(door.bench.outside, token, now=NOW + after, device_id=device_id)
    except Refused as refusal:
        return refusal.code.value


async def good(door: Door, tokens: Tokens, after: timedelta) -> bool:
    now = NOW + after
    database = door.bench.outside.database
    return await callers.authenticate(database, tokens.access_token, now=now, called_at=now) is not None


@pytest.mark.parametrize("after", [timedelta(), 59 * SECOND, 60 * SECOND])
async def test_within_a_minute_the_answer_is_the_same(door: Door, after: timedelta) -> None:
    # Given an answer that was lost ten seconds after the sign-in
    anna, tokens = await signed_in(door)
    lost = await renewed(door, tokens.refresh_token, 10 * SECOND)
    assert isinstance(lost, Tokens)

    # When it is asked for again
    again = await renewed(door, tokens.refresh_token, 10 * SECOND + after)

    # Then it is the same in every part, the session is good and can be renewed
    assert again == lost
    assert lost.expires_at == NOW + 10 * SECOND + timedelta(hours=1)
    assert lost.principal.id == anna.id
    assert await good(door, lost, 100 * SECOND)
    assert isinstance(await renewed(door, lost.refresh_token, 100 * SECOND), Tokens)
    assert len(await door.bench.all(Session)) == 3


async def test_after_a_minute_the_family_ends(door: Door) -> None:
    # Given
    _, tokens = await signed_in(door)
    following = await renewed(door, tokens.refresh_token, timedelta())
    assert isinstance(following, Tokens)
    # When
    answer = await renewed(door, tokens.refresh_token, 61 * SECOND)
    # Then
    assert answer == "NOT_ALLOWED"
    assert not await good(door, following, 61 * SECOND)
    assert await renewed(door, following.refresh_token, 61 * SECOND) == "NOT_ALLOWED"


async def test_once_its_successor_was_used_nothing_was_lost(door: Door) -> None:
    # Given a renewal whose answer arrived: its refresh token was used, all within the minute
    _, tokens = await signed_in(door)
    second = await renewed(door, tokens.refresh_token, timedelta())
    assert isinstance(second, Tokens)
    third = await renewed(door, second.refresh_token, 5 * SECOND)
    assert isinstance(third, Tokens)
    # When somebody comes with the first one
    answer = await renewed(door, tokens.refresh_token, 10 * SECOND)
    # Then it is not the one who lost an answer, and all of the family ends
    assert answer == "NOT_ALLOWED"
    assert not await good(door, third, 10 * SECOND)


async def test_the_access_token_may_be_in_use_already(door: Door) -> None:
    # Given two threads of one device, of which one was quicker
    _, tokens = await signed_in(door)
    quicker = await renewed(door, tokens.refresh_token, timedelta())
    assert isinstance(quicker, Tokens)
    assert await good(door, quicker, SECOND)
    # When, Then
    assert await renewed(door, tokens.refresh_token, 2 * SECOND) == quicker


async def test_two_at_once_get_the_same_pair(door: Door) -> None:
    # Given
    _, tokens = await signed_in(door)
    # When five come at once
    answers = await asyncio.gather(*(renewed(door, tokens.refresh_token, SECOND) for _ in range(5)))
    # Then
    assert isinstance(answers[0], Tokens)
    assert answers == [answers[0]] * 5
    assert len(await door.bench.all(Session)) == 2
    assert await good(door, answers[0], 2 * SECOND)


async def test_what_is_stored_opens_no_door(door: Door) -> None:
    # Given
    _, tokens = await signed_in(door)
    following = await renewed(door, tokens.refresh_token, timedelta())
    assert isinstance(following, Tokens)
    # When
    stored = str([one.model_dump() for one in await door.bench.all(Session)])
    # Then neither the pair nor what it was made from can be read there
    secrets = (tokens.refresh_token, following.access_token, following.refresh_token)
    assert [one for one in secrets if one in stored] == []
    assert len({*secrets, tokens.access_token}) == 4


async def test_a_session_that_was_ended_is_not_told_again(door: Door) -> None:
    # Given
    _, tokens = await signed_in(door)
    await renewed(door, tokens.refresh_token, timedelta())
    async with door.bench.outside.database.transaction(SYSTEM) as session:
        await session.write("update session set revoked_at = :now", {"now": NOW})
    # When, Then
    assert await renewed(door, tokens.refresh_token, SECOND) == "NOT_ALLOWED"


class TestFromAnotherDevice:
    async def test_it_ends_the_family(self, door: Door) -> None:
        # Given
        _, tokens = await signed_in(door, DeviceReport(TABLET, "Tablet Hof 1", "0.2.0"))
        # When
        answer = await renewed(door, tokens.refresh_token, SECOND, device_id=uuid4())
        # Then
        assert answer == "NOT_ALLOWED"
        assert not await good(door, tokens, SECOND)

    @pytest.mark.parametrize("told", [TABLET, None])
    async def test_the_device_itself_or_one_that_does_not_say_goes_on(self, door: Door, told: UUID | None) -> None:
        # Given
        _, tokens = await signed_in(door, DeviceReport(TABLET, "Tablet Hof 1"))
        # When
        answer = await renewed(door, tokens.refresh_token, SECOND, device_id=told)
        # Then all sessions of the family belong to the device
        assert isinstance(answer, Tokens)
        assert [one.device_id for one in await door.bench.all(Session)] == [TABLET, TABLET]
