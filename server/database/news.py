"""What the database tells of its own accord, on a channel of LISTEN and NOTIFY."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import structlog

from server.database.outage import end_if_cancelled, is_away

Listen = Callable[[str], AbstractAsyncContextManager[AsyncIterator[str]]]
"""`Database.listen`."""
AGAIN_SECONDS = 5
_log = structlog.get_logger("database")


def _nothing() -> None:
    pass


async def follow(
    listen: Listen,
    channel: str,
    heard: Callable[[str], None],
    *,
    begins: Callable[[], None] = _nothing,
    ends: Callable[[], None] = _nothing,
) -> None:
    """Calls `heard` with whatever is notified, until it is cancelled. `begins` is called when it listens, and `ends`
    when it does not any more: what is said meanwhile is not heard.
    """
    while True:
        try:
            async with listen(channel) as notifications:
                begins()
                async for said in notifications:
                    heard(said)
        except Exception as error:  # it is tried again
            if not is_away(error):
                _log.exception("database.listen_failed", channel=channel)
        finally:
            ends()
        end_if_cancelled()
        await asyncio.sleep(AGAIN_SECONDS)
