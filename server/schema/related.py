"""Fields that show what a row points at. Each is declared by a batch function, which finds it for many rows at once."""

from __future__ import annotations

from collections.abc import Callable
from types import GenericAlias
from typing import Annotated, Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from server.batches import Batch, Key, Value
from server.schema.building import Info

Shown = Callable[[Any, Any], object]
"""What a row shows of the value that was found for it; None where its key is None."""


class Related(FieldExtension):
    """How a field's values are found: its resolver gives the key of one row, `batch` the values of many keys, `shown`
    what becomes of a value. A loader puts the keys together today; whoever takes a level at a time calls the three
    itself, and finds them with `Related.of`.
    """

    def __init__(self, batch: Batch[Any, Any], shown: Shown | None) -> None:
        self.batch = batch
        self.shown = shown

    @staticmethod
    def of(field: StrawberryField) -> Related | None:
        """How this field is found; None if it has no batch function."""
        return next((extension for extension in field.extensions if isinstance(extension, Related)), None)

    async def _found(self, key: object, source: object, info: Info) -> object:
        found = None if key is None else await info.context.load(self.batch, key)
        return found if self.shown is None else self.shown(source, found)

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        """Takes the row's key, then what is found for it."""
        return self._found(next_(source, info, **kwargs), source, info)


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
    return strawberry.field(resolver=key_of, graphql_type=graphql_type, extensions=[Related(batch, shown)])


def later(place: str) -> Any:
    """A type that is defined further down, or in a module that needs this one first: "contract.Contract"."""
    module, name = place.split(".")
    return Annotated[name, strawberry.lazy(f"server.schema.{module}")]


def later_list(place: str) -> Any:
    """A list of such a type."""
    return GenericAlias(list, (later(place),))


def _attribute(name: str) -> Callable[[Any], Any]:
    def key_of(root: Any) -> Any:
        return getattr(root, name)

    return key_of
