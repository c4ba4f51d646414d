"""`/metrics`: for whoever has the token, or at an address of its own; where a request says to come from is nothing."""

from __future__ import annotations

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server import metrics
from server.edge.faults import Faults
from server.edge.limits import SecurityHeaders
from server.figures import Figures
from server.gateways.telecash import certificate
from server.runtime import NotConfigured, Runtime
from server.worker import LANES

MOST_AT_ONCE = 16
"""Connections to the address of its own: those who watch are few."""
Page = Callable[[Request], Awaitable[Response]]


def route(runtime: Runtime) -> Route:
    """The page beside the API: without a token in the settings there is none, whoever asks."""
    page = _page(runtime)
    return Route("/metrics", page if runtime.settings.metrics_token is not None else _absent)


@asynccontextmanager
async def listening(runtime: Runtime) -> AsyncIterator[None]:
    """Answers at `ERSATZWAGEN_METRICS_ADDRESS` meanwhile, if it is set. NotConfigured if nobody can listen there."""
    address = runtime.settings.metrics_listens_at
    if address is None:
        yield
        return
    app = Starlette(
        routes=[Route("/metrics", _page(runtime))], middleware=[Middleware(SecurityHeaders), Middleware(Faults)]
    )
    server = _Aside(_configuration(app))
    listener = _bound(*address)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        listener.close()


class _Aside(uvicorn.Server):
    """Beside the server or the worker, which are told by signals to end, and end this."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves them to whom they are for."""
        yield


def _configuration(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=2,
    )


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise NotConfigured(f"ERSATZWAGEN_METRICS_ADDRESS: nobody can listen there: {error.strerror}") from error


def _page(runtime: Runtime) -> Page:
    figures = Figures(runtime.outside.database, LANES, _certificate_ends_at(runtime))
    token = runtime.settings.metrics_token

    async def page(request: Request) -> Response:
        if token is not None and not _is_given(request, token.get_secret_value()):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        await figures.refresh()
        return Response(metrics.render(), media_type=CONTENT_TYPE_LATEST)

    return page


async def _absent(_request: Request) -> Response:
    return PlainTextResponse("Not Found", 404)


def _is_given(request: Request, token: str) -> bool:
    """Whether the request brings the token; how long that takes does not tell how much of it was right."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return hmac.compare_digest(given.strip().encode(), token.encode()) and scheme.lower() == "bearer"


def _certificate_ends_at(runtime: Runtime) -> datetime | None:
    """When the certificate ends that the gateway's client has just loaded; a new file counts from the next start."""
    file = runtime.settings.telecash_certificate
    if file is None or runtime.sandbox is not None:
        return None
    return certificate.validity_of(file).ends
