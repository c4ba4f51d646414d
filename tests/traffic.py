"""What goes to the database and back, whoever sends it: for tests that count statements and round trips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from server.database.connections import WatchedConnection


@dataclass
class Traffic:
    """Since it was cleared."""

    statements: list[str] = field(default_factory=list)
    round_trips: int = 0
    """How often somebody waited for the database's answer."""

    def clear(self) -> None:
        self.statements.clear()
        self.round_trips = 0


@contextmanager
def watched() -> Iterator[Traffic]:
    """The traffic of this process inside of the block."""
    traffic, execute, wait = Traffic(), psycopg.AsyncCursor.execute, WatchedConnection.wait

    async def noted(cursor: Any, query: Any, *more: Any, **named: Any) -> Any:
        traffic.statements.append(str(query))
        return await execute(cursor, query, *more, **named)

    async def counted(connection: Any, *more: Any, **named: Any) -> Any:
        traffic.round_trips += 1
        return await wait(connection, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", noted)
        patch.setattr(WatchedConnection, "wait", counted)
        yield traffic
