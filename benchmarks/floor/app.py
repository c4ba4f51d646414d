"""The floor's server: `uvicorn benchmarks.floor.app:app`. Its addresses are the operations' names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.floor import availability, board, contracts, day
from benchmarks.floor.connections import Connections
from server.runtime import settle

Answer = Callable[[Connections, dict[str, Any]], Awaitable[dict[str, Any]]]
ANSWERS: dict[str, Answer] = {
    "a1": availability.answer,
    "b": contracts.answer,
    "e": board.planning_board,
    "vehicles": board.vehicles,
    "f": day.answer,
}


def route(name: str, answer: Answer) -> Route:
    """One operation: it reads the request that the product gets, and answers with the same data."""

    async def handle(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        data = await answer(request.app.state.connections, asked["variables"])
        return Response(orjson.dumps({"data": data}), media_type="application/json")

    return Route(f"/{name}", handle, methods=["POST"])


async def ready(_request: Request) -> Response:
    """That it answers."""
    return Response(b"ready")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Connections first; then what was loaded is kept from the collector, as the product does."""
    app.state.connections = Connections()
    await app.state.connections.open()
    settle()
    yield
    await app.state.connections.close()


app = Starlette(
    routes=[Route("/ready", ready), *(route(name, answer) for name, answer in ANSWERS.items())], lifespan=lifespan
)
