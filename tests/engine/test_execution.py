"""What our engine does beyond giving the same answers: few calls, one after the other where that is asked for."""

from __future__ import annotations

import pytest
from graphql import ExecutionResult

from server.edge.documents import Documents
from server.edge.guard import Limits

from .library import create_schema
from .rows import BOOKS, Context, Dice

SCHEMA = create_schema()
NOTHING_FAILS = 0
DOCUMENTS = Documents(SCHEMA, Limits(aliases=100))


async def execute(
    text: str, context: Context, documents: Documents = DOCUMENTS, **variables: object
) -> ExecutionResult:
    prepared = documents.prepare(text)
    result = documents.execute(prepared, prepared.choose(None), variables, context)
    return result if isinstance(result, ExecutionResult) else await result


async def test_a_relation_is_one_call_for_all_that_lie_equally_deep() -> None:
    # Given four shelves, of which books are reached in two ways
    context = Context(Dice(1, NOTHING_FAILS))
    text = "{shelves{items{...on Book{shelf{id}}} someItems{...on Book{again:shelf{id}}}}}"
    # When
    result = await execute(text, context)
    # Then both ways are one call, and so are the shelves of all that was found
    assert result.errors is None
    assert context.calls == [("items", 4), ("shelf", 4)]


async def test_what_a_function_asks_for_by_itself_is_found_where_a_relation_has_asked_already() -> None:
    context = Context(Dice(1, NOTHING_FAILS))
    result = await execute("{shelf(number:1){items{...on Book{slow shelf{id}} ...on Film{slow}}}}", context)
    assert result.errors is None
    assert result.data is not None
    assert len(result.data["shelf"]["items"]) == BOOKS
    assert context.calls == [("items", 1), ("shelf", 1)]


async def test_mutations_run_one_after_the_other_in_their_order() -> None:
    context = Context(Dice(1, NOTHING_FAILS))
    text = "mutation{b:lend(number:12){__typename} a:mustLend(number:11){id} c:lend(number:14){__typename}}"
    result = await execute(text, context)
    assert result.data == {
        "b": {"__typename": "Film"},
        "a": {"id": "00000000-0000-0000-0000-00000000000b"},
        "c": {"__typename": "Book"},
    }
    assert context.happened == ["lend 12", "must lend 11", "lend 14"]


async def test_after_one_that_leaves_no_answer_no_other_mutation_begins() -> None:
    # Given: 12 is a film, and no book
    context = Context(Dice(1, NOTHING_FAILS))
    # When
    text = "mutation{a:lend(number:11){__typename} b:mustLend(number:12){id} c:lend(number:14){__typename}}"
    result = await execute(text, context)
    # Then
    assert result.data is None
    assert [error.path for error in result.errors or []] == [["b"]]
    assert context.happened == ["lend 11", "must lend 12"]


@pytest.mark.parametrize(
    "text",
    [
        "{__schema{queryType{name}}}",
        '{__type(name:"Book"){name} shelf(number:1){id}}',
    ],
)
async def test_introspection_is_left_to_graphql_core(text: str) -> None:
    documents = Documents(SCHEMA)
    result = await execute(text, Context(Dice(1, NOTHING_FAILS)), documents)
    assert result.errors is None
    assert len(documents.plans) == 0


async def test_with_the_engine_off_nothing_is_planned() -> None:
    off = Documents(SCHEMA, level_by_level=False)
    text = "{shelf(number:1){items{__typename}}}"
    result = await execute(text, Context(Dice(1, NOTHING_FAILS)), off)
    assert result.errors is None
    assert len(off.plans) == 0


async def test_there_is_a_plan_for_each_combination_of_conditions_and_not_for_other_values() -> None:
    text = "query($n:Int!,$titled:Boolean!){shelf(number:$n){id title @include(if:$titled)}}"
    documents = Documents(SCHEMA)
    for number, given in ((1, True), (2, True), (3, False), (3, True)):
        result = await execute(text, Context(Dice(1, NOTHING_FAILS)), documents, n=number, titled=given)
        assert result.data is not None
        assert ("title" in result.data["shelf"]) is given
    assert len(documents.plans) == 2


async def test_a_selection_of_which_nothing_is_left_is_an_empty_object() -> None:
    result = await execute("{shelves(first:2){id @skip(if:true)}}", Context(Dice(1, NOTHING_FAILS)))
    assert (result.data, result.errors) == ({"shelves": [{}, {}]}, None)


async def test_variables_that_do_not_fit_end_it_before_anything_is_asked() -> None:
    context = Context(Dice(1, NOTHING_FAILS))
    result = await execute("mutation($n:Int!){lend(number:$n){__typename}}", context, n="x")
    assert result.data is None
    assert len(result.errors or []) == 1
    assert context.happened == []
