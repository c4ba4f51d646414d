"""What is executed here, and what graphql-core has to execute; decided before anything is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult, OperationType
from graphql.execution import Executor

from server.engine.plan import NotPlanned, Selection, conditions_in, plan_of
from server.engine.waves import Run

MOST_PLANS = 16
"""Of one operation: one for each combination of the variables behind @skip and @include that callers send."""


@dataclass(slots=True)
class Plans:
    """The plans of one document, made when they are first needed. `None` stands for: graphql-core has to do it."""

    document: DocumentNode
    _conditions: frozenset[str] | None = None
    _made: OrderedDict[tuple[object, ...], Selection | None] = field(default_factory=OrderedDict)

    @property
    def made(self) -> int:
        """How many there are by now."""
        return sum(plan is not None for plan in self._made.values())

    def of(self, executor: Executor[Any]) -> Selection | None:
        """What this operation selects, with its variables."""
        try:
            if self._conditions is None:
                self._conditions = conditions_in(self.document)
        except NotPlanned:
            return None
        coerced = executor.variable_values.coerced
        name = executor.operation.name.value if executor.operation.name else None
        key = (name, *(coerced.get(one) for one in sorted(self._conditions)))
        if key not in self._made:
            self._made[key] = _planned(executor)
            if len(self._made) > MOST_PLANS:
                self._made.popitem(last=False)
        return self._made[key]


def _planned(executor: Executor[Any]) -> Selection | None:
    try:
        return plan_of(executor)
    except NotPlanned:
        return None


async def run(schema: strawberry.Schema, executor: Executor[Any], selection: Selection) -> ExecutionResult:
    """Executes an operation by its plan."""
    execution = Run(schema, executor)
    one_by_one = executor.operation.operation is OperationType.MUTATION
    data = await (execution.one_by_one(selection) if one_by_one else execution.together(selection))
    answer, errors = execution.failures.settle(data)
    return ExecutionResult(answer, errors or None)
