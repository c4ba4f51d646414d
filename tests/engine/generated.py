"""Documents that a dice writes over any schema: aliases, fragments, conditions, arguments as literals and variables."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

DEPTH = 3


@dataclass
class Written:
    """A document, and the variables that go with it."""

    text: str
    variables: dict[str, Any]


@dataclass
class Writer:
    """Writes one document."""

    schema: GraphQLSchema
    dice: random.Random
    variables: dict[str, Any] = field(default_factory=dict)
    _declared: dict[str, str] = field(default_factory=dict)
    _fragments: list[str] = field(default_factory=list)

    def document(self, operation: str = "query") -> Written:
        """An operation with some of the root's fields."""
        root = self.schema.query_type if operation == "query" else self.schema.mutation_type
        assert root is not None
        selection = self._selection(root, DEPTH)
        declared = ", ".join(f"${name}: {kind}" for name, kind in self._declared.items())
        head = f"{operation} Generated({declared})" if declared else f"{operation} Generated"
        return Written("\n".join([head + selection, *self._fragments]), self.variables)

    def _selection(self, kind: GraphQLNamedType, depth: int) -> str:
        parts = [self._part(kind, depth) for _ in range(self.dice.randint(1, 1 + depth))]
        return "{" + " ".join(part for part in parts if part) + " __typename}"

    def _part(self, kind: GraphQLNamedType, depth: int) -> str:
        if is_abstract_type(kind):
            fields = kind.fields if isinstance(kind, GraphQLInterfaceType) else {}
            if not fields or self.dice.random() < 0.7:
                return self._fragment(self.dice.choice([*self.schema.get_possible_types(kind)]), depth)
        elif self.dice.random() < 0.12:
            return self._fragment(kind, depth)
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        name, definition = self.dice.choice([*kind.fields.items()])
        return self._field(kind, name, definition, depth)

    def _fragment(self, kind: GraphQLNamedType, depth: int) -> str:
        selection = self._selection(kind, depth)
        if self.dice.random() < 0.7:
            return f"... on {kind.name}{self._condition()}{selection}"
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {kind.name}{selection}")
        return (
            f"...{name}{self._condition()} ...{name}" if self.dice.random() < 0.1 else f"...{name}{self._condition()}"
        )

    def _field(self, kind: GraphQLNamedType, name: str, definition: GraphQLField, depth: int) -> str:
        inner = get_named_type(definition.type)
        if is_composite_type(inner) and depth == 0:
            return ""
        given = {key: self._argument(key, arg) for key, arg in definition.args.items()}
        given = {key: value for key, value in given.items() if value is not None}
        # Under an alias of its own, so that members of a union may have fields of the same name and other types.
        alias = f"{kind.name}_{name}{crc32(str(given).encode()) % 97 if given else ''}: "
        arguments = "(" + ", ".join(f"{key}: {value}" for key, value in given.items()) + ")" if given else ""
        below = self._selection(inner, depth - 1) if is_composite_type(inner) else ""
        return f"{alias}{name}{arguments}{self._condition()}{below}"

    def _argument(self, name: str, argument: GraphQLArgument) -> str | None:
        required = isinstance(argument.type, GraphQLNonNull)
        if not required and self.dice.random() < 0.4:
            return None
        number, text = self.dice.randint(0, 4), self.dice.choice(["ä", ""])
        value, literal = (number, str(number)) if get_named_type(argument.type).name == "Int" else (text, f'"{text}"')
        return self._variable(str(argument.type), value) if self.dice.random() < 0.4 else literal

    def _condition(self) -> str:
        if self.dice.random() < 0.85:
            return ""
        word, value = self.dice.choice(["skip", "include"]), self.dice.random() < 0.5
        given = self._variable("Boolean!", value) if self.dice.random() < 0.6 else str(value).lower()
        return f" @{word}(if: {given})"

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self._declared)}"
        self._declared[name] = kind
        self.variables[name] = value
        return f"${name}"
