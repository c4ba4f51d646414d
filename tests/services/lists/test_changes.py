"""What has changed since a moment: nothing is missed, nothing comes twice, and nobody sees what is not theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from server.database import SYSTEM, Database, Session
from server.models import Contract, LastChange, Note
from server.models.contract import ContractState
from server.models.staff import Role
from server.security import Principal
from server.services.booking import saga
from server.services.lists.changes import changed_contracts
from server.services.lists.search import ContractFilter
from tests.builders.bench import NOW, Bench, StandingClock
from tests.builders.rentals import book, check_out, request
from tests.builders.rows import Shop, open_shop
from tests.services.lists.following import Follower
from tests.services.samples import at

START = at("2026-09-08 09:00")
DAY = timedelta(days=1)
ADMIN = Principal(uuid4(), "Admin", Role.ADMIN, ())


async def booked(shop: Shop, count: int, **more: Any) -> list[Contract]:
    """So many contracts for the same day."""
    return [await book(shop, START, START + DAY, **more) for _ in range(count)]


def note_on(contract: Contract) -> Note:
    return Note(
        contract_id=contract.id, station_id=contract.station_id, text="Ruft an", author="jemand", created_at=NOW
    )


async def write_on(bench: Bench, *contracts: Contract) -> None:
    """A note on each, in one transaction."""
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.store(*(note_on(one) for one in contracts))


async def changed_at(bench: Bench, contract: Contract) -> datetime:
    (found,) = await bench.all(LastChange, contract_id=contract.id)
    at: datetime = found.updated_at
    return at


@asynccontextmanager
async def a_second_clock(bench: Bench, instant: datetime) -> AsyncIterator[Database]:
    """Another process on the same database, whose clock says something else."""
    made = Database(bench.outside.database._url, StandingClock(instant))
    yield made
    await made.close()


async def test_whoever_has_begun_earlier_and_is_committed_later_is_not_missed(bench: Bench) -> None:
    # Given a change that is written and not committed
    shop = await open_shop(bench, cars=6)
    one, other = await booked(shop, 2)
    follower = Follower(bench, shop.somebody())
    assert await follower.poll() == [one.id, other.id]
    database = bench.outside.database
    async with database.transaction(SYSTEM) as slow:
        await slow.store(note_on(one))
        # When a later one is committed first, and read
        bench.later(minutes=5)
        await write_on(bench, other)
        assert await follower.poll() == [other.id]
    # Then the earlier one comes as the later change that it is to whoever reads
    assert await follower.poll() == [one.id]
    assert await follower.poll() == []


async def test_one_that_is_being_committed_holds_up_the_next_and_not_the_reader(bench: Bench) -> None:
    # Given a transaction that has its time and is about to be committed
    shop = await open_shop(bench, cars=6)
    one, other = await booked(shop, 2)
    follower = Follower(bench, shop.somebody())
    await follower.poll()
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.store(note_on(one))
        await session.write("set constraints all immediate")
        # When another one is committed meanwhile
        behind = asyncio.create_task(write_on(bench, other))
        # Then it waits, and who reads does not
        assert await follower.poll() == []
        await asyncio.wait([behind], timeout=0.2)
        assert not behind.done()
    await behind
    assert await follower.poll() == [one.id, other.id]


async def test_whoever_reads_while_many_write_has_read_the_last_state_of_everything(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=6)
    contracts = await booked(shop, 6)
    follower = Follower(bench, shop.somebody(), first=3)
    known: dict[Any, int] = {}

    async def read() -> None:
        for contract_id in await follower.poll():
            known[contract_id] = len(await bench.all(Note, contract_id=contract_id))

    async def write(number: int) -> None:
        for turn in range(8):
            one, other = contracts[(number + turn) % 6], contracts[(number * turn) % 6]
            async with bench.outside.database.transaction(SYSTEM) as session:
                await session.store(note_on(one))
                await asyncio.sleep(0.001 * (number % 3))
                if other is not one:
                    await session.store(note_on(other))

    # When
    writing = asyncio.gather(*(write(number) for number in range(6)))
    while not writing.done():
        await read()
    await writing
    await read()

    # Then
    assert known == {one.id: len(await bench.all(Note, contract_id=one.id)) for one in contracts}
    times = [one.updated_at for one in follower.read]
    assert times == sorted(set(times))


async def test_pages_lose_and_repeat_nothing_whatever_was_written_together(bench: Bench) -> None:
    # Given five contracts that one transaction has changed
    shop = await open_shop(bench, cars=6)
    contracts = await booked(shop, 5)
    await write_on(bench, *contracts)
    follower = Follower(bench, shop.somebody())
    # When one that was read changes again between two pages, and one that was not
    first = [one.contract_id for one in await follower.page()]
    await write_on(bench, contracts[0], contracts[2])
    rest = await follower.poll()
    # Then
    ids = [one.id for one in contracts]
    assert first == ids[:2]
    assert rest == [ids[3], ids[4], ids[0], ids[2]]


async def test_the_time_is_that_of_the_clock_and_never_goes_back(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=6)
    one, other = await booked(shop, 2)
    minute = timedelta(minutes=1)
    assert NOW <= await changed_at(bench, one) < await changed_at(bench, other) < NOW + minute
    # When a process whose clock is a year ahead writes, then one whose clock is right
    async with a_second_clock(bench, NOW + 365 * DAY) as ahead, ahead.transaction(SYSTEM) as session:
        await session.store(note_on(one))
    await write_on(bench, other)
    # Then
    of_one = await changed_at(bench, one)
    assert NOW + 365 * DAY <= of_one < NOW + 365 * DAY + minute
    assert await changed_at(bench, other) == of_one + timedelta(milliseconds=1)


async def test_what_changes_nothing_is_no_change(bench: Bench) -> None:
    shop = await open_shop(bench, cars=6)
    (contract,) = await booked(shop, 1)
    before = await changed_at(bench, contract)

    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.write(update(Contract).values(version=Contract.version))
    async with bench.outside.database.transaction(SYSTEM) as session:
        await session.store(note_on(contract))
        await session.rollback()

    assert await changed_at(bench, contract) == before


async def test_in_another_isolation_a_change_is_refused(bench: Bench) -> None:
    shop = await open_shop(bench, cars=6)
    (contract,) = await booked(shop, 1)
    before = await changed_at(bench, contract)

    async with Session(bench.outside.database.engines[SYSTEM.caller]) as session:
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        await session.store(note_on(contract))
        with pytest.raises(DBAPIError, match="read what is committed"):
            await session.commit()

    assert (await changed_at(bench, contract), await bench.counts(Note)) == (before, [0])


async def test_a_station_hears_of_its_own_and_of_what_comes_back_to_it_once_the_car_is_out(bench: Bench) -> None:
    # Given
    here, there = await open_shop(bench), await open_shop(bench)
    of_both = Principal(uuid4(), "Of both", Role.CLERK, (here.station.id, there.station.id))
    wish = request(here, START, START + DAY, return_station_id=there.station.id)
    one_way = await bench.contract(await saga.book(bench.outside, of_both, wish))
    (own,) = await booked(there, 1)
    at_here, at_there = Follower(bench, here.somebody()), Follower(bench, there.somebody())
    everywhere = Follower(bench, ADMIN)
    assert (await at_here.poll(), await at_there.poll()) == ([one_way.id], [own.id])
    assert await everywhere.poll() == [one_way.id, own.id]
    # When
    bench.clock.move_to(START)
    await check_out(here, one_way)
    # Then
    assert (await at_here.poll(), await at_there.poll()) == ([one_way.id], [one_way.id])
    assert await everywhere.poll() == [one_way.id]


async def test_a_website_hears_of_its_own_bookings_and_of_no_other(bench: Bench) -> None:
    # Given
    shop = await open_shop(bench, cars=3)
    website, other = await shop.website(), await shop.website()
    (of_clerk,) = await booked(shop, 1)
    mine, of_other = [
        await saga.book(bench.outside, client, request(shop, START, START + DAY)) for client in (website, other)
    ]
    follower = Follower(bench, website)
    assert await follower.poll() == [mine]
    # When
    await write_on(bench, of_clerk, await bench.contract(of_other))
    assert await follower.poll() == []
    await write_on(bench, await bench.contract(mine))
    # Then
    assert await follower.poll() == [mine]


async def test_the_rest_of_the_filter_holds_and_the_count_is_of_what_has_changed(bench: Bench) -> None:
    shop, elsewhere = await open_shop(bench, cars=2), await open_shop(bench)
    one, other = await booked(shop, 2)
    clerk = shop.somebody()

    async def found(since: datetime | None = None, **more: Any) -> tuple[list[Any], int]:
        listing = changed_contracts(ContractFilter(**more), since, clerk, bench.now)
        async with bench.outside.database.snapshot(clerk.scope) as session:
            rows = await listing.rows(session, 9, None)
            return [row.contract_id for row in rows], await listing.count(session)

    assert await found() == ([one.id, other.id], 2)
    assert await found(await changed_at(bench, one)) == ([other.id], 1)
    assert await found(station_id=shop.station.id, states=[ContractState.RESERVED]) == ([one.id, other.id], 2)
    assert await found(station_id=elsewhere.station.id) == ([], 0)
    assert await found(states=[ContractState.BILLED]) == ([], 0)
    assert await found(customer_id=other.customer_id) == ([other.id], 1)
    assert await found(search=one.number) == ([one.id], 1)
