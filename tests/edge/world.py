"""A served demo application and clients for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute

from server.edge import endpoint as endpoint_module
from server.edge.endpoint import GraphQLEndpoint
from server.edge.running import Pace
from server.edge.streams import StreamLimits
from server.models.staff import Role
from server.security import Principal

from .demo_schema import Context, Happened, create_schema

TOKEN = "ea_test"
STATIC = Path(endpoint_module.__file__).parents[1] / "static"
OTHER, SITE = "ea_other", "ek_site"
SOMEBODY = Principal(id=UUID(int=1), name="Somebody", role=Role.CLERK, stations=())
KNOWN = {
    TOKEN: SOMEBODY,
    OTHER: Principal(id=UUID(int=2), name="Somebody else", role=Role.YARD, stations=()),
    SITE: Principal(id=UUID(int=3), name="A website", role=Role.WEB, stations=()),
}


@dataclass
class Demo:
    """The application and what happened in it."""

    happened: Happened = field(default_factory=Happened)
    pace: Pace = field(default_factory=Pace)
    limits: StreamLimits | None = None
    signed_out: set[str] = field(default_factory=set)
    """Tokens and cookies that are good no more."""

    def __post_init__(self) -> None:
        self.endpoint = GraphQLEndpoint(
            create_schema(),
            authenticate=self.authenticate,
            open_context=self.open_context,
            ide=self.page,
            pace=self.pace,
            principal_of=self.by_cookie,
            origin="https://rental.example",
            limits=self.limits,
        )
        socket = WebSocketRoute("/graphql", self.endpoint)
        self.app = Starlette(
            routes=[Route("/graphql", self.endpoint), socket],
        )

    async def authenticate(self, token: str, _address: str) -> Principal | None:
        await asyncio.sleep(0)
        return None if token in self.signed_out else KNOWN.get(token)

    async def by_cookie(self, connection: HTTPConnection) -> Principal | None:
        return await self.authenticate(connection.cookies.get("office", ""), "")

    @contextlib.asynccontextmanager
    async def open_context(self, request: HTTPConnection, principal: Principal | None) -> AsyncIterator[Context]:
        self.happened.contexts += 1
        if "x-break-context" in request.headers:
            raise RuntimeError("canary-4929-secret in the context")
        yield Context(principal, self.happened)

    def page(self, request: Request) -> Response:
        return HTMLResponse("<p>the page for people</p>")

    def client(self, *, token: str | None = TOKEN, address: str = "127.0.0.1", **headers: str) -> httpx2.AsyncClient:
        """A client in this process, at an address that nobody checks."""
        if token:
            headers["authorization"] = f"Bearer {token}"
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=True, client=(address, 1))
        return httpx2.AsyncClient(transport=transport, base_url="http://demo", headers=headers)


async def ask(client: httpx2.AsyncClient, query: str, **more: Any) -> Any:
    """The parsed answer to a query."""
    response = await client.post("/graphql", json={"query": query, **more})
    return response.json()


@contextlib.contextmanager
def serving(demo: Demo, config: uvicorn.Config | None = None) -> Iterator[int]:
    """The demo behind uvicorn on the loopback; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        server = uvicorn.Server(config or uvicorn.Config(demo.app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join(10)


def until(condition: Any, seconds: float = 5) -> bool:
    """Waits until something is true."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())
