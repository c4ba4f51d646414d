"""Relations: fields whose values are found for many rows by one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from inspect import isawaitable
from typing import Any, Protocol

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

Find = Callable[[Any, Sequence[Any]], Awaitable[Sequence[Any]]]
"""A batch function: a session and many keys in, the value of each out, in their order."""
Shown = Callable[[Any, Any, Any], object]
"""What a row shows of the value that was found for it (None where its key is None), in the context of its operation. It
may be something to wait for.
"""


class Finds(Protocol):
    """What an operation's context can do for relations."""

    async def load(self, batch: Find, key: Any) -> Any:
        """The value of one key, together with what others ask for meanwhile."""
        ...

    async def load_all(self, batch: Find, keys: Sequence[Hashable]) -> Mapping[Any, Any]:
        """Values by their key: of these keys, and of others that were asked for before. An exception stands in place of
        one that could not be found.
        """
        ...


class Relation(FieldExtension):
    """How a field's values are found: its resolver gives the key of one row, `batch` the values of many keys, `shown`
    what becomes of a value. The engine asks for a whole wave at once; graphql-core, which takes row by row, through a
    loader that puts the keys together.
    """

    def __init__(self, batch: Find, shown: Shown | None) -> None:
        self.batch = batch
        self.shown = shown

    @staticmethod
    def of(field: StrawberryField) -> Relation | None:
        """How this field is found, if that is all there is to it; None otherwise."""
        only = field.extensions[0] if len(field.extensions) == 1 else None
        return only if isinstance(only, Relation) else None

    async def _found(self, key: object, source: object, context: Finds) -> object:
        found = None if key is None else await context.load(self.batch, key)
        shown = found if self.shown is None else self.shown(source, found, context)
        return await shown if isawaitable(shown) else shown

    def resolve(self, next_: Callable[..., Any], source: Any, info: Any, **kwargs: Any) -> Any:
        """Takes the row's key, then what is found for it."""
        return self._found(next_(source, info, **kwargs), source, info.context)
