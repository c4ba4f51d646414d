"""Every refusal of an input names a field that the caller's document can have: provoked leaf by leaf, for every field."""

from __future__ import annotations

import copy
import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_nullable_type,
)

from server.edge.costs import core_schema
from server.resolvers.schema import create_schema
from tests.calendar import IN_HALF_A_YEAR, soon
from tests.dealership import Dealership, add_user, open_dealership
from tests.driving import SandboxServer, new_id, signature

Leaf = tuple[str | int, ...]
_numbers = itertools.count(1)
# They end the caller's session, or need a file.
LEFT_OUT = {"signOut", "uploadPhoto", "uploadDocument", "signIn", "refreshSession"}
BAD: dict[str, list[Any]] = {
    "String": ["x" * 5001],
    "Text": ["", "x" * 5001],
    "ID": ["nonsense"],
    "Int": [-1, 10**8],
    "Decimal": ["-1.00"],
    "Float": [2.0],
    "DateTime": ["2015-01-01T00:00:00Z", "2080-01-01T00:00:00Z"],
    "Date": ["1800-01-01"],
    "JSON": ["no object", [1]],
    "null": [None],
    "[]": ["twice"],
}
GOOD = {
    "email": "probe{}@example.com",
    "code": "PROBE-{}",
    "plate": "B-PR {}",
    "customerPlate": "B-PR 1234",
    "postcode": "10115",
    "country": "DE",
    "timeZone": "Europe/Berlin",
    "holidayRegion": "DE-BE",
    "phone": "+49 30 1234567",
    "acriss": "CDMR",
    "vin": "WVWZZZ1JZXW000001",
    "customerVin": "WVWZZZ1JZXW000001",
    "successUrl": "https://shop.example/ok",
    "failureUrl": "https://shop.example/no",
    "password": "a-long-enough-password",
    "shownLanguage": "de",
}
NUMBERS = {"minimumAge": 21, "days": 1, "tankLitres": 50, "batteryWh": 50_000, "odometerKm": 1, "quantity": 1}


# Given together with others they are refused, or let a hand-over succeed: then there would be nothing left to refuse.
LEFT_EMPTY = {"missingReason", "overrideReason", "windowStart", "windowEnd", "keyDropAt"}


# Whatever a device says about the time of what somebody has signed, it is kept: nothing is refused.
NEVER_REFUSED = {("input", "occurredAt")}


class Filler:
    """Valid values for everything, optional fields included."""

    def __init__(self, dealership: Dealership) -> None:
        self.start = soon(dealership.server)
        self.photo = dealership.yard.upload(signature())
        self.ids = {
            "stationId": dealership.station["id"],
            "stationIds": dealership.station["id"],
            "groupId": dealership.group["id"],
            "vehicleId": dealership.vehicles[0]["id"],
            "returnStationId": dealership.station["id"],
        }

    def whole(self, name: str, kind: GraphQLInputType) -> Any:
        bare = get_nullable_type(kind)
        if name in LEFT_EMPTY:
            return None
        if name == "photos" and isinstance(bare, GraphQLList) and not _of_inputs(bare):
            return [self.photo]
        if isinstance(bare, GraphQLList):
            return [self.whole(name, bare.of_type)]
        if isinstance(bare, GraphQLInputObjectType):
            return {key: self.whole(key, field.type) for key, field in bare.fields.items()}
        if isinstance(bare, GraphQLEnumType):
            preferred = ("WAIVED", "DAY", "MONDAY", "RENTAL", "CLERK", "COMBUSTION", "RENTER", "OTHER", "ACTIVE")
            return next((value for value in preferred if value in bare.values), next(iter(bare.values)))
        return self._scalar(name, bare.name)

    def _scalar(self, name: str, kind: str) -> Any:
        if kind == "DateTime":
            return (self.start + timedelta(days=name == "end")).isoformat()
        fixed = {
            "ID": self.ids.get(name, new_id()),
            "UUID": new_id(),
            "Int": NUMBERS.get(name, 1),
            "Date": "1980-01-01" if name == "birthDate" else IN_HALF_A_YEAR,
            "LocalTime": "09:00" if name == "opens" else "17:00",
            "Decimal": "0.19" if name == "vatRate" else "10.00",
            "Boolean": False,
            "Float": 0.5,
            "JSON": {},
        }
        if name.lower().endswith("sha256"):
            return self.photo
        return fixed[kind] if kind in fixed else GOOD.get(name, "Probe").format(next(_numbers))


def _of_inputs(kind: GraphQLList[Any]) -> bool:
    return isinstance(get_nullable_type(kind.of_type), GraphQLInputObjectType)


def leaves(name: str, kind: GraphQLInputType, place: Leaf = ()) -> Iterator[tuple[Leaf, str]]:
    """Where a scalar stands inside an argument, with its type; `[]` for a list that could have the same twice."""
    bare = get_nullable_type(kind)
    here = (*place, name) if name else place
    if isinstance(bare, GraphQLList):
        yield here, "[]"
        yield from leaves("", bare.of_type, (*here, 0))
    elif isinstance(bare, GraphQLInputObjectType):
        for key, field in bare.fields.items():
            yield from leaves(key, field.type, here)
            if bare.name.endswith("Update"):  # elsewhere null is what was not given
                yield (*here, key), "null"
    elif not isinstance(bare, GraphQLEnumType):
        yield here, "Text" if bare.name == "String" and isinstance(kind, GraphQLNonNull) else bare.name


def spoilt(arguments: dict[str, Any], place: Leaf, kind: str) -> Iterator[dict[str, Any]]:
    """The arguments with something bad in one place."""
    for bad in BAD.get(kind, []):
        changed = copy.deepcopy(arguments)
        target: Any = changed
        for step in place[:-1]:
            target = target[step] if target else None
        if target is None:
            continue
        last: Any = place[-1]
        target[last] = target[last] * 2 if kind == "[]" else bad
        yield changed


def exists(path: list[str], field: GraphQLField) -> bool:
    """Whether a path leads through the field's arguments."""
    if not path or path[0] not in field.args:
        return False
    kind: GraphQLInputType = field.args[path[0]].type
    for step in path[1:]:
        bare = get_nullable_type(kind)
        if isinstance(bare, GraphQLList) and step.isdecimal():
            kind = bare.of_type
        elif isinstance(bare, GraphQLInputObjectType) and step in bare.fields:
            kind = bare.fields[step].type
        else:
            return False
    return True


def named_by(answer: dict[str, Any]) -> list[str] | None:
    """The path that an answer names, if it is a refusal with one."""
    value = next(iter((answer.get("data") or {}).values()), None)
    if isinstance(value, dict) and value.get("field"):
        return list(value["field"])
    errors = answer.get("errors") or [{}]
    found = errors[0].get("extensions", {}).get("field")
    return list(found) if found else None


def asked(root: str, field: GraphQLField, kind: str) -> str:
    declared = ",".join(f"${name}:{argument.type}" for name, argument in field.args.items())
    given = ",".join(f"{name}:${name}" for name in field.args)
    selection = "{__typename ...on Problem{problemCode field}}" if kind == "mutation" else "{__typename}"
    if kind == "mutation" and str(field.type).rstrip("!") == "Boolean":
        selection = ""
    return f"{kind}({declared}){{{root}({given}){selection}}}" if declared else f"{kind}{{{root}{selection}}}"


class Subjects:
    """What each root field is about, as it stands now."""

    def __init__(self, shop: Dealership, start: datetime) -> None:
        self.shop = shop
        self.waiting = shop.booked(start, start + timedelta(days=1))
        self.out = shop.checked_out(start, start + timedelta(days=1))
        self.user = add_user(shop.admin, "changed@example.com", "YARD", [shop.station["id"]])["id"]

    def given(self, root: str) -> dict[str, Any]:
        """The id and the version that the field needs to get as far as its input."""
        admin, kind = self.shop.admin, root.lower()
        if "vehicle" in kind or "damage" in kind:
            car = self.shop.vehicles[-1]["id"]
            return {
                "id": car,
                "vehicleId": car,
                "version": admin("query($i:ID){vehicle(id:$i){version}}", i=car)["version"],
            }
        if "station" in kind:
            station = self.shop.station["id"]
            version = admin("query($i:ID){station(id:$i){version}}", i=station)["version"]
            return {"id": station, "version": version}
        if "user" in kind:
            return {"id": self.user}
        contract = (self.out if root in {"checkIn", "settlementPreview"} else self.waiting)["id"]
        version = admin("query($i:ID){contract(id:$i){version}}", i=contract)["version"]
        return {"contractId": contract, "version": version}


@pytest.fixture(scope="module")
def shop(server: SandboxServer) -> Dealership:
    return open_dealership(server, cars=3)


def test_every_path_that_a_refusal_names_exists(shop: Dealership) -> None:
    # Given
    schema = core_schema(create_schema())
    assert schema.mutation_type is not None
    assert schema.query_type is not None
    filler = Filler(shop)
    subjects = Subjects(shop, filler.start)
    roots = [("mutation", name, field) for name, field in schema.mutation_type.fields.items()]
    roots += [("query", name, field) for name, field in schema.query_type.fields.items()]
    named: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    wrong = []
    # When
    for kind, root, field in roots:
        if root in LEFT_OUT or not field.args:
            continue
        subject = subjects.given(root)
        filler.ids |= {name: value for name, value in subject.items() if name != "version"}
        for place, what in [leaf for name, argument in field.args.items() for leaf in leaves(name, argument.type)]:
            if place in NEVER_REFUSED:
                continue
            whole = {name: filler.whole(name, argument.type) for name, argument in field.args.items()}
            whole |= {name: value for name, value in subject.items() if name in field.args}
            for variables in spoilt(whole, place, what):
                path = named_by(shop.admin.post(asked(root, field, kind), variables))
                if path is None or path == ["version"]:
                    subject = subjects.given(root)  # it may have changed: the next call needs its version
                else:
                    named[root].add(tuple(path))
                    if not exists(path, field):
                        wrong.append((root, path))
    # Then
    assert wrong == []
    assert sum(len(paths) for paths in named.values()) >= 180, dict(named)
    assert ("input", "address", "postcode") in named["updateCompany"]
    assert ("input", "customer", "lastName") in named["bookVehicle"]
