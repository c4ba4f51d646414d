"""Runs operations of the API in process, without a socket, and keeps the statements that they send."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import psycopg
from starlette.applications import Starlette

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
