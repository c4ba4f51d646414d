"""An SMTP server in a thread, whose end is the end of its connections, too."""

from __future__ import annotations

import asyncio
from typing import Any
from weakref import WeakSet

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class SmtpServer(Controller):
    """Listens on loopback until it is stopped.

    The library's own controller ends its loop at once: whoever connects in that moment, or has connected and then died,
    is left with a connection that nobody ever closes.
    """

    def __init__(self, handler: object, port: int, **options: Any) -> None:
        """`handler` has the library's methods (`handle_DATA` and so on); `options` are those of the library's SMTP."""
        super().__init__(handler, hostname="127.0.0.1", port=port, **options)
        self._conversations: WeakSet[SMTP] = WeakSet()
        self._ending: asyncio.Task[None] | None = None

    def factory(self) -> SMTP:
        """One for each connection."""
        conversation = SMTP(self.handler, **self.SMTP_kwargs)
        self._conversations.add(conversation)
        return conversation

    def cancel_tasks(self, stop_loop: bool = True) -> None:  # the library's own signature
        """Called in the loop when the server is to end."""
        self._ending = self.loop.create_task(self._end(stop_loop=stop_loop))

    async def _end(self, *, stop_loop: bool) -> None:
        while (others := asyncio.all_tasks() - {asyncio.current_task()}) or self._transports():
            for transport in self._transports():
                transport.abort()
            await asyncio.wait(others, timeout=0.02) if others else await asyncio.sleep(0)
        # Not before: asyncio loses a connection that it was just accepting when its server is closed.
        if self.server is not None:
            self.server.close()
        if stop_loop:
            self.loop.stop()

    def _transports(self) -> list[asyncio.WriteTransport]:
        all_of_them = (conversation.transport for conversation in self._conversations)
        return [transport for transport in all_of_them if isinstance(transport, asyncio.WriteTransport)]
