"""Work that PostgreSQL ended in favour of somebody else is done again, a few times; everything else is heard at once."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from server.database.conflicts import TRIES, tried_again


def ended_by(kind: type[psycopg.Error]) -> DBAPIError:
    return OperationalError("update contract", {}, kind())


async def done(failures: list[Exception]) -> int:
    """How often work is done that fails like this, one failure after the other, and then comes to its end."""
    calls = 0

    @tried_again
    async def work() -> int:
        nonlocal calls
        calls += 1
        if failures:
            raise failures.pop(0)
        return calls

    return await work()


@pytest.mark.parametrize("kind", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
async def test_it_comes_to_its_end(kind: type[psycopg.Error]) -> None:
    failures: list[Exception] = [ended_by(kind) for _ in range(TRIES - 1)]
    assert await done(failures) == TRIES


async def test_a_few_times_and_no_more() -> None:
    failures: list[Exception] = [ended_by(psycopg.errors.DeadlockDetected) for _ in range(TRIES + 2)]
    with pytest.raises(OperationalError):
        await done(failures)
    assert len(failures) == 2


@pytest.mark.parametrize("other", [ended_by(psycopg.errors.ExclusionViolation), ValueError("wrong")])
async def test_other_failures_are_heard_at_once(other: Exception) -> None:
    failures = [other, ValueError("not reached")]
    with pytest.raises(type(other)):
        await done(failures)
    assert len(failures) == 1
