"""Bounds of sign-ins: who guesses is slowed down, and cannot keep out who works there."""

from __future__ import annotations

import asyncio
import hashlib
import re
import statistics
import time
from datetime import timedelta

import pytest

from tests.builders.bench import Bench

from .doors import ANNA, BEN, ELSEWHERE, HOME, NOBODY, OFFICE, RIGHT, WRONG, Door

MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)
FAILED, LOCKED, IN = "NOT_ALLOWED", "TOO_MANY_ATTEMPTS", "SIGNED_IN"


@pytest.fixture
def door(bench: Bench) -> Door:
    return Door(bench)


class TestAnAccountAtAnAddress:
    async def test_ten_failures_and_it_has_to_wait_there_alone(self, door: Door) -> None:
        # Given ten wrong passwords from somebody else's address
        await door.staff(ANNA)
        assert [await door.says(ANNA, at=ELSEWHERE) for _ in range(10)] == [FAILED] * 10
        before = await door.stored()

        # When it is tried again there, with the right password too
        refused = [await door.says(ANNA, password, at=ELSEWHERE) for password in (WRONG, RIGHT)]

        # Then it is refused unread and nothing is written; its owner signs in where she works
        assert refused == [LOCKED, LOCKED]
        assert await door.stored() == before
        assert await door.says(ANNA, RIGHT, at=OFFICE) == IN

    @pytest.mark.parametrize(("after", "said"), [(15 * MINUTE - TICK, LOCKED), (15 * MINUTE, FAILED)])
    async def test_a_quarter_of_an_hour_later_there_are_ten_more(self, door: Door, after: timedelta, said: str) -> None:
        await door.fill("pair", 10, age=timedelta())

        assert await door.says(ANNA, after=after) == said

        assert ("pair", 10 if said == LOCKED else 1) in await door.rows()

    async def test_attempts_in_parallel_count_one_by_one(self, door: Door) -> None:
        said = await asyncio.gather(*(door.says(ANNA) for _ in range(24)))

        assert sorted(said) == [FAILED] * 10 + [LOCKED] * 14
        assert await door.rows() == [("account", 10), ("address", 10), ("pair", 10)]

    async def test_a_network_of_ipv6_is_one_address(self, door: Door) -> None:
        # Given somebody with the 2⁶⁴ addresses that every household has
        said = [await door.says(ANNA, at=f"2001:db8:1:2::{number:x}") for number in range(11)]

        # Then they are one, and the neighbour is another
        assert said == [FAILED] * 10 + [LOCKED]
        assert await door.says(ANNA, at="2001:db8:1:3::1") == FAILED


class TestAnAccountEverywhere:
    async def test_beyond_its_bound_every_address_has_two_tries(self, door: Door) -> None:
        # Given an account that was tried a hundred times from many addresses within an hour
        await door.staff(ANNA)
        await door.fill("account", 100, age=59 * MINUTE)

        # When one more address tries it
        said = [await door.says(ANNA, at=ELSEWHERE) for _ in range(2)]
        before = await door.stored()
        said += [await door.says(ANNA, password, at=ELSEWHERE) for password in (WRONG, RIGHT)]

        # Then it has two tries, and the owner signs in at her own, after a slip too
        assert said == [FAILED, FAILED, LOCKED, LOCKED]
        assert await door.stored() == before
        assert [await door.says(ANNA, password, at=HOME) for password in (WRONG, RIGHT)] == [FAILED, IN]

    async def test_up_to_its_bound_an_address_has_ten(self, door: Door) -> None:
        await door.fill("account", 97, age=59 * MINUTE)

        assert [await door.says(ANNA) for _ in range(4)] == [FAILED, FAILED, FAILED, LOCKED]

    async def test_it_ends_after_an_hour(self, door: Door) -> None:
        await door.fill("account", 100, age=60 * MINUTE)

        assert [await door.says(ANNA) for _ in range(3)] == [FAILED] * 3
        assert await door.rows() == [("account", 3), ("address", 3), ("pair", 3)]


class TestAnAddress:
    async def test_its_failures_refuse_no_account_that_has_none_of_its_own(self, door: Door) -> None:
        # Given a dealership with somebody behind its address who has guessed much, and a slip of Ben's
        await door.staff(ANNA, BEN)
        assert await door.says(BEN) == FAILED
        await door.fill("address", 60, at=HOME, age=MINUTE)
        await door.fill("pair", 1, account=BEN, at=HOME, age=MINUTE)
        before = await door.stored()

        # Then Ben waits there, and whoever has not failed there signs in
        assert await door.says(BEN, RIGHT, at=HOME) == LOCKED
        assert await door.stored() == before
        assert await door.says(ANNA, RIGHT, at=HOME) == IN
        assert await door.stored() == before
        assert await door.says(BEN, RIGHT, at=OFFICE) == IN

    async def test_one_before_its_bound_everything_is_as_always(self, door: Door) -> None:
        await door.fill("address", 59, age=MINUTE)
        await door.fill("pair", 1, age=MINUTE)

        assert await door.says(ANNA) == FAILED
        assert await door.rows() == [("account", 1), ("address", 60), ("pair", 2)]

    async def test_beyond_it_nothing_tells_which_accounts_exist(self, door: Door) -> None:
        # Given an address beyond its bound
        await door.staff(ANNA)
        await door.fill("address", 60, age=MINUTE)

        # When it tries an account that there is and one that there is not, again and again
        said = [[await door.says(email) for _ in range(3)] for email in (ANNA, NOBODY)]

        # Then the answers are the same, the unknown one left no row, and the known one is not found by its right password
        assert said == [[LOCKED] * 3] * 2
        assert await door.rows() == [("address", 60), ("beyond", 1)]
        assert await door.says(ANNA, RIGHT) == LOCKED
        # Then neither the rest of the quarter nor another address tells them apart
        later = [[await door.says(email, after=14 * MINUTE) for _ in range(11)] for email in (ANNA, NOBODY)]
        assert later == [[FAILED] * 10 + [LOCKED]] * 2

    async def test_what_it_tries_beyond_its_bound_is_not_counted_elsewhere(self, door: Door) -> None:
        # Given two accounts three before their bound, of which one exists
        await door.staff(ANNA)
        await door.fill("address", 60, age=MINUTE)
        for email in (ANNA, NOBODY):
            await door.fill("account", 97, account=email, age=MINUTE)

        # When they are tried from there
        assert [await door.says(email) for email in (ANNA, NOBODY)] == [LOCKED, LOCKED]

        # Then another address finds both alike
        for email in (ANNA, NOBODY):
            assert [await door.says(email, at=ELSEWHERE) for _ in range(4)] == [FAILED, FAILED, FAILED, LOCKED]

    async def test_beyond_it_every_failure_takes_the_time_of_a_verification(self, door: Door) -> None:
        # Given an account that was tried from there, and others that were not
        await door.staff(ANNA, BEN)
        await door.fill("address", 60, age=MINUTE)
        await door.fill("pair", 1, account=BEN, age=MINUTE)
        await door.says(ANNA)

        # When all are tried in turn (refused: noted beyond the bound; refused: failed before; unknown)
        taken: dict[str, list[float]] = {ANNA: [], BEN: [], NOBODY: []}
        for _ in range(9):
            for email, times in taken.items():
                began = time.perf_counter()
                assert await door.says(email) == LOCKED
                times.append(time.perf_counter() - began)

        # Then none is heard (roughly: this machine has other things to do)
        medians = [statistics.median(times) for times in taken.values()]
        assert max(medians) / min(medians) < 2.5


class TestForgiving:
    async def test_success_takes_back_what_the_pair_has_counted(self, door: Door) -> None:
        # Given three slips of Anna's, one of Ben's at the same address, and two tries of Anna's account from elsewhere
        await door.staff(ANNA, BEN)
        for email, at, times in ((ANNA, OFFICE, 3), (BEN, OFFICE, 1), (ANNA, ELSEWHERE, 2)):
            assert [await door.says(email, at=at) for _ in range(times)] == [FAILED] * times

        # When she signs in
        assert await door.says(f" {ANNA.upper()} ", RIGHT) == IN

        # Then what others have counted stays
        counted = [("account", 1), ("account", 2), ("address", 1), ("address", 2), ("pair", 1), ("pair", 2)]
        assert await door.rows() == counted

    async def test_it_takes_no_more_than_what_is_in_the_window(self, door: Door) -> None:
        # Given failures of Anna's before the windows of the address and the account began, in which others have failed
        await door.staff(ANNA)
        await door.fill("pair", 8, age=14 * MINUTE)
        await door.fill("address", 20, age=MINUTE)
        await door.fill("account", 30, age=2 * MINUTE)

        assert await door.says(ANNA, RIGHT) == IN

        assert await door.rows() == [("account", 30), ("address", 20)]

    async def test_an_address_beyond_its_bound_takes_nothing_back_but_its_note(self, door: Door) -> None:
        await door.staff(ANNA)
        await door.fill("address", 60, age=MINUTE)
        await door.fill("account", 5, age=MINUTE)

        assert await door.says(ANNA, RIGHT) == IN

        assert await door.rows() == [("account", 5), ("address", 60)]


class TestTheTable:
    async def test_old_buckets_go_beside_a_write(self, door: Door) -> None:
        # Given windows that are over, one as an earlier version kept it, and one that is not
        for number in range(20):
            await door.fill("account", 3, account=f"old-{number}@example.com", age=60 * MINUTE)
        await door.fill("account", 4, account=BEN, age=60 * MINUTE - TICK)

        # When somebody fails
        assert await door.says(ANNA) == FAILED

        # Then
        assert await door.rows() == [("account", 1), ("account", 4), ("address", 1), ("pair", 1)]

    async def test_not_more_than_a_few_at_a_time(self, door: Door) -> None:
        # Given more old ones than are looked at beside a write
        for number in range(100):
            await door.fill("account", 3, account=f"old-{number}@example.com", age=60 * MINUTE)

        # When somebody fails: of forty rows, at most three are new
        assert await door.says(ANNA) == FAILED
        left = [row for row in await door.rows() if row == ("account", 3)]

        # Then the others go with the next failures
        assert 60 <= len(left) <= 63
        for number in range(30):
            await door.says(ANNA, at=f"198.51.100.{number}", after=(number % 2) * TICK)
        assert ("account", 3) not in await door.rows()

    async def test_keys_hold_nothing_personal(self, door: Door) -> None:
        # When a known account fails below and beyond the bound of an address
        await door.staff(ANNA)
        await door.says(ANNA)
        await door.fill("address", 60, at=HOME, age=MINUTE)
        await door.says(ANNA, at=HOME)

        # Then keys are kinds and hashes, which nobody can make without the server's key
        keys = [key for key, *_ in await door.stored()]
        assert {key.partition(":")[0] for key in keys} == {"account", "address", "pair", "beyond"}
        guesses = {hashlib.sha256(text.encode()).hexdigest() for text in (ANNA, OFFICE, HOME, f"{ANNA}\n{OFFICE}")}
        for key in keys:
            assert re.fullmatch(r"[a-z]+:[0-9a-f]{64}", key)
            assert key.partition(":")[2] not in guesses
