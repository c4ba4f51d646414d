"""Measures a parsed document before anything is validated or executed.

Linear in the document: every fragment is measured once and its figures are reused wherever it is spread, so that
fragments which spread each other (2^40 fields in 2 KB) cost no more than they are long. Strawberry's own limiters walk
each path and freeze. The guard runs before validation, because validation itself can be made slow; it therefore has to
cope with documents that fit no schema. What it lets through, graphql-core validates afterwards.

The cost is the number of fields that would be resolved if every list had the size that costs.py says, and of the
elements of lists that are sent. Page sizes may come from variables, so the cost of a document is kept as rows of sums
and added up for each request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from server.edge.cost_rows import Costs, Row, factor_of, page_defaults
from server.edge.costs import has_fields
from server.edge.literals import check_literals, elements_of
from server.edge.measure import Measure
from server.errors import CallerError, CallerErrorCode

_INTROSPECTION_ROOTS = {"__schema": "__Schema", "__type": "__Type"}
_DEEPEST_WALK = 40
"""A selection set nested deeper than this is refused while it is walked: it is beyond every limit below."""


@dataclass(frozen=True)
class Limits:
    """What a document may ask for. Introspection is counted apart: GraphiQL's query is deep but harmless."""

    characters: int = 64 * 1024
    tokens: int = 3000
    comments: int = 300
    depth: int = 14
    fields: int = 600
    same_leaves: int = 60
    """Fields of one name in a selection set, fragments included; graphql-core compares each with each."""
    same_branches: int = 15
    """The same for fields with a selection of their own, which are compared as well."""
    aliases: int = 30
    fragments: int = 40
    directives: int = 10
    operations: int = 5
    query_roots: int = 20
    mutation_roots: int = 5
    cost: int = 20_000
    introspection_depth: int = 20
    introspection_fields: int = 300
    introspection_cost: int = 400_000


@dataclass(frozen=True)
class Operation:
    """One operation of a document, within the limits except for its cost, which may hang on variables."""

    name: str | None
    kind: str
    root_names: frozenset[str]
    costs: Costs

    def check_cost(self, variables: Mapping[str, Any], limits: Limits) -> None:
        """Refuses the operation if it is too expensive with these variables."""
        cost, introspection = self.costs.total(variables)
        cost += elements_of(variables)
        if cost > limits.cost:
            raise too_expensive(
                f"The estimated cost is {cost}, allowed is {limits.cost}: ask for smaller pages or less."
            )
        if introspection > limits.introspection_cost:
            raise too_expensive("This introspection is too expensive.")


def too_expensive(message: str) -> CallerError:
    """The refusal of a document that asks for too much."""
    return CallerError(CallerErrorCode.TOO_EXPENSIVE, message)


def _malformed(message: str) -> CallerError:
    return CallerError(CallerErrorCode.BAD_USER_INPUT, message)


def analyse(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> dict[str | None, Operation]:
    """The operations of a document by name; refuses what exceeds a limit, unknown fragments and cycles."""
    return _Walk(schema, document, limits).operations()


class _Walk:
    """One pass over one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._directives = 0
        self._nodes = 0
        self._rows: list[Row] = []
        self._measures: dict[str, Measure] = {}
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._operations: list[OperationDefinitionNode] = []
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._operations.append(definition)
            elif isinstance(definition, FragmentDefinitionNode):
                self._fragments[definition.name.value] = definition
            else:
                raise _malformed("Only operations and fragments can be sent.")
        self._at_most("fragments", len(document.definitions) - len(self._operations), limits.fragments)
        self._at_most("operations", len(self._operations), limits.operations)

    def operations(self) -> dict[str | None, Operation]:
        for name in self._in_dependency_order():
            fragment = self._fragments[name]
            self._note_directives(fragment.directives)
            condition = self._schema.type_map.get(fragment.type_condition.name.value)
            self._measures[name] = self._measure(fragment.selection_set, condition, 0)
        found: dict[str | None, Operation] = {}
        for operation in self._operations:
            name_of_it = operation.name.value if operation.name else None
            if name_of_it in found:
                raise _malformed("Two operations have the same name.")
            found[name_of_it] = self._operation(operation, name_of_it)
        self._at_most("directives", self._directives, self._limits.directives)
        return found

    def _operation(self, node: OperationDefinitionNode, name: str | None) -> Operation:
        self._note_directives(node.directives)
        elements = 0
        for variable in node.variable_definitions or ():
            self._note_directives(variable.directives)
            elements += check_literals(variable.default_value)
        measure = self._measure(node.selection_set, self._schema.get_root_type(node.operation), 0)
        limits = self._limits
        self._at_most("levels", measure.depth, limits.depth)
        self._at_most("fields", measure.fields, limits.fields)
        self._at_most("aliases", measure.aliases, limits.aliases)
        self._at_most("levels of introspection", measure.introspection_depth, limits.introspection_depth)
        self._at_most("fields of introspection", measure.introspection_fields, limits.introspection_fields)
        self._rows[measure.row].own += elements  # each of them is there whenever its variable is not sent
        kind = node.operation.value
        self._at_most("root fields", measure.roots, limits.query_roots if kind == "query" else limits.mutation_roots)
        costs = Costs(self._rows[: measure.row + 1], page_defaults(node.variable_definitions or ()))
        return Operation(name, kind, frozenset(self._root_names(node.selection_set)), costs)

    def _measure(self, selected: SelectionSetNode, parent: object, level: int) -> Measure:
        if level > _DEEPEST_WALK:
            raise too_expensive(f"The document is nested too deeply; {self._limits.depth} levels are allowed.")
        measure, row = Measure(), Row()
        for selection in selected.selections:
            self._note_directives(selection.directives)
            if isinstance(selection, FieldNode):
                self._add_field(measure, row, selection, parent, level)
                continue
            if isinstance(selection, FragmentSpreadNode):
                inside = self._measures[selection.name.value]
            else:
                inline = cast(InlineFragmentNode, selection)
                condition = inline.type_condition
                kind = self._schema.type_map.get(condition.name.value) if condition else parent
                inside = self._measure(inline.selection_set, kind, level + 1)
            measure.add(inside)
            self._check_names(measure)
            row.parts.append((1, inside.row))
        measure.row = len(self._rows)
        self._rows.append(row)
        return measure

    def _add_field(self, measure: Measure, row: Row, node: FieldNode, parent: object, level: int) -> None:
        name = node.name.value
        self._nodes += 1
        # As they are written, used or not: validation looks at fragments that nobody spreads, too.
        self._at_most("fields", self._nodes, self._limits.fields)
        row.own += sum(check_literals(argument.value) for argument in node.arguments or ())
        same = measure.branches if node.selection_set else measure.leaves
        same[node.alias.value if node.alias else name] += 1
        self._check_names(measure)
        parent_name = parent.name if isinstance(parent, GraphQLNamedType) else ""
        definition = parent.fields.get(name) if has_fields(parent) else None
        aliases = int(node.alias is not None)
        if name in _INTROSPECTION_ROOTS or parent_name.startswith("__"):
            measure.add(Measure(introspection_depth=1, introspection_fields=1, aliases=aliases, roots=1))
            row.introspection += 1
        else:
            measure.add(Measure(depth=1, fields=1, aliases=aliases, roots=1))
            row.own += 1
        if node.selection_set:
            if name in _INTROSPECTION_ROOTS:
                kind: object = self._schema.type_map.get(_INTROSPECTION_ROOTS[name])
            else:
                kind = get_named_type(definition.type) if definition else None
            inside = self._measure(node.selection_set, kind, level + 1)
            measure.add_below(inside)
            row.parts.append((factor_of(node, parent_name, definition), inside.row))

    def _check_names(self, measure: Measure) -> None:
        limits = self._limits
        for same, most in ((measure.leaves, limits.same_leaves), (measure.branches, limits.same_branches)):
            self._at_most("fields of one name side by side", max(same.values(), default=0), most)

    def _note_directives(self, directives: Iterable[DirectiveNode] | None) -> None:
        for directive in directives or ():
            self._directives += 1
            for argument in directive.arguments or ():
                check_literals(argument.value)

    def _in_dependency_order(self) -> list[str]:
        """The fragments, each after those that it spreads; walked without recursion, however long the chain."""
        done: dict[str, None] = {}
        for start in self._fragments:
            path = [] if start in done else [(start, _spreads(self._fragments[start].selection_set))]
            on_path = {name for name, _ in path}
            while path:
                name, spreads = path[-1]
                following = next((spread for spread in spreads if spread not in done), None)
                if following is None:
                    path.pop()
                    on_path.discard(name)
                    done[name] = None
                elif following in on_path:
                    raise _malformed("A fragment spreads itself.")
                elif following not in self._fragments:
                    raise _malformed("A fragment is spread that is not defined.")
                else:
                    path.append((following, _spreads(self._fragments[following].selection_set)))
                    on_path.add(following)
        for operation in self._operations:
            if any(spread not in self._fragments for spread in _spreads(operation.selection_set)):
                raise _malformed("A fragment is spread that is not defined.")
        return list(done)

    def _root_names(self, selected: SelectionSetNode) -> Iterator[str]:
        waiting, seen = [selected], set[str]()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FieldNode):
                    yield selection.name.value
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                    seen.add(selection.name.value)
                    waiting.append(self._fragments[selection.name.value].selection_set)

    @staticmethod
    def _at_most(what: str, count: int, limit: int) -> None:
        if count > limit:
            raise too_expensive(f"The document has too many {what}: {limit} are allowed.")


def _spreads(selected: SelectionSetNode) -> Iterator[str]:
    """The fragments that are spread anywhere in a selection set."""
    waiting = [selected]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif inner := getattr(selection, "selection_set", None):
                waiting.append(inner)
