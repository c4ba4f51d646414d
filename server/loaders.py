"""Runs batch functions for GraphQL: what many fields ask for in the same moment is found by one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from typing import Any

from strawberry.dataloader import DataLoader

from server.batches import Batch, Key, Value
from server.database import Session


class Loader(DataLoader[Key, Value]):
    """When a field fails, its siblings are cancelled; what others still wait for must not be cancelled with them."""

    def load(self, key: Key) -> Awaitable[Value]:
        """The value of a key; cancelling one who waits for it leaves the others alone."""
        return asyncio.shield(super().load(key))


class Loaders:
    """What batch functions have found, each key once. An instance belongs to one snapshot."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[Batch[Any, Any], dict[Any, Any]] = {}
        self._loaders: dict[Batch[Any, Any], Loader[Any, Any]] = {}

    async def load_all(self, batch: Batch[Key, Value], keys: Sequence[Key]) -> Mapping[Key, Value | Exception]:
        """What the batch function finds for these keys, and has found for others; one statement for those that are not
        known yet. An exception stands in place of a value that could not be found.
        """
        found: dict[Key, Value | Exception] = self._found.setdefault(batch, {})
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            try:
                found.update([*zip(missing, await batch(self._session, missing), strict=True)])
            except Exception as error:
                found.update(dict.fromkeys(missing, error))
        return found

    def know(self, batch: Batch[Key, Any], known: Mapping[Key, Any]) -> None:
        """Keeps what a service has found in the same snapshot, so that nobody asks for it again."""
        self._found.setdefault(batch, {}).update(known)

    async def load(self, batch: Batch[Key, Value], key: Key) -> Value:
        """What the batch function finds for a key, together with what others ask for meanwhile."""
        found: dict[Key, Value | Exception] = self._found.get(batch, {})
        if key in found:
            return found_value(found[key])
        loader: Loader[Key, Value] | None = self._loaders.get(batch)
        if loader is None:
            loader = self._loaders[batch] = Loader(load_fn=partial(self._values, batch))
        return await loader.load(key)

    async def _values(self, batch: Batch[Key, Value], keys: Sequence[Key]) -> list[Value | Exception]:
        found = await self.load_all(batch, keys)
        return [found[key] for key in keys]


def found_value(found: Value | Exception) -> Value:
    """What `load_all` has found for a key; raises what stands there instead."""
    if isinstance(found, Exception):
        raise found
    return found
