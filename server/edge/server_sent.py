"""Subscriptions as server-sent events, by the protocol graphql-sse of https://github.com/enisdenjo/graphql-sse, in its
mode of distinct connections: each subscription is a POST that accepts `text/event-stream`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Final

import orjson
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from server.edge import answers
from server.edge.answers import Payload
from server.edge.limits import SECURITY_HEADERS
from server.edge.streams import Caller, Standing, Streams, ended, noted

EVENT_STREAM: Final = "text/event-stream"
_HEARTBEAT, _COMPLETE = b":\n\n", b"event: complete\ndata:\n\n"
# Proxies would collect events, and send them when there are enough.
_HEADERS: Final = {**SECURITY_HEADERS, "x-accel-buffering": "no"}


class Stream(StreamingResponse):
    """The answer that goes on. `opened` is closed with it, also where the caller has gone before it began."""

    def __init__(
        self, streams: Streams, caller: Caller, opened: AsyncExitStack, payloads: AsyncIterator[Payload]
    ) -> None:
        super().__init__(_events(streams, caller, payloads), headers=_HEADERS, media_type=EVENT_STREAM)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, for as long as somebody listens."""
        async with self._opened:
            await super().__call__(scope, receive, send)


async def _events(streams: Streams, caller: Caller, payloads: AsyncIterator[Payload]) -> AsyncIterator[bytes]:
    now: Callable[[], float] = asyncio.get_running_loop().time
    look_again_at = now() + streams.limits.look_again
    ends, following = asyncio.create_task(streams.ends.wait()), asyncio.create_task(_next(payloads))
    try:
        while True:
            waiting = {ends, following}
            await asyncio.wait(waiting, timeout=streams.limits.heartbeat, return_when=asyncio.FIRST_COMPLETED)
            if now() >= look_again_at:
                if await noted(caller.standing()) is not Standing.SAME:
                    return  # without a word of completion: who comes again is told why
                look_again_at = now() + streams.limits.look_again
            if ends.done():
                return
            if not following.done():
                yield _HEARTBEAT
                continue
            payload = _told(following, caller)
            if payload is None:
                yield _COMPLETE
                return
            yield b"event: next\ndata: " + orjson.dumps(payload) + b"\n\n"
            following = asyncio.create_task(_next(payloads))
    finally:
        await ended(ends)
        await ended(following)


async def _next(payloads: AsyncIterator[Payload]) -> Payload | None:
    return await anext(payloads, None)


def _told(following: asyncio.Task[Payload | None], caller: Caller) -> Payload | None:
    """The next answer; None when there is none any more. What fails is the last one."""
    try:
        return following.result()
    except Exception as error:
        return answers.failure(error, caller.about)
