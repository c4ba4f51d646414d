"""An API client has several keys: a new one is in use before the old one ends, and what it has booked stays its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from server.database import ADMINISTRATION
from server.errors import InvalidInput, NotFound
from server.models import ApiClient, ApiKey
from server.services.people import callers, staff
from server.services.people.staff import NewClient
from tests.builders.bench import Bench
from tests.builders.rows import station

NOW = datetime(2026, 9, 7, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Desk:
    """An administrator's, at a standing clock of the machine."""

    bench: Bench
    now: datetime = NOW
    keys: list[str] = field(default_factory=list)

    async def client(self) -> ApiClient:
        here = station()
        await self.bench.put(here)
        async with self.bench.outside.database.transaction(ADMINISTRATION) as session:
            made = await staff.create_client(session, "Shop", [here.id], now=self.now)
        self.keys.append(made.key)
        return made.client

    async def rotate(self, client: ApiClient, overlap_hours: int = 168) -> NewClient:
        async with self.bench.outside.database.transaction(ADMINISTRATION) as session:
            made = await staff.rotate_key(session, client.id, overlap_hours, now=self.now)
        self.keys.append(made.key)
        return made

    async def revoke(self, client: ApiClient) -> None:
        async with self.bench.outside.database.transaction(ADMINISTRATION) as session:
            await staff.revoke_client(session, client.id, now=self.now)

    async def good(self) -> list[bool]:
        """Which of the keys, in the order in which they were made, open the door now."""
        database = self.bench.outside.database
        found = [
            await callers.authenticate(database, key, now=self.now, called_at=self.bench.clock.now())
            for key in self.keys
        ]
        return [one is not None for one in found]

    async def stored(self) -> list[tuple[datetime, datetime | None, datetime | None]]:
        """When each was made, when it ends, when it was used last."""
        rows = await self.bench.all(ApiKey)
        return sorted(((one.created_at, one.expires_at, one.last_used_at) for one in rows), key=str)


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


async def test_old_and_new_are_good_until_the_overlap_is_over(desk: Desk) -> None:
    # Given
    client = await desk.client()
    # When
    desk.now += DAY
    made = await desk.rotate(client, overlap_hours=48)
    # Then
    assert (made.client.id, made.client.key_prefix) == (client.id, made.key[:9])
    assert await desk.good() == [True, True]
    # When it is over, to the second
    desk.now = NOW + 3 * DAY - timedelta(seconds=1)
    assert await desk.good() == [True, True]
    desk.now = NOW + 3 * DAY
    assert await desk.good() == [False, True]


async def test_without_an_overlap_the_old_one_ends_at_once(desk: Desk) -> None:
    client = await desk.client()
    await desk.rotate(client, overlap_hours=0)
    assert await desk.good() == [False, True]


async def test_a_second_rotation_lets_no_key_live_longer(desk: Desk) -> None:
    # Given: a key that ends in an hour
    client = await desk.client()
    await desk.rotate(client, overlap_hours=1)
    # When
    await desk.rotate(client, overlap_hours=48)
    # Then
    assert [end for _, end, _ in await desk.stored()].count(NOW + HOUR) == 1
    desk.now += HOUR
    assert await desk.good() == [False, True, True]


async def test_each_key_tells_when_it_was_used(desk: Desk) -> None:
    client = await desk.client()
    assert await desk.good() == [True]
    desk.now += HOUR
    made = await desk.rotate(client)
    desk.now += HOUR
    # When only the new one is used
    database = desk.bench.outside.database
    who = await callers.authenticate(database, made.key, now=desk.now, called_at=desk.bench.clock.now())
    # Then
    assert who is not None
    assert who.client_id == client.id
    assert [used for *_, used in await desk.stored()] == [NOW, NOW + 2 * HOUR]
    assert [one.last_used_at for one in await desk.bench.all(ApiClient)] == [NOW + 2 * HOUR]


async def test_whoever_is_ended_has_no_good_key(desk: Desk) -> None:
    # Given
    client = await desk.client()
    await desk.rotate(client)
    # When
    await desk.revoke(client)
    # Then
    assert await desk.good() == [False, False]
    assert [end for _, end, _ in await desk.stored()] == [NOW, NOW]
    # And no new one can be made
    with pytest.raises(InvalidInput, match="was ended") as refusal:
        await desk.rotate(client)
    assert refusal.value.field == ["id"]
    assert len(await desk.stored()) == 2


@pytest.mark.parametrize("hours", [-1, 2161])
async def test_an_overlap_has_bounds(desk: Desk, hours: int) -> None:
    client = await desk.client()
    with pytest.raises(InvalidInput) as refusal:
        await desk.rotate(client, overlap_hours=hours)
    assert refusal.value.field == ["overlap_hours"]
    assert [end for _, end, _ in await desk.stored()] == [None]


async def test_five_are_good_at_a_time(desk: Desk) -> None:
    # Given
    client = await desk.client()
    for _ in range(4):
        await desk.rotate(client)
    before = await desk.stored()
    # When, Then
    with pytest.raises(InvalidInput) as refusal:
        await desk.rotate(client)
    assert refusal.value.field == ["overlap_hours"]
    assert await desk.stored() == before
    assert await desk.good() == [True] * 5
    # In need all but the new one end.
    await desk.rotate(client, overlap_hours=0)
    assert await desk.good() == [False] * 5 + [True]


async def test_a_client_that_is_not_there(desk: Desk) -> None:
    async with desk.bench.outside.database.transaction(ADMINISTRATION) as session:
        with pytest.raises(NotFound):
            await staff.rotate_key(session, None, 168, now=NOW)


async def test_keys_that_have_ended_are_deleted_a_month_later(desk: Desk) -> None:
    # Given: one that ended
    client, other = await desk.client(), await desk.client()
    await desk.rotate(client, overlap_hours=0)
    # When another is made a month later, to the second and one after it
    desk.now = NOW + 30 * DAY
    await desk.rotate(other)
    assert len(await desk.stored()) == 4
    desk.now += timedelta(seconds=1)
    await desk.rotate(other)
    # Then
    assert len(await desk.stored()) == 4
    assert [end for _, end, _ in await desk.stored()].count(NOW) == 0
