"""The middlewares for other routes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from server.edge.limits import BodyLimit, SecurityHeaders


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())), headers={"cache-control": "private"})


def inside() -> ASGIApp:
    middleware = [Middleware(SecurityHeaders), Middleware(BodyLimit, most_bytes=10)]
    return Starlette(routes=[Route("/", length, methods=["POST"])], middleware=middleware)


def around() -> ASGIApp:
    return SecurityHeaders(BodyLimit(Starlette(routes=[Route("/", length, methods=["POST"])]), most_bytes=10))


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(5):
        yield b"xxx"


@pytest.mark.parametrize("app", [inside, around])
async def test_body_limit(app: object) -> None:
    transport = httpx2.ASGITransport(app=app())  # type: ignore[operator]
    async with httpx2.AsyncClient(transport=transport, base_url="http://demo") as client:
        small = await client.post("/", content=b"x" * 10)
        assert (small.status_code, small.text) == (200, "10")
        assert small.headers["cache-control"] == "private"
        assert small.headers["x-content-type-options"] == "nosniff"
        for content in (b"x" * 11, pieces()):
            large = await client.post("/", content=content)
            assert large.status_code == 413
            assert large.headers["x-content-type-options"] == "nosniff"
