"""Which contracts and cars were changed, to everybody in this process who wants to know. Nobody waits for a slow one.

Who listens keeps a set of ids and no queue: ten changes of one contract while it was busy are one, and its memory is
bounded. Beyond the bound, and after a time in which nothing was heard of the database, it is told that it has missed
something, and since when: then it looks for itself.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

import structlog

CHANNEL: Final = "change"
Kind = Literal["contract", "vehicle"]
MOST = 200
"""Ids that one who listens keeps."""
TOGETHER_SECONDS = 0.1
"""How long is waited for more: an edit is a few changes in a row."""
_log = structlog.get_logger("database")


class Heard(NamedTuple):
    """What was changed; if something was `missed`, whatever was changed after `since` besides."""

    ids: frozenset[UUID]
    missed: bool
    since: datetime | None
    """When the last change was that is known to have been heard of; None before the first."""


class Ear:
    """What one subscriber has heard of and not yet taken."""

    def __init__(self, since: datetime | None) -> None:
        self._ids: set[UUID] = set()
        self._missed = False
        self._since, self._last = since, since
        self._something = asyncio.Event()

    def hear(self, changed: UUID, at: datetime | None) -> None:
        """Something was changed."""
        if len(self._ids) >= MOST and changed not in self._ids:
            self.miss()
            return
        self._ids.add(changed)
        self._last = at or self._last
        self._something.set()

    def miss(self) -> None:
        """Something may have been changed, and nobody knows what."""
        self._missed = True
        self._something.set()

    async def heard(self) -> Heard:
        """Waits for something, and a little more for what comes with it."""
        await self._something.wait()
        await asyncio.sleep(TOGETHER_SECONDS)
        self._something.clear()
        heard = Heard(frozenset(self._ids), self._missed, self._since)
        self._ids.clear()
        if not self._missed:  # else the last one heard of does not stand for those before it
            self._since = self._last
        self._missed = False
        return heard

    def caught_up(self, until: datetime | None) -> None:
        """Whoever has missed something has looked, and seen everything up to then."""
        if until is not None and (self._since is None or until > self._since):
            self._since = self._last = until


class Changes:
    """Of one process and database."""

    def __init__(self) -> None:
        self._ears: dict[tuple[Kind, UUID], set[Ear]] = defaultdict(set)

    @contextmanager
    def listening(self, kind: Kind, station_id: UUID, since: datetime | None = None) -> Iterator[Ear]:
        """An ear for what is changed at a station."""
        ear, ears = Ear(since), self._ears[kind, station_id]
        ears.add(ear)
        try:
            yield ear
        finally:
            ears.discard(ear)
            if not ears:
                self._ears.pop((kind, station_id), None)

    def __len__(self) -> int:
        return sum(map(len, self._ears.values()))

    def tell(self, said: str) -> None:
        """What the database has said (migration 0038)."""
        try:
            kind, changed, at, *stations = said.split(" ")
            changed_id, when = UUID(changed), None if at == "-" else datetime.fromisoformat(at).astimezone(UTC)
            places = [UUID(station) for station in stations]
        except ValueError:
            _log.error("changes.unreadable")
            self.miss()
            return
        for (of, station), ears in self._ears.items():
            if of == kind and (station in places or not places):
                for ear in ears:
                    ear.hear(changed_id, when)

    def miss(self) -> None:
        """Nothing was heard of the database for some time."""
        for ears in self._ears.values():
            for ear in ears:
                ear.miss()
