"""The generated sweep: every field, argument and path of the schema, asked by people who must not see Bravo.

Nothing here names a field of the API (except what cannot be called like the others): what is added to the schema is
swept by itself, and what cannot be swept fails.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from graphql import GraphQLObjectType

from tests.driving import picture

from .database import Hidden, counts, hidden_from_website, of_bravo
from .inputs import Values
from .probe import Probe, Report, served_schema
from .world import CANARY, World

ELSEWHERE = frozenset({"signOut", "uploadPhoto", "uploadDocument"})
"""Called by their own tests below: one would end the viewer's session, the others need a file."""
UPLOADED = frozenset({"StoredPhoto", "StoredDocument"})
THOROUGH = ("MANAGER", "WEB")
"""The others see the same rows as a manager of their station; they are swept less deep."""
NEVER_ANSWERED = {"Subscription"}


@dataclass
class Sweep:
    reports: dict[str, Report]
    before: dict[str, list[str]]
    after: dict[str, list[str]]


@pytest.fixture(scope="module")
def sweep(world: World, owner: str, hidden: Hidden, values: Values) -> Sweep:
    """Everything that four viewers can ask and do."""
    before = of_bravo(owner, hidden)
    probes = {role: _probe(world, owner, hidden, values, role) for role in world.viewers}
    with ThreadPoolExecutor(len(probes)) as pool:
        for done in [pool.submit(list, probe.everything(ELSEWHERE)) for probe in probes.values()]:
            done.result()
    return Sweep({role: probe.report for role, probe in probes.items()}, before, of_bravo(owner, hidden))


def _probe(world: World, owner: str, hidden: Hidden, values: Values, role: str) -> Probe:
    foreign = hidden_from_website(world, owner) if role == "WEB" else hidden
    own_values = replace(values, payment="STORED_CARD" if role == "WEB" else "WAIVED")
    probe = Probe(served_schema(), world.viewers[role], foreign, own_values)
    if role not in THOROUGH:
        probe.depth, probe.kinds = 1, ("contract",)
    return probe


def _objects() -> dict[str, GraphQLObjectType]:
    kinds = served_schema().type_map.values()
    return {kind.name: kind for kind in kinds if isinstance(kind, GraphQLObjectType) and kind.name[:2] != "__"}


@pytest.mark.parametrize("role", ["YARD", "CLERK", "MANAGER", "WEB"])
def test_no_answer_contains_anything_of_the_other_station(sweep: Sweep, role: str) -> None:
    assert sweep.reports[role].leaks == []


@pytest.mark.parametrize("role", ["YARD", "CLERK", "MANAGER", "WEB"])
def test_no_answer_is_a_fault_of_the_server(sweep: Sweep, role: str) -> None:
    assert sweep.reports[role].faults == []


def test_nothing_of_the_other_station_has_changed(sweep: Sweep) -> None:
    assert sweep.before.keys() == sweep.after.keys()
    assert sum(map(len, sweep.before.values())) > 100
    for table, rows in sweep.before.items():
        assert sweep.after[table] == rows, table


def test_every_root_field_was_called(sweep: Sweep) -> None:
    schema = served_schema()
    assert schema.query_type
    assert schema.mutation_type
    every_field = {*schema.query_type.fields, *schema.mutation_type.fields}
    for role, report in sweep.reports.items():
        assert every_field - report.called == set(), role


def test_every_field_of_every_type_was_selected(sweep: Sweep) -> None:
    every_field = {
        (kind.name, name) for kind in _objects().values() if kind.name not in NEVER_ANSWERED for name in kind.fields
    }
    for role in THOROUGH:
        report = sweep.reports[role]
        unseen = {(kind, name) for kind, name in every_field - report.selected if kind not in UPLOADED}
        assert unseen == set(), role  # what answers an upload is below


def test_the_sweep_met_every_type_and_not_only_nulls(sweep: Sweep) -> None:
    met = sweep.reports["MANAGER"].met
    # Below an edge is what is below `nodes`: pages are walked once.
    answered = {name for name in _objects() if not name.endswith("Edge")} - NEVER_ANSWERED
    results = {name for name in answered if _is_answer_to_a_mutation(name)}
    assert answered - results - met == set()


def _is_answer_to_a_mutation(name: str) -> bool:
    """Refusals with data of their own, and what only a mutation that succeeds gives: tested where they arise."""
    schema = served_schema()
    query = schema.query_type
    assert query
    waiting, seen = [query], set[str]()
    while waiting:
        kind = waiting.pop()
        for definition in kind.fields.values():
            inner = definition.type
            while hasattr(inner, "of_type"):
                inner = inner.of_type
            if isinstance(inner, GraphQLObjectType) and inner.name not in seen:
                seen.add(inner.name)
                waiting.append(inner)
    return name not in seen


def test_foreign_arguments_are_refused_as_the_contract_says(sweep: Sweep) -> None:
    for role, report in sweep.reports.items():
        assert report.codes <= {"BAD_USER_INPUT", "FORBIDDEN", "UNAUTHENTICATED"}, role


def test_signing_out_ends_nobody_elses_session(world: World) -> None:
    # Given somebody of Alpha and somebody of Bravo who are signed in
    leaving = world.server.sign_in("alpha-manager@example.com")

    # When the one signs out
    assert leaving("mutation{signOut}") is True

    # Then the other goes on
    assert leaving.error_code("{viewer{role}}") == "UNAUTHENTICATED"
    assert world.b.clerk("{viewer{role}}") == {"role": "CLERK"}


def test_a_foreign_picture_can_be_uploaded_but_not_taken_over(world: World, owner: str, hidden: Hidden) -> None:
    # Given a picture that only Bravo has
    content = picture(len(CANARY) + len("paid"))
    before = counts(owner)["photo"]

    # When Alpha uploads the same bytes
    world.a.yard.upload(content)

    # Then it has its own photo, and Bravo's is untouched
    assert counts(owner)["photo"] == before + 1
    assert of_bravo(owner, hidden)["photo"] != []
