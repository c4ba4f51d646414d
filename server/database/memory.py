"""What has been read of tables that hardly change, kept until one of them is changed: stations, groups, tariffs.

What a scope may see of these tables depends on nothing but the scope and the row (migrations/policies.py), so that
what was found for a scope is true for it until the tables change. Their triggers say when they do: to the transaction
that changes them, and by a notification to every process. A process that hears no notifications keeps nothing.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Final

from server.database.scope import Scope

CHANNEL: Final = "reference"
MOST = 5_000
"""How many answers are kept: a few for each scope that is in use."""
LONGEST_SECONDS = 60.0
"""How long one is kept, should a notification ever be lost."""
NOTHING: Final = object()


class Memory:
    """Of one process and database."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self.is_on = False
        """Whether changes are heard of: else nothing is kept."""
        self.era = 0
        """Grows with every change: what was found before is not kept after it."""

    def hears(self) -> None:
        """From now on changes are heard of."""
        self.forget()
        self.is_on = True

    def hears_nothing(self) -> None:
        """Changes are not heard of any more."""
        self.is_on = False
        self.forget()

    def forget(self) -> None:
        """Something was changed."""
        self.era += 1
        self._kept.clear()

    def get(self, key: Hashable) -> Any:
        """What is kept, or `NOTHING`."""
        kept = self._kept.get(key)
        if kept is None or kept[0] < time.monotonic():
            return NOTHING
        self._kept.move_to_end(key)
        return kept[1]

    def keep(self, key: Hashable, value: Any, era: int) -> None:
        """Keeps what a transaction has found that began in an era, unless something was changed since."""
        if not self.is_on or era != self.era:
            return
        self._kept[key] = (time.monotonic() + LONGEST_SECONDS, value)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)


class Recollection:
    """The memory as one reading transaction uses it: what it has found once stays as it was to its end."""

    def __init__(self, memory: Memory, scope: Scope) -> None:
        self._memory, self._scope, self._era = memory, scope, memory.era
        self._own: dict[Hashable, Any] = {}

    def get(self, key: Hashable) -> Any:
        """What this transaction has found, or another one of the same scope while nothing was changed since this one
        began; else `NOTHING`.
        """
        found = self._own.get(key, NOTHING)
        if found is NOTHING and self._era == self._memory.era:
            found = self._memory.get((self._scope, key))
            if found is not NOTHING:
                self._own[key] = found
        return found

    def keep(self, key: Hashable, value: Any) -> None:
        """Keeps what was found."""
        self._own[key] = value
        if value is not None:  # what is not there may be asked for under any number of names
            self._memory.keep((self._scope, key), value, self._era)
