"""Documents that walk the schema: every path of objects to a depth, packed into documents of the permitted size."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    parse,
)

from server.edge.guard import Limits, analyse
from server.errors import CallerError

from .calls import Call, opening
from .inputs import literal

LIMITS = Limits()
DEPTH = 3
"""Objects below the first one: four in a row."""
WRAPPERS = ("Connection", "Edge")
PAGE = "first: 3"

Fields = GraphQLObjectType | GraphQLInterfaceType


@dataclass
class Node:
    """A selection: plain fields, nested fields by their text with arguments, and parts for the members of unions."""

    plain: set[str] = field(default_factory=set)
    nested: dict[str, Node] = field(default_factory=dict)

    def text(self) -> str:
        """As GraphQL."""
        parts = ["__typename", *sorted(self.plain), *(f"{key}{node.text()}" for key, node in self.nested.items())]
        return "{" + " ".join(parts) + "}"

    def add(self, path: tuple[str, ...], plain: frozenset[str]) -> None:
        """Selects plain fields at the end of a path."""
        node = self
        for key in path:
            node = node.nested.setdefault(key, Node())
        node.plain |= plain


def _says_something(definition: GraphQLField) -> bool:
    return get_named_type(definition.type).name in {"ID", "String"}


@dataclass(frozen=True)
class Path:
    """Where plain fields are selected, below a root field; `seen` are they and the fields on the way."""

    keys: tuple[str, ...]
    plain: frozenset[str]
    seen: frozenset[tuple[str, str]]


def call(name: str, definition: GraphQLField) -> str:
    """A field with what its required arguments need; pages are kept small."""
    given = [f"{key}: {literal(arg)}" for key, arg in definition.args.items() if is_required(arg)]
    if "first" in definition.args:
        given.append(PAGE)
    return f"{name}({', '.join(given)})" if given else name


def is_required(argument: GraphQLArgument) -> bool:
    """Whether an argument must be given."""
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined


def members(schema: GraphQLSchema, kind: GraphQLNamedType) -> list[tuple[str, Fields]]:
    """The object types that a field of this type can give, each with how to select it."""
    if isinstance(kind, GraphQLObjectType):
        return [("", kind)]
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        return [(f"... on {member.name}", member) for member in schema.get_possible_types(kind)]
    return []


class Reach:
    """What can be reached below a field."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._entities = self._with_entities()

    def _with_entities(self) -> set[str]:
        """Types that have an id, or lead to one that has."""
        objects = [kind for kind in self.schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
        found = {kind.name for kind in objects if "id" in kind.fields}
        while True:
            more = {kind.name for kind in objects if any(self._leads(f, found) for f in kind.fields.values())} - found
            if not more:
                return found
            found |= more

    def _leads(self, definition: GraphQLField, found: set[str]) -> bool:
        return any(member.name in found for _, member in members(self.schema, get_named_type(definition.type)))

    def paths(self, kind: GraphQLNamedType, depth: int = DEPTH) -> list[Path]:
        """Every path of objects below a field of this type."""
        return list(self._below(kind, Path((), frozenset(), frozenset()), depth + kind.name.endswith(WRAPPERS)))

    def _below(self, kind: GraphQLNamedType, to: Path, depth: int) -> Iterator[Path]:
        for condition, member in members(self.schema, kind):
            here = (*to.keys, condition) if condition else to.keys
            plain = frozenset(name for name, f in member.fields.items() if self._is_plain(f))
            # Far from the root, what names an object or says something in words is enough.
            shown = plain if depth > 1 else frozenset(n for n in plain if _says_something(member.fields[n])) or plain
            if shown:
                yield Path(here, shown, to.seen | {(member.name, name) for name in shown})
            for name, definition in member.fields.items():
                inner = get_named_type(definition.type)
                if self._is_plain(definition):
                    continue
                is_value = not self._leads(definition, self._entities)
                cost = 0 if inner.name.endswith(WRAPPERS) else 1
                left = depth - cost
                if name == "edges":
                    left = 1  # what is deep is reached through `nodes`
                elif is_value:
                    # Values belong to what has them; far from the root they would show nothing new.
                    left = depth if depth > 1 else -1
                if left < 0:
                    continue
                through = Path((*here, call(name, definition)), frozenset(), to.seen | {(member.name, name)})
                yield from self._below(inner, through, left)

    def _is_plain(self, definition: GraphQLField) -> bool:
        return not members(self.schema, get_named_type(definition.type)) and not any(
            is_required(argument) for argument in definition.args.values()
        )


def documents(schema: GraphQLSchema, operation: str, root: Call, paths: list[Path]) -> Iterator[tuple[str, list[Path]]]:
    """The paths in as few documents as the limits allow, each with its paths. A path that is beyond the limits alone
    can be asked for by nobody.
    """
    waiting = list(paths)
    while waiting:
        size, fields = 0, 0
        while size < len(waiting) and fields < LIMITS.fields - 60:
            fields += len(waiting[size].plain) + 2
            size += 1
        while not _fits(schema, text := _document(operation, root, waiting[:size])) and size > 1:
            size = max(1, size * 2 // 3)
        if size > 1 or _fits(schema, text):
            yield text, waiting[:size]
        waiting = waiting[size:]


def together(schema: GraphQLSchema, calls: list[Call], paths: list[Path]) -> list[tuple[str, list[Call]]]:
    """Several calls with the same selection in one document, or in several if that is too much."""
    tree = Node()
    for path in paths:
        tree.add(path.keys, path.plain)
    text = opening("query", calls) + " { " + " ".join(call.text + tree.text() for call in calls) + " }"
    if len(calls) == 1 or _fits(schema, text):
        return [(text, calls)]
    half = len(calls) // 2
    return together(schema, calls[:half], paths) + together(schema, calls[half:], paths)


def _document(operation: str, root: Call, paths: list[Path]) -> str:
    tree = Node()
    for path in paths:
        tree.add(path.keys, path.plain)
    return f"{opening(operation, [root])} {{ {root.text}{tree.text()} }}"


@functools.lru_cache(maxsize=2_000)
def _fits(schema: GraphQLSchema, text: str) -> bool:
    if len(text) > LIMITS.characters:
        return False
    try:
        operation = analyse(schema, parse(text, no_location=True), LIMITS)[None]
    except CallerError:
        return False
    tokens = len(text.replace("{", " { ").replace("}", " } ").replace("(", " ( ").replace(":", " : ").split()) * 1.3
    return operation.costs.total({})[0] <= LIMITS.cost and tokens < LIMITS.tokens
