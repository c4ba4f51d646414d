"""Connections that notice when nobody answers: a database that hangs, or a network that swallows what is sent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Any, Final

import psycopg

STATEMENT_SECONDS: Final = 20
"""What PostgreSQL itself allows a statement."""
SILENT_SECONDS = 22.0
"""After so long without an answer there is nobody: PostgreSQL would have ended any statement before."""
CONNECT_SECONDS: Final = 5
_UNACKNOWLEDGED_MILLISECONDS: Final = 15_000
PARAMETERS: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": _UNACKNOWLEDGED_MILLISECONDS,
}
"""For libpq: how long a connection may take to be made, and how long what was sent may stay unconfirmed."""
OPTIONS: Final = (
    f"-c timezone=UTC -c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout=10s"
    " -c idle_in_transaction_session_timeout=120s"
    " -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c standard_conforming_strings=on"
    " -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off"
)
"""For PostgreSQL: what a connection may do for how long; and what would change what we read and write, if somebody had
set it for a role or a database.
"""


def libpq_url(url: str) -> str:
    """An address as psycopg itself takes it: without the name of a driver."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


class WatchedConnection(psycopg.AsyncConnection[Any]):
    """Is cut when it waits too long. Whoever used it finds the connection lost, as when the server had died."""

    async def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Waits for the server, and for no dead one."""
        cut = asyncio.get_running_loop().call_later(SILENT_SECONDS, self._cut)
        try:
            return await super().wait(*args, **kwargs)
        finally:
            cut.cancel()

    def _cut(self) -> None:
        # Shut down and not closed: the waiting driver reads the end of it, and closes.
        with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.pgconn.socket)) as ended:
            ended.shutdown(socket.SHUT_RDWR)
