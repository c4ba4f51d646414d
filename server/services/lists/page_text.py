"""A page of a list as JSON text: what is selected of its rows, written by one statement with where the page stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal_column

from server.database import Session
from server.database.text_sql import DriverSql, for_driver
from server.engine.wanted import Wanted
from server.services.lists.json_text import TYPE_NAME, Needs, Shape, Written, array, constant, object_of, value, written
from server.services.lists.listing import MOST_ROWS, Key, Listing

MOST_STATEMENTS = 500
_CURSOR = "q.cursor"


@dataclass(frozen=True)
class RowsText:
    """How the rows of lists are written: their table, by which alias their shapes speak of it, and what is shown."""

    table: str
    alias: str
    for_staff: Shape
    for_websites: Shape


@dataclass(frozen=True)
class WrittenPage:
    """A page as it was written: the texts that were wanted, how many rows were found (one more than were asked for, if
    there are more), and the positions of the first and the last that are shown.
    """

    texts: Sequence[str]
    found: int
    begins: list[str] | None
    ends: list[str] | None


def node(shape: Shape, wanted: Sequence[Wanted]) -> Written | None:
    """How one row is written; None if only the general way knows what is wanted."""
    return written(shape, wanted)


def edge(shape: Shape, wanted: Sequence[Wanted]) -> Written | None:
    """How one row is written with its cursor."""
    members: list[tuple[str, str]] = []
    needs = Needs()
    for one in wanted:
        found = written(shape, one.within) if one.name == "node" else _about_edge(shape, one.name)
        if found is None:
            return None
        members.append((one.key, found.text))
        needs |= found.needs
    return Written(object_of(members), needs)


def _about_edge(shape: Shape, name: str) -> Written | None:
    about = {TYPE_NAME: constant(f"{shape.name}Edge"), "cursor": value(_CURSOR)}
    return Written(about[name]) if name in about else None


Write = Callable[[Shape, Sequence[Wanted]], Written | None]
FIELDS: dict[str, Write] = {"nodes": node, "edges": edge}
"""What of a page is written, and how one row of it is."""


async def read(
    session: Session,
    listing: Listing[Any],
    rows: RowsText,
    texts: Sequence[Written],
    first: int,
    after: Sequence[str] | None,
) -> WrittenPage:
    """The first rows of a list behind a position, each text as a list of them. LookupError if a row stands for another
    that is not there for whoever may see the one, or lacks something that every row has.
    """
    page, parameters = listing.worded(after, "text", _all_of(listing))
    statement = _statement(page, listing.order, listing.identity, (rows.table, rows.alias), tuple(texts))
    (answer,) = await session.tuples(statement, {**parameters, MOST_ROWS.key: first + 1, "first": first})
    found, missing, *rest = answer
    if missing:
        raise LookupError(f"{missing} rows of a page stand for nothing, or lack what all have")
    many = len(listing.order)
    begins, ends = ([*rest[:many]], [*rest[many : 2 * many]]) if found else (None, None)
    return WrittenPage(rest[2 * many :], found, begins and listing.written(begins), ends and listing.written(ends))


def _all_of(listing: Listing[Any]) -> Any:
    table = listing.model.__tablename__

    def shown(statement: Select[Any]) -> Select[Any]:
        return statement.with_only_columns(literal_column(f"{table}.*"), maintain_column_froms=True)

    return shown


@lru_cache(MOST_STATEMENTS)
def _statement(
    page: DriverSql, order: tuple[Key, ...], identity: str, rows: tuple[str, str], texts: tuple[Written, ...]
) -> DriverSql:
    table, c = rows
    p, joins = (c, "") if identity == "id" else ("p", f" left join {table} {c} on {c}.id = p.{identity}")
    needs = reduce(or_, (text.needs for text in texts), Needs(always=(f"{c}.id is not null",)))
    joins += "".join(f" {join}" for join in needs.joins)
    if any(_CURSOR in text.text for text in texts):
        joins += f" cross join lateral (select {_cursor(p, order)} as cursor) q"
    shown = f"{p}.place <= :first"
    columns = [f"count(*), count(*) filter (where {shown} and not ({' and '.join(needs.always)}))"]
    columns += [f"(array_agg({p}.{key.name} order by {p}.place))[1]" for key in order]
    columns += [f"(array_agg({p}.{key.name} order by {p}.place desc) filter (where {shown}))[1]" for key in order]
    columns += [array(text.text, f"{p}.place", shown) for text in texts]
    in_order = ", ".join(f"{p}.{key.name} {'desc' if key.descending else 'asc'}" for key in order)
    head = f"select {', '.join(columns)} from (select {p}.*, row_number() over (order by {in_order}) as place from ("  # noqa: S608  # our own text
    return DriverSql(f"{for_driver(head)}{page}{for_driver(f') {p}) {p}{joins}')}")


def _cursor(p: str, order: Sequence[Key]) -> str:
    """As `schema/paging.py` writes cursors, of positions as `listing.py` writes them."""
    inner = " || '\",\"' || ".join(_position(f"{p}.{key.name}", key.kind) for key in order)
    encoded = f"encode(convert_to('[\"' || {inner} || '\"]', 'UTF8'), 'base64')"
    return f"rtrim(translate({encoded}, '+/' || chr(10), '-_'), '=')"


def _position(column: str, kind: type) -> str:
    if kind is UUID:
        return f"{column}::text"
    if kind is not datetime:
        raise TypeError(f"{column}: positions of {kind.__name__} are not written here")
    local = f"({column} at time zone 'UTC')"
    fraction = f"case when date_trunc('second', {column}) = {column} then '' else to_char({local}, '.US') end"
    return f"to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI:SS') || {fraction} || '+00:00'"
