"""What the database tells of its own accord, on channels of LISTEN and NOTIFY."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import structlog

from server.database.outage import end_if_cancelled, is_away


class News(NamedTuple):
    """What was said, and on which channel."""

    channel: str
    said: str


Listen = Callable[..., AbstractAsyncContextManager[AsyncIterator[News]]]
"""`Database.listen`, which takes channels."""
AGAIN_SECONDS = 5
_log = structlog.get_logger("database")


def _nothing() -> None:
    pass


async def follow(
    listen: Listen,
    *channels: str,
    heard: Callable[[News], None],
    begins: Callable[[], None] = _nothing,
    ends: Callable[[], None] = _nothing,
) -> None:
    """Calls `heard` with whatever is notified, until it is cancelled. `begins` is called when it listens, and `ends`
    when it does not any more: what is said meanwhile is not heard.
    """
    while True:
        try:
            async with listen(*channels) as notifications:
                begins()
                async for news in notifications:
                    heard(news)
        except Exception as error:  # it is tried again
            if not is_away(error):
                _log.exception("database.listen_failed", channels=channels)
        finally:
            ends()
        end_if_cancelled()
        await asyncio.sleep(AGAIN_SECONDS)
