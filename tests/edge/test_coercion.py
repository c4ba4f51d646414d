"""Values that do not fit are refused by their path and what would be right, and never shown."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from graphql import ExecutionResult

from server.edge.documents import Documents, InvalidDocument
from server.resolvers.schema import create_schema

BOOK = "mutation($input:BookVehicleInput!){bookVehicle(input:$input){__typename}}"
SECRET = "Geheim-4711"
FITTING: dict[str, Any] = {
    "idempotencyKey": "0b6f9d3e-2f5c-4c39-9a51-6d1f0c8f4a11",
    "stationId": "S",
    "groupId": "G",
    "period": {"start": "2027-03-02T09:00:00+01:00", "end": "2027-03-04T09:00:00+01:00"},
    "customer": {"firstName": SECRET, "lastName": SECRET, "email": f"{SECRET}@example.com"},
    "payment": {"method": "STORED_CARD", "cardToken": SECRET},
}


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents(create_schema())


def refused(documents: Documents, variables: dict[str, Any]) -> list[tuple[list[str], str]]:
    prepared = documents.prepare(BOOK)
    result = documents.execute(prepared, prepared.choose(None), variables, None)
    assert isinstance(result, ExecutionResult)
    errors = result.errors or []
    assert all(SECRET not in error.message for error in errors)
    return [((error.extensions or {})["field"], error.message) for error in errors]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"customer": {"email": None}}, "input.customer.email", "This is needed and must not be null: String!."),
        ({"customer": {"firstName": 4711}}, "input.customer.firstName", "This must be a text."),
        ({"payment": {"method": SECRET}}, "input.payment.method", "This must be one of HOSTED_PAGE, STORED_CARD, WAIVED."),
        ({"customer": SECRET}, "input.customer", "This must be an object of type CustomerInput."),
        ({"extras": [{"code": "A", "quantity": SECRET}]}, "input.extras.0.quantity", "This must be a whole number of at most 32 bits."),
        ({"period": {"start": SECRET}}, "input.period.start", "An instant needs date, time and offset, for example 2026-11-23T08:00:00+01:00."),
        ({"idempotencyKey": SECRET}, "input.idempotencyKey", "A UUID is written as 0f8fad5b-d9cb-469f-a165-70867728950e."),
    ],
)  # fmt: skip
def test_the_path_and_what_would_be_right(
    documents: Documents, change: dict[str, Any], path: str, message: str
) -> None:
    given = copy.deepcopy(FITTING)
    for name, value in change.items():
        given[name] = {**given.get(name, {}), **value} if isinstance(value, dict) else value
    assert refused(documents, {"input": given}) == [(path.split("."), f"{path}: {message}")]


def test_what_is_missing_and_what_is_too_much(documents: Documents) -> None:
    given = copy.deepcopy(FITTING)
    del given["customer"]["email"]
    assert refused(documents, {"input": given}) == [
        (["input", "customer", "email"], "input.customer.email: This is needed.")
    ]
    given = copy.deepcopy(FITTING) | {"payment": {"method": "STORED_CARD", "cardTokn": SECRET}}
    ((path, message),) = refused(documents, {"input": given})
    assert path == ["input", "payment", "cardTokn"]
    assert message == (
        "input.payment.cardTokn: There is no such field;"
        " PaymentInput has method, cardToken, successUrl, failureUrl, waiverReason."
    )
    given["payment"] = {"method": "STORED_CARD", f"x, found: {SECRET}": 1}
    assert refused(documents, {"input": given})[0][0] == ["input", "payment"]
    assert refused(documents, {}) == [(["input"], "input: This is needed and must not be null: BookVehicleInput!.")]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{contracts(first:"4711"){totalCount}}', "This must be a whole number of at most 32 bits."),
        (
            "{contracts(filter:{states:[GEHEIM]}){totalCount}}",
            "This must be one of QUOTE, HELD, RESERVED, CHECKED_OUT, RETURNED, BILLED, CANCELLED, NO_SHOW.",
        ),
        ('{contract(nummer:"4711"){id}}', "Unknown argument 'nummer' on field 'Query.contract'."),
        ("{contracts{nothing}}", "Cannot query field 'nothing' on type 'ContractConnection'."),
    ],
)
def test_values_in_the_document_are_not_shown_either(documents: Documents, document: str, message: str) -> None:
    with pytest.raises(InvalidDocument) as raised:
        documents.prepare(document)
    assert [error.message for error in raised.value.errors] == [message]
