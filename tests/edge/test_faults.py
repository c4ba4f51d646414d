"""What nobody has foreseen on any route: masked for the caller, found in the log, and told from a database that is away."""

from __future__ import annotations

import logging
from typing import Any

import httpx2
import psycopg
import pytest
import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route

from server import logs
from server.addresses import network
from server.database import outage
from server.database.outage import Outage, is_away
from server.edge.faults import Faults, Interrupted
from server.edge.limits import SecurityHeaders
from server.edge.proxies import TrustedProxies
from server.gateways.object_store import StoreUnavailable

SECRET = "canary-4929-1234"
REFUSED = psycopg.OperationalError("connection failed: connection to server at 127.0.0.1 failed: Connection refused")


def failing(error: BaseException) -> Starlette:
    async def fail(_request: Request) -> Response:
        raise error

    async def half(_request: Request) -> Response:
        async def pieces() -> Any:
            yield b"half"
            raise error

        return StreamingResponse(pieces())

    layers = [Middleware(SecurityHeaders), Middleware(Faults)]
    return Starlette(routes=[Route("/fail", fail), Route("/half", half)], middleware=layers)


async def get(app: Starlette, path: str = "/fail", language: str = "en") -> httpx2.Response:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://demo") as client:
        return await client.get(path, headers={"accept-language": language})


@pytest.fixture(autouse=True)
def fresh_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage.OUTAGE, "_lasts", False)


def as_sqlalchemy(orig: psycopg.Error, *, lost: bool = False) -> OperationalError:
    return OperationalError(f"select '{SECRET}'", {"name": SECRET}, orig, connection_invalidated=lost)


async def test_the_place_is_the_routes_pattern_and_not_what_the_caller_wrote() -> None:
    # Given: a route inside another, behind a proxy that is trusted
    async def fail(_request: Request) -> Response:
        raise ValueError

    inner = Mount("/photos", routes=[Route("/{id}/small", fail)])
    trusted = Middleware(TrustedProxies, trusted=[network("0.0.0.0/0")])
    app = Starlette(routes=[inner], middleware=[Middleware(Faults), trusted])
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    # When
    with structlog.testing.capture_logs() as logged:
        async with httpx2.AsyncClient(transport=transport, base_url="http://demo") as client:
            await client.get(f"/photos/{SECRET}/small", headers={"x-forwarded-for": "10.0.0.9"})
    # Then
    assert [entry["place"] for entry in logged] == ["/{id}/small"]
    assert SECRET not in repr(logged)


async def test_the_caller_gets_a_reference_and_the_log_the_place() -> None:
    with structlog.testing.capture_logs() as logged:
        answer = await get(failing(ValueError(SECRET)))

    (entry,) = logged
    assert (answer.status_code, answer.text) == (500, f"Unexpected error. ({entry['reference']})")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (entry["errors"], entry["place"]) == (["builtins.ValueError"], "/fail")
    assert any("test_faults.py" in frame for frame in entry["frames"])
    assert SECRET not in repr(logged) + answer.text


async def test_in_the_callers_language() -> None:
    assert (await get(failing(ValueError(SECRET)), language="de")).text.startswith("Unerwarteter Fehler.")


async def test_an_answer_that_has_begun_is_cut_off_without_a_word_of_why() -> None:
    with structlog.testing.capture_logs() as logged, pytest.raises(Interrupted):
        await get(failing(ValueError(SECRET)), "/half")
    assert [entry["event"] for entry in logged] == ["unexpected_error"]


async def test_who_hangs_up_is_no_fault() -> None:
    with structlog.testing.capture_logs() as logged, pytest.raises(AssertionError):  # of the client: there is no answer
        await get(failing(ClientDisconnect()))
    assert logged == []


@pytest.mark.parametrize(
    "error",
    [
        as_sqlalchemy(REFUSED),
        as_sqlalchemy(psycopg.errors.AdminShutdown("terminating connection due to administrator command")),
        as_sqlalchemy(psycopg.errors.CannotConnectNow("the database system is starting up")),
        as_sqlalchemy(psycopg.errors.TooManyConnections("sorry, too many clients already")),
        as_sqlalchemy(psycopg.errors.UniqueViolation(SECRET), lost=True),
        REFUSED,
        PoolTimeout("QueuePool limit"),
    ],
    ids=lambda error: type(getattr(error, "orig", error)).__name__,
)
async def test_a_database_that_is_away_is_waited_for(error: Exception) -> None:
    with structlog.testing.capture_logs() as logged:
        answers = [await get(failing(error)) for _ in range(3)]

    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "2")] * 3
    said = ["database.busy"] * 3 if isinstance(error, PoolTimeout) else ["database.away"]
    assert [entry["event"] for entry in logged] == said
    assert SECRET not in repr(logged)


async def test_a_store_that_is_away_is_waited_for() -> None:
    away = StoreUnavailable("AccessDenied")
    with structlog.testing.capture_logs() as logged:
        answer = await get(failing(away), language="de")
        with pytest.raises(Interrupted):
            await get(failing(away), "/half")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.text.startswith("Fotos und Dokumente sind im Moment nicht erreichbar")
    assert [(entry["event"], entry["reason"]) for entry in logged] == [("store.away", "AccessDenied")] * 2


@pytest.mark.parametrize(
    "error",
    [
        as_sqlalchemy(psycopg.errors.QueryCanceled("canceling statement due to statement timeout")),
        as_sqlalchemy(psycopg.errors.DeadlockDetected("deadlock detected")),
        DBAPIError("select", {}, psycopg.errors.UniqueViolation(SECRET)),
        ValueError(SECRET),
        None,
    ],
)
def test_what_is_something_else(error: Exception | None) -> None:
    assert not is_away(error)


def test_an_outage_is_said_once_with_its_cause_and_so_is_its_end() -> None:
    with structlog.testing.capture_logs() as logged:
        one = Outage()
        one.over()
        for _ in range(3):
            one.began(as_sqlalchemy(REFUSED))
        for _ in range(2):
            one.over()
        one.began(PoolTimeout(SECRET))
        one.began(as_sqlalchemy(REFUSED))
    assert [(entry["event"], entry.get("cause")) for entry in logged] == [
        ("database.away", f"OperationalError: {REFUSED}"),
        ("database.back", None),
        ("database.busy", None),
        ("database.away", f"OperationalError: {REFUSED}"),
    ]


def test_libraries_log_no_values() -> None:
    formatter = logs._Libraries()
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        record = logging.LogRecord("sqlalchemy.pool", logging.ERROR, "/x/base.py", 12, SECRET, (), None)
        record.exc_info = (type(error), error, error.__traceback__)
    assert formatter.format(record) == "ERROR sqlalchemy.pool base.py:12 (ValueError)"
    said = logging.LogRecord("uvicorn.error", logging.ERROR, "/x/server.py", 7, "address in use", (), None)
    assert formatter.format(said) == "ERROR uvicorn.error server.py:7 address in use"
