"""uvicorn with our bounds, and an end that is reached whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from socket import socket
from typing import Any, Final, Literal

import uvicorn
from starlette.types import ASGIApp

from server.edge.connections import SOCKET_MESSAGE_BYTES, BoundedHttp, BoundedSocket, State
from server.edge.faults import reported

GRACE_SECONDS: Final = 20
"""How long answers that have begun are waited for when the server ends."""
_LAST_SECONDS = 2.0
"""How long connections are waited for that were let in at the last moment."""
_SPARE_DESCRIPTORS = 200
"""For the database, files, mails and the gateway, beside the connections of callers."""


def bounded(app: ASGIApp, *, ws: type[BoundedSocket] | Literal["none"] = "none", **options: Any) -> uvicorn.Config:
    """What uvicorn is told of an application of ours; `ws`: what its sockets are, if it has any."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # uvicorn would believe whoever calls from this machine; see edge/proxies.py
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GRACE_SECONDS,
        http=BoundedHttp,
        ws=ws,
        ws_max_size=SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # what is small when it comes may be large in memory
        **options,
    )


class BoundedServer(uvicorn.Server):
    """Ends in order: what fails on the way is logged, and the application still gets to its own end, where it waits for
    mutations that nobody listens to any more.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = self._state = State()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begins to listen, once there is a descriptor for each connection that may come."""
        bounds = BoundedHttp.bounds
        allowed = _allowed_descriptors(bounds.connections + _SPARE_DESCRIPTORS)
        BoundedHttp.bounds = replace(bounds, connections=max(1, min(bounds.connections, allowed - _SPARE_DESCRIPTORS)))
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stops listening, waits for answers that have begun, then lets the application end."""
        await self.attempted(lambda: super(BoundedServer, self).shutdown(sockets))
        shutdown_event: asyncio.Event | None = getattr(self.lifespan, "shutdown_event", None)
        if not self.force_exit and shutdown_event is not None and not shutdown_event.is_set():
            await self.attempted(self.lifespan.shutdown)

    async def drain(self, seconds: float) -> None:
        """Goes on answering for so long, closing each connection with its answer, then takes no more. No request is
        lost by a proxy that keeps idle connections for less time, or looks at /readyz. Another Ctrl-C cuts it short,
        and no more than it: the server still ends in order, unless one more cuts that, too.
        """
        self._state.ends = True
        for connection in self.server_state.connections:
            if isinstance(connection, BoundedHttp):
                connection.close_after_answer()
        await self._pass(seconds, lambda: False)
        await self._stop_listening()
        await self._pass(_LAST_SECONDS, lambda: not self.server_state.connections)
        self.force_exit = False

    async def _pass(self, seconds: float, is_over: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until and not self.force_exit and not is_over():  # noqa: ASYNC110  # uvicorn has no event
            await asyncio.sleep(0.05)

    async def _stop_listening(self) -> None:
        """Takes whoever has been let in by the system already: closed with the listener, they would lose a request that
        they have sent.
        """
        listeners = [socket(fileno=os.dup(one.fileno())) for server in self.servers for one in server.sockets]
        for server in self.servers:
            server.close()
        for listener in listeners:
            with listener:
                listener.setblocking(False)
                for _ in range(self.config.backlog):
                    try:
                        waiting, _address = listener.accept()
                    except BlockingIOError:
                        break
                    except OSError:  # gone again, or we have no descriptor left for it
                        continue
                    await asyncio.get_running_loop().connect_accepted_socket(self._connection, waiting)

    def _connection(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn itself
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    @staticmethod
    async def attempted(step: Callable[[], Awaitable[None]]) -> None:
        """A step of the end; the next one comes in any case."""
        try:
            await step()
        except Exception as error:
            reported(error, place="shutdown")


def _allowed_descriptors(wanted: int) -> int:
    """How many files and connections this process may have open, after asking for more if it has too few."""
    try:
        import resource  # noqa: PLC0415  # where there is none, there is no such limit
    except ImportError:
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft
