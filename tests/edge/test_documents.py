"""The shelf of prepared documents."""

from __future__ import annotations

import threading
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
from graphql import parse, validate
from strawberry.extensions import MaskErrors

from server.edge import documents as module
from server.edge.documents import MOST_REFUSED, SHORT, Documents, InvalidDocument
from server.errors import CallerError

from .demo_schema import create_schema
from .world import Demo, ask


async def test_second_request_neither_parses_nor_validates(client: httpx2.AsyncClient) -> None:
    query = "query($n:Int!){cars(first:$n){totalCount}}"
    with (
        patch.object(module, "parse", wraps=parse) as parsing,
        patch.object(module, "validate", wraps=validate) as validating,
    ):
        assert await ask(client, query, variables={"n": 3}) == {"data": {"cars": {"totalCount": 3}}}
        assert await ask(client, query, variables={"n": 4}) == {"data": {"cars": {"totalCount": 4}}}
        assert parsing.call_count == validating.call_count == 1


async def test_cost_of_a_kept_document_follows_its_variables(client: httpx2.AsyncClient) -> None:
    query = "query($n:Int!){cars(first:$n){nodes{station{cars{id fuel station{name id}}}}}}"
    assert "errors" not in await ask(client, query, variables={"n": 2})
    answer = await ask(client, query, variables={"n": 100})
    assert answer["errors"][0]["extensions"]["code"] == "TOO_EXPENSIVE"
    assert "errors" not in await ask(client, query, variables={"n": 2})


def test_invalid_documents_are_not_kept() -> None:
    shelf = Documents(create_schema())
    for _ in range(3):
        with pytest.raises(InvalidDocument):
            shelf.prepare("{nope}")
        with pytest.raises(CallerError):
            shelf.prepare("{...A}")
    assert len(shelf) == 0


def test_a_refusal_is_remembered() -> None:
    shelf = Documents(create_schema())
    with patch.object(module, "validate", wraps=validate) as validating:
        found = []
        for _ in range(3):
            with pytest.raises(InvalidDocument) as raised:
                shelf.prepare("{nope}")
            found.append([(error.message, error.locations, error.nodes) for error in raised.value.errors])
    assert validating.call_count == 1
    assert found == [[("Cannot query field 'nope' on type 'Query'.", [(1, 2)], None)]] * 3


@pytest.mark.parametrize("text", ["{nope}", "{...A}"])
def test_what_is_remembered_holds_nothing_of_who_asked(text: str) -> None:
    shelf = Documents(create_schema())
    raised = []
    for _ in range(2):
        with pytest.raises(CallerError) as refusal:
            shelf.prepare(text)
        raised.append(refusal.value)
    (kept,) = shelf._refused.values()
    assert kept.__traceback__ is None
    assert len({id(kept), *map(id, raised)}) == 3
    assert {str(one) for one in (kept, *raised)} == {str(kept)}


async def test_who_is_known_does_not_wait_for_who_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    shelf, known = Documents(create_schema()), "{viewer}" + " " * SHORT
    await shelf.prepared(known)
    await shelf._queues.take((shelf._one_long_at_a_time,))
    assert (await shelf.prepared(known)).choose(None).kind == "query"
    with pytest.raises(CallerError) as refusal:
        await shelf.prepared(known + " ")
    assert refusal.value.code == "RATE_LIMITED"


def test_only_so_many_refusals_are() -> None:
    shelf = Documents(create_schema())
    for number in range(MOST_REFUSED + 50):
        with pytest.raises(InvalidDocument):
            shelf.prepare(f"{{nope{number}}}")
    assert len(shelf._refused) == MOST_REFUSED


def test_the_shelf_is_bounded_in_length() -> None:
    shelf = Documents(create_schema(), keep_characters=1000)
    for number in range(30):
        shelf.prepare("{viewer}" + f"#{number:02}" + " " * 190)
    assert len(shelf) == 4
    shelf.prepare("{viewer}" + " " * 5000)
    assert len(shelf) == 1


async def test_a_long_document_is_prepared_beside_the_loop() -> None:
    shelf, here = Documents(create_schema()), threading.get_ident()
    where: list[bool] = []

    def noting(*arguments: Any, **options: Any) -> Any:
        where.append(threading.get_ident() == here)
        return validate(*arguments, **options)

    with patch.object(module, "validate", noting):
        for text in ("{viewer}", "{viewer}" + " " * SHORT, "{viewer}" + " " * SHORT):
            assert (await shelf.prepared(text)).choose(None).kind == "query"
        with pytest.raises(InvalidDocument):
            await shelf.prepared("{nope}" + " " * SHORT)
    assert where == [True, False, False]


def test_the_least_used_goes_first() -> None:
    shelf = Documents(create_schema(), keep=2)
    first = shelf.prepare("{viewer}")
    shelf.prepare("{a:viewer}")
    assert shelf.prepare("{viewer}") is first
    shelf.prepare("{b:viewer}")
    assert len(shelf) == 2
    assert shelf.prepare("{viewer}") is first


async def test_strangers_cannot_push_documents_out(demo: Demo) -> None:
    async with demo.client(token=None) as stranger:
        for number in range(50):
            await ask(stranger, f'mutation{{a{number}:signIn(email:"a",password:"b"){{__typename}}}}')
    assert len(demo.endpoint.documents) == 0
    assert len(demo.endpoint.anonymous_documents) == 20


def test_no_suggestions() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        Documents(create_schema()).prepare("{viewr}")
    assert "Did you mean" not in refusal.value.errors[0].message


def test_schema_extensions_are_refused_because_they_would_not_run() -> None:
    with pytest.raises(ValueError, match="extensions"):
        Documents(create_schema(extensions=[MaskErrors]))


async def test_exception_handlers_of_strawberry_work(client: httpx2.AsyncClient) -> None:
    query = 'mutation{signIn(email:"a",password:"b"){__typename ...on Rejection{message}}}'
    assert await ask(client, query) == {
        "data": {"signIn": {"__typename": "Rejection", "message": "E-mail or password is wrong."}}
    }


async def test_chosen_operation(client: httpx2.AsyncClient) -> None:
    query = "query A{viewer} query B{b:viewer}"
    assert await ask(client, query, operationName="B") == {"data": {"b": "Somebody"}}
    assert await ask(client, query, operationName="A") == {"data": {"viewer": "Somebody"}}
