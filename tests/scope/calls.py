"""Root fields with their arguments as variables: with other values it is the same document, which is read only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField


@dataclass(frozen=True)
class Call:
    """A root field as GraphQL writes it, the variables that it declares, and their values."""

    text: str
    declared: tuple[str, ...]
    given: dict[str, Any]


def call_of(name: str, definition: GraphQLField, given: dict[str, Any], page: int = 12, alias: str = "") -> Call:
    """A root field with these arguments; with an `alias` several stand in one document."""
    parts = [f"{key}: ${alias}{key}" for key in given]
    if "first" in definition.args:
        parts.append(f"first: {page}")
    text = f"{name}({', '.join(parts)})" if parts else name
    return Call(
        f"{alias}: {text}" if alias else text,
        tuple(f"${alias}{key}: {definition.args[key].type}" for key in given),
        {f"{alias}{key}": value for key, value in given.items()},
    )


def opening(operation: str, calls: Sequence[Call]) -> str:
    """What stands before the selection of an operation with these calls."""
    declared = ", ".join(one for call in calls for one in call.declared)
    return f"{operation}({declared})" if declared else operation


def values_of(calls: Sequence[Call]) -> dict[str, Any]:
    """The variables that go with them."""
    return {key: value for call in calls for key, value in call.given.items()}
