"""A server that takes connections and never answers, or never comes to the end of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def silent_server(begins: bytes = b"", goes_on: bytes = b"") -> AsyncIterator[tuple[str, list[int]]]:
    """Its address (host:port), and one entry for everybody who has connected. What it `begins` with it says at once,
    what it `goes_on` with again and again.
    """
    connected: list[int] = []
    talks: list[asyncio.Task[None]] = []

    async def say_little(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        try:
            writer.write(begins)
            while True:
                writer.write(goes_on)
                await asyncio.sleep(0.05)
        finally:
            writer.close()

    def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(say_little(reader, writer)))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", connected
    finally:
        server.close()
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
