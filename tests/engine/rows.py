"""The rows of a library whose books may fail anywhere, and how they are found."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

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

    @property
    def size(self) -> Any:
        return self.value("size", SizeRow(self.number, self.dice))

    @property
    def sizes(self) -> Any:
        return [self.value("sizes", SizeRow(self.number, self.dice)), SizeRow(self.number + 1, self.dice)]

    @property
    def lines(self) -> Any:
        yield "a line"
        if self.dice.throw("lines", self.number):
            raise Broken
        yield "another"


class SizeRow(Row): ...


class BookRow(Row): ...


class FilmRow(Row): ...


class ShelfRow(Row): ...


def children(number: int) -> range:
    return range(number * 10 + 1, number * 10 + 1 + BOOKS) if number < 100 else range(0)


def item_of(number: int, dice: Dice) -> Row:
    return (BookRow if number % 3 else FilmRow)(number, dice)


async def items_of(session: Context, keys: Sequence[int]) -> list[Any]:
    session.calls.append(("items", len(keys)))
    await asyncio.sleep(0)
    if session.dice.throw("items_of", 0):
        raise Broken
    return [[item_of(number, session.dice) for number in children(key)] for key in keys]


async def shelf_of(session: Context, keys: Sequence[int]) -> list[Any]:
    session.calls.append(("shelf", len(keys)))
    await asyncio.sleep(0)
    return [
        Broken() if session.dice.throw("shelf_of", key) else None if key % 9 == 0 else ShelfRow(key, session.dice)
        for key in keys
    ]


def fails(name: str, row: Any) -> None:
    if row.dice.throw(name, row.number):
        raise Broken


def shelf_number(root: Row) -> int | None:
    fails("shelf_number", root)
    return None if root.number % 8 == 0 else root.number // 10


def shown(row: Row, found: Any, context: Any) -> Any:
    async def later() -> Any:
        await asyncio.sleep(0)
        fails("shown_later", row)
        return found

    fails("shown", row)
    assert context.dice is row.dice
    return later() if row.number % 2 else found
