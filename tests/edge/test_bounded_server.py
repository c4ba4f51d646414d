"""How the server ends: in order, and to its end, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from socket import create_server

import pytest
from starlette.applications import Starlette

from server.edge.bounded_server import BoundedServer, _allowed_descriptors, bounded
from server.edge.connections import BoundedHttp, Bounds


class Stubborn(BoundedHttp):
    """A connection that cannot be told that the server ends."""

    def shutdown(self) -> None:
        raise TypeError("nobody expects this")


@pytest.mark.parametrize("protocol", [BoundedHttp, Stubborn])
async def test_the_application_ends_whatever_its_connections_do(protocol: type[BoundedHttp]) -> None:
    # Given: a server with a connection
    ended = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        ended.append(True)

    config = bounded(Starlette(lifespan=lifespan), lifespan="on")
    config.http = protocol
    server = BoundedServer(config)
    with create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        _reader, writer = await asyncio.open_connection(*listening.getsockname())
        writer.write(b"GET / HTTP/1.1\r\n")
        await asyncio.sleep(0.1)
        # When
        server.should_exit = True
        await serving
        writer.close()
    # Then
    assert ended == [True]


def test_there_are_no_other_protocols() -> None:
    assert bounded(Starlette()).ws == "none"


def test_there_is_a_descriptor_for_every_connection() -> None:
    assert _allowed_descriptors(Bounds().connections) >= Bounds().connections
    assert replace(Bounds()) == BoundedHttp.bounds
