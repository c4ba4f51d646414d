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

        await asyncio.gather(questions(), answers(), return_exceptions=True)


@contextmanager
def counted(url: str, folder: Path) -> Iterator[tuple[str, Relay]]:
    """The address by which PostgreSQL is reached through a relay in a folder of a short path, and the relay."""
    parts = urlsplit(url)
    relay = Relay(Path(parse_qs(parts.query)["host"][0]) / SOCKET)
    loop = asyncio.new_event_loop()
    socket = folder / SOCKET
    socket.unlink(missing_ok=True)
    loop.run_until_complete(asyncio.start_unix_server(relay.pass_on, str(socket)))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"{parts.scheme}://{parts.netloc}{parts.path}?host={quote(str(folder))}", relay
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        socket.unlink(missing_ok=True)
