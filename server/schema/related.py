"""Fields that show what a row points at. Each is declared by a batch function, which finds it for many rows at once."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any

import strawberry

from server.batches import Batch, Key, Value
from server.context import Context
from server.engine.relation import Relation


def related(
    graphql_type: Any,
    batch: Batch[Key, Value],
    by: str | Callable[..., Key | None] = "id",
    *,
    shown: Callable[[Any, Value | None], object] | None = None,
) -> Any:
    """A field of a row type: what `batch` finds by the row's attribute `by`, or by what the function `by` makes of the
    row (its parameter `root`) and the field's arguments. Where that is None, nothing is looked for. The docstring under
    the field describes it.
    """
    key_of = by if callable(by) else _attribute(by)
    return strawberry.field(
        resolver=key_of, graphql_type=graphql_type, extensions=[Relation(batch, shown and _anywhere(shown))]
    )


def related_here(
    graphql_type: Any, batch: Batch[Key, Value], shown: Callable[[Any, Value | None, Context], object]
) -> Any:
    """The same by the row's id, where what is shown depends on the operation: such as on the time zones that it knows.
    It may be something to wait for.
    """
    return strawberry.field(resolver=_attribute("id"), graphql_type=graphql_type, extensions=[Relation(batch, shown)])


def later(place: str) -> Any:
    """A type that is defined further down, or in a module that needs this one first: "contract.Contract"."""
    module, name = place.split(".")
    return Annotated[name, strawberry.lazy(f"server.schema.{module}")]


def later_list(place: str) -> Any:
    """A list of such a type."""
    return GenericAlias(list, (later(place),))


def _anywhere(shown: Callable[[Any, Any], object]) -> Callable[[Any, Any, Context], object]:
    return lambda row, found, _context: shown(row, found)


def _attribute(name: str) -> Callable[[Any], Any]:
    def key_of(root: Any) -> Any:
        return getattr(root, name)

    return key_of
