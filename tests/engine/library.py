"""A schema with every kind of field and type, over a library whose books may fail anywhere: what both engines execute."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema.config import StrawberryConfig

from server.engine.relation import Relation

from .rows import (
    SHELVES,
    Binding,
    BookRow,
    Broken,
    Context,
    FilmRow,
    Row,
    ShelfRow,
    children,
    fails,
    item_of,
    items_of,
    shelf_number,
    shelf_of,
    shown,
)

Info = strawberry.Info[Context, None]
strawberry.enum(Binding)


def related(kind: Any, batch: Any, by: Any, shown: Any = None) -> Any:
    return strawberry.field(resolver=by, graphql_type=kind, extensions=[Relation(batch, shown)])


def _own_number(root: Row) -> int:
    return root.number


class Twice(FieldExtension):
    """An extension that the engine does not know."""

    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return f"{next_(source, info, **kwargs)}, twice, at {'/'.join(str(step) for step in info.path.as_list())}"


@strawberry.interface
class Thing:
    id: strawberry.ID
    title: str | None


def _fields(kind: type) -> Any:
    """The members that books and films share."""

    @strawberry.field
    def doubled(self: Any, times: int = 2, suffix: str | None = None) -> str | None:
        fails("doubled", self)
        return None if self.number % 10 == 0 else f"{self.number * times}{suffix or ''}"

    @strawberry.field
    async def slow(self: Any, info: Info) -> str:
        await asyncio.sleep(0)
        fails("slow", self)
        found = await info.context.load(shelf_of, self.number // 10)
        return f"{info.field_name} {None if found is None else found.number}"

    @strawberry.field
    def perhaps_slow(self: Any, info: Info) -> str | None:
        async def later() -> str | None:
            await asyncio.sleep(0)
            fails("perhaps_slow", self)
            return f"later {info.context.dice.seed}"

        return later() if self.number % 2 else "now"  # type: ignore[return-value]  # as instants are shown

    def as_text(root: Row) -> str | None:
        fails("twice", root)
        return str(root.number)

    twice: Any = strawberry.field(resolver=as_text, extensions=[Twice()])
    for name, made in {"doubled": doubled, "slow": slow, "perhaps_slow": perhaps_slow, "twice": twice}.items():
        setattr(kind, name, made)
    return kind


def _told(*rows: type) -> Any:
    def is_type_of(value: Any, _info: Any) -> bool:
        if isinstance(value, Row) and value.dice.throw("is_type_of", value.number):
            return False
        return isinstance(value, rows)

    return staticmethod(is_type_of)


@strawberry.type
class Size:
    """Is told by nothing."""

    strict_title: str
    pages: int | None


@strawberry.type
@_fields
class Book(Thing):
    is_type_of = _told(BookRow)
    strict_title: str
    pages: int | None
    lent: bool | None
    weight: float | None
    binding: Binding | None
    printed_at: datetime | None
    words: list[str | None] | None
    matrix: list[list[int] | None] | None
    size: Size | None
    sizes: list[Size | None] | None
    lines: list[str] | None
    shelf: Annotated[Shelf, strawberry.lazy("tests.engine.library")] | None = related(
        Annotated["Shelf", strawberry.lazy("tests.engine.library")] | None, shelf_of, shelf_number, shown
    )


@strawberry.type
@_fields
class Film(Thing):
    is_type_of = _told(FilmRow)
    strict_title: str
    binding: Binding
    words: list[str]
    matrix: list[list[int]] | None
    shelf: Annotated[Shelf, strawberry.lazy("tests.engine.library")] = related(
        Annotated["Shelf", strawberry.lazy("tests.engine.library")], shelf_of, shelf_number
    )


Item = Annotated[Book | Film, strawberry.union("Item")]


@strawberry.type
class Shelf(Thing):
    is_type_of = _told(ShelfRow)
    strict_title: str
    items: list[Item] = related(list[Item], items_of, _own_number)
    some_items: list[Item | None] | None = related(list[Item | None] | None, items_of, _own_number)
    things: list[Thing] | None = related(list[Thing] | None, items_of, _own_number)

    @strawberry.field
    def first(self: Any) -> Item | None:
        fails("first", self)
        return next((item_of(number, self.dice) for number in children(self.number)), None)  # type: ignore[return-value]

    @strawberry.field
    async def books(self: Any, first: int = 2) -> list[Book]:
        fails("books", self)
        rows: list[Any] = [item_of(number, self.dice) for number in children(self.number)]
        return [row for row in rows if isinstance(row, BookRow)][:first]  # type: ignore[return-value]  # shown as Book


@strawberry.type
class Query:
    @strawberry.field
    async def shelves(self, info: Info, first: int = SHELVES) -> list[Shelf | None] | None:
        await asyncio.sleep(0)
        return [ShelfRow(number, info.context.dice) for number in range(1, first + 1)]  # type: ignore[misc]

    @strawberry.field
    async def shelf(self, info: Info, number: int) -> Shelf | None:
        if info.context.dice.throw("root", number):
            raise Broken
        return ShelfRow(number, info.context.dice) if number else None  # type: ignore[return-value]

    @strawberry.field
    def item(self, info: Info, number: int = 11) -> Item:
        return item_of(number, info.context.dice)  # type: ignore[return-value]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def lend(self, info: Info, number: int) -> Item | None:
        info.context.happened.append(f"lend {number}")
        await asyncio.sleep(0)
        info.context._loaders = None
        if info.context.dice.throw("lend", number):
            raise Broken
        return item_of(number, info.context.dice)  # type: ignore[return-value]

    @strawberry.mutation
    async def must_lend(self, info: Info, number: int) -> Book:
        info.context.happened.append(f"must lend {number}")
        return item_of(number, info.context.dice)  # type: ignore[return-value]


class Read:
    """As the server's own: of one source, and for the engine of many at once."""

    def __call__(self, source: Any, name: str) -> Any:
        value = getattr(source, name)
        return str(value) if isinstance(value, UUID) else value

    def of_all(self, sources: Sequence[Any], name: str) -> list[Any]:
        return [self(source, name) for source in sources]


def create_schema() -> strawberry.Schema:
    return strawberry.Schema(Query, Mutation, config=StrawberryConfig(default_resolver=Read()))
