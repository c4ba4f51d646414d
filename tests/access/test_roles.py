"""Who may call what: every root field, every role, every cell."""

from __future__ import annotations

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, build_schema, get_named_type, is_leaf_type

from server.models.staff import Role
from server.resolvers.schema import create_schema
from server.schema.building import Allow
from tests.dealership import Dealership, add_user
from tests.driving import Api, new_id

W, Y, C, M, A = "WEB", "YARD", "CLERK", "MANAGER", "ADMIN"
ALL, STAFF, OFFICE, MANAGERS, ADMINS = {W, Y, C, M, A}, {Y, C, M, A}, {C, M, A}, {M, A}, {A}
ANYONE = {*ALL, "ANONYMOUS"}
MATRIX = {
    "Query": {
        "viewer": ALL,
        "stations": ALL,
        "station": ALL,
        "company": STAFF,
        "vehicleGroups": ALL,
        "tariffs": ALL,
        "availability": ALL,
        "quote": ALL,
        "vehicles": STAFF,
        "vehicle": STAFF,
        "contracts": ALL,
        "contract": ALL,
        "customers": OFFICE,
        "customer": OFFICE,
        "damages": STAFF,
        "documents": OFFICE,
        "document": OFFICE,
        "openItems": OFFICE,
        "emails": OFFICE,
        "handoverDay": STAFF,
        "settlementPreview": STAFF,
        "users": MANAGERS,
        "apiClients": MANAGERS,
    },
    "Mutation": {
        "signIn": ANYONE,
        "refreshSession": ANYONE,
        "signOut": ALL,
        "createStation": ADMINS,
        "updateStation": MANAGERS,
        "updateCompany": ADMINS,
        "createVehicleGroup": ADMINS,
        "createVehicle": OFFICE,
        "updateVehicle": OFFICE,
        "blockVehicle": OFFICE,
        "unblockVehicle": OFFICE,
        "createTariff": ADMINS,
        "createUser": ADMINS,
        "updateUser": ADMINS,
        "createApiClient": ADMINS,
        "revokeApiClient": ADMINS,
        "bookVehicle": {W, C, M, A},
        "uploadPhoto": STAFF,
        "checkOut": STAFF,
        "checkIn": STAFF,
        "reportDamage": STAFF,
        "settleContract": OFFICE,
        "resendEmail": OFFICE,
    },
}
SCHEMA = build_schema(create_schema().as_str())
LITERALS = {
    "String": '"x"',
    "ID": f'"{new_id()}"',
    "UUID": f'"{new_id()}"',
    "Int": "1",
    "Float": "0.5",
    "Boolean": "false",
    "Decimal": '"1.00"',
    "DateTime": '"2030-01-01T08:00:00Z"',
    "Date": '"2030-01-01"',
    "LocalTime": '"08:00"',
}


def literal(kind: object) -> str:
    """The shortest value of a type."""
    named = get_named_type(kind)  # type: ignore[call-overload]
    if "[" in str(kind):
        return "[]"
    if hasattr(named, "values"):
        return next(iter(named.values))
    if hasattr(named, "fields"):
        required = {
            n: f for n, f in named.fields.items() if str(f.type).endswith("!") and f.ast_node.default_value is None
        }
        return "{" + " ".join(f"{name}: {literal(field.type)}" for name, field in required.items()) + "}"
    return LITERALS[named.name]


def document(owner: str, name: str) -> str:
    """A call with the fewest arguments; ids are of nothing."""
    kind = SCHEMA.type_map[owner]
    assert isinstance(kind, GraphQLObjectType)
    field = kind.fields[name]
    needed = {
        n: a for n, a in field.args.items() if isinstance(a.type, GraphQLNonNull) and a.ast_node.default_value is None
    }
    arguments = ", ".join(f"{argument}: {literal(one.type)}" for argument, one in needed.items())
    call = f"{name}({arguments})" if arguments else name
    selection = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{'query' if owner == 'Query' else 'mutation'} {{ {call}{selection} }}"


@pytest.fixture(scope="module")
def callers(access_dealership: Dealership) -> dict[str, Api]:
    dealership = access_dealership
    add_user(dealership.admin, "matrix-manager@example.com", "MANAGER", [dealership.station["id"]])
    return {
        "ANONYMOUS": dealership.server.api(),
        W: dealership.website,
        Y: dealership.yard,
        C: dealership.clerk,
        M: dealership.server.sign_in("matrix-manager@example.com"),
        A: dealership.admin,
    }


def test_every_root_field_has_a_row() -> None:
    for owner, rows in MATRIX.items():
        kind = SCHEMA.type_map[owner]
        assert isinstance(kind, GraphQLObjectType)
        assert set(rows) == set(kind.fields)


def test_every_root_field_says_who_may_call() -> None:
    schema = create_schema()
    for owner in ("Query", "Mutation"):
        definition = schema.get_type_by_name(owner)
        for field in definition.fields:  # type: ignore[union-attr]
            assert any(isinstance(extension, Allow) for extension in field.extensions), field.python_name


@pytest.mark.parametrize("owner", list(MATRIX))
@pytest.mark.parametrize("caller", ["ANONYMOUS", *Role])
def test_every_cell(callers: dict[str, Api], owner: str, caller: str) -> None:
    api = callers[caller]
    for name, allowed in MATRIX[owner].items():
        if name == "uploadPhoto" or (name == "signOut" and caller in allowed):
            continue  # needs a file (tests/edge); would end the session
        code = api.error_code(document(owner, name))
        if caller == "ANONYMOUS":
            assert (code == "UNAUTHENTICATED") is (caller not in allowed), (name, code)
        else:
            assert (code == "FORBIDDEN") is (caller not in allowed), (name, code)
            assert code not in {"INTERNAL", "UNAUTHENTICATED"}, (name, code)
