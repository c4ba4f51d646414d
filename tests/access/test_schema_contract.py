"""The exported schema is the agreed contract and more: the website, the tablet and the back office rely on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    print_ast,
)
from strawberry.types.base import get_object_definition

from server import batches
from server.edge.costs import uncosted_list_fields
from server.engine.relation import Relation
from server.resolvers.schema import create_schema
from server.schema.contract import Contract

CONTRACT = Path(__file__).parents[1] / "contract" / "schema.graphql"
MISSING = CONTRACT.with_name("missing.txt")
"""What later issues bring, a name a line: a type, a field, an argument, an enum value or a member of a union. The list
only shrinks.
"""
WORDS_THAT_SAY_NOTHING = 2
"""A field called `when` is not explained by "When."."""


@pytest.fixture(scope="module")
def ours() -> GraphQLSchema:
    # Through its text, like the contract: what clients get to see.
    return build_schema(create_schema().as_str())


@pytest.fixture(scope="module")
def agreed() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def missing() -> list[str]:
    return MISSING.read_text(encoding="utf-8").split()


def differences(agreed: GraphQLSchema, ours: GraphQLSchema) -> dict[str, str]:
    """What of the contract is not there, or not as agreed, by its name."""
    found: dict[str, str] = {}
    for name, wanted in agreed.type_map.items():
        if name.startswith("__"):
            continue
        have = ours.type_map.get(name)
        if have is None or type(have) is not type(wanted):
            found[name] = "missing or of another kind"
        elif isinstance(wanted, GraphQLEnumType) and isinstance(have, GraphQLEnumType):
            found |= {f"{name}.{value}": "missing" for value in wanted.values if value not in have.values}
        elif isinstance(wanted, GraphQLUnionType) and isinstance(have, GraphQLUnionType):
            members = {member.name for member in have.types}
            found |= {f"{name}|{one.name}": "missing" for one in wanted.types if one.name not in members}
        elif isinstance(wanted, GraphQLInputObjectType) and isinstance(have, GraphQLInputObjectType):
            found |= input_differences(name, wanted, have)
        elif isinstance(wanted, (GraphQLObjectType, GraphQLInterfaceType)):
            found |= field_differences(name, wanted, have)  # type: ignore[arg-type]  # of the same kind
    return found


def input_differences(name: str, wanted: GraphQLInputObjectType, have: GraphQLInputObjectType) -> dict[str, str]:
    found: dict[str, str] = {}
    for field_name, field in wanted.fields.items():
        own, place = have.fields.get(field_name), f"{name}.{field_name}"
        if own is None:
            found[place] = "missing"
        elif str(own.type) != str(field.type):
            found[place] = f"{own.type} instead of {field.type}"
        elif printed(own) != printed(field):
            found[place] = f"default {printed(own)} instead of {printed(field)}"
    return found


def printed(argument: GraphQLArgument | GraphQLInputField) -> str:
    """A default as it is written; null is no default."""
    node = argument.ast_node.default_value if argument.ast_node else None
    text = print_ast(node) if node else ""
    return "" if text == "null" else text


def field_differences(
    name: str, wanted: GraphQLObjectType | GraphQLInterfaceType, have: GraphQLObjectType | GraphQLInterfaceType
) -> dict[str, str]:
    found: dict[str, str] = {}
    for field_name, field in wanted.fields.items():
        own, place = have.fields.get(field_name), f"{name}.{field_name}"
        if own is None:
            found[place] = "missing"
            continue
        if str(own.type) != str(field.type):
            found[place] = f"{own.type} instead of {field.type}"
        for argument_name, argument in field.args.items():
            other = own.args.get(argument_name)
            if other is None or str(other.type) != str(argument.type):
                found[f"{place}({argument_name})"] = f"{other and other.type} instead of {argument.type}"
            elif printed(other) != printed(argument):
                found[f"{place}({argument_name})"] = "another default"
        for extra, argument in own.args.items():
            if extra not in field.args and str(argument.type).endswith("!") and not printed(argument):
                found[f"{place}({extra})"] = "a required argument that the contract lacks"
    return found


def test_everything_of_the_contract_is_there_as_agreed(
    agreed: GraphQLSchema, ours: GraphQLSchema, missing: list[str]
) -> None:
    found = differences(agreed, ours)
    assert {name: what for name, what in found.items() if name not in missing} == {}


def test_the_list_of_what_is_missing_only_shrinks(
    agreed: GraphQLSchema, ours: GraphQLSchema, missing: list[str]
) -> None:
    there = [name for name in missing if name not in differences(agreed, ours)]
    assert there == [], f"these are there now: take them out of {MISSING.name}"
    assert missing == sorted(set(missing))


def test_a_missing_field_would_be_noticed(agreed: GraphQLSchema) -> None:
    smaller = build_schema("type Query { viewer: Int }")
    assert differences(agreed, smaller)["Query.viewer"] == "Int instead of Viewer!"


def descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Every type, field, argument and enum value that is ours, with what is said about it."""
    for name, kind in schema.type_map.items():
        if name.startswith("__") or name in {"Int", "Float", "String", "Boolean", "ID"}:
            continue
        yield name, kind.description or ""
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", one.description or "") for value, one in kind.values.items())
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field.description or ""
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument.description or ""


def test_everything_has_a_description(ours: GraphQLSchema) -> None:
    assert [place for place, description in descriptions(ours) if not description] == []


def test_a_description_is_more_than_a_word_or_two(ours: GraphQLSchema) -> None:
    curt = [f"{place}: {text}" for place, text in descriptions(ours) if len(text.split()) <= WORDS_THAT_SAY_NOTHING]
    assert not curt, f"{len(curt)} descriptions help neither a website developer nor a clerk:\n" + "\n".join(curt)


def test_every_list_has_a_cost() -> None:
    assert uncosted_list_fields(create_schema()._schema) == []


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    committed = Path(__file__).parents[2] / "server" / "schema" / "schema.graphql"
    assert committed.read_text(encoding="utf-8") == create_schema().as_str() + "\n"


def test_a_relation_tells_its_batch_function_and_the_key_of_a_row() -> None:
    # Given a contract with a car
    contract = SimpleNamespace(id=uuid4(), vehicle_id=uuid4())
    fields = {field.python_name: field for field in get_object_definition(Contract, strict=True).fields}

    # Then whoever executes a level at a time can look for all cars and all drivers at once
    for name, batch, key in [
        ("vehicle", batches.vehicle, contract.vehicle_id),
        ("drivers", batches.drivers_of_contract, contract.id),
    ]:
        relation, key_of = Relation.of(fields[name]), fields[name].base_resolver
        assert relation is not None
        assert relation.batch is batch
        assert cast(Any, key_of)(contract) == key
    # And a field that shows the row itself has none
    assert Relation.of(fields["number"]) is None
