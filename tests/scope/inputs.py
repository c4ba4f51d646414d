"""Arguments made from the schema: valid values where something is required, foreign ids wherever an id can stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    get_nullable_type,
)

from tests.calendar import AROUND_LITERAL, IN_HALF_A_YEAR
from tests.driving import new_id

ID_TYPES = {"ID", "UUID"}
STRINGS = {
    "email": "probe@example.com",
    "password": "a-long-enough-password",
    "code": "PROBE",
    "plate": "B-PR 1234",
    "timeZone": "Europe/Berlin",
    "country": "DE",
    "postcode": "10115",
    "sha256": "0" * 64,
    "cardToken": "tok-approved",
    "successUrl": "https://shop.example/ok",
    "failureUrl": "https://shop.example/no",
}
# May be left out, but without them a call is refused before it comes to the ids.
NEEDED = {"waiverReason", "missingReason", "lastName", "fuelEighths", "cardToken"}
Given = GraphQLArgument | GraphQLInputField
Place = tuple[str, ...]


@dataclass
class Values:
    """Plain valid values of Alpha's, by the name of the field."""

    ids: dict[str, str]
    start: str
    end: str
    versions: dict[str, int] = field(default_factory=dict)
    """The version of every row that has one, so that a stale version is not what refuses a call."""
    own: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Arguments that find something of Alpha's, by root field."""
    foreign_texts: list[str] = field(default_factory=list)
    payment: str = "WAIVED"

    def plain(self, name: str, kind: GraphQLInputType) -> Any:
        """A valid value for a field of that name and type."""
        bare = get_nullable_type(kind)
        if isinstance(bare, GraphQLList):
            return [self.plain(name.removesuffix("s"), bare.of_type)]
        if isinstance(bare, GraphQLInputObjectType):
            return {key: self.plain(key, f.type) for key, f in bare.fields.items() if required(f) or key in NEEDED}
        if isinstance(bare, GraphQLEnumType):
            preferred = [value for value in (self.payment, "DAY", "MONDAY", "RENTAL", "CLERK") if value in bare.values]
            return (preferred or list(bare.values))[0]
        return self._scalar(name, bare.name)

    def _scalar(self, name: str, kind: str) -> Any:
        if kind == "DateTime":
            return self.end if name == "end" else self.start
        if kind == "Int":
            return 1
        if kind == "UUID":
            return new_id()
        fixed = {
            "ID": self.ids.get(name, new_id()),
            "Date": IN_HALF_A_YEAR,
            "LocalTime": "10:00",
            "Decimal": "10.00",
            "Boolean": False,
            "Float": 0.5,
        }
        return fixed[kind] if kind in fixed else STRINGS.get(name, "Probe")


def required(given: Given) -> bool:
    """Whether an argument or input field must be given."""
    return isinstance(given.type, GraphQLNonNull) and given.default_value is Undefined


def literal(argument: GraphQLArgument) -> str:
    """What a required argument of a nested field gets: there are only dates and periods."""
    kind = get_named_type(argument.type).name
    return {
        "Date": f'"{IN_HALF_A_YEAR}"',
        "PeriodInput": AROUND_LITERAL,
    }[kind]


def id_places(field_: GraphQLField) -> list[Place]:
    """Where an id can stand in a field's arguments, inside inputs and lists too."""
    return [place for name, argument in field_.args.items() for place in _below(argument.type, (name,), set())]


def _below(kind: GraphQLInputType, place: Place, inside: set[str]) -> Iterator[Place]:
    bare = get_named_type(kind)
    if bare.name in ID_TYPES:
        yield place
    elif isinstance(bare, GraphQLInputObjectType) and bare.name not in inside:
        for name, given in bare.fields.items():
            yield from _below(given.type, (*place, name), inside | {bare.name})


def string_places(field_: GraphQLField) -> list[str]:
    """Top-level texts, such as a number or a plate."""
    return [name for name, argument in field_.args.items() if get_named_type(argument.type).name == "String"]


def arguments(field_: GraphQLField, values: Values, placed: dict[Place, str]) -> dict[str, Any]:
    """All required arguments with valid values, and the placed ids wherever they go."""
    given = {name: values.plain(name, arg.type) for name, arg in field_.args.items() if required(arg)}
    for place, wanted in placed.items():
        _put(given, place, field_.args[place[0]].type, wanted, values)
    if "version" in given:
        given["version"] = next((values.versions[one] for one in placed.values() if one in values.versions), 1)
    return given


def _put(into: dict[str, Any], place: Place, kind: GraphQLInputType, wanted: str, values: Values) -> None:
    name, *rest = place
    bare = get_nullable_type(kind)
    inner = get_nullable_type(bare.of_type) if isinstance(bare, GraphQLList) else bare
    if not rest:
        into[name] = [wanted] if isinstance(bare, GraphQLList) else wanted
        return
    assert isinstance(inner, GraphQLInputObjectType)
    if not into.get(name):
        fresh = values.plain(name, inner)
        into[name] = [fresh] if isinstance(bare, GraphQLList) else fresh
    target = into[name][0] if isinstance(bare, GraphQLList) else into[name]
    _put(target, tuple(rest), inner.fields[rest[0]].type, wanted, values)


def right_kind(place: Place, root: str) -> str:
    """The table whose ids belong in a place, by its name."""
    name = place[-1]
    for table, words in {
        "station": ("station",),
        "vehicle_block": ("block",),
        "vehicle": ("vehicle",),
        "contract": ("contract", "idempotency"),
        "customer": ("customer",),
        "driver": ("driver",),
        "protocol": ("protocol",),
        "email": ("email",),
        "document": ("document",),
    }.items():
        if any(word in name.lower() for word in words):
            return table
    if "damage" in "".join(place).lower():
        return "damage"
    lowered = root.lower()
    if "device" in lowered or place == ("device", "id"):
        return "device"
    kinds = ["vehicle", "station", "contract", "customer", "document"]
    if "user" in lowered:
        return "app_user"
    return "api_client" if "client" in lowered else next((kind for kind in kinds if kind in lowered), "contract")
