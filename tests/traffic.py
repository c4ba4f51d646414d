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

    sent: list[tuple[str, Any]] = field(default_factory=list)
    """Statements as the driver takes them, with their parameters."""
    round_trips: int = 0
    """How often somebody waited for the database's answer."""

    @property
    def statements(self) -> list[str]:
        return [statement for statement, _ in self.sent]

    def clear(self) -> None:
        self.sent.clear()
        self.round_trips = 0


@contextmanager
def watched() -> Iterator[Traffic]:
    """The traffic of this process inside of the block."""
    traffic, execute, wait = Traffic(), psycopg.AsyncCursor.execute, WatchedConnection.wait

    async def noted(cursor: Any, query: Any, parameters: Any = None, **how: Any) -> Any:
        traffic.sent.append((str(query), parameters))
        return await execute(cursor, query, parameters, **how)

    async def counted(connection: Any, *more: Any, **named: Any) -> Any:
        traffic.round_trips += 1
        return await wait(connection, *more, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", noted)
        patch.setattr(WatchedConnection, "wait", counted)
        yield traffic
