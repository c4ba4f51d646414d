"""Our engine and graphql-core give the same answers to the same documents, whatever fails on the way."""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import ExecutionResult

from server.edge.costs import core_schema
from server.edge.documents import Documents, Prepared
from server.edge.guard import Limits
from server.errors import CallerError

from .answers import answer_of, same
from .generated import Writer
from .library import create_schema
from .rows import Context, Dice

SCHEMA = create_schema()
NO_LIMITS = Limits(aliases=1000, fragments=1000, directives=1000, depth=100, fields=10_000, cost=10**9)
RATES = {0: 400, 4: 600, 25: 600, 120: 300}
"""How many of a thousand fields fail, and over how many documents that is tried."""


OURS = Documents(SCHEMA, NO_LIMITS, keep=1, level_by_level=True)
CORE = Documents(SCHEMA, NO_LIMITS, keep=1, level_by_level=False)


@dataclass(frozen=True)
class Asked:
    """A valid document with its variables."""

    prepared: Prepared
    variables: dict[str, Any]


async def answered(by: Documents, asked: Asked, context: Context) -> ExecutionResult:
    """What one of the engines says."""
    result = by.execute(asked.prepared, asked.prepared.choose(None), asked.variables, context)
    return result if isinstance(result, ExecutionResult) else await result


async def core_answers(written: list[Asked], contexts: list[Context]) -> list[ExecutionResult]:
    """What graphql-core says. What it has begun and nobody needs any more it leaves lying about, which Python reports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        answers = []
        for number, (one, context) in enumerate(zip(written, contexts, strict=True)):
            answers.append(await answered(CORE, one, context))
            if number % 50 == 0:
                gc.collect()
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        for error in (error for answer in answers for error in answer.errors or ()):
            error.__traceback__ = error.__context__ = error.__cause__ = None
            if error.original_error is not None:
                error.original_error.__traceback__ = None
        gc.collect()
    return answers


def documents(count: int, operation: str, seed: int) -> list[Asked]:
    """So many valid documents."""
    found: list[Asked] = []
    for number in itertools.count():
        written = Writer(core_schema(SCHEMA), random.Random(f"{seed}/{number}")).document(operation)
        try:
            found.append(Asked(OURS.prepare(written.text), written.variables))
        except CallerError:
            continue  # fields that do not go together, or too many of them
        if len(found) == count:
            break
    return found


@pytest.fixture(autouse=True)
def _is_collected_between_documents() -> Iterator[None]:
    """Where nothing else is going on: in the middle of something Python may not even be able to warn."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # graphql-core's, see `core_answers`
@pytest.mark.parametrize("operation", ["query", "mutation"])
@pytest.mark.parametrize("rate", RATES)
async def test_the_same_answers_with_the_same_failures(rate: int, operation: str) -> None:
    # Given
    written = documents(RATES[rate] // (1 if operation == "query" else 4), operation, rate)
    contexts = [(Context(Dice(n, rate)), Context(Dice(n, rate))) for n in range(len(written))]
    # When
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", RuntimeWarning)
        ours = [await answered(OURS, one, context) for one, (context, _) in zip(written, contexts, strict=True)]
        gc.collect()
    core = await core_answers(written, [context for _, context in contexts])
    # Then ours leaves nothing that was begun and not awaited
    assert [str(one.message) for one in heard] == []
    # And
    assert [mine.happened for mine, _ in contexts] == [theirs.happened for _, theirs in contexts]
    alike = sum(same(answer_of(mine), answer_of(theirs)) for mine, theirs in zip(ours, core, strict=True))
    # And that says something: some fields failed, and mostly they were alone in it.
    failed = sum(bool(one.errors) for one in core)
    assert alike > len(written) / 2
    assert failed > len(written) / 4
    assert len(OURS.plans) > 0
