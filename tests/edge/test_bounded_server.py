"""How the server ends: in order, and to its end, whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from socket import create_connection, create_server

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.edge.bounded_server import BoundedServer, _allowed_descriptors, bounded
from server.edge.connections import BoundedHttp, Bounds
from server.serving import Starting

Address = tuple[str, int]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


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


@asynccontextmanager
async def drained_by_hand(routes: list[Route]) -> AsyncIterator[tuple[BoundedServer, Address]]:
    """A server, and where it listens."""
    server = BoundedServer(bounded(Starlette(routes=routes), lifespan="off", host="127.0.0.1", port=0))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    yield server, server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    await serving


@asynccontextmanager
async def connected(to: Address) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection(*to)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def last_answer(connection: Connection) -> tuple[bytes, bool]:
    """The status line of what comes until the other side closes, and whether it said that it would."""
    said = await asyncio.wait_for(connection[0].read(), 30)
    return said.partition(b"\r\n")[0], b"connection: close" in said


async def here(_request: Request) -> Response:
    return PlainTextResponse("here")


async def test_a_server_that_drains_loses_no_request() -> None:
    # Given a connection that was used before, and one whose answer is still to come
    goes_on = asyncio.Event()

    async def slow(_request: Request) -> Response:
        await goes_on.wait()
        return PlainTextResponse("done")

    routes = [Route("/", here), Route("/slow", slow)]
    async with drained_by_hand(routes) as (server, at), connected(at) as used, connected(at) as waits:
        used[1].write(GET % b"/")
        assert (await used[0].readuntil(b"here")).startswith(b"HTTP/1.1 200")
        waits[1].write(GET % b"/slow")
        await asyncio.sleep(0.1)
        # When
        draining = asyncio.create_task(server.drain(1))
        await asyncio.sleep(0.1)
        async with connected(at) as fresh:
            for _reader, writer in (used, fresh):
                writer.write(GET % b"/")
            # Then: all are answered, and told to go elsewhere next time
            assert await last_answer(used) == await last_answer(fresh) == (b"HTTP/1.1 200 OK", True)
        # When: nobody new is let in any more
        await draining
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*at)
        goes_on.set()
        # Then: it is answered, and its connection is not kept, either
        assert await last_answer(waits) == (b"HTTP/1.1 200 OK", True)


async def test_who_was_let_in_by_the_system_already_is_answered() -> None:
    # Given a server that is busy, and a request that has come meanwhile
    async with drained_by_hand([Route("/", here)]) as (server, at):
        with create_connection(at) as waiting:
            waiting.sendall(GET % b"/")
            # When: without a moment for the loop in between
            await server.drain(0)
            # Then
            waiting.settimeout(10)
            assert waiting.recv(1000).startswith(b"HTTP/1.1 200 OK")


async def test_ctrl_c_cuts_a_drain_short_and_no_more() -> None:
    async with drained_by_hand([]) as (server, _at):
        server.force_exit = True
        await asyncio.wait_for(server.drain(3600), 30)
        assert (server.servers[0].is_serving(), server.force_exit) == (False, False)


async def test_an_end_that_is_cut_off_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    # Given
    server = BoundedServer(bounded(Starting(Starlette()), lifespan="on", host="127.0.0.1", port=0))
    others = asyncio.all_tasks()
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    # When: as after two times Ctrl-C, and the loop ends
    server.should_exit = server.force_exit = True
    await serving
    left = asyncio.all_tasks() - others
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    # Then
    assert len(left) == 1
    assert [record.getMessage() for record in caplog.records] == []


def test_there_are_no_other_protocols() -> None:
    assert bounded(Starlette()).ws == "none"


def test_there_is_a_descriptor_for_every_connection() -> None:
    assert _allowed_descriptors(Bounds().connections) >= Bounds().connections
    assert replace(Bounds()) == BoundedHttp.bounds
