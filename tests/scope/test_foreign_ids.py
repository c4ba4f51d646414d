"""A foreign id and an id that does not exist get the same answer, letter by letter."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from graphql import get_named_type

from tests.dealership import CHECK_OUT
from tests.driving import new_id

from .calls import Call, call_of
from .database import Hidden, of_bravo
from .inputs import Values, arguments, id_places, right_kind
from .probe import Probe, served_schema
from .selections import Reach, documents
from .world import DAMAGE, World, damage

NOT_CALLED = {"signOut", "uploadPhoto", "uploadDocument"}


def _cases() -> list[tuple[str, str, int]]:
    schema = served_schema()
    assert schema.query_type
    assert schema.mutation_type
    return [
        (kind.name, name, place)
        for kind in (schema.query_type, schema.mutation_type)
        for name, definition in kind.fields.items()
        if name not in NOT_CALLED
        for place in range(len(id_places(definition)))
    ]


@pytest.mark.parametrize(("kind", "name", "place"), _cases())
def test_a_foreign_id_answers_like_one_that_does_not_exist(
    world: World, hidden: Hidden, values: Values, kind: str, name: str, place: int
) -> None:
    # Given a place for an id, a foreign id that belongs there, and one that nobody has
    schema = served_schema()
    definition = schema.type_map[kind].fields[name]  # type: ignore[attr-defined]
    where = id_places(definition)[place]
    foreign, unknown = hidden.ids[right_kind(where, name)][0], new_id()
    if where[-1] in {"idempotencyKey", "protocolId"} or where[-2:] == ("damage", "id") or "damages" in where:
        pytest.skip("made by the client: an id that exists is a conflict, tested below")

    # When a manager of the other station asks with the one and with the other
    said = []
    for one in (foreign, unknown):
        given = arguments(definition, values, {where: one})
        given = {key: value for key, value in given.items() if key != "version"} | (
            {"version": 1} if "version" in given else {}
        )
        said.append(_ask(world, schema, kind, call_of(name, definition, given), definition).replace(one, "ID"))

    # Then nobody could tell them apart
    assert said[0] == said[1]


def _ask(world: World, schema: Any, kind: str, call: Call, definition: Any) -> str:
    paths = [path for path in Reach(schema).paths(get_named_type(definition.type), 1) if len(path.keys) < 3]
    text, _ = next(documents(schema, kind.lower(), call, paths))
    answer = world.viewers["MANAGER"].post(text, call.given)
    volatile = {"validUntil", "generatedAt"}
    return orjson.dumps(_without(answer, volatile)).decode()


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, list):
        return [_without(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names | {"locations"}}
    return value


def test_a_foreign_damage_id_is_a_conflict_and_no_fault(world: World, owner: str, hidden: Hidden) -> None:
    before = of_bravo(owner, hidden)
    report = {**damage("mine"), "id": hidden.ids["damage"][0]}

    said = world.a.yard(DAMAGE.replace("message", "problemCode message field"), v=world.a.vehicles[1]["id"], d=report)

    assert said == {
        "__typename": "Rejection",
        "problemCode": "IDEMPOTENCY_CONFLICT",
        "message": "This id belongs to another damage already.",
        "field": ["damage", "id"],
    }
    assert of_bravo(owner, hidden) == before


def test_a_foreign_protocol_id_changes_nothing(world: World, owner: str, hidden: Hidden) -> None:
    before = of_bravo(owner, hidden)
    contract = world.contracts["alpha-out"]
    request = {
        "protocolId": hidden.ids["protocol"][0],
        "contractId": contract["id"],
        "occurredAt": world.server.now().isoformat(),
        "condition": {"odometerKm": 20_000, "fuelEighths": 8},
        "signature": {"missingReason": "left early"},
    }

    said = world.a.yard(CHECK_OUT, input=request)

    assert said["__typename"] in {"Rejection", "InvalidTransition"}
    assert of_bravo(owner, hidden) == before


def test_malformed_ids_are_ids_of_nothing(world: World, hidden: Hidden, values: Values) -> None:
    probe = Probe(served_schema(), world.viewers["CLERK"], hidden, values)
    for text in ['query{contract(id:"x"){id}}', 'query{vehicle(id:"\' or 1=1 --"){id}}', 'query{customer(id:""){id}}']:
        assert list(probe.ask(text)) == []
        assert probe.last_codes == set()
        (value,) = world.viewers["CLERK"].post(text)["data"].values()
        assert value is None
