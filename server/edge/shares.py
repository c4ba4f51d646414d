"""Fair shares: nobody takes so much of what all need that nothing is left for others.

A share has a name (a user, an API key, an address, all websites together) and a size. Whoever has used theirs up waits
in a queue of their own, where they keep nobody else waiting; or is told to come back.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple


class Share(NamedTuple):
    """Of whom, and how much they may hold at a time."""

    name: Hashable
    most: int


class Queues:
    """A queue for each share that somebody holds or waits for; the others are forgotten."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, asyncio.Semaphore] = {}
        self._users: dict[Hashable, int] = {}

    async def take(self, shares: Sequence[Share]) -> None:
        """A part of each, one after the other; all or, if the wait is ended, none."""
        taken: list[Share] = []
        try:
            for share in shares:
                await self._take(share)
                taken.append(share)
        except BaseException:
            self.give_back(taken)
            raise

    def give_back(self, shares: Sequence[Share]) -> None:
        """To the next who waits for it."""
        for share in shares:
            self._queues[share.name].release()
            self._leave(share)

    async def _take(self, share: Share) -> None:
        queue = self._queues.setdefault(share.name, asyncio.Semaphore(share.most))
        self._users[share.name] = self._users.get(share.name, 0) + 1
        try:
            await queue.acquire()
        except BaseException:
            self._leave(share)
            raise

    def _leave(self, share: Share) -> None:
        self._users[share.name] -= 1
        if not self._users[share.name]:
            del self._users[share.name], self._queues[share.name]


class Stock:
    """An amount, of memory for example, of which each holder may have a share; nobody waits for it."""

    def __init__(self, most: int, of_one: int) -> None:
        self._most, self._of_one = most, of_one
        self._held: Counter[Hashable] = Counter()
        self._all = 0

    def take(self, holder: Hashable, amount: int) -> bool:
        """Whether it was there."""
        if self._held.get(holder, 0) + amount > self._of_one or self._all + amount > self._most:
            return False
        self._held[holder] += amount
        self._all += amount
        return True

    def give_back(self, holder: Hashable, amount: int) -> None:
        """What was taken before."""
        self._all -= amount
        self._held[holder] -= amount
        if self._held[holder] <= 0:
            del self._held[holder]
