"""Lists with keyset paging: rows after a position in an order, in one statement, at the cost of the page alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, or_, union
from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel, col, select

from server.database import Session
from server.database.plain import PlainRows
from server.database.text_sql import DriverSql
from server.database.wording import Wordings

Row = TypeVar("Row", bound=SQLModel)
_PARSERS: dict[type, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    UUID: UUID,
    str: str,
}


@dataclass(frozen=True)
class Key:
    """One column of an order. The columns of an order together must be unique."""

    name: str
    kind: type
    descending: bool = False


MOST_ROWS = bindparam("most_rows", None, type_=Integer)
"""How many rows a page is read with."""
# How a model's rows are read, and how a list is asked for, is worked out once, and not for each page.
_plain_rows = cache(PlainRows)
_WORDINGS = Wordings()


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(key: Key, text: str) -> Any:
    """The value that was written like this. ValueError for anything that we have not written: what the database would
    choke on, and what Python reads and nobody writes (week dates, other digits, years out of reach).
    """
    value = _PARSERS[key.kind](text)
    if _written(value) != text or "\0" in text:
        raise ValueError("not a position of ours")
    if isinstance(value, datetime) and (value.tzinfo is None or not 1 < value.year < 9999):
        raise ValueError("not an instant that can be compared")
    return value


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A list: which rows, in which order. Row-level security narrows it to what the viewer may see.

    `any_of` are conditions of which one must hold, each with an index of its own that has the order: a page is then
    put together from the beginnings of what each finds, where an OR would read and sort everything. `identity` is the
    column that tells rows apart.
    """

    model: type[Row]
    order: tuple[Key, ...]
    where: tuple[ColumnElement[bool], ...] = ()
    any_of: tuple[ColumnElement[bool], ...] = ()
    identity: str = "id"

    @property
    def key_length(self) -> int:
        """How many values a position has."""
        return len(self.order)

    def position_of(self, row: Row) -> list[str]:
        """Where a row stands in the order, as text."""
        return self.written([getattr(row, key.name) for key in self.order])

    def written(self, position: Sequence[Any]) -> list[str]:
        """The values of a position, as text."""
        return [_written(value) for value in position]

    async def rows(self, session: Session, limit: int, after: Sequence[str] | None) -> list[Row]:
        """At most `limit` rows behind a position. ValueError if the position is not one of this list's."""
        plain = _plain_rows(self.model)
        sql, parameters = self.worded(after, "rows", plain.select)
        return plain.of(await session.tuples(sql, {**parameters, MOST_ROWS.key: limit}))

    def worded(
        self, after: Sequence[str] | None, form: str, shown: Callable[[Select[Any]], Select[Any]]
    ) -> tuple[DriverSql, dict[str, Any]]:
        """The statement that finds the first `MOST_ROWS` rows behind a position, in words, with its parameters but that
        one. `shown` selects what is wanted of each; `form` is its name. ValueError as from `rows`.
        """
        behind = () if after is None else (self._behind(self._values(after)),)
        where = (*self.where, *behind)
        known = (form, self.model, self.order, self.identity, len(where))
        return _WORDINGS.of(known, (*where, *self.any_of), lambda: shown(self._page(where)))

    def require_position(self, after: Sequence[str] | None) -> None:
        """ValueError if the position is not one of this list's."""
        if after is not None:
            self._values(after)

    def _page(self, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        columns = [self._column(key).desc() if key.descending else self._column(key).asc() for key in self.order]
        if not self.any_of:
            return select(self.model).where(*where).order_by(*columns).limit(MOST_ROWS)
        identity = col(getattr(self.model, self.identity))
        beginnings = [
            select(identity.label("id")).where(*where, condition).order_by(*columns).limit(MOST_ROWS).subquery()
            for condition in self.any_of
        ]
        found = union(*(select(beginning.c.id) for beginning in beginnings)).subquery()
        return select(self.model).where(identity.in_(select(found.c.id))).order_by(*columns).limit(MOST_ROWS)

    async def rows_of_each(
        self, session: Session, parent: str, parents: Sequence[UUID], limit: int, after: Sequence[str] | None
    ) -> dict[UUID, list[Row]]:
        """For each parent (by the column that names it), what `rows` would give of it; in one statement for all."""
        of, identity = col(getattr(self.model, parent)), col(self.model.id)  # type: ignore[attr-defined]
        where = [*self.where, of.in_(parents)]
        if after is not None:
            where.append(self._behind(self._values(after)))
        columns = [self._column(key).desc() if key.descending else self._column(key).asc() for key in self.order]
        place = func.row_number().over(partition_by=of, order_by=columns).label("place")
        numbered = select(identity.label("id"), place).where(*where).subquery()
        near = select(numbered.c.id).where(numbered.c.place <= limit)
        found: dict[UUID, list[Row]] = {}
        for row in await self._read(session, select(self.model).where(identity.in_(near)).order_by(*columns)):
            found.setdefault(getattr(row, parent), []).append(row)
        return found

    async def counts_of_each(self, session: Session, parent: str, parents: Sequence[UUID]) -> dict[UUID, int]:
        """For each parent, what `count` would give of it."""
        of = col(getattr(self.model, parent))
        counted: Any = select(of.label("parent"), func.count().label("n"))
        statement = counted.where(*self.where, of.in_(parents)).group_by(of)
        return {row.parent: int(row.n) for row in await session.rows(statement)}

    async def _read(self, session: Session, statement: Select[Any]) -> list[Row]:
        plain = _plain_rows(self.model)
        return plain.of(await session.rows(plain.select(statement)))

    def _values(self, position: Sequence[str]) -> list[Any]:
        return [_read(key, text) for key, text in zip(self.order, position, strict=True)]

    async def count(self, session: Session) -> int:
        """How many rows the list has."""
        either = [or_(*self.any_of)] if self.any_of else []
        statement = select(func.count()).select_from(self.model).where(*self.where, *either)
        return int(await session.value(statement) or 0)

    def _column(self, key: Key) -> Mapped[Any]:
        return col(getattr(self.model, key.name))

    def _behind(self, values: Sequence[Any]) -> ColumnElement[bool]:
        alternatives = []
        for index, key in enumerate(self.order):
            column = self._column(key)
            further = column < values[index] if key.descending else column > values[index]
            same = [self._column(before) == values[i] for i, before in enumerate(self.order[:index])]
            alternatives.append(and_(*same, further))
        bound = self._column(self.order[0])
        # Says the obvious once more, so that the index is entered at the position and not at its beginning.
        start = bound <= values[0] if self.order[0].descending else bound >= values[0]
        return and_(start, or_(*alternatives))
