"""Runs the application under uvicorn: database first, then the server, then the worker; all of it stopped in order."""

from __future__ import annotations

import errno
import sys
from asyncio import CancelledError
from contextlib import AsyncExitStack
from logging import getLogger
from socket import (
    AF_INET6,
    AI_PASSIVE,
    IPPROTO_IPV6,
    IPV6_V6ONLY,
    SO_REUSEADDR,
    SOCK_STREAM,
    SOL_SOCKET,
    gaierror,
    getaddrinfo,
    socket,
)

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.app import FIRST_QUERY, create_app
from server.config import Settings
from server.database.embedded import Cluster
from server.edge.bounded_server import BoundedServer, bounded
from server.edge.connections import BoundedSocket
from server.metrics_page import listening
from server.private_cluster import alone, kept_running
from server.runtime import NotConfigured, Runtime, create_runtime, prepare_database


class Server(BoundedServer):
    """Starts the worker and says so once requests are answered: in the sandbox the worker's gateway is this server."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime, cluster: Cluster | None) -> None:
        super().__init__(config)
        self._runtime, self._cluster = runtime, cluster
        self._background = AsyncExitStack()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begins to listen, then to work."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            if self._cluster is not None:
                await self._background.enter_async_context(kept_running(self._cluster))
            await self._background.enter_async_context(listening(self._runtime))
            await self._background.enter_async_context(self._runtime.hearing())
            await self._background.enter_async_context(self._runtime.working())
            _announce(self._runtime)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Lets those in front send their requests elsewhere, then stops working, then listening."""
        self._runtime.end()
        if self._runtime.settings.drain_seconds:
            await self.attempted(lambda: self.drain(self._runtime.settings.drain_seconds))
        await self.attempted(self._background.aclose)
        await super().shutdown(sockets)


class Starting:
    """An application that keeps what its start failed on, for the one line that says what to do. Nobody else says a
    word of it, nor of an end that somebody has cut off: the framework's is a stack.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.failure: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def say(message: Message) -> None:
            silent = message["type"] == "lifespan.startup.failed" or isinstance(sys.exc_info()[1], CancelledError)
            await send({"type": message["type"]} if silent else message)

        try:
            await self._app(scope, receive, say)
        except Exception as error:
            self.failure = error
            raise


def serve(settings: Settings) -> None:
    """Serves until stopped; leaves no PostgreSQL behind. Whatever keeps it from starting is raised."""
    require_free(settings.host, settings.port)
    getLogger("uvicorn.error").addFilter(
        lambda record: not record.getMessage().startswith("Application startup failed")
    )
    with alone(settings):
        url, cluster = prepare_database(settings)
        try:
            runtime = create_runtime(settings, url)
            app = Starting(create_app(runtime))
            config = bounded(app, ws=BoundedSocket, host=settings.host, port=settings.port, lifespan="on")
            server = Server(config, runtime, cluster)
            try:
                server.run()
            except SystemExit:
                if app.failure is not None:
                    raise app.failure from None
                raise
            if not server.started:
                sys.exit(3)
        finally:
            if cluster is not None:
                cluster.stop()


def require_free(host: str, port: int) -> None:
    """NotConfigured if nobody can listen there: before a database is started that nobody will use."""
    failures: list[OSError] = []
    try:
        addresses = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)
    except (gaierror, UnicodeError) as error:
        raise NotConfigured(f"{host} is no address of this machine: name one with --host") from error
    for family, kind, protocol, _name, address in addresses:
        try:
            with socket(family, kind, protocol) as probe:
                probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                if family == AF_INET6:
                    probe.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1)
                probe.bind(address)
        except OSError as error:
            failures.append(error)
    taken = next((one for one in failures if one.errno in (errno.EADDRINUSE, errno.EACCES)), None)
    if taken is not None:
        reason = (
            "is taken, perhaps by a server that still runs" if taken.errno == errno.EADDRINUSE else "is not ours to use"
        )
        raise NotConfigured(f"port {port} of {host} {reason}: free it, or name another with --port")
    if len(failures) == len(addresses):
        raise NotConfigured(f"{host} is no address of this machine: name one with --host")


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
        f"  Back office      {address}/office",
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
