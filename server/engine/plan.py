"""Plans: a document compiled once, so that executing it asks nothing of its text any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields

from server.engine.taking import Either, Made, Taking, taking_of
from server.engine.wanted import Wanted

CONDITIONS = frozenset({"skip", "include"})
INTROSPECTION = frozenset({"__schema", "__type"})


class NotPlanned(Exception):
    """The engine leaves this document to graphql-core. Raised before anything is executed."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedField:
    """One field of a selection, by its response key."""

    key: str
    details: FieldDetailsList
    definition: GraphQLField
    parent: GraphQLObjectType
    taking: Taking
    nullable: tuple[bool, ...]
    """Whether null may stand in its place, then in that of an item of its list, then of an item of that, and so on."""
    within: dict[GraphQLObjectType, Selection]
    """What is selected of each type that its objects may have."""

    @property
    def name(self) -> str:
        """Its name in the schema."""
        return self.details[0].node.name.value

    @property
    def nodes(self) -> list[FieldNode]:
        """Where it stands in the document: more than once if fragments say it again."""
        return [detail.node for detail in self.details]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The fields that are selected of one type, in the order of the answer."""

    of: GraphQLObjectType
    fields: list[PlannedField]
    keys: list[str]
    size: int
    """How many fields it has, with all that is below them."""


def conditions_in(document: DocumentNode) -> frozenset[str] | None:
    """The variables on which @skip and @include depend; None if there are other directives."""
    names: set[str] = set()
    for definition in document.definitions:
        selected = getattr(definition, "selection_set", None)
        if getattr(definition, "directives", ()) or (selected is not None and not _read_conditions(selected, names)):
            return None
    return frozenset(names)


def _read_conditions(selected: SelectionSetNode, names: set[str]) -> bool:
    for selection in selected.selections:
        for directive in selection.directives or ():
            if directive.name.value not in CONDITIONS:
                return False
            given = (argument.value for argument in directive.arguments or ())
            names.update(value.name.value for value in given if isinstance(value, VariableNode))
        below = getattr(selection, "selection_set", None)
        if below is not None and not _read_conditions(below, names):
            return False
    return True


class Planner:
    """Makes the plans of one schema."""

    def __init__(self) -> None:
        self._takings: dict[tuple[str, str], Taking | Either] = {}

    def plan(self, executor: Executor[Any]) -> tuple[Selection, int]:
        """What the operation selects of its root type, and how many fields that are. NotPlanned if graphql-core has to
        execute it, GraphQLError if nobody can.
        """
        operation = executor.operation
        root = executor.schema.get_root_type(operation.operation)
        if root is None:
            raise NotPlanned(operation.operation.value)
        collected = collect_fields(
            executor.schema, executor.fragments, executor.variable_values, root, operation, executor.hide_suggestions
        )
        if any(details[0].node.name.value in INTROSPECTION for details in collected.grouped_field_set.values()):
            raise NotPlanned("introspection")
        selection = self._selection(executor, root, collected.grouped_field_set, None)
        return selection, selection.size

    def _selection(
        self, executor: Executor[Any], of: GraphQLObjectType, grouped: GroupedFieldSet, through: str | None
    ) -> Selection:
        fields = [self._planned(executor, of, key, details, through) for key, details in grouped.items()]
        size = len(fields) + sum(below.size for field in fields for below in field.within.values())
        return Selection(of, fields, [field.key for field in fields], size)

    def _planned(
        self, executor: Executor[Any], of: GraphQLObjectType, key: str, details: FieldDetailsList, through: str | None
    ) -> PlannedField:
        name = details[0].node.name.value
        definition = executor.schema.get_field(of, name)
        if definition is None:
            raise NotPlanned(f"{of.name} has no {name}")
        kind = get_named_type(definition.type)
        possible: list[GraphQLObjectType] = []
        if is_object_type(kind):
            possible = [kind]
        elif is_abstract_type(kind):
            possible = list(executor.schema.get_possible_types(kind))
        here = f"{of.name}.{name}"
        within = {
            one: self._selection(executor, one, executor.collect_subfields(one, details).grouped_field_set, here)
            for one in possible
        }
        taking = self._takings.get((of.name, name))
        if taking is None:
            taking = self._takings[of.name, name] = taking_of(of, name, definition)
        if isinstance(taking, Either):
            taking = _chosen(taking, within, through)
        return PlannedField(key, details, definition, of, taking, _nullable(definition.type), within)


def _chosen(either: Either, within: dict[GraphQLObjectType, Selection], through: str | None) -> Taking:
    wanted = _wanted(within) if either.ready.below in (None, through) else None
    make = None if wanted is None else either.ready.compile(wanted)
    return either.otherwise if make is None else Made(make)


def _wanted(within: dict[GraphQLObjectType, Selection]) -> tuple[Wanted, ...] | None:
    """What is selected; None if it hangs on a type that only the value tells, or on arguments."""
    if len(within) > 1:
        return None
    found = []
    for field in (field for selection in within.values() for field in selection.fields):
        below = None if field.details[0].node.arguments else _wanted(field.within)
        if below is None:
            return None
        found.append(Wanted(field.key, field.name, below))
    return tuple(found)


def _nullable(kind: GraphQLOutputType) -> tuple[bool, ...]:
    required = isinstance(kind, GraphQLNonNull)
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return (not required, *(_nullable(inner.of_type) if isinstance(inner, GraphQLList) else ()))
