"""Ready JSON: a field whose whole value, with all that is selected below it, comes as text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from server.engine.wanted import Wanted

Make = Callable[[Any, Any], Awaitable[str | None]]
"""The JSON text of the field for a source, in the context of its operation; None for null. It is called for all fields
and sources of a wave before any of their texts is waited for, so that a source knows all that is wanted of it.
"""
Compile = Callable[[Sequence[Wanted]], Make | None]
"""How text is made of what is selected; None if something is selected that only the general way knows."""


class Ready(FieldExtension):
    """Says that a field can come as text. `compile` is asked once for each plan, before anything is executed. The
    field's own resolver is the general way: for other selections, and for graphql-core. `below` names a field, such as
    `Query.contracts`, if only objects that come from it can give texts.
    """

    def __init__(self, compile: Compile, *, below: str | None = None) -> None:  # noqa: A002  # that is what it does
        self.compile = compile
        self.below = below

    @staticmethod
    def of(field: StrawberryField) -> Ready | None:
        """How this field comes as text, if there is no other extension; None otherwise."""
        only = field.extensions[0] if len(field.extensions) == 1 else None
        return only if isinstance(only, Ready) else None

    def resolve(self, next_: Callable[..., Any], source: Any, info: Any, **kwargs: Any) -> Any:
        """The general way."""
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Any, **kwargs: Any) -> Any:
        """The general way of a resolver that waits."""
        return await next_(source, info, **kwargs)
