"""Errors at their places in an answer, and which place becomes null for each: the nearest one where null may stand.

While an answer grows, a failed place is only noted. What has to become null is worked out at the end, when there is
something to work out: most answers have no errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, located_error

from server.engine.plan import PlannedField, Selection

Path = list[str | int]
"""From the answer's root: keys of objects and positions in lists."""
Where = Callable[[int], Path]
"""The place of each of many values, by its position among them: worked out when it is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Raised:
    """Stands in a column for a value that could not be found."""

    error: Exception


def found(value: Any) -> Any:
    """The value; what was raised in its place is raised."""
    if isinstance(value, Raised):
        raise value.error
    if isinstance(value, Exception):
        raise value
    return value


class Failed:
    """Stands in an answer where something failed, until it is settled what becomes null for it."""


FAILED = Failed()


@dataclass(slots=True, eq=False)
class Level:
    """Objects of one type that are reached by the same way through a document: their sources, and their answers."""

    selection: Selection
    sources: Sequence[Any]
    answers: list[dict[str, Any]]
    where: Where
    above: Level | None = None
    through: PlannedField | None = None
    """The field of the level above that they are the objects of."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error, and the place that it has made null; an empty one is the whole answer."""

    error: GraphQLError
    nulled: tuple[str | int, ...]


@dataclass(slots=True)
class Failures:
    """All that failed in one operation."""

    _found: list[Failure] = field(default_factory=list)

    def add(self, level: Level, planned: PlannedField, path: Path, error: Exception) -> None:
        """Notes what has failed at a place of this field of this level."""
        located = located_error(error, planned.nodes, path)
        self._found.append(Failure(located, _nulled(level, planned, path)))

    @property
    def leave_nothing(self) -> bool:
        """Whether the whole answer is null by now."""
        return any(failure.nulled == () for failure in self._found)

    def settle(self, data: dict[str, Any]) -> tuple[dict[str, Any] | None, list[GraphQLError], list[GraphQLError]]:
        """The answer with its nulls, the errors that made them (one for each, in the order in which they occurred), and
        those of places that are null anyhow.
        """
        if not self._found:
            return data, [], []
        told: list[int] = []
        nulled: set[tuple[str | int, ...]] = set()
        for number in sorted(range(len(self._found)), key=lambda one: len(self._found[one].nulled)):
            place = self._found[number].nulled
            if any(place[:length] in nulled for length in range(len(place) + 1)):
                continue
            nulled.add(place)
            told.append(number)
            if place:
                _set_null(data, place)
        errors = [self._found[number].error for number in sorted(told)]
        untold = [failure.error for number, failure in enumerate(self._found) if number not in set(told)]
        return None if () in nulled else data, errors, untold


def _nulled(level: Level, planned: PlannedField, path: Path) -> tuple[str | int, ...]:
    place, here = list(path), level
    through: PlannedField = planned
    while True:
        depth = next((depth for depth, step in enumerate(reversed(place)) if isinstance(step, str)), 0)
        if through.nullable[depth]:
            return tuple(place)
        place.pop()
        if depth == 0:
            if here.above is None or here.through is None:
                return ()
            through, here = here.through, here.above


def _set_null(data: dict[str, Any], place: tuple[str | int, ...]) -> None:
    container: Any = data
    for step in place[:-1]:
        container = container[step]
    container[place[-1]] = None
