"""The document guard: what documents are refused for, how cost is counted, and that measuring stays linear."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLSchema, build_schema, get_introspection_query, parse

from server.edge import costs
from server.edge.costs import core_schema, uncosted_list_fields
from server.edge.guard import Limits, analyse
from server.errors import CallerError, CallerErrorCode

from .demo_schema import create_schema
from .hostile import chain, fan_out, nested

SCHEMA = core_schema(create_schema())
GENEROUS = Limits(
    depth=10**6, fields=10**8, aliases=10**6, fragments=10**6, directives=10**6, query_roots=10**8, cost=10**12
)


def cost(query: str, schema: GraphQLSchema = SCHEMA, **variables: Any) -> int:
    operation = next(iter(analyse(schema, parse(query), Limits()).values()))
    return operation.costs.total(variables)[0]


def refused(query: str, limits: Limits | None = None) -> CallerError:
    with pytest.raises(CallerError) as refusal:
        check(parse(query), limits or Limits())
    return refusal.value


def check(document: DocumentNode, limits: Limits) -> None:
    for operation in analyse(SCHEMA, document, limits).values():
        operation.check_cost({}, limits)


class TestCost:
    def test_fields_count_one(self) -> None:
        assert cost("{viewer a:viewer cars(first:1){totalCount}}") == 4

    def test_page_size_from_literal(self) -> None:
        assert cost("{cars(first:7){nodes{id}}}") == 1 + 7 * 2

    def test_page_size_from_schema(self) -> None:
        assert cost("{cars{nodes{id}}}") == 1 + 50 * 2

    def test_page_size_from_variable(self) -> None:
        query = "query($n:Int){cars(first:$n){nodes{id}}}"
        assert cost(query, n=7) == 1 + 7 * 2
        assert cost(query) == 1 + 50 * 2

    def test_page_size_from_variable_default(self) -> None:
        query = "query($n:Int=3){cars(first:$n){nodes{id}}}"
        assert cost(query) == 1 + 3 * 2
        assert cost(query, n=4) == 1 + 4 * 2

    @pytest.mark.parametrize("size", [None, "9", True, [], {}, 101, 2**31, 1e300])
    def test_odd_page_sizes_count_as_the_largest(self, size: object) -> None:
        assert cost("query($n:Int){cars(first:$n){nodes{id}}}", n=size) == 1 + 100 * 2

    @pytest.mark.parametrize("size", [0, -1, -(2**31)])
    def test_small_page_sizes_count_as_one(self, size: int) -> None:
        assert cost("query($n:Int){cars(first:$n){nodes{id}}}", n=size) == 1 + 2

    @pytest.mark.parametrize(
        ("declared", "elements"),
        [("[Int!] = [1, 2, 3]", 3), ("[[Int]] = [[1, 2], [3]]", 5), ("I = {numbers: [1, 2]}", 2), ("Int = 4", 0)],
    )
    def test_lists_that_a_variable_has_by_default_count(self, declared: str, elements: int) -> None:
        assert cost(f"query($n: {declared}) {{ echo(numbers: $n) }}") == 1 + elements

    def test_lists_multiply(self) -> None:
        assert cost("{stations{id}}") == 1 + costs.list_size("Query", "stations")
        one, two, three = (cost(nested(levels)) for levels in (1, 2, 3))
        assert (three - two) == costs.UNKNOWN_SIZE * (two - one)

    def test_fragments_cost_what_they_hold(self) -> None:
        plain = "{cars(first:9){nodes{id station{id}}}}"
        spread = "{...A} fragment A on Query{cars(first:9){...B}} fragment B on CarConnection{nodes{...C}}"
        spread += " fragment C on Car{id ... on Car{station{id}}}"
        assert cost(spread) == cost(plain)

    def test_variables_inside_fragments(self) -> None:
        query = "query($n:Int=2){...A b:cars{totalCount}} fragment A on Query{cars(first:$n){nodes{id}}}"
        assert cost(query, n=10) - cost(query) == 8 * 2

    def test_too_dear(self) -> None:
        assert refused(nested(5)).code is CallerErrorCode.TOO_EXPENSIVE


class TestCostMap:
    def test_entries_and_pages_are_enough(self) -> None:
        lists = "type Query { stations: [S!]! cars(first: Int! = 5): [S] } type S { id: ID }"
        assert uncosted_list_fields(build_schema(lists)) == []

    def test_new_list_is_noticed(self) -> None:
        schema = build_schema("type Query { tyres: [String!]! flags: [[Int]] x: Int }")
        assert uncosted_list_fields(schema) == ["Query.tyres", "Query.flags"]

    def test_strawberry_schema(self) -> None:
        assert uncosted_list_fields(create_schema()) == ["Station.cars"]


class TestIntrospection:
    def test_standard_query_is_within_the_limits(self) -> None:
        query = get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        )
        operation = analyse(SCHEMA, parse(query), Limits())["IntrospectionQuery"]
        operation.check_cost({}, Limits())
        data, introspection = operation.costs.total({})
        assert data == 0
        assert introspection > 1000

    def test_many_at_once_are_not(self) -> None:
        types = "types{fields{args{name type{name}} type{name fields{name args{name type{name}}}}}}"
        query = "{" + " ".join(f"a{n}:__schema{{{types}}}" for n in range(20)) + "}"
        assert refused(query).code is CallerErrorCode.TOO_EXPENSIVE


def lines_run(query: str) -> int:
    """How many lines the check of a query runs: as good as its time, and the same on a busy machine."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    document, before = parse(query), sys.gettrace()
    sys.settrace(trace)
    try:
        with contextlib.suppress(CallerError):
            check(document, GENEROUS)
    finally:
        sys.settrace(before)
    return count


class TestLinear:
    @pytest.mark.parametrize("shape", [fan_out, chain])
    def test_work_grows_with_length_only(self, shape: Callable[[int], str]) -> None:
        # Sixteen times the length: linear is 16, quadratic would be 256.
        assert lines_run(shape(480)) < 24 * lines_run(shape(30))

    @pytest.mark.parametrize("levels", [8, 16, 24, 32, 40])
    def test_fan_out_is_refused_at_once(self, levels: int) -> None:
        document = parse(fan_out(levels))
        began = time.thread_time()
        with pytest.raises(CallerError):
            check(document, Limits())
        assert time.thread_time() - began < 0.2

    @pytest.mark.parametrize("levels", [6, 8, 10])
    def test_pages_of_lists(self, levels: int) -> None:
        query = "{cars(first:100){nodes{" + "station{cars{" * levels + "id" + "}}" * levels + "}}}"
        began = time.thread_time()
        assert refused(query).code is CallerErrorCode.TOO_EXPENSIVE
        assert time.thread_time() - began < 0.2


class TestWhatValidationWouldCompare:
    """graphql-core compares fields of one name with each other, used or not: 8 KB of them took two seconds."""

    def test_fields_of_fragments_that_nobody_spreads_count(self) -> None:
        unused = "fragment A on Car {" + " ".join(f"f{number}" for number in range(600)) + "}"
        error = refused("{viewer}" + unused)
        assert (error.code, str(error)) == (
            CallerErrorCode.TOO_EXPENSIVE,
            "The document has too many fields: 600 are allowed.",
        )

    @pytest.mark.parametrize(
        "query",
        [
            "{" + "cars{totalCount} " * 16 + "}",
            "{" + "...on Query{cars{totalCount}} " * 16 + "}",
            "{" + "...A " * 16 + "} fragment A on Query{cars{totalCount}}",
            "{viewer} fragment A on Query{" + "cars{totalCount} " * 16 + "}",
            "{" + "viewer " * 61 + "}",
            "{" + 'viewer:echo(text:"a") ' * 61 + "}",
        ],
        ids=["branches", "inline", "spread", "unused", "leaves", "aliases"],
    )
    def test_equal_names_side_by_side(self, query: str) -> None:
        limits = replace(Limits(), query_roots=100, aliases=100)
        assert str(refused(query, limits)).startswith("The document has too many fields of one name side by side: ")

    def test_as_many_as_a_client_of_many_fragments_has(self) -> None:
        fragments = " ".join(f"fragment F{n} on Query{{viewer cars{{totalCount}}}}" for n in range(15))
        spreads = " ".join(f"...F{n}" for n in range(15))
        check(parse(f"{{{spreads}}} {fragments}"), replace(Limits(), query_roots=100))


class TestListsThatAreSent:
    def test_each_element_costs(self) -> None:
        assert cost('{cars(ids:["a","b","c"]){totalCount}}') == cost("{cars{totalCount}}") + 3

    def test_in_variables_too_however_deep(self) -> None:
        operation = next(iter(analyse(SCHEMA, parse("{viewer}"), Limits()).values()))
        operation.check_cost({"a": [[0] * 9] * 2, "b": {"c": [1]}}, replace(Limits(), cost=22))
        with pytest.raises(CallerError, match="The estimated cost is 22, allowed is 21"):
            operation.check_cost({"a": [[0] * 9] * 2, "b": {"c": [1]}}, replace(Limits(), cost=21))
