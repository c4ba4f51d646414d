"""Every list can be narrowed by every field of its filter, one at a time: none of them is a fault of the server."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from tests.calendar import AROUND, AROUND_LITERAL
from tests.dealership import Dealership
from tests.scope.probe import served_schema

NOBODY = "00000000-0000-0000-0000-000000000000"


def values_of(kind: Any) -> list[str]:
    """Literals that a field of a filter may have."""
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(bare, GraphQLList):
        return [f"[{', '.join(values_of(bare.of_type))}]"]
    if isinstance(bare, GraphQLEnumType):
        return list(bare.values)
    return {
        "ID": [f'"{NOBODY}"'],
        "String": ['"Beispiel"', '"%_\\\\"'],
        "DateTime": [f'"{AROUND["start"]}"'],
        "Boolean": ["true", "false"],
        "PeriodInput": [AROUND_LITERAL],
    }[str(bare)]


def questions() -> list[str]:
    query = served_schema().query_type
    assert query
    asked = []
    for name, definition in query.fields.items():
        given = definition.args.get("filter")
        kind = get_named_type(given.type) if given else None
        if isinstance(kind, GraphQLInputObjectType):
            for inner, field in kind.fields.items():
                asked += [f"{name}(filter:{{{inner}:{value}}})" for value in values_of(field.type)]
        if "search" in definition.args:
            asked += [f"{name}(search:{value})" for value in values_of(definition.args["search"].type)]
    return asked


def test_every_field_of_every_filter(dealership: Dealership) -> None:
    # Given
    asked = questions()
    assert len({one.partition("(")[0] for one in asked}) >= 6
    # When, Then
    for question in asked:
        for caller in (dealership.clerk, dealership.admin):
            found = caller(f"{{{question}{{totalCount nodes{{id}}}}}}")
            assert len(found["nodes"]) <= found["totalCount"], question
