"""Runs the application under uvicorn: database first, then the server, then the worker; all of it stopped in order."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from socket import socket

import uvicorn

from server.app import FIRST_QUERY, create_app
from server.config import Settings
from server.edge.bounded_server import BoundedServer, bounded
from server.metrics_page import listening
from server.runtime import Runtime, create_runtime, prepare_database


class Server(BoundedServer):
    """Starts the worker and says so once requests are answered: in the sandbox the worker's gateway is this server."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._background = AsyncExitStack()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begins to listen, then to work."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            await self._background.enter_async_context(listening(self._runtime))
            await self._background.enter_async_context(self._runtime.working())
            _announce(self._runtime)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stops working, then listening."""
        await self.attempted(self._background.aclose)
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Serves until stopped; leaves no PostgreSQL behind."""
    url, cluster = prepare_database(settings)
    try:
        runtime = create_runtime(settings, url)
        app = create_app(runtime)
        server = Server(bounded(app, host=settings.host, port=settings.port, lifespan="on"), runtime)
        server.run()
        if not server.started:
            sys.exit(3)
    finally:
        if cluster is not None:
            cluster.stop()


def serve_simulator(settings: Settings) -> None:
    """The Telecash simulator alone, for tests of other programs."""
    from server.sandbox.box import Sandbox  # noqa: PLC0415  # never outside the sandbox

    sandbox = Sandbox(settings)
    print(f"Telecash simulator: http://{settings.host}:{settings.port}/ipgapi/services", flush=True)  # noqa: T201
    BoundedServer(bounded(sandbox.simulator, host=settings.host, port=settings.port)).run()


def _announce(runtime: Runtime) -> None:
    address = f"http://{runtime.settings.host}:{runtime.settings.port}"
    lines = _sandbox_lines(address, runtime.sandbox.access) if runtime.sandbox is not None else []
    for line in [*lines, f"Ready: {address}/graphql"]:
        print(line, flush=True)  # noqa: T201


def _sandbox_lines(address: str, access: dict[str, str]) -> list[str]:
    from server.sandbox.demo_data import API_KEY, PASSWORD  # noqa: PLC0415  # never outside the sandbox

    people = {name: about for name, about in access.items() if "@" in name}
    width = max(map(len, people), default=0)
    lines = [
        "",
        "Ersatzwagen sandbox: nothing here is real, no card is charged, no mail leaves this machine.",
        "",
        f"  GraphiQL         {address}/graphql  (signed in already)",
        f"  Caught mails     {address}/sandbox/mails",
        f"  Telecash ledger  {address}/sandbox/telecash/ledger",
    ]
    if API_KEY in access:
        lines.append(f"  API key          {access[API_KEY]}")
    if people:
        lines += ["", f"  Sign-ins, all with the password {PASSWORD}:"]
        lines += [f"    {name:<{width}}  {about}" for name, about in people.items()]
    query = FIRST_QUERY.strip().splitlines()[1:]
    return [*lines, "", "  A first query for GraphiQL:", "", *(f"    {line}" for line in query), ""]
