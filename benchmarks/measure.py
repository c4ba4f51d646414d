"""Runs operations of the API in process: their statements, the buffers that these touch, the CPU that a request takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import psycopg
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.database import Database, Scope
from server.database.roles import Caller

Statement = tuple[str, Any]


class Recorder:
    """Keeps the statements that are sent while it listens."""

    def __init__(self) -> None:
        self.sent: list[Statement] = []
        self.listening = False
        execute = psycopg.AsyncCursor.execute

        async def noted(cursor: Any, query: Any, parameters: Any = None, **how: Any) -> Any:
            if self.listening and not str(query).startswith("begin"):
                self.sent.append((str(query), parameters))
            return await execute(cursor, query, parameters, **how)

        psycopg.AsyncCursor.execute = noted  # type: ignore[method-assign,assignment]  # until the process ends


async def ask(app: Starlette, path: str, body: bytes, token: str) -> bytes:
    """One request, without a socket."""
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
        "asgi": {"version": "3.0"}, "app": app, "state": {},
    }  # fmt: skip
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    answer: list[bytes] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        import asyncio

        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        answer.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(answer)


async def recorded(app: Starlette, recorder: Recorder, body: bytes, token: str) -> list[Statement]:
    """What a request sends once the caches are warm; without the look-up of the token, which is the same for all."""
    answer = orjson.loads(await ask(app, "/graphql", body, token))
    assert "errors" not in answer, answer
    await ask(app, "/graphql", body, token)
    recorder.sent.clear()
    recorder.listening = True
    await ask(app, "/graphql", body, token)
    recorder.listening = False
    return [sent for sent in recorder.sent if "session s join app_user" not in sent[0]]


async def buffers(database: Database, scope: Scope, statements: list[Statement]) -> int:
    """Shared buffers that the statements touch, planned and run as the application role in this scope."""
    total = 0
    async with database.engines[scope.caller].connect() as connection:
        await connection.execution_options(opening=scope.opening)
        for statement, parameters in statements:
            explained = f"explain (analyze, buffers, format json) {statement}"
            plan: Any = (await connection.exec_driver_sql(explained, parameters)).scalar()
            node = plan[0]["Plan"]
            total += node["Shared Hit Blocks"] + node["Shared Read Blocks"]
        await connection.rollback()
    return total


def bare_route(database: Database, scope: Scope, statements: list[Statement]) -> Starlette:
    """The same SQL behind a Starlette route and nothing else: rows to JSON."""

    async def handle(_request: Request) -> Response:
        rows: list[Any] = []
        async with database.engines[scope.caller].connect() as connection:
            await connection.execution_options(opening=scope.opening)
            for statement, parameters in statements:
                found = (await connection.exec_driver_sql(statement, parameters)).all()
                rows.append([list(row) for row in found])
            await connection.rollback()
        return Response(orjson.dumps(rows, default=str), media_type="application/json")

    return Starlette(routes=[Route("/bare", handle, methods=["POST"])])


async def cpu(request: Callable[[], Awaitable[bytes]], *, rounds: int) -> float:
    """Milliseconds of CPU that a request takes in this process: the median of some batches."""
    batches = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(rounds):
            await request()
        batches.append((time.process_time() - begun) / rounds * 1000)
    return statistics.median(batches)


async def rows_of(database: Database, sql: str) -> list[Any]:
    """Rows, as the system."""
    async with database.engines[Caller.SYSTEM].connect() as connection:
        return list((await connection.execute(text(sql))).all())
