"""What becomes of the values of a field: scalars as JSON has them, lists, and objects that a next wave will fill."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import accumulate
from typing import Any, cast

import orjson
from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import UndefinedType, inspect, is_iterable

from server.engine.failures import FAILED, Failures, Level, Path, Raised, Where, found
from server.engine.plan import PlannedField
from server.engine.taking import Made

NOTHING = type(None)
AS_THEY_ARE: dict[GraphQLLeafType, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool, GraphQLInt: int}
"""Scalars whose values of this very type JSON has as they are."""
LEAST_INT, GREATEST_INT = -(2**31), 2**31 - 1


@dataclass(slots=True)
class Completion:
    """Completes the columns of one field of one level. `below` are the levels of the objects that it has found."""

    executor: Executor[Any]
    failures: Failures
    level: Level
    field: PlannedField
    info: Callable[[], GraphQLResolveInfo[Any]]
    below: list[Level]

    def column(self, values: list[Any]) -> list[Any]:
        """The completed value for each parent, errors among the values included; FAILED where there is none, which is
        noted.
        """
        key, above = self.field.key, self.level.where

        def where(position: int) -> Path:
            return [*above(position), key]

        if isinstance(self.field.taking, Made):
            return self._ready(self.field.definition.type, values, where)
        return self._complete(self.field.definition.type, values, where)

    def _ready(self, kind: GraphQLOutputType, values: list[Any], where: Where) -> list[Any]:
        """What came as text stays as it is: all below it is in there."""
        done = self._each(orjson.Fragment, values, where)
        return self._none_missing(done, where) if isinstance(kind, GraphQLNonNull) else done

    def _failed(self, path: Path, error: Exception) -> None:
        self.failures.add(self.level, self.field, path, error)

    def _complete(self, kind: GraphQLOutputType, values: list[Any], where: Where) -> list[Any]:
        if isinstance(kind, GraphQLNonNull):
            return self._none_missing(self._complete(kind.of_type, values, where), where)
        if isinstance(kind, GraphQLList):
            return self._lists(kind.of_type, values, where)
        if is_leaf_type(kind):
            return self._leaves(kind, values, where)
        if isinstance(kind, GraphQLObjectType):
            return self._objects(kind, values, where)
        return self._of_several_types(cast(GraphQLAbstractType, kind), values, where)

    def _none_missing(self, done: list[Any], where: Where) -> list[Any]:
        if None in done:
            says = f"Cannot return null for non-nullable field {self._name}."
            for position, value in enumerate(done):
                if value is None:
                    self._failed(where(position), TypeError(says))
                    done[position] = FAILED
        return done

    def _lists(self, kind: GraphQLOutputType, values: list[Any], where: Where) -> list[Any]:
        flat: list[Any] = []
        done: list[Any] = []
        counts: list[int] = []
        for position, value in enumerate(values):
            before = len(flat)
            if value is None or value is Undefined:
                done.append(None)
            else:
                done.append([])
                try:
                    flat.extend(self._items(value))
                except Exception as error:
                    self._failed(where(position), error)
                    done[position] = FAILED
            counts.append(len(flat) - before)

        def where_item(position: int) -> Path:
            starts = [0, *accumulate(counts)]
            owner = bisect_right(starts, position) - 1
            return [*where(owner), position - starts[owner]]

        items, end = self._complete(kind, flat, where_item), 0
        for position, count in enumerate(counts):
            begin, end = end, end + count
            if count:
                done[position] = items[begin:end]
        return done

    def _items(self, value: Any) -> list[Any]:
        if not is_iterable(found(value)):
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{self._name}'.")
        return list(value)

    def _leaves(self, kind: GraphQLLeafType, values: list[Any], where: Where) -> list[Any]:
        as_it_is = AS_THEY_ARE.get(kind)
        if as_it_is is not None and _only(as_it_is, values):
            return values
        if isinstance(kind, GraphQLEnumType) and (shown_all := _members(kind, values)) is not None:
            return shown_all
        coerce = kind.coerce_output_value

        def coerced(value: Any) -> Any:
            shown = coerce(value)
            if shown is None or shown is Undefined:
                raise TypeError(
                    f"Expected `{inspect(kind)}.coerce_output_value({inspect(value)})` to return non-nullable"
                    f" value, returned: {inspect(shown)}"
                )
            return shown

        return self._each(coerced, values, where)

    def _each(self, make: Callable[[Any], Any], values: list[Any], where: Where) -> list[Any]:
        if not _any_missing(values):
            # If one fails nothing is lost: what is made of a value is looked at by nobody before all are.
            with contextlib.suppress(Exception):
                return [make(value) for value in values]
        done: list[Any] = []
        for position, value in enumerate(values):
            if value is None or value is Undefined:
                done.append(None)
                continue
            try:
                done.append(make(found(value)))
            except Exception as error:
                self._failed(where(position), error)
                done.append(FAILED)
        return done

    def _objects(self, kind: GraphQLObjectType, values: list[Any], where: Where) -> list[Any]:
        told, info = kind.is_type_of, self.info()

        def begun(value: Any) -> dict[str, Any]:
            if told is not None and not told(value, info):
                raise invalid_return_type_error(kind, value, self.field.details)
            return {}

        done = self._each(begun, values, where)
        there = [position for position, answer in enumerate(done) if answer is not None and answer is not FAILED]
        if there:
            self._next_level(kind, values, done, there, where)
        return done

    def _next_level(
        self, kind: GraphQLObjectType, values: Sequence[Any], done: list[Any], there: list[int], where: Where
    ) -> None:
        everywhere = len(there) == len(done)

        def where_there(position: int) -> Path:
            return where(there[position])

        self.below.append(
            Level(
                self.field.within[kind],
                values if everywhere else [values[position] for position in there],
                done.copy() if everywhere else [done[position] for position in there],
                where if everywhere else where_there,
                self.level,
                self.field,
            )
        )

    def _of_several_types(self, kind: GraphQLAbstractType, values: list[Any], where: Where) -> list[Any]:
        resolve = kind.resolve_type or self.executor.type_resolver
        info = self.info()

        def type_of(value: Any) -> GraphQLObjectType:
            name = resolve(value, info, kind)
            return self.executor.ensure_valid_runtime_type(name, kind, self.field.details, info, value)

        done = self._each(type_of, values, where)
        by_type: dict[GraphQLObjectType, list[int]] = {}
        for position, of in enumerate(done):
            if of is not None and of is not FAILED:
                by_type.setdefault(of, []).append(position)
        for of, there in by_type.items():
            completed = self._objects(of, [values[position] for position in there], _among(there, where))
            for position, value in zip(there, completed, strict=True):
                done[position] = value
        return done

    @property
    def _name(self) -> str:
        return f"{self.field.parent}.{self.field.name}"


def _among(there: list[int], where: Where) -> Where:
    return lambda position: where(there[position])


def _only(kind: type, values: Iterable[Any]) -> bool:
    """Whether all values are of this very type or missing, and fit into what GraphQL calls so."""
    kinds = set(map(type, values))
    kinds.discard(NOTHING)
    if kinds != {kind}:
        return not kinds
    if kind is not int:
        return True
    numbers: list[int] = [value for value in values if value is not None]
    return min(numbers) >= LEAST_INT and max(numbers) <= GREATEST_INT


def _any_missing(values: Iterable[Any]) -> bool:
    """Whether there may be none for some: nulls, and what was raised."""
    return any(issubclass(kind, (Raised, Exception, NOTHING, UndefinedType)) for kind in set(map(type, values)))


def _members(kind: GraphQLEnumType, values: Sequence[Any]) -> list[Any] | None:
    """How members of an enum are shown; None if there is anything else among the values than them and nulls."""
    if not all(issubclass(one, (Enum, NOTHING)) for one in set(map(type, values))):
        return None
    known = _shown(kind)
    try:
        for value in set(values).difference(known, (None,)):
            known[value] = kind.coerce_output_value(value)
    except Exception:  # what is no member is told where it stands
        return None
    return [None if value is None else known[value] for value in values]


@lru_cache(maxsize=1000)
def _shown(kind: GraphQLEnumType) -> dict[Any, Any]:
    """How members of an enum are shown, as far as they were met; each is worked out once."""
    del kind
    return {}
