"""Counts how often a server waits for PostgreSQL: a socket in between that sees who speaks after whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET = ".s.PGSQL.5432"


class Relay:
    """Passes bytes on, both ways. A round trip begins whenever the server speaks after PostgreSQL has."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.trips = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        theirs, ours = await asyncio.open_unix_connection(str(self._target))
        asks = False

        async def questions() -> None:
            nonlocal asks
            while data := await reader.read(65536):
                self.trips += not asks
                asks = True
                ours.write(data)
            ours.close()

        async def answers() -> None:
            nonlocal asks
            while data := await theirs.read(65536):
                asks = False
                writer.write(data)
            writer.close()

        try:
            await asyncio.gather(questions(), answers(), return_exceptions=True)
        finally:
            ours.close()
            writer.close()

    async def serve(self, socket: Path, ended: asyncio.Event) -> None:
        """Listens until it is told to end; then all connections end, too."""
        server = await asyncio.start_unix_server(self.pass_on, str(socket))
        await ended.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # the last of them close what they had open


@contextmanager
def counted(url: str, folder: Path) -> Iterator[tuple[str, Relay]]:
    """The address by which PostgreSQL is reached through a relay in a folder of a short path, and the relay."""
    parts = urlsplit(url)
    relay, ended = Relay(Path(parse_qs(parts.query)["host"][0]) / SOCKET), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(relay.serve(folder / SOCKET, ended)), daemon=True)
    thread.start()
    try:
        yield f"{parts.scheme}://{parts.netloc}{parts.path}?host={quote(str(folder))}", relay
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
