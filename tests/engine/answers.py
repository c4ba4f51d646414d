"""When two answers to the same document are the same, although fields failed."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError

Place = tuple[str | int, ...]


def as_bytes(result: ExecutionResult) -> bytes:
    """The data, with the order of its keys."""
    return orjson.dumps(result.data)


def said(error: GraphQLError) -> tuple[str, str, str, str]:
    """All that a caller or a log learns of an error."""
    return (repr(error.path), error.message, repr(error.locations), type(error.original_error).__name__)


def by_place(result: ExecutionResult) -> dict[Place, list[GraphQLError]]:
    """The errors by the place that is null for them."""
    places: dict[Place, list[GraphQLError]] = defaultdict(list)
    for error in result.errors or []:
        places[_null_place(result.data, error)].append(error)
    return dict(places)


def _null_place(data: Any, error: GraphQLError) -> Place:
    here, place = data, []
    for step in error.path or []:
        if here is None:
            break
        place.append(step)
        here = here[step]
    assert here is None, f"an error at {error.path}, and yet there is something"
    return tuple(place)


def same(ours: ExecutionResult, core: ExecutionResult) -> bool:
    """Asserts that both have the same data and the same places that are null for an error. Where one field failed for a
    place, both say the same of it, and it is True. Where several did (then GraphQL leaves open which of them is told),
    ours says one error of that place, and it is False.
    """
    assert as_bytes(ours) == as_bytes(core)
    mine, theirs = by_place(ours), by_place(core)
    assert mine.keys() == theirs.keys()
    alike = True
    for place, errors in theirs.items():
        (told,) = mine[place]
        if len(errors) > 1 or said(told) != said(errors[0]):
            alike = False
    return alike
