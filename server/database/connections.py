"""Connections that notice when nobody answers: a database that hangs, or a network that swallows what is sent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Any, Final

import orjson
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.json import set_json_loads
from sqlalchemy import Engine, create_engine

STATEMENT_SECONDS: Final = 20
"""What PostgreSQL itself allows a statement."""
SILENT_SECONDS = 22.0
"""After so long without an answer there is nobody: PostgreSQL would have ended any statement before."""
CONNECT_SECONDS: Final = 5
UNACKNOWLEDGED: Final[dict[str, Any]] = {"tcp_user_timeout": 15_000}
"""How many milliseconds what a server of ours has sent may stay unconfirmed. Not for commands: a database that reads a
backup may well stop for longer.
"""
LISTENING: Final[dict[str, Any]] = {
    **UNACKNOWLEDGED,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""For a connection that only listens, and would not notice by itself that nobody is there any more. Seconds."""
SETTINGS: Final[dict[str, str]] = {
    "timezone": "UTC",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "120s",
    "datestyle": "ISO",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}
"""For PostgreSQL: what a connection may do for how long; and what would change what we read and write, if somebody had
set it for a role or a database.
"""
# By statements, and not by `options` of the address: poolers refuse those, or leave them out without a word.
_SET: Final = "; ".join(f"set {name} = '{value}'" for name, value in SETTINGS.items())
_SCHEMES: Final = ("postgresql+psycopg://", "postgresql://", "postgres://")


def conninfo(url: str) -> str:
    """An address as libpq takes it, which may name several hosts. Where it does not say which of them is wanted
    (`target_session_attrs`), that is the one that takes writes: a standby is passed over, and alone it is nobody.
    ValueError if it is none; its text shows no password.
    """
    scheme = next((one for one in _SCHEMES if url.startswith(one)), None)
    if scheme is None:
        raise ValueError("ERSATZWAGEN_DATABASE_URL must begin with postgresql://")
    try:
        parts = conninfo_to_dict("postgresql://" + url.removeprefix(scheme))
    except psycopg.ProgrammingError:
        raise ValueError("ERSATZWAGEN_DATABASE_URL cannot be read as an address") from None
    return make_conninfo("", **{"target_session_attrs": "primary", **parts, "connect_timeout": CONNECT_SECONDS})


def owners_engine(url: str, **options: Any) -> Engine:
    """For commands of the owner: SQLAlchemy's own reading of addresses knows one host only."""
    return create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo(url)), **options)


class WatchedConnection(psycopg.AsyncConnection[Any]):
    """Is cut when it waits too long. Whoever used it finds the connection lost, as when the server had died."""

    @classmethod
    async def of_role(cls, url: str, role: str) -> WatchedConnection:
        """A new connection in a role, with our settings: one question more than none, however many there are. It begins
        nothing by itself: transactions are begun by a message of ours.
        """
        connection = await cls.connect(conninfo(url), autocommit=True, **UNACKNOWLEDGED)
        set_json_loads(orjson.loads, connection)  # no number that we store is beyond 64 bits
        try:
            await connection.execute(f"{_SET}; set role {role}".encode())  # the login itself may read nothing
        except BaseException:
            await connection.close()
            raise
        return connection

    async def rollback(self) -> None:
        """Ends a transaction, if there is one: the pool asks for it each time that a connection comes back."""
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            await super().rollback()

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
