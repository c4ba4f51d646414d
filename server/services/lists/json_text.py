"""JSON text of rows, made by PostgreSQL: what each type shows as plain values, and how these are written.

A list that is hot says which fields of its types it can write so (`services/fleet/board_text.py`); a selection of
anything else goes the general way. What is written is what the general way would have written, byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.engine.wanted import Wanted

TYPE_NAME = "__typename"


@dataclass(frozen=True)
class Shape:
    """A type: its name, its plain fields (how their text is made, never null), and what it shows of other rows."""

    name: str
    fields: Mapping[str, str]
    parts: Mapping[str, Part | Many] = field(default_factory=dict)
    joins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Those that plain fields need."""


@dataclass(frozen=True)
class Part:
    """A field that shows an object: of which shape, when it is null, and by which joins it is found."""

    shape: Shape
    missing: str | None = None
    joins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Many:
    """A field that shows a list: of which shape, from which rows, in which order. What its fields join is joined to the
    row that the list belongs to.
    """

    shape: Shape
    rows: str
    order: str


@dataclass(frozen=True)
class Written:
    """An SQL expression that gives JSON text, and the joins that it needs."""

    text: str
    joins: tuple[str, ...] = ()


def written(shape: Shape, wanted: Sequence[Wanted]) -> Written | None:
    """The object of one row; None if a field is not known here."""
    members: list[tuple[str, str]] = []
    joins: dict[str, None] = {}
    for one in wanted:
        shown = _shown(shape, one)
        if shown is None:
            return None
        joins |= dict.fromkeys(shown.joins)
        members.append((one.key, shown.text))
    return Written(object_of(members), tuple(joins))


def _shown(shape: Shape, wanted: Wanted) -> Written | None:
    if wanted.name == TYPE_NAME:
        return Written(constant(shape.name))
    if (text := shape.fields.get(wanted.name)) is not None:
        return Written(text, shape.joins.get(wanted.name, ()))
    part = shape.parts.get(wanted.name)
    inner = None if part is None else written(part.shape, wanted.within)
    if part is None or inner is None:
        return None
    if isinstance(part, Many):
        return Written(f"(select {array(inner.text, part.order)} from {part.rows})", inner.joins)  # noqa: S608  # our own text
    text = inner.text if part.missing is None else f"case when {part.missing} then 'null' else {inner.text} end"
    return Written(text, (*part.joins, *inner.joins))


def object_of(members: Sequence[tuple[str, str]]) -> str:
    """An object of these keys and texts. A key is a name of GraphQL: letters, digits and underscores."""
    return (
        "'{' || "
        + "".join(f"'{',' if place else ''}\"{key}\":' || {text} || " for place, (key, text) in enumerate(members))
        + "'}'"
    )


def array(text: str, order: str, only: str | None = None) -> str:
    """All rows as a list, or only those of which a condition holds."""
    narrowed = "" if only is None else f" filter (where {only})"
    return f"coalesce('[' || string_agg({text}, ',' order by {order}){narrowed} || ']', '[]')"


def constant(name: str) -> str:
    """A name of the schema."""
    return f"'\"{name}\"'"


def value(expression: str) -> str:
    """A text, a number, a truth value or a day, or null."""
    return f"coalesce(to_json({expression})::text, 'null')"


def name(expression: str) -> str:
    """An id, or a member of an enum, which is stored by its name."""
    return f"coalesce('\"' || {expression} || '\"', 'null')"


def money(cents: str) -> Part:
    """Euros, as `schema/shared.py` makes them of cents that are never null."""
    amount = f"'\"' || round({cents}::numeric / 100, 2) || '\"'"
    return Part(Shape("Money", {"amount": amount, "currency": constant("EUR")}))


def instant(expression: str, zone: str = "cast(:zone as text)") -> str:
    """An instant in a zone, as the scalar DateTime writes it: thousandths only if there is a fraction."""
    local = f"({expression} at time zone {zone})"
    offset = f"({local} - ({expression} at time zone 'UTC'))"
    return (
        f"coalesce('\"' || to_char({local}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
        f" || case when date_trunc('second', {expression}) = {expression} then '' else to_char({local}, '.MS') end"
        f" || case when {offset} < interval '0' then '-' else '+' end"
        f" || to_char(greatest({offset}, -{offset}), 'HH24:MI') || '\"', 'null')"
    )
