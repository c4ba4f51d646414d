"""A schema with every kind of field and type, over a library whose books may fail anywhere: what both engines execute."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema.config import StrawberryConfig

from server.engine.relation import Relation
from server.loaders import Loaders

SHELVES = 4
BOOKS = 5
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


class Broken(Exception):
    """What a field of the library raises when it is its turn to fail."""


@dataclass
class Dice:
    """Which fields of which sources fail: `rate` of a thousand, always the same for one `seed`."""

    seed: int
    rate: int
    failed: int = 0

    def throw(self, name: str, number: int) -> bool:
        hit = zlib.crc32(f"{self.seed}/{name}/{number}".encode()) % 1000 < self.rate
        self.failed += hit
        return hit


@dataclass
class Context:
    """One operation: what relations are found by, and what went on."""

    dice: Dice
    calls: list[tuple[str, int]] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    _loaders: Loaders | None = None

    @property
    def loaders(self) -> Loaders:
        if self._loaders is None:
            self._loaders = Loaders(self)  # type: ignore[arg-type]  # batch functions of the library need no session
        return self._loaders

    async def load(self, batch: Any, key: Any) -> Any:
        return await self.loaders.load(batch, key)

    async def load_all(self, batch: Any, keys: Sequence[Any]) -> Mapping[Any, Any]:
        return await self.loaders.load_all(batch, keys)


class Binding(Enum):
    PAPER = "paper"
    CLOTH = "cloth"


Info = strawberry.Info[Context, None]
strawberry.enum(Binding)


@dataclass
class Row:
    """What all types of the library are shown of."""

    number: int
    dice: Dice

    def value(self, name: str, value: Any, missing: int = 7) -> Any:
        """The value of an attribute; None for one in `missing`, and what nobody can show if it fails."""
        if self.dice.throw(f"{type(self).__name__}.{name}", self.number):
            return Broken()
        return None if (self.number + len(name)) % missing == 0 else value

    @property
    def id(self) -> Any:
        return UUID(int=self.number) if self.number % 2 else str(self.number)

    @property
    def title(self) -> Any:
        return self.value("title", f"Title {self.number} ä")

    @property
    def strict_title(self) -> Any:
        return self.value("strict_title", f"Strict {self.number}", missing=41)

    @property
    def pages(self) -> Any:
        return self.value("pages", self.number * 10 if self.number % 11 else 2**40)

    @property
    def lent(self) -> Any:
        return self.value("lent", self.number % 2 == 0)

    @property
    def weight(self) -> Any:
        return self.value("weight", self.number / 4)

    @property
    def binding(self) -> Any:
        return self.value("binding", Binding.PAPER if self.number % 3 else Binding.CLOTH)

    @property
    def printed_at(self) -> Any:
        return self.value("printed_at", BEGIN + timedelta(days=self.number))

    @property
    def words(self) -> Any:
        return self.value("words", [f"w{self.number}", None if self.number % 5 == 0 else "x"])

    @property
    def matrix(self) -> Any:
        return self.value("matrix", [[1, self.number], [], None] if self.number % 4 == 0 else [[self.number]])


class BookRow(Row): ...


class FilmRow(Row): ...


class ShelfRow(Row): ...


def _children(number: int) -> range:
    return range(number * 10 + 1, number * 10 + 1 + BOOKS) if number < 100 else range(0)


def _item(number: int, dice: Dice) -> Row:
    return (BookRow if number % 3 else FilmRow)(number, dice)


async def items_of(session: Context, keys: Sequence[int]) -> list[Any]:
    session.calls.append(("items", len(keys)))
    await asyncio.sleep(0)
    if session.dice.throw("items_of", 0):
        raise Broken
    return [[_item(number, session.dice) for number in _children(key)] for key in keys]


async def shelf_of(session: Context, keys: Sequence[int]) -> list[Any]:
    session.calls.append(("shelf", len(keys)))
    await asyncio.sleep(0)
    return [
        Broken() if session.dice.throw("shelf_of", key) else None if key % 9 == 0 else ShelfRow(key, session.dice)
        for key in keys
    ]


def _fails(name: str, row: Any) -> None:
    if row.dice.throw(name, row.number):
        raise Broken


def _shelf_number(root: Row) -> int | None:
    _fails("shelf_number", root)
    return None if root.number % 8 == 0 else root.number // 10


def _shown(row: Row, found: Any) -> Any:
    _fails("shown", row)
    return found


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
        _fails("doubled", self)
        return None if self.number % 10 == 0 else f"{self.number * times}{suffix or ''}"

    @strawberry.field
    async def slow(self: Any, info: Info) -> str:
        await asyncio.sleep(0)
        _fails("slow", self)
        found = await info.context.load(shelf_of, self.number // 10)
        return f"{info.field_name} {None if found is None else found.number}"

    @strawberry.field
    def perhaps_slow(self: Any, info: Info) -> str | None:
        async def later() -> str | None:
            await asyncio.sleep(0)
            _fails("perhaps_slow", self)
            return f"later {info.context.dice.seed}"

        return later() if self.number % 2 else "now"  # type: ignore[return-value]  # as instants are shown

    def as_text(root: Row) -> str | None:
        _fails("twice", root)
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
    shelf: Annotated[Shelf, strawberry.lazy("tests.engine.library")] | None = related(
        Annotated["Shelf", strawberry.lazy("tests.engine.library")] | None, shelf_of, _shelf_number, _shown
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
        Annotated["Shelf", strawberry.lazy("tests.engine.library")], shelf_of, _shelf_number
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
        _fails("first", self)
        return next((_item(number, self.dice) for number in _children(self.number)), None)  # type: ignore[return-value]

    @strawberry.field
    async def books(self: Any, first: int = 2) -> list[Book]:
        _fails("books", self)
        rows: list[Any] = [_item(number, self.dice) for number in _children(self.number)]
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
        return _item(number, info.context.dice)  # type: ignore[return-value]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def lend(self, info: Info, number: int) -> Item | None:
        info.context.happened.append(f"lend {number}")
        await asyncio.sleep(0)
        info.context._loaders = None
        if info.context.dice.throw("lend", number):
            raise Broken
        return _item(number, info.context.dice)  # type: ignore[return-value]

    @strawberry.mutation
    async def must_lend(self, info: Info, number: int) -> Book:
        info.context.happened.append(f"must lend {number}")
        return _item(number, info.context.dice)  # type: ignore[return-value]


def read(source: Any, name: str) -> Any:
    value = getattr(source, name)
    return str(value) if isinstance(value, UUID) else value


def create_schema() -> strawberry.Schema:
    return strawberry.Schema(Query, Mutation, config=StrawberryConfig(default_resolver=read))
