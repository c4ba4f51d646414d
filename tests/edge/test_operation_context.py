"""An operation's context gives back what it has opened, and opens nothing any more when it has ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from server.context import Context

from .world import SOMEBODY


def context() -> tuple[Context, list[str]]:
    """One that has opened something, and what became of that."""
    nothing = cast(Any, None)
    made = Context(nothing, nothing, SOMEBODY, "127.0.0.1", "en", datetime(2030, 1, 1, tzinfo=UTC))
    happened: list[str] = []
    made._stack.callback(happened.append, "given back")
    return made, happened


async def test_what_was_opened_is_given_back_although_the_end_is_cut_off() -> None:
    # Given somebody who still waits for a connection
    ending, happened = context()
    await ending._opening.acquire()
    # When the operation is cancelled while it ends
    closing = asyncio.create_task(ending.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    # Then
    assert happened == ["given back"]


async def test_nothing_is_opened_after_the_end() -> None:
    ended, happened = context()
    await ended.close()
    for opening in (ended.session, ended.price_session):
        with pytest.raises(RuntimeError, match="has ended"):
            await opening()
    assert happened == ["given back"]
