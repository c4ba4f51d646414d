"""Runs batch functions for GraphQL: what many fields ask for in the same moment is found by one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
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
    """One loader for each batch function. An instance belongs to one snapshot."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loaders: dict[Batch[Any, Any], Loader[Any, Any]] = {}

    def load(self, batch: Batch[Key, Value], key: Key) -> Awaitable[Value]:
        """What the batch function finds for a key."""
        loader: Loader[Key, Value] | None = self._loaders.get(batch)
        if loader is None:
            loader = self._loaders[batch] = Loader(load_fn=partial(batch, self._session))
        return loader.load(key)
