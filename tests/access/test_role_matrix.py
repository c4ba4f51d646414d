"""Who may call what: every root field has a row, every cell of it is asked. A field without a row fails."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type

from server.edge.costs import core_schema
from server.resolvers.live import Subscription
from server.resolvers.schema import Mutation, Query, create_schema
from server.schema.root_fields import Allow, mutation, query
from tests.dealership import Dealership, add_user
from tests.driving import Api, SandboxServer, new_id

from .conftest import execute

ROLES = ("WEB", "YARD", "CLERK", "MANAGER", "ADMIN")
EVERYBODY, STAFF, OFFICE = set(ROLES), set(ROLES[1:]), set(ROLES[2:])
MANAGERS, ADMIN, BOOKERS = {"MANAGER", "ADMIN"}, {"ADMIN"}, {"WEB", "CLERK", "MANAGER", "ADMIN"}
ANYONE = EVERYBODY | {"nobody"}

MATRIX: dict[str, set[str]] = {
    # queries
    "viewer": EVERYBODY,
    "stations": EVERYBODY,
    "station": EVERYBODY,
    "company": STAFF,
    "vehicleGroups": EVERYBODY,
    "vehicles": STAFF,
    "vehicle": STAFF,
    "planningBoard": STAFF,
    "vehicleUse": OFFICE,
    "tariffs": EVERYBODY,
    "tariffPreview": MANAGERS,
    "availability": EVERYBODY,
    "quote": EVERYBODY,
    "contracts": EVERYBODY,
    "contract": EVERYBODY,
    "customers": OFFICE,
    "customer": OFFICE,
    "search": OFFICE,
    "handoverDay": STAFF,
    "damages": STAFF,
    "documents": OFFICE,
    "document": OFFICE,
    "documentAudit": MANAGERS,
    "stationReport": MANAGERS,
    "customerExport": MANAGERS,
    "openItems": OFFICE,
    "emails": OFFICE,
    "settlementPreview": STAFF,
    "changePreview": BOOKERS,
    "users": MANAGERS,
    "apiClients": MANAGERS,
    "devices": MANAGERS,
    # mutations
    "signIn": ANYONE,
    "refreshSession": ANYONE,
    "signOut": EVERYBODY,
    "revokeDevice": MANAGERS,
    "changePassword": STAFF,
    "createUser": ADMIN,
    "updateUser": ADMIN,
    "createApiClient": ADMIN,
    "revokeApiClient": ADMIN,
    "updateApiClient": ADMIN,
    "rotateApiKey": ADMIN,
    "createStation": ADMIN,
    "updateStation": MANAGERS,
    "updateCompany": ADMIN,
    "createVehicleGroup": ADMIN,
    "updateVehicleGroup": ADMIN,
    "createVehicle": OFFICE,
    "updateVehicle": OFFICE,
    "blockVehicle": OFFICE,
    "unblockVehicle": OFFICE,
    "createTariff": MANAGERS,
    "updateTariff": MANAGERS,
    "endTariff": MANAGERS,
    "editTariff": OFFICE,
    "updateCustomer": OFFICE,
    "resolveCustomerReview": OFFICE,
    "eraseCustomer": MANAGERS,
    "bookVehicle": BOOKERS,
    "reassignVehicles": OFFICE,
    "changePeriod": BOOKERS,
    "cancelContract": BOOKERS,
    "markNoShow": OFFICE,
    "undoNoShow": MANAGERS,
    "swapVehicle": STAFF,
    "changePayer": OFFICE,
    "placeDeposit": OFFICE,
    "replaceCard": BOOKERS,
    "recordExternalPayment": OFFICE,
    "writeOffOpenItem": MANAGERS,
    "cancelDocument": MANAGERS,
    "correctReading": OFFICE,
    "undoProtocol": MANAGERS,
    "addDriver": OFFICE,
    "removeDriver": OFFICE,
    "seeLicence": STAFF,
    "addNote": STAFF,
    "completeCustomer": OFFICE,
    "uploadPhoto": STAFF,
    "checkOut": STAFF,
    "checkIn": STAFF,
    "reportDamage": STAFF,
    "uploadDocument": OFFICE,
    "decideDamage": OFFICE,
    "claimDamage": OFFICE,
    "disputeDamage": OFFICE,
    "writeOffDamage": MANAGERS,
    "repairDamage": OFFICE,
    "settleContract": OFFICE,
    "resendEmail": OFFICE,
    "retryEffects": MANAGERS,
}
SUBSCRIPTIONS = {"contractChanged": STAFF, "vehicleChanged": STAFF}
NOTHING = "11111111-1111-4111-8111-111111111111"
PERIOD = '{start: "2030-01-01T10:00:00Z", end: "2030-01-02T10:00:00Z"}'
ADDRESS = '{street: "", postcode: "1", city: ""}'
CONDITION = "{odometerKm: -1}"
TARIFF = (
    f'{{code: "!", name: "", groupId: "{NOTHING}", validFrom: "2026-01-01", bundles: [], extraKm: "1.00",'
    ' fuelPerLitre: "1.00", fuelService: "1.00", cleaningHeavy: "1.00", cleaningSpecial: "1.00"}'
)
# Arguments that are well-formed and refused by the business: a cell must change nothing.
ARGUMENTS: dict[str, str] = {
    "availability": f'stationId: "{NOTHING}", period: {PERIOD}',
    "quote": f'input: {{stationId: "{NOTHING}", groupId: "{NOTHING}", period: {PERIOD}}}',
    "customer": f'id: "{NOTHING}"',
    "search": 'text: "nobody at all"',
    "documentAudit": f'stationId: "{NOTHING}", year: 2030',
    "stationReport": f'stationId: "{NOTHING}", period: {{start: "2030-01-01T00:00:00Z", end: "2030-02-01T00:00:00Z"}}',
    "customerExport": f'id: "{NOTHING}"',
    "vehicleUse": 'plate: "B-XX 1", at: "2030-01-01T10:00:00Z"',
    "handoverDay": f'stationId: "{NOTHING}", date: "2030-01-01"',
    "planningBoard": f'stationId: "{NOTHING}", period: {PERIOD}',
    "settlementPreview": f'contractId: "{NOTHING}", input: {{returnedAt: "2030-01-01T10:00:00Z", condition: {CONDITION}}}',
    "signIn": 'email: "nobody-at-all@example.com", password: "wrong-password"',
    "refreshSession": 'refreshToken: "er_wrong"',
    "revokeDevice": f'id: "{NOTHING}"',
    "changePassword": 'current: "wrong-password", new: "short"',
    "createUser": 'input: {email: "x", name: "", role: WEB, stationIds: [], password: "short"}',
    "updateUser": f'id: "{NOTHING}", input: {{name: "x"}}',
    "createApiClient": f'name: "x", stationIds: ["{NOTHING}"]',
    "revokeApiClient": f'id: "{NOTHING}"',
    "updateApiClient": f'id: "{NOTHING}"',
    "rotateApiKey": f'id: "{NOTHING}"',
    "createStation": f'input: {{code: "!", name: "", address: {ADDRESS}}}',
    "updateStation": f'id: "{NOTHING}", version: 1, input: {{name: "x"}}',
    "updateCompany": f'input: {{name: "", address: {ADDRESS}}}',
    "createVehicleGroup": 'input: {code: "!", name: "", deposit: "1.00", deductible: "1.00"}',
    "createVehicle": (
        f'input: {{plate: "!", make: "", model: "", groupId: "{NOTHING}", stationId: "{NOTHING}", odometerKm: 1}}'
    ),
    "updateVehicle": f'id: "{NOTHING}", version: 1, input: {{}}',
    "blockVehicle": f'vehicleId: "{NOTHING}", period: {PERIOD}, reason: OTHER',
    "unblockVehicle": f'blockId: "{NOTHING}"',
    "tariffPreview": f'id: "{NOTHING}", input: {TARIFF}',
    "createTariff": f"input: {TARIFF}",
    "updateTariff": f'id: "{NOTHING}", version: 1, input: {TARIFF}',
    "endTariff": f'id: "{NOTHING}", version: 1, validUntil: "2030-01-01"',
    "editTariff": f'contractId: "{NOTHING}", version: 1, input: {{reason: ""}}',
    "updateVehicleGroup": f'id: "{NOTHING}", version: 1, input: {{}}',
    "eraseCustomer": f'id: "{NOTHING}", version: 1, reason: "so"',
    "updateCustomer": f'id: "{NOTHING}", version: 1, input: {{}}',
    "resolveCustomerReview": f'contractId: "{NOTHING}", version: 1, samePerson: true',
    "bookVehicle": (
        f'input: {{idempotencyKey: "{NOTHING}", stationId: "{NOTHING}", groupId: "{NOTHING}", period: {PERIOD},'
        ' customer: {email: "x"}, payment: {method: WAIVED}}'
    ),
    "reassignVehicles": f'stationId: "{NOTHING}"',
    "completeCustomer": f'contractId: "{NOTHING}", version: 1, customer: {{}}',
    "changePeriod": f'contractId: "{NOTHING}", version: 1, period: {PERIOD}',
    "cancelContract": f'contractId: "{NOTHING}", version: 1',
    "markNoShow": f'contractId: "{NOTHING}", version: 1',
    "undoNoShow": f'contractId: "{NOTHING}", version: 1, reason: "x"',
    "swapVehicle": (
        f'contractId: "{NOTHING}", version: 1, vehicleId: "{NOTHING}",'
        f' returned: {{protocolId: "{NOTHING}", contractId: "{NOTHING}", occurredAt: "2026-01-01T10:00:00Z",'
        f" condition: {CONDITION}, signature: {{}}}},"
        f' handedOut: {{protocolId: "{NOTHING}", contractId: "{NOTHING}", occurredAt: "2026-01-01T10:00:00Z",'
        f" condition: {CONDITION}, signature: {{}}}}"
    ),
    "changePayer": f'contractId: "{NOTHING}", version: 1',
    "placeDeposit": f'contractId: "{NOTHING}", version: 1',
    "replaceCard": f'contractId: "{NOTHING}", version: 1, successUrl: "https://a.example", failureUrl: "https://a.example"',
    "recordExternalPayment": f'documentId: "{NOTHING}", amount: "1.00", reference: "x"',
    "writeOffOpenItem": f'openItemId: "{NOTHING}", reason: "x"',
    "cancelDocument": f'documentId: "{NOTHING}", reason: "x"',
    "correctReading": f'protocolId: "{NOTHING}", reading: {{odometerKm: 1}}, reason: "x"',
    "undoProtocol": f'protocolId: "{NOTHING}", reason: "x"',
    "changePreview": f'contractId: "{NOTHING}", change: {{removeDriverId: "{NOTHING}"}}',
    "removeDriver": f'contractId: "{NOTHING}", version: 1, driverId: "{NOTHING}"',
    "seeLicence": f'contractId: "{NOTHING}", version: 1, driverId: "{NOTHING}"',
    "addNote": f'contractId: "{NOTHING}", text: ""',
    "addDriver": f'contractId: "{NOTHING}", version: 1, driver: {{firstName: "", lastName: ""}}',
    "checkOut": (
        f'input: {{protocolId: "{NOTHING}", contractId: "{NOTHING}", occurredAt: "2026-01-01T10:00:00Z",'
        f" condition: {CONDITION}, signature: {{}}}}"
    ),
    "checkIn": (
        f'input: {{protocolId: "{NOTHING}", contractId: "{NOTHING}", occurredAt: "2026-01-01T10:00:00Z",'
        f" condition: {CONDITION}, signature: {{}}}}"
    ),
    "reportDamage": (
        f'vehicleId: "{NOTHING}", damage: {{id: "{NOTHING}", position: {{view: TOP, x: 0, y: 0}}, kind: DENT}}'
    ),
    "decideDamage": f'damageId: "{NOTHING}", version: 1, liability: CONFIRMED, reason: "x"',
    "claimDamage": f'damageId: "{NOTHING}", version: 1',
    "disputeDamage": f'damageId: "{NOTHING}", version: 1, reason: "x"',
    "writeOffDamage": f'damageId: "{NOTHING}", version: 1, reason: "x"',
    "repairDamage": f'damageId: "{NOTHING}", version: 1, repair: REPAIRED',
    "retryEffects": f'contractId: "{NOTHING}"',
    "settleContract": f'contractId: "{NOTHING}", version: 1',
    "resendEmail": f'emailId: "{NOTHING}"',
}


UPLOADS: dict[str, Callable[[Api, bytes], dict[str, Any]]] = {
    "uploadPhoto": Api.post_upload,
    "uploadDocument": Api.post_pdf,
}


@functools.cache
def root_fields() -> dict[str, tuple[str, GraphQLField]]:
    schema = core_schema(create_schema())
    assert schema.query_type
    assert schema.mutation_type
    return {
        name: (kind.name.lower(), field)
        for kind in (schema.query_type, schema.mutation_type)
        for name, field in kind.fields.items()
    }


def document(name: str) -> str:
    kind, field = root_fields()[name]
    given = f"({ARGUMENTS[name]})" if name in ARGUMENTS else ""
    inside = "" if not hasattr(get_named_type(field.type), "fields") and kind == "query" else "{__typename}"
    named = get_named_type(field.type)
    scalar = not isinstance(named, GraphQLObjectType) and not hasattr(named, "types")
    return f"{kind} {{ {name}{given} {'' if scalar else inside} }}"


@pytest.fixture(scope="module")
def callers(server: SandboxServer, dealership: Dealership) -> dict[str, Api]:
    add_user(dealership.admin, "matrix-manager@example.com", "MANAGER", [dealership.station["id"]])
    return {
        "WEB": dealership.website,
        "YARD": dealership.yard,
        "CLERK": dealership.clerk,
        "MANAGER": server.sign_in("matrix-manager@example.com"),
        "ADMIN": server.admin(),
        "nobody": server.api(),
    }


def test_the_matrix_has_a_row_for_every_root_field_and_no_other() -> None:
    assert set(MATRIX) == set(root_fields())
    live = core_schema(create_schema()).subscription_type
    assert live
    assert set(SUBSCRIPTIONS) == set(live.fields)


@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("name", sorted(MATRIX))
def test_a_row_of_the_matrix(server: SandboxServer, owner: str, callers: dict[str, Api], name: str) -> None:
    before = contents(owner)
    for role in [*ROLES, "nobody"]:
        caller = callers[role]
        if name == "signOut" and role not in {"WEB", "nobody"}:
            caller = _somebody_else(server, callers["ADMIN"], role)
            before = contents(owner)

        answer = UPLOADS[name](caller, b"no file") if name in UPLOADS else caller.post(document(name))
        code = _code(answer)

        if role in MATRIX[name]:
            assert code in {None, "BAD_USER_INPUT"}, (role, answer)
        else:
            assert code == ("UNAUTHENTICATED" if role == "nobody" else "FORBIDDEN"), (role, answer)
            assert (answer.get("data") or {}).get(name) is None
    assert contents(owner) == before


@pytest.mark.parametrize("name", sorted(SUBSCRIPTIONS))
def test_a_row_of_the_matrix_of_subscriptions(dealership: Dealership, callers: dict[str, Api], name: str) -> None:
    asked = {"query": f'subscription {{ {name}(stationId: "{dealership.station["id"]}") {{ id }} }}'}
    for role in [*ROLES, "nobody"]:
        caller = callers[role]
        headers = {"accept": "text/event-stream"} | (
            {"authorization": f"Bearer {caller.token}"} if caller.token else {}
        )
        with caller.http.stream("POST", f"{caller.base}/graphql", json=asked, headers=headers) as answer:
            may = role in SUBSCRIPTIONS[name]
            assert answer.status_code == (200 if may else 401 if role == "nobody" else 403), role
            assert answer.headers["content-type"].startswith("text/event-stream") == may


def _somebody_else(server: SandboxServer, admin: Api, role: str) -> Api:
    email = f"{new_id()}@example.com"
    add_user(admin, email, role, [])
    return server.sign_in(email)


def _code(answer: dict[str, Any]) -> str | None:
    errors = answer.get("errors") or []
    if not errors:
        return None
    code: str = errors[0]["extensions"]["code"]
    # A refusal of the business that the field's type has no place for is not one of the role.
    return code


def contents(owner: str) -> dict[str, int]:
    """How many rows every table has that a call could add to or take from."""
    volatile = {"session", "sign_in_bucket", "worker_beat", "alembic_version"}
    found = execute(owner, "select tablename from pg_tables where schemaname = 'public'")
    return {name: execute(owner, f"select count(*) from {name}")[0][0] for (name,) in found if name not in volatile}


@pytest.mark.parametrize("root", [Query, Mutation, Subscription])
def test_every_root_field_says_who_may_call_it(root: Any) -> None:
    fields = root.__strawberry_definition__.fields
    assert fields
    for field in fields:
        assert any(isinstance(extension, Allow) for extension in field.extensions), field.python_name


@pytest.mark.parametrize("declare", [query, mutation])
def test_forgetting_to_say_it_fails_at_import(declare: Any) -> None:
    with pytest.raises(TypeError, match="allow"):
        declare(graphql_type=int)


def test_who_may_call_is_asked_before_the_arguments_are_looked_at(callers: dict[str, Api]) -> None:
    answer = callers["YARD"].post(document("createStation"))

    assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert answer["errors"][0]["message"] == "Your role does not allow this."
