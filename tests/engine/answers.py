"""When two answers to the same document are the same, although fields failed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
from graphql import ExecutionResult

Place = tuple[str | int, ...]
Answer = dict[str, Any]
"""`data` and `errors` as a caller gets them."""


def answer_of(result: ExecutionResult) -> Answer:
    """All that a caller or a log learns of a result."""
    return {
        "data": result.data,
        "errors": [{**error.formatted, "kind": type(error.original_error).__name__} for error in result.errors or []],
    }


def by_place(answer: Answer) -> dict[Place, list[Any]]:
    """The errors by the place that is null for them."""
    places: dict[Place, list[Any]] = defaultdict(list)
    for error in answer.get("errors") or []:
        places[_null_place(answer["data"], error["path"])].append(error)
    return dict(places)


def _null_place(data: Any, path: list[str | int]) -> Place:
    here, place = data, []
    for step in path:
        if here is None:
            break
        place.append(step)
        here = here[step]
    assert here is None, f"an error at {path}, and yet there is something"
    return tuple(place)


def same(ours: Answer, core: Answer) -> bool:
    """Asserts that both have the same data, byte by byte, and the same places that are null for an error. Of each such
    place ours tells one error. It is True if graphql-core tells that, too, as it must where one field failed alone.
    Where several did, GraphQL leaves open which of them is told.
    """
    if orjson.dumps(ours["data"]) != orjson.dumps(core["data"]):
        raise AssertionError(f"another answer: {_difference(ours['data'], core['data'], ())}")
    mine, theirs = by_place(ours), by_place(core)
    assert mine.keys() == theirs.keys()
    alike = True
    for place, errors in theirs.items():
        (told,) = mine[place]
        assert tuple(told["path"][: len(place)]) == place
        alike = alike and told in errors
    return alike


def _difference(ours: Any, core: Any, place: Place) -> str | None:
    if isinstance(ours, dict) and isinstance(core, dict) and [*ours] == [*core]:
        inner = (_difference(ours[key], core[key], (*place, key)) for key in ours)
    elif isinstance(ours, list) and isinstance(core, list) and len(ours) == len(core):
        inner = (_difference(ours[n], core[n], (*place, n)) for n in range(len(ours)))
    else:
        return None if ours == core else f"{place}: {ours!r:.200}, graphql-core: {core!r:.200}"
    return next(filter(None, inner), None)
