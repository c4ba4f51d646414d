"""The cost of a document as rows of sums, so that page sizes from variables can be filled in for each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    IntValueNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)

from server.edge.costs import LARGEST_PAGE, PAGE_ARGUMENT, is_list, list_size

CEILING = 10**9
"""Figures stop here: 2^500 is not worth the digits."""


@dataclass(frozen=True)
class PageSize:
    """A page size that a variable gives; `otherwise` is the schema's default."""

    variable: str
    otherwise: int

    def value(self, variables: Mapping[str, Any], defaults: Mapping[str, int]) -> int:
        """The size in this request. What is no number will be refused later and counts as the largest page."""
        if self.variable in variables:
            return _clamped(variables[self.variable])
        return defaults.get(self.variable, self.otherwise)


Factor = int | PageSize


@dataclass
class Row:
    """A selection set: its own fields, and how often which other rows (by their place) come on top."""

    own: int = 0
    introspection: int = 0
    parts: list[tuple[Factor, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Costs:
    """The rows of an operation. A row only refers to rows before it; the last one is the operation's."""

    rows: Sequence[Row]
    defaults: Mapping[str, int]

    def total(self, variables: Mapping[str, Any]) -> tuple[int, int]:
        """Fields of data and fields of introspection that would be resolved."""
        totals: list[tuple[int, int]] = []
        for row in self.rows:
            own, introspection = row.own, row.introspection
            for factor, place in row.parts:
                times = factor if isinstance(factor, int) else factor.value(variables, self.defaults)
                own += times * totals[place][0]
                introspection += times * totals[place][1]
            totals.append((min(own, CEILING), min(introspection, CEILING)))
        return totals[-1]


def page_defaults(variables: Iterable[VariableDefinitionNode]) -> dict[str, int]:
    """The default values of an operation's variables that could be page sizes."""
    return {
        definition.variable.name.value: _literal(definition.default_value)
        for definition in variables
        if isinstance(definition.default_value, IntValueNode)
    }


def factor_of(node: FieldNode, type_name: str, definition: GraphQLField | None) -> Factor:
    """How many elements the field gives: the page asked for, the size of its list, or one."""
    if definition is None:
        return 1  # validation will refuse it
    paging = definition.args.get(PAGE_ARGUMENT)
    if paging is None:
        return list_size(type_name, node.name.value) if is_list(definition.type) else 1
    otherwise = _schema_default(paging)
    given = next((argument.value for argument in node.arguments or () if argument.name.value == PAGE_ARGUMENT), None)
    if given is None:
        return otherwise
    return PageSize(given.name.value, otherwise) if isinstance(given, VariableNode) else _literal(given)


def _schema_default(argument: GraphQLArgument) -> int:
    if argument.default_value is not Undefined:
        return _clamped(argument.default_value)
    default = argument.default
    if default is None:
        return LARGEST_PAGE
    return _clamped(default.value) if default.literal is None else _literal(default.literal)


def _literal(value: ValueNode) -> int:
    # Nine digits are beyond every limit already; int() of thousands would be slow and then refused.
    return _clamped(int(value.value)) if isinstance(value, IntValueNode) and len(value.value) < 10 else LARGEST_PAGE


def _clamped(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return LARGEST_PAGE
    return int(min(max(value, 1), LARGEST_PAGE))
