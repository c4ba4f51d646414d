"""What is executed here, and what graphql-core has to execute; decided before anything is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import ExecutionResult, GraphQLError, OperationType
from graphql.execution import Executor

from server.engine.plan import NotPlanned, Planner, Selection
from server.engine.waves import Run

MOST_FIELDS = 50_000
"""Fields in all plans that are kept, some 500 bytes each."""


class Answered(ExecutionResult):
    """The result of an operation that the engine has executed."""

    __slots__ = ("untold",)

    untold: Sequence[GraphQLError]
    """Errors of places that are null for another error: not for the caller, but for whoever watches."""


@dataclass(frozen=True, slots=True)
class _Kept:
    selection: Selection | None
    """None if graphql-core has to do it."""
    fields: int


class Plans:
    """The plans of one schema's documents, made when they are first needed. What was used last is kept."""

    def __init__(self, *, most_fields: int = MOST_FIELDS) -> None:
        self._planner = Planner()
        self._most_fields = most_fields
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._fields = 0

    def __len__(self) -> int:
        return sum(kept.selection is not None for kept in self._kept.values())

    def of(self, document: str, conditions: frozenset[str] | None, executor: Executor[Any]) -> Selection | None:
        """What an operation selects under the variables on which its @skip and @include depend (`conditions`; None if
        it has directives that only graphql-core knows). `document` is its document's hash.
        """
        if conditions is None:
            return None
        name = executor.operation.name.value if executor.operation.name else None
        given = (executor.variable_values.coerced.get(one) for one in sorted(conditions))
        # In another operation of the document a variable of that name may be anything, such as a customer's name.
        key = (document, name, *(value if isinstance(value, bool) else None for value in given))
        kept = self._kept.get(key)
        if kept is None:
            kept = self._plan(executor)
            self._keep(key, kept)
        self._kept.move_to_end(key)
        return kept.selection

    def _plan(self, executor: Executor[Any]) -> _Kept:
        try:
            return _Kept(*self._planner.plan(executor))
        except (NotPlanned, GraphQLError):  # whatever is wrong with it, graphql-core says so
            return _Kept(None, 1)

    def _keep(self, key: tuple[object, ...], kept: _Kept) -> None:
        self._kept[key] = kept
        self._fields += kept.fields
        while self._fields > self._most_fields and len(self._kept) > 1:
            _key, dropped = self._kept.popitem(last=False)
            self._fields -= dropped.fields


async def run(schema: strawberry.Schema, executor: Executor[Any], selection: Selection) -> Answered:
    """Executes an operation by its plan."""
    execution = Run(schema, executor)
    one_by_one = executor.operation.operation is OperationType.MUTATION
    data = await (execution.one_by_one(selection) if one_by_one else execution.together(selection))
    answer, errors, untold = execution.failures.settle(data)
    result = Answered(answer, errors or None)
    result.untold = untold
    return result
