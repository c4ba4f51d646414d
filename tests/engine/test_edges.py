"""Where an engine of one's own is easily wrong: conditions that are null, plans of other values, errors that nobody is
told, cancelled operations.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import strawberry
from graphql import ExecutionResult

from server.database.outage import OUTAGE
from server.edge.answers import About, HttpRefusal, execution_payload
from server.edge.documents import Documents
from server.engine.engine import Answered, Plans
from server.engine.relation import Relation
from server.errors import CallerError, CallerErrorCode
from server.loaders import Loaders

from .answers import answer_of
from .library import create_schema
from .rows import Context, Dice

LIBRARY = create_schema()


async def said(documents: Documents, text: str, context: Any, name: str | None = None, **given: Any) -> ExecutionResult:
    prepared = documents.prepare(text)
    result = documents.execute(prepared, prepared.choose(name), given, context)
    return result if isinstance(result, ExecutionResult) else await result


@pytest.mark.parametrize(
    "text",
    [
        "query($t:Boolean=true){shelf(number:1){id @include(if:$t)}}",
        "mutation($t:Boolean=true){lend(number:11){__typename ...on Book{id @skip(if:$t)}}}",
    ],
)
async def test_a_null_behind_a_condition_is_the_callers_error_as_graphql_core_tells_it(text: str) -> None:
    ours, core = Context(Dice(1, 0)), Context(Dice(1, 0))
    mine = await said(Documents(LIBRARY), text, ours, t=None)
    theirs = await said(Documents(LIBRARY, level_by_level=False), text, core, t=None)
    assert answer_of(mine) == answer_of(theirs)
    assert mine.errors
    assert ours.happened == core.happened


async def test_a_plan_does_not_depend_on_values_that_are_no_conditions() -> None:
    # Given a document of two operations, with a variable of the same name that is a condition in one of them
    documents = Documents(LIBRARY)
    text = """query A($x:Boolean!){shelf(number:1){id @skip(if:$x)}}
      query B($x:String){item(number:11){...on Book{doubled(suffix:$x)}}}"""
    # When the other one is asked with many values
    for number in range(5):
        result = await said(documents, text, Context(Dice(1, 0)), "B", x=f"customer {number}")
        assert result.data == {"item": {"doubled": f"22customer {number}"}}
    # Then there is one plan, and it keeps none of them
    assert len(documents.plans) == 1
    assert "customer" not in repr(list(documents.plans._kept))


async def test_plans_are_kept_up_to_a_number_of_fields_and_the_last_used_stay() -> None:
    plans = Plans(most_fields=6)
    documents = Documents(LIBRARY)
    documents.plans = plans
    for number, fields in enumerate(("id", "title", "id title", "id")):
        await said(documents, "{shelf(number:1){" + fields + "}}", Context(Dice(1, 0)))
        assert plans._fields <= 6, number
    # two fields each, then three: the oldest is gone, and the one that was asked for again is there
    assert len(plans) == 2


def _refuse(text: str) -> CallerError:
    return CallerError(CallerErrorCode.FORBIDDEN, text)


async def _fails(_session: object, keys: Sequence[int]) -> list[Any]:
    raise ValueError("canary in a batch")


async def _away(_session: object, keys: Sequence[int]) -> list[Any]:
    raise psycopg.OperationalError("server closed the connection unexpectedly")


async def _never(session: Context, _keys: Sequence[int]) -> list[Any]:
    session.happened.append("a batch has begun")
    await asyncio.Event().wait()
    return []


def _number(root: Any) -> int:
    return 1


@strawberry.type
class Deep:
    """Fails where its parent is null anyhow."""

    failing: Any = strawberry.field(resolver=_number, graphql_type=str, extensions=[Relation(_fails, None)])
    away: Any = strawberry.field(resolver=_number, graphql_type=str, extensions=[Relation(_away, None)])
    never: Any = strawberry.field(resolver=_number, graphql_type=str, extensions=[Relation(_never, None)])

    @strawberry.field
    async def later(self) -> str:
        return "never begun"


@strawberry.type
class Top:
    """Has a field that is refused."""

    @strawberry.field
    def refused(self) -> str:
        raise _refuse("not yours")

    @strawberry.field
    async def refused_later(self) -> str:
        await asyncio.sleep(0)
        raise _refuse("not yours")

    @strawberry.field
    def deep(self) -> Deep | None:
        return Deep()

    @strawberry.field
    def lines(self) -> list[str] | None:
        def each() -> Any:
            yield "one"
            raise RuntimeError("canary in a generator")

        return each()

    @strawberry.field
    async def for_ever(self) -> str:
        await asyncio.Event().wait()
        return ""


@strawberry.type
class Query:
    """One object."""

    @strawberry.field
    async def top(self) -> Top | None:
        return Top()

    @strawberry.field
    def attributes(self) -> Attributes:
        async def later() -> str:
            await asyncio.sleep(0)
            return "awaited"

        return SimpleNamespace(late=later(), plain="plain")  # type: ignore[return-value]  # its attributes are shown


@strawberry.type
class Attributes:
    """Plain ones, of which one has to be awaited."""

    late: str
    plain: str


SCHEMA = strawberry.Schema(Query)


async def test_what_nobody_is_told_of_is_logged(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a refusal that makes null what a fault of ours would make null, too
    result = await said(Documents(SCHEMA), "{top{refusedLater deep{failing}}}", Context(Dice(1, 0)))
    # When
    payload = execution_payload(result, About())
    # Then the caller is told of the refusal alone, and the log of the fault
    assert payload["data"] == {"top": None}
    assert [error["message"] for error in payload["errors"]] == ["not yours"]
    assert "builtins.ValueError" in capsys.readouterr().out + caplog.text
    assert isinstance(result, Answered)
    assert len(result.untold) == 1


async def test_a_database_that_is_away_is_a_503_wherever_it_was_met() -> None:
    result = await said(Documents(SCHEMA), "{top{refusedLater deep{away}}}", Context(Dice(1, 0)))
    with pytest.raises(HttpRefusal) as refused:
        execution_payload(result, About())
    OUTAGE.over()
    assert refused.value.status == 503


async def test_a_list_that_fails_on_the_way_is_an_error_at_its_field() -> None:
    result = await said(Documents(SCHEMA), "{top{lines}}", Context(Dice(1, 0)))
    assert result.data == {"top": {"lines": None}}
    assert [error.path for error in result.errors or []] == [["top", "lines"]]


async def test_an_attribute_that_has_to_be_awaited_is() -> None:
    result = await said(Documents(SCHEMA), "{attributes{late plain}}", Context(Dice(1, 0)))
    assert (result.data, result.errors) == ({"attributes": {"late": "awaited", "plain": "plain"}}, None)


async def test_what_a_batch_could_not_find_is_an_error_for_each_who_asks() -> None:
    async def one_of_three(_session: object, keys: Sequence[int]) -> list[Any]:
        return [ValueError("bad") if key == 2 else key * 10 for key in keys]

    loaders = Loaders(None)  # type: ignore[arg-type]  # needs no session
    for _ in range(2):
        with pytest.raises(ValueError, match="bad"):
            await loaders.load(one_of_three, 2)
        assert await loaders.load(one_of_three, 3) == 30
    found = await loaders.load_all(one_of_three, [1, 2, 3])
    assert (found[1], str(found[2]), found[3]) == (10, "bad", 30)


async def test_an_answer_that_does_not_fit_its_keys_is_no_answer_to_any() -> None:
    async def too_few(_session: object, keys: Sequence[int]) -> list[Any]:
        return [key * 10 for key in keys[1:]]

    loaders = Loaders(None)  # type: ignore[arg-type]  # needs no session
    found = await loaders.load_all(too_few, [1, 2, 3])
    assert {type(value) for value in found.values()} == {ValueError}


async def test_cancelled_in_a_batch_it_leaves_nothing_behind() -> None:
    # Given a wave with a relation that never arrives, and a function that would wait after it
    context = Context(Dice(1, 0))
    tasks = asyncio.all_tasks()
    running = asyncio.create_task(said(Documents(SCHEMA), "{top{deep{never later}}}", context))
    for _ in range(20):
        await asyncio.sleep(0)
    assert context.happened == ["a batch has begun"]
    # When
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    # Then no task is left; a coroutine that was never awaited would fail the test by its warning
    assert asyncio.all_tasks() == tasks


async def test_cancelled_with_several_functions_waiting_it_ends_them() -> None:
    tasks = asyncio.all_tasks()
    running = asyncio.create_task(said(Documents(SCHEMA), "{top{forEver again:forEver}}", Context(Dice(1, 0))))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert asyncio.all_tasks() == tasks
