"""A field that can come as JSON text does, where all that is selected of it is known; else it goes the general way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import strawberry
from graphql import ExecutionResult

from server.edge.documents import Documents
from server.engine.ready import Ready
from server.engine.wanted import Wanted

KNOWN = {"name", "__typename"}


@dataclass
class Told:
    """What happened while a document was executed."""

    texts: int = 0
    rows: int = 0
    wanted: list[tuple[Wanted, ...]] = field(default_factory=list)
    fails: bool = False
    missing: bool = False


def _shown(wanted: Sequence[Wanted]) -> dict[str, Any]:
    return {one.key: {"name": "a box", "__typename": "Box"}.get(one.name) or [_shown(one.within)] * 2 for one in wanted}


def _compile(wanted: Sequence[Wanted]) -> Callable[[Any, Any], Awaitable[str | None]] | None:
    def known(some: Sequence[Wanted]) -> bool:
        return all(known(one.within) if one.name == "inside" else one.name in KNOWN for one in some)

    if not known(wanted):
        return None

    async def made(_source: object, context: Told) -> str | None:
        context.texts += 1
        context.wanted.append(tuple(wanted))
        if context.fails:
            raise ValueError("no text")
        return None if context.missing else orjson.dumps([_shown(wanted)]).decode()

    return made


@strawberry.type
class Box:
    name: str = "a box"
    size: int = 3

    @strawberry.field
    def inside(self, least: int = 0) -> list[Box]:
        return [Box(), Box()]


async def _boxes(root: Any, info: strawberry.Info[Told, None]) -> list[Box] | None:
    info.context.rows += 1
    if info.context.fails:
        raise ValueError("no rows")
    return None if info.context.missing else [Box()]


@strawberry.type
class Shelf:
    label: str = "a shelf"
    boxes = strawberry.field(resolver=_boxes, graphql_type=list[Box], extensions=[Ready(_compile)])
    perhaps = strawberry.field(resolver=_boxes, graphql_type=list[Box] | None, extensions=[Ready(_compile)])


@strawberry.type
class Query:
    @strawberry.field
    async def shelf(self) -> Shelf | None:
        return Shelf()


SCHEMA = strawberry.Schema(Query)


async def both(text: str, variables: dict[str, Any] | None = None, **how: Any) -> tuple[Told, bytes, bytes]:
    """What our engine did, and what both say; errors by their paths."""
    said, told = [], []
    for ours in (True, False):
        shelf, context = Documents(SCHEMA, level_by_level=ours), Told(**how)
        prepared = shelf.prepare(text)
        result = shelf.execute(prepared, prepared.choose(None), variables, context)
        found = result if isinstance(result, ExecutionResult) else await result
        said.append(orjson.dumps({"data": found.data, "errors": [error.path for error in found.errors or ()]}))
        told.append(context)
    assert told[1].texts == 0
    return told[0], said[0], said[1]


@pytest.mark.parametrize(
    "selected",
    [
        "name",
        "a: name b: name __typename",
        "inside { name inside { __typename } }",
        "... on Box { name } ...{ n: name }",
        "name @skip(if: true)",
    ],
)
async def test_what_is_known_comes_as_text_and_is_the_same(selected: str) -> None:
    told, ours, core = await both("{ shelf { label boxes { " + selected + " } perhaps { " + selected + " } label } }")
    assert (told.texts, told.rows, ours) == (2, 0, core)


@pytest.mark.parametrize("selected", ["size", "name size", "inside { size }", "inside(least: 1) { name }"])
async def test_anything_else_goes_the_general_way(selected: str) -> None:
    told, ours, core = await both("{ shelf { boxes { " + selected + " } } }")
    assert (told.texts, told.rows, ours) == (0, 1, core)


async def test_it_is_decided_for_each_plan() -> None:
    text = "query($all: Boolean!) { shelf { boxes { name size @include(if: $all) } } }"
    few, ours, core = await both(text, {"all": False})
    assert (few.texts, ours) == (1, core)
    many, ours, core = await both(text, {"all": True})
    assert (many.texts, ours) == (0, core)


async def test_keys_and_what_is_below_are_told() -> None:
    told, _ours, _core = await both("{ shelf { boxes { my: name inside { __typename } } } }")
    assert told.wanted == [(Wanted("my", "name"), Wanted("inside", "inside", (Wanted("__typename", "__typename"),)))]


async def test_what_fails_is_an_error_of_its_place() -> None:
    told, ours, core = await both("{ shelf { boxes { name } } }", fails=True)
    assert (told.texts, ours) == (1, core)
    assert orjson.loads(ours) == {"data": {"shelf": None}, "errors": [["shelf", "boxes"]]}
    told, ours, core = await both("{ shelf { label perhaps { name } } }", fails=True)
    assert (told.texts, ours) == (1, core)
    assert orjson.loads(ours)["data"] == {"shelf": {"label": "a shelf", "perhaps": None}}


async def test_no_text_is_null_where_null_may_stand() -> None:
    told, ours, core = await both("{ shelf { perhaps { name } } }", missing=True)
    assert (told.texts, ours) == (1, core)
    assert orjson.loads(ours) == {"data": {"shelf": {"perhaps": None}}, "errors": []}
    told, ours, core = await both("{ shelf { boxes { name } } }", missing=True)
    assert (told.texts, ours) == (1, core)
    assert orjson.loads(ours) == {"data": {"shelf": None}, "errors": [["shelf", "boxes"]]}
